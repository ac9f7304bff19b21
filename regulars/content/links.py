"""Links of a mail: numbered when the template is compiled, checked, marked and signed when it is rendered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from regulars.content.email import CannotCompose

FOLLOWED = ("http", "https")
LEFT_ALONE = ("mailto", "tel", "sms")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?=:)")
_OWN = re.compile(r"\{\{-?\s*(?:links\.\w+|referral\.url)\s*-?\}\}")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f]")
# Reserved characters and `%` stay: the marketer or the shop has already encoded what needs it.
_KEPT = "!#$%&'()*+,/:;=?@[]~-._"


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """One link of a bundle. `target` is the Jinja text behind it; `name` is what reports call it."""

    number: int
    name: str
    target: str
    language: str


@dataclass(frozen=True, slots=True)
class LinkSource:
    """A link as written. `target` is Jinja text with entities already read; `number` counts from 1 in its template,
    `at` is where the address stands in the skeleton."""

    number: int
    name: str
    target: str
    at: int

    @property
    def followed(self) -> bool:
        """Whether clicks on it are counted."""
        if _OWN.fullmatch(self.target) or self.target.startswith("#"):
            return False
        scheme = scheme_of(self.target)
        return scheme is None or scheme in FOLLOWED

    @property
    def tracked(self) -> str:
        """Jinja that prints the address a customer follows."""
        # Inside, nothing is escaped: the filter sees the real address, and escapes what it returns.
        return ("{% autoescape false %}{% filter _track(" + str(self.number) + ") %}" + self.target
                + "{% endfilter %}{% endautoescape %}")


def scheme_of(target: str) -> str | None:
    match = _SCHEME.match(_UNPRINTABLE.sub("", target))
    return match[0].lower() if match else None


def checked(target: str) -> str:
    """The address as mail programs should get it. Raises CannotCompose for one that must not be followed."""
    address = target.strip()
    if not address:
        raise CannotCompose("a link has no address")
    if _UNPRINTABLE.search(address.replace(" ", "")):
        raise CannotCompose("a link's address holds a line break or a control character")
    scheme = scheme_of(address)
    if not address.startswith("#") and scheme not in FOLLOWED + LEFT_ALONE:
        raise CannotCompose(f'a link leads to "{address[:60]}", which is not a web address')
    return quote(address, safe=_KEPT)


def with_utm(target: str, own_domain: str, utm: Mapping[str, str]) -> str:
    """Marks a link to the shop's own domain or one below it; what the link already says stays."""
    if not utm:
        return target
    parts = urlsplit(target)
    host = (parts.hostname or "").removeprefix("www.")
    if host != own_domain and not host.endswith("." + own_domain):
        return target
    present = {key for key, _ in parse_qsl(parts.query, keep_blank_values=True)}
    added = urlencode({key: value for key, value in utm.items() if key not in present})
    return urlunsplit(parts._replace(path=parts.path or "/", query="&".join(filter(None, (parts.query, added)))))


def domain_of(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")
