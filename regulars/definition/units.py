"""Units in words: the text of one value becomes a number, money, a length of time, a date or an address."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from regulars.definition.programme import Reward, RewardKind
from regulars.definition.quantities import RATE_UNITS, Duration, Money, Rate
from regulars.definition.wording import Mailbox
from regulars.definition.workspace import RollOut, SendAt


class Unfit(Exception):
    """A text that is not what the field wants."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


_THOUSANDS = re.compile(r"-?[1-9]\d{0,2}(?:[.,]\d{3})+")
_PLAIN_NUMBER = re.compile(r"[-+]?(?:0|[1-9]\d*)(?:\.\d+)?")
_SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
_MONTHS = {"month": 1, "year": 12}
_LONGEST_YEARS = 100
_AMOUNTS = re.compile(r"\d[\d.,]* ?(?:[A-Za-z]{3}|TL|[₺€$£₼])?(?: */ *\d[\d.,]* ?(?:[A-Za-z]{3}|TL|[₺€$£₼])?)*")
_AMOUNTS_LISTED = re.compile(r"\d[\d.,]* ?[A-Z]{3}(?: *(?:,|;|\+|or|and) *\d[\d.,]* ?[A-Z]{3})+")
_PERCENT_FIRST = re.compile(r"% ?(\d[\d.,]*)")  # as Turkish writes it
SAID_FOR_CURRENCY = {"TL": "TRY", "₺": "TRY", "€": "EUR", "$": "USD", "£": "GBP", "₼": "AZN", "MANAT": "AZN", "LIRA": "TRY"}
_ADDRESS = re.compile(r"[^@\s<>,;:\"()\[\]\\]+@[^@\s<>,;:\"()\[\]\\]+\.[^@\s<>,;:\"()\[\]\\.]+")


def number(text: str) -> Decimal:
    if _THOUSANDS.fullmatch(text):
        digits = re.sub(r"[.,]", "", text)
        small = f", or {text[:-4]}.{text[-3:].rstrip('0') or '0'} for the small one" if len(text) - len(digits) == 1 else ""
        raise Unfit("D303", f"{text} can be read as {digits} or as a fraction", f"write {digits} for the large number{small}")
    if _PLAIN_NUMBER.fullmatch(text):
        return Decimal(text)
    raise Unfit("D302", f'"{text}" is not a number', _way_to_a_number(text))


def _way_to_a_number(text: str) -> str:
    if re.fullmatch(r"-?\d+,\d+", text):
        return f"write the fraction with a point: {text.replace(',', '.')}"
    if re.fullmatch(r"[-+]?\d+(\.\d+)?[eE][-+]?\d{1,3}", text):
        return f"write it out: {Decimal(text):f}" if abs(Decimal(text).adjusted()) < 20 else "write it out in digits"
    if re.fullmatch(r"0+\d+", text):
        return f"write {text.lstrip('0') or '0'}; a code with leading zeros is a text and belongs in quotes elsewhere"
    if re.fullmatch(r"[\d_ ]+", text):
        return f"write it without separators: {re.sub(r'[_ ]', '', text)}"
    return "write digits, with a point before a fraction: 3 or 1.5"


def whole(text: str) -> int:
    value = number(text)
    if value != value.to_integral_value():
        raise Unfit("D302", f"{text} is not a whole number", "only whole numbers are counted here: 1, 2, 3 …")
    return int(value)


def money(text: str, currency: str | None) -> Money:
    match = re.fullmatch(r"([-+\d.,_ ]*\d)\s*([^\d\s]+)?", text) or re.fullmatch(r"()([₺€$£₼])\s*[\d.,]+", text)
    if match is None or not match[1]:
        raise Unfit("D305", f'"{text}" is not an amount of money', f"write a number and a currency: 500 {currency or 'TRY'}")
    unit = match[2]
    if unit and not re.fullmatch(r"[A-Z]{3}", unit):
        meant = SAID_FOR_CURRENCY.get(unit.upper()) or (unit.upper() if re.fullmatch(r"[a-z]{3}", unit) else "")
        raise Unfit("D305", f'"{unit}" is not a currency', f"write its three letters: {match[1]} {meant or currency or 'TRY'}")
    if unit and currency and unit != currency:
        raise Unfit("D305", f"amounts are compared in {currency}, not in {unit}",
                    f"write the amount in {currency}, or change money.compare_in in regulars.yaml")
    amount = number(match[1].strip())
    if abs(amount) >= 10**12:
        raise Unfit("D314", f"{text} is more money than can be counted here", "write less than 1000000000000")
    return Money.of(amount, unit or currency or "XXX")


def duration(text: str) -> Duration:
    match = re.fullmatch(r"(\S+?)\s*([^\W\d_]+)", text)
    unit = match[2].lower().removesuffix("s") if match else ""
    if match is None or unit not in _SECONDS | _MONTHS:
        raise Unfit("D304", f'"{text}" is not a length of time', _way_to_a_duration(text))
    if not re.fullmatch(r"\d{1,9}", match[1]):
        raise Unfit("D304", f'"{text}" is not a length of time', "write a whole number and a unit: 60 days, 36 hours, 2 years")
    count = int(match[1])
    if count == 0:
        raise Unfit("D314", f"{text} is no time at all", "write at least 1 minute")
    value = Duration(seconds=count * _SECONDS[unit]) if unit in _SECONDS else Duration(months=count * _MONTHS[unit])
    if value.months > 12 * _LONGEST_YEARS or value.seconds > _LONGEST_YEARS * 366 * 86_400:
        raise Unfit("D314", f"{text} is longer than {_LONGEST_YEARS} years", "write a shorter time")
    return value


