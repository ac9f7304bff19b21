"""Times of day, waits and schedules in words: `10:00 local`, `3 days, until 10:00`, `every Monday 10:00`."""

from __future__ import annotations

import re
from datetime import time

from regulars.definition.automation import Days, Schedule, Wait
from regulars.definition.quantities import Duration
from regulars.definition.units import Unfit, duration
from regulars.diagnostics import did_you_mean

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_BY_NAME = {"day": (), "weekday": (0, 1, 2, 3, 4), "weekend": (5, 6), **{name.lower(): (number,) for number, name in enumerate(WEEKDAYS)}}
_SCHEDULE = re.compile(r"(?:every (?P<days>.+?)|(?:(?P<before>.+?) before|on) (?P<occasion>[^ ]+?))(?: at)? (?P<clock>\d[^ ]*(?: local)?)")
_MONTHLY = re.compile(r"month on (?:the )?(\d{1,2})")
_SHORTEST_MONTH = 28
_HOW_SCHEDULED = "write every Monday 10:00, every day 10:00 local, every month on 1 at 10:00, or 7 days before an occasion 10:00"
_HOW_TO_WAIT = "write a length of time, a time of day and days, with commas between: 3 days, until 10:00 local, on weekdays"


def clock(text: str) -> tuple[time, bool]:
    """`10:00` or `10:00 local`: the time of day, and whether it is each customer's own."""
    match = re.fullmatch(r"(\d{1,2}):(\d\d)( local)?", text)
    if match is None:
        said = re.fullmatch(r"(\d{1,2})(?:[.h](\d\d))?(?: ?(am|pm))?", text.lower())
        hour = int(said[1]) % 12 + 12 * (said[3] == "pm") if said and said[3] else int(said[1]) if said else 10
        hint = f"write hours and minutes: {hour:02}:{said[2] or '00' if said else '00'}, or with local for each customer's own clock"
        raise Unfit("D307", f'"{text}" is not a time of day', hint)
    hour, minute = int(match[1]), int(match[2])
    if hour > 23 or minute > 59:
        hint = "midnight is 00:00" if (hour, minute) == (24, 0) else "hours go from 00 to 23, minutes from 00 to 59"
        raise Unfit("D307", f"no clock shows {match[1]}:{match[2]}", hint)
    return time(hour, minute), match[3] is not None


def wait(text: str) -> Wait:
    """`3 days, until 10:00 local, on weekdays`: each part once, at least one of them. Its key is still to be made."""
    said: dict[str, object] = {}
    for part in (part.strip() for part in text.split(",")):
        for word, value in _part_of_a_wait(part, text).items():
            if word in said:
                raise Unfit("D318", f'"{part}" is the second of its kind in one wait', "keep one of the two, or write two steps")
            said[word] = value
    return Wait(key="", **said)  # type: ignore[arg-type]


def _part_of_a_wait(part: str, whole: str) -> dict[str, object]:
    if part.startswith("until "):
        until, local = clock(part.removeprefix("until ").strip())
        return {"until": until, "local": local}
    if part.startswith("on "):
        days = part.removeprefix("on ").strip()
        if days not in {Days.WEEKDAYS, Days.WEEKENDS}:
            raise Unfit("D318", f'one cannot wait for "{days}"', "write on weekdays or on weekends")
        return {"days": Days(days)}
    if not re.fullmatch(r"\S+\s*[^\W\d_]+|\d+", part):
        raise Unfit("D318", f'"{whole}" does not say how long to wait', _HOW_TO_WAIT)
    return {"duration": duration(part)}


def before(text: str) -> Duration:
    """`3 days before` a day of the customer's own."""
    match = re.fullmatch(r"(.+) before", text)
    if match is None:
        raise Unfit("D304", f'"{text}" does not say how long before', "write 3 days before; for the day itself leave it out")
    return _whole_days(match[1])


def schedule(text: str) -> Schedule:
    """In the zone of the shop, or of each customer when it ends in `local`. An occasion is held against the calendar by the caller."""
    match = _SCHEDULE.fullmatch(text)
    if match is None:
        raise Unfit("D319", f'"{text}" is not a schedule', _HOW_SCHEDULED)
    at, local = clock(match["clock"])
    if match["occasion"]:
        earlier = _whole_days(match["before"]) if match["before"] else None
        return Schedule(at, occasion=match["occasion"], before=earlier, local=local)
    monthly = _MONTHLY.fullmatch(match["days"])
    if monthly:
        return Schedule(at, day_of_month=_day_of_month(int(monthly[1])), local=local)
    return Schedule(at, weekdays=_weekdays(match["days"]), local=local)


def _weekdays(text: str) -> tuple[int, ...]:
    names = re.split(r",? and |, *", text)
    found: set[int] = set()
    for name in names:
        numbers = _BY_NAME.get(name.lower())
        if numbers is None:
            known = ["day", "weekday", "weekend", *WEEKDAYS]
            raise Unfit("D319", f'there is no "every {name}"', did_you_mean(name, known, _HOW_SCHEDULED))
        found |= set(numbers or range(7))
    return () if len(found) == len(WEEKDAYS) else tuple(sorted(found))


def _day_of_month(day: int) -> int:
    if not 1 <= day <= _SHORTEST_MONTH:
        raise Unfit("D314", f"not every month has a day {day}", f"write a day from 1 to {_SHORTEST_MONTH}")
    return day


def _whole_days(text: str) -> Duration:
    length = duration(text.strip())
    if length.seconds % 86_400:
        raise Unfit("D314", f"{text} before a day is not a day", "write days, weeks or months")
    return length
