"""Contact limits: whether a marketing mail may go to its customer now, and if not, until when it waits or why it never goes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from regulars.definition.limits import ALL, Calendar, Cap, QuietHours
from regulars.definition.spans import plus
from regulars.definition.workspace import Shop
from regulars.journeys.closed_days import begins, closed_for, next_day
from regulars.journeys.contact import Admission, Admitted, Contact, Dropped, History, Later, Mail
from regulars.journeys.quiet_hours import is_quiet, over_at

LOOK_AGAIN = timedelta(hours=1)  # after a complaint that is open: nobody can say when it will be closed
A_DAY_ANYWHERE = timedelta(hours=26)
MOST_OBSTACLES = 2 * 366  # a calendar may close a year, but not for ever
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a shop's file allows. `zone`: the shop's, for months of a calendar and for hours that are not local."""

    zone: str
    caps: tuple[Cap, ...] = ()
    quiet_hours: QuietHours | None = None
    classes: tuple[str, ...] = ()
    hold_while: tuple[str, ...] = ()
    calendar: Calendar = field(default_factory=Calendar)

    @classmethod
    def of(cls, shop: Shop) -> Limits | None:
        """None: the shop has none, and nobody need be asked."""
        own = shop.contact_limits
        found = cls(
            shop.timezone, own.caps if own else (), own.quiet_hours if own else None, shop.classes, shop.hold_while, shop.calendar,
        )
        limited = found.caps or found.quiet_hours or found.classes or found.hold_while or found.calendar.closed
        return found if limited else None

    def since(self, now: datetime) -> datetime:
        """Contacts up to here cannot matter any more."""
        spans = [timedelta(days=31 * cap.per.months + 1, seconds=cap.per.seconds) for cap in self.caps]
        return now - max([A_DAY_ANYWHERE, *spans])

    def rank(self, class_: str | None) -> int:
        """0 goes first; a mail of no class, or of one that the file does not know any more, comes last."""
        return self.classes.index(class_) if class_ in self.classes else len(self.classes)


@dataclass(frozen=True, slots=True)
class _Obstacle:
    """`until`: the earliest moment at which it is out of the way."""

    until: datetime
    reason: str


def decide(mail: Mail, history: History, limits: Limits, now: datetime) -> Admission:
    """Hours and days first: they only put off. Then what may end it: an open complaint, a full cap, a mail of a better class."""
    if shut := _shut(now, history, limits):
        return _until(shut, mail)
    deadline = plus(mail.first_due, mail.over_limit, limits.zone) if mail.over_limit else now
    obstacle = _on_hold(history, limits, now, deadline) or _full(mail, history, limits, now) or _behind(mail, history, limits, now)
    if obstacle is None:
        return Admitted()
    if shut := _shut(obstacle.until, history, limits):
        obstacle = replace(obstacle, until=shut.until)
    if obstacle.until <= deadline:
        return _until(obstacle, mail)
    return Dropped(f"{obstacle.reason}; {f'no chance within {mail.over_limit}' if mail.over_limit else 'over_limit: drop'}")


def in_turn(
    asking: Iterable[K], waiting: Mapping[K, Mail], contacts: Mapping[K, Contact], place: History, limits: Limits, now: datetime
) -> dict[K, Admission]:
    """Of one customer's mails those that ask now, in the order given: each verdict counts for those that follow.

    `waiting`: all that may leave today, with those that ask; `contacts`: all that count, also one of them that asks again.
    `place`: the customer's zone, country and open complaints.
    """
    waits, counted, verdicts = dict(waiting), dict(contacts), {}
    for key in asking:
        mail = waits.pop(key)
        counted.pop(key, None)
        verdict = verdicts[key] = decide(mail, replace(place, contacts=(*counted.values(),), rivals=(*waits.values(),)), limits, now)
        if isinstance(verdict, Admitted):
            counted[key] = Contact(now, mail.topic, mail.class_)
        elif isinstance(verdict, Later):
            waits[key] = replace(mail, due=verdict.until)
    return verdicts


