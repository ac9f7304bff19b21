"""How a customer reads money, dates, numbers and shares: Babel in their own language, each answer kept.

Babel takes 25 µs for a price and a campaign shows the same prices to everybody, so answers are cached.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, format_percent

from regulars.content import turkish
from regulars.definition.quantities import Money

_LETTER_THEN_DIGIT = re.compile(r"(?<=[A-Z])(?=\d)")  # Babel writes TRY420 where a language has no sign for it
Number = int | float | Decimal


@lru_cache(maxsize=512)
def voice_for(locale: str | None, language: str, timezone: str | None, shop_timezone: str) -> Voice:
    """The customer's own locale where it fits the mail's language (`tr_CY` in a Turkish mail), else the language."""
    return Voice(_locale(locale, language), language, _zone(timezone) or _zone(shop_timezone) or ZoneInfo("UTC"))


class Voice:
    """Formats in one locale and time zone."""

    def __init__(self, locale: Locale, language: str, zone: ZoneInfo) -> None:
        self.locale, self.language, self.zone = locale, language, zone
        self.money = lru_cache(maxsize=5_000)(self._money)
        self.number = lru_cache(maxsize=5_000)(self._number)
        self.percent = lru_cache(maxsize=2_000)(self._percent)
        self.date = self._date  # under this name the type could not be said
        self._day = lru_cache(maxsize=5_000)(self._day_in_words)

    def _money(self, value: Money) -> str:
        whole = value.units % 10_000 == 0
        text = format_currency(value.amount, value.currency, locale=self.locale, currency_digits=not whole,
                               format=self._whole_pattern() if whole else None)
        return _LETTER_THEN_DIGIT.sub("\xa0", text)

    def _whole_pattern(self) -> str:
        """`500 TL` rather than `500,00 TL`: nobody prints the kuruş of a round price."""
        return str(self.locale.currency_formats["standard"].pattern).replace("0.00", "0")

    def _number(self, value: Number, digits: int | None = None) -> str:
        pattern = None if digits is None else "#,##0" + ("." + "0" * digits if digits else "")
        return format_decimal(value, format=pattern, locale=self.locale)

    def _percent(self, value: Number) -> str:
        """Of a share: 0.2 is 20 %."""
        return format_percent(value, locale=self.locale)

    def _date(self, value: date, form: str = "long") -> str:
        """Kept by the day: no two orders are of the same microsecond."""
        if isinstance(value, datetime):
            local = value.astimezone(self.zone) if value.tzinfo else value
            if form == "time":
                return format_datetime(local, "HH:mm", locale=self.locale)
            value = local.date()
        return self._day(value, form)

    def _day_in_words(self, day: date, form: str) -> str:
        return format_date(day, _FORMS.get(form, form), locale=self.locale)

    def upper(self, text: str) -> str:
        return turkish.upper(text, self.language)

    def lower(self, text: str) -> str:
        return turkish.lower(text, self.language)

    def title(self, text: str) -> str:
        return turkish.title(text, self.language)

    def capitalize(self, text: str) -> str:
        return turkish.capitalize(text, self.language)


_FORMS = {"day": "d MMMM", "weekday": "EEEE", "month": "MMMM", "year": "y"}


def _locale(tag: str | None, language: str) -> Locale:
    for candidate in (tag, language):
        try:
            locale = Locale.parse((candidate or "").replace("-", "_").partition(".")[0])
        except (ValueError, UnknownLocaleError, TypeError):
            continue
        if locale.language == language.partition("-")[0].partition("_")[0]:
            return locale
    return Locale("en")


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (LookupError, ValueError, OSError):
        return None
