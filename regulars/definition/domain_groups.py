"""Mailbox providers and the domains they receive for: one provider has one patience, however many domains it has."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_YAHOO_COUNTRIES = ("ca", "co.id", "co.in", "co.nz", "co.uk", "co.za", "com.ar", "com.au", "com.br", "com.hk", "com.mx", "com.ph",
                    "com.sg", "com.tr", "com.tw", "com.vn", "de", "dk", "es", "fr", "gr", "ie", "in", "it", "no", "pl", "ro", "se")
_HOTMAIL_COUNTRIES = ("be", "ca", "co.id", "co.il", "co.jp", "co.nz", "co.th", "co.uk", "co.za", "com.ar", "com.au", "com.br", "com.tr",
                      "cz", "de", "dk", "es", "fi", "fr", "gr", "hu", "it", "nl", "no", "se", "sg")
_OUTLOOK_COUNTRIES = ("at", "be", "cl", "co.id", "co.il", "co.th", "com.ar", "com.au", "com.br", "com.gr", "com.tr", "com.vn", "cz",
                      "de", "dk", "es", "fr", "hu", "ie", "in", "it", "jp", "kr", "lv", "my", "ph", "pt", "sa", "sg", "sk")
_LIVE_COUNTRIES = ("at", "be", "ca", "cl", "cn", "co.uk", "co.za", "com.ar", "com.au", "com.mx", "com.pt", "com.sg", "de", "dk", "fi",
                   "fr", "ie", "in", "it", "jp", "nl", "no", "ru", "se")


def _in(name: str, countries: tuple[str, ...]) -> tuple[str, ...]:
    return (f"{name}.com", *(f"{name}.{country}" for country in countries))


DOMAIN_GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "gmail": ("gmail.com", "googlemail.com"),
    "microsoft": (
        *_in("hotmail", _HOTMAIL_COUNTRIES), *_in("outlook", _OUTLOOK_COUNTRIES), *_in("live", _LIVE_COUNTRIES),
        "msn.com", "passport.com", "windowslive.com",
    ),
    "yahoo": (*_in("yahoo", _YAHOO_COUNTRIES), "ymail.com", "rocketmail.com", "aol.com", "aol.co.uk", "aol.de", "aol.fr", "aol.it", "aim.com"),
    "apple": ("icloud.com", "me.com", "mac.com"),
    "mail-ru": ("mail.ru", "bk.ru", "inbox.ru", "internet.ru", "list.ru", "xmail.ru"),
    "yandex": ("yandex.ru", "yandex.com", "yandex.by", "yandex.kz", "yandex.com.tr", "yandex.az", "yandex.ua", "ya.ru", "narod.ru"),
    "gmx": ("gmx.de", "gmx.net", "gmx.at", "gmx.ch", "gmx.com", "gmx.co.uk", "gmx.es", "gmx.fr", "web.de", "mail.com", "1und1.de"),
    "t-online": ("t-online.de", "magenta.de"),
    "orange": ("orange.fr", "wanadoo.fr"),
    "proton": ("proton.me", "protonmail.com", "protonmail.ch", "pm.me"),
})