def _way_to_a_duration(text: str) -> str:
    if re.fullmatch(r"\d+", text):
        return f"{text} of what? add the unit: {text} days"
    return "write a number and minutes, hours, days, weeks, months or years: 60 days"


def rate(text: str) -> Rate:
    match = re.fullmatch(r"(\d{1,9}) *(?:per|/) *([a-z]+)", text.lower())
    unit = match[2].removesuffix("s") if match else ""
    if match is None or unit not in RATE_UNITS:
        number = re.match(r"\d+", text)
        raise Unfit("D316", f'"{text}" is not a rate', f"write a whole number per second, minute, hour or day: {number[0] if number else 50} per second")
    if int(match[1]) == 0:
        raise Unfit("D314", f"{text} is no mail at all", "write at least 1 per day; to stop a launch: regulars pause")
    return Rate(int(match[1]), unit)


def percent(text: str) -> Decimal:
    if turned := _PERCENT_FIRST.fullmatch(text):
        raise Unfit("D306", f'"{text}" is not a percentage here', f"write the sign behind the number: {turned[1]}%")
    if not text.endswith("%"):
        raise Unfit("D306", f'"{text}" is not a percentage', f"write it with the sign: {text}%" if text.isdigit() else "write it like 5%")
    value = number(text[:-1].strip())
    if not 0 < value <= 100:
        raise Unfit("D314", f"{text} is too {'much' if value > 0 else 'little'}", "write a percentage above 0% and up to 100%")
    return value


def day(text: str) -> date:
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return date.fromisoformat(text)
    except ValueError:
        raise Unfit("D307", f"the calendar has no {text}", "check the month and the day: year-month-day") from None
    swapped = re.fullmatch(r"(\d{1,2})[./](\d{1,2})[./](\d{4})", text)
    hint = f"write year-month-day: {swapped[3]}-{swapped[2]:0>2}-{swapped[1]:0>2}" if swapped else "write year-month-day: 2026-12-01"
    raise Unfit("D307", f'"{text}" is not a date', hint)


def send_at(text: str) -> SendAt:
    match = re.fullmatch(r"(\S+)[ T]+(\d{1,2}):(\d\d)(?::00)?( local)?", text)
    if match is None:
        example = "2026-12-01 09:00 local (each customer's own time) or 2026-12-01 09:00 (the shop's)"
        raise Unfit("D307", f'"{text}" is not a day and a time', f"write it like {example}")
    hour, minute = int(match[2]), int(match[3])
    if hour > 23 or minute > 59:
        raise Unfit("D307", f"no clock shows {match[2]}:{match[3]}", "hours go from 00 to 23, minutes from 00 to 59")
    on = day(match[1])
    return SendAt(datetime(on.year, on.month, on.day, hour, minute), local=match[4] is not None)  # noqa: DTZ001  a wall clock has no zone


_ROLL_OUT = "write how many first and how long to wait: 2% first, then 1 hour pause"


def roll_out(text: str) -> RollOut:
    """`2% first, then 1 hour pause` or `500 first, then 30 minutes pause`."""
    match = re.fullmatch(r"(\S+(?: %)?)(?: mails?)? +first *, *(?:then +)?(.+?)(?: +pause)?", text)
    if match is None:
        raise Unfit("D317", f'"{text}" does not say how a launch rolls out', _ROLL_OUT)
    pause = duration(match[2].strip())
    if match[1].endswith("%"):
        share = percent(match[1])
        if share == 100:
            raise Unfit("D314", "100% first leaves nobody for later", "write a smaller part, such as 2%, or leave out roll_out")
        return RollOut(pause, share=share)
    mails = whole(match[1])
    if mails < 1:
        raise Unfit("D314", f"{mails} mails are no first part", _ROLL_OUT)
    return RollOut(pause, mails=mails)


def reward(text: str) -> Reward:
    """`15%`, `100 TRY`, `100 TRY / 5 AZN`, `donation of 50 TRY`; anything else is something in kind."""
    if text.endswith("%") or _PERCENT_FIRST.fullmatch(text):
        return Reward(RewardKind.PERCENT, text, percent=percent(text))
    if _AMOUNTS_LISTED.fullmatch(text):
        raise Unfit("D305", f'"{text}" would be printed, and be worth nothing', "write amounts in several currencies with a slash between: 100 TRY / 5 AZN")
    given = re.fullmatch(r"(donation of |donate )?(.*)", text, re.IGNORECASE)
    assert given is not None
    if not _AMOUNTS.fullmatch(given[2]):
        return Reward(RewardKind.PRODUCT, text)
    amounts = tuple(money(part.strip(), None) for part in given[2].split("/"))
    if unnamed := next((each for each in amounts if each.currency == "XXX"), None):
        raise Unfit("D305", f"{unnamed.amount} of which currency?", f"write its three letters: {unnamed.amount} TRY")
    return Reward(RewardKind.DONATION if given[1] else RewardKind.AMOUNT, text, amounts=amounts)


def yes_no(text: str) -> bool:
    words = {"yes": True, "true": True, "no": False, "false": False}
    if text.lower() not in words:
        raise Unfit("D308", f'"{text}" is neither yes nor no', "write yes or no")
    return words[text.lower()]


def mailbox(text: str) -> Mailbox:
    match = re.fullmatch(r"(?:(?P<name>[^<>\r\n]*?)\s*<(?P<inside>[^<>]*)>|(?P<bare>[^<>]*))", text.strip())
    address = ((match["inside"] or match["bare"] or "") if match else "").strip()
    if match is None or not _ADDRESS.fullmatch(address) or ".." in address:
        raise Unfit("D309", f'"{text}" is not a mail address', 'write "Name <name@shop.example>" or "name@shop.example"')
    return Mailbox(address, (match["name"] or "").strip().strip('"'))
