"""Values that the world has lists of: web addresses, time zones, currencies, languages."""

from __future__ import annotations

import re
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from regulars.definition import units
from regulars.definition.notebook import Notebook
from regulars.definition.units import Unfit
from regulars.definition.values import One
from regulars.diagnostics import did_you_mean

_LOOPBACK = r"(?:127\.0\.0\.1|localhost|\[::1\])"


def _url(text: str, _: Notebook) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@]+\.[^\s/?#@.]+(?::\d+)?(?:[/?#]\S*)?|https?://localhost(?::\d+)?/?", text):
        raise Unfit("D310", f'"{text}" is not a web address', "write it in full: https://shop.example")
    return text.rstrip("/")


def _safe_url(text: str, _: Notebook) -> str:
    if re.fullmatch(rf"http://{_LOOPBACK}(?::\d+)?(?:[/?]\S*)?", text) or re.fullmatch(r"https://[^\s/?#@]+(?:[/?]\S*)?", text):
        return text
    hint = f"write https://{text.removeprefix('http://')}" if text.startswith("http://") else "write it in full: https://shop.example/path"
    raise Unfit("D310", "customers' data travels only to addresses that begin with https://" if text.startswith("http://")
                else f'"{text}" is not a web address', hint)


def _zone(text: str, _: Notebook) -> str:
    try:
        ZoneInfo(text)
    except (ValueError, OSError, LookupError):
        a_place = "write a zone like Europe/Istanbul or Asia/Baku"
        hint = a_place if re.search(r"[+-]\d", text) else did_you_mean(text, sorted(available_timezones()), a_place)
        raise Unfit("D313", f'"{text}" is not a time zone', hint) from None
    return text


def _currency(text: str, _: Notebook) -> str:
    if not re.fullmatch(r"[A-Z]{3}", text):
        meant = units.SAID_FOR_CURRENCY.get(text.upper(), text.upper() if len(text) == 3 else "TRY")
        raise Unfit("D313", f'"{text}" is not a currency', f"write its three capital letters: {meant}")
    return text


@cache
def _known_locale(text: str) -> bool:
    from babel import localedata

    return bool(localedata.exists(text.replace("-", "_")))


def _locale(text: str, _: Notebook) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*", text) or not _known_locale(text):
        raise Unfit("D313", f'"{text}" is not a language that dates and prices can be written in', "write it like tr, az or en-GB")
    return text


URL = One("a web address such as https://shop.example", _url, {"type": "string", "format": "uri"}, text=True)
SAFE_URL = One("a web address such as https://shop.example/path", _safe_url, {"type": "string", "pattern": "^https?://"}, text=True)
ZONE = One("a time zone such as Europe/Istanbul", _zone, text=True)
CURRENCY = One("a currency such as TRY", _currency, {"type": "string", "pattern": "^[A-Z]{3}$"}, text=True)
LOCALE = One("a language such as tr", _locale, text=True)