def _until(obstacle: _Obstacle, mail: Mail) -> Later | Dropped:
    if mail.expires_at is not None and obstacle.until >= mail.expires_at:
        return Dropped(f"{obstacle.reason}; it expires before its turn")
    return Later(obstacle.until, obstacle.reason)


def _shut(moment: datetime, history: History, limits: Limits) -> _Obstacle | None:
    """Quiet hours and closed days around `moment`, however many follow each other; the first gives the reason."""
    reason, until = "", moment
    for _ in range(MOST_OBSTACLES):
        found = _shut_at(until, history, limits)
        if found is None:
            break
        reason, until = reason or found.reason, found.until
    return _Obstacle(until, reason) if reason else None


def _shut_at(moment: datetime, history: History, limits: Limits) -> _Obstacle | None:
    if limits.calendar.closed:
        name = closed_for(moment.astimezone(history.zone).date(), history.country, history.zone, limits.calendar)
        if name is not None:
            return _Obstacle(next_day(moment, history.zone), f"a closed day: {name}")
    hours = limits.quiet_hours
    if hours is None:
        return None
    zone = history.zone if hours.local else ZoneInfo(limits.zone)
    if not is_quiet(hours, moment.astimezone(zone).time()):
        return None
    return _Obstacle(over_at(hours, moment, zone), f"quiet hours ({hours.begin:%H:%M}-{hours.end:%H:%M})")


def _on_hold(history: History, limits: Limits, now: datetime, deadline: datetime) -> _Obstacle | None:
    for word in limits.hold_while:
        if word in history.open:
            soon = now + LOOK_AGAIN
            return _Obstacle(min(soon, deadline) if deadline > now else soon, f"on hold: {word}")
    return None


def _full(mail: Mail, history: History, limits: Limits, now: datetime) -> _Obstacle | None:
    """Of the caps that are full, the one that has room again last. What is ahead of `now` counts: another worker's clock."""
    full = None
    for cap in limits.caps:
        if not _counts(cap, mail):
            continue
        counted = sorted(contact.at for contact in history.contacts if _counts(cap, contact))
        if len(counted) < cap.count:
            continue
        room = plus(counted[-cap.count], cap.per, limits.zone)
        if room > now and (full is None or room > full.until):
            full = _Obstacle(room, f"contact limit reached: {_in_words(cap)}")
    return full


def _behind(mail: Mail, history: History, limits: Limits, now: datetime) -> _Obstacle | None:
    """A better class has written to them on this day of theirs, or is going to."""
    better = limits.classes[:limits.rank(mail.class_)]
    sent = [one for one in history.contacts if one.class_ in better]
    waiting = [one for one in history.rivals if one.class_ in better]
    if not sent and not waiting:
        return None
    today, tomorrow = begins(now.astimezone(history.zone).date(), history.zone), next_day(now, history.zone)
    ahead = {one.class_ for one in sent if one.at >= today}
    ahead |= {one.class_ for one in waiting if _goes_before(tomorrow, one, history, limits, now)}
    return _Obstacle(tomorrow, f"another mail goes first on that day: {min(ahead, key=limits.rank)}") if ahead else None


def _goes_before(tomorrow: datetime, rival: Mail, history: History, limits: Limits, now: datetime) -> bool:
    """Nobody stands back for a mail that is itself held back beyond the day."""
    moment = max(now, rival.due)
    if full := _full(rival, history, limits, moment):
        moment = full.until
    if shut := _shut(moment, history, limits):
        moment = shut.until
    return moment < tomorrow and (rival.expires_at is None or moment < rival.expires_at)


def _counts(cap: Cap, mail: Mail | Contact) -> bool:
    return cap.of == ALL or cap.of in (mail.topic, mail.class_)


def _in_words(cap: Cap) -> str:
    return f"{cap.count} per {cap.per}" + ("" if cap.of == ALL else f" of {cap.of}")
