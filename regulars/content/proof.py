"""What a composed mail holds, read back for the eyes of its author: preheader, links, pictures, weight."""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

from regulars.content.email import Email
from regulars.content.links import LinkTarget
from regulars.content.tokens import LAYOUT, TOKEN_LENGTH

_DOORS = {"u": "unsubscribe", "v": "view in browser", "p": "preferences", "r": "referral code"}
_KINDS = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u034f\u00ad\u00a0]+")


@dataclass(frozen=True, slots=True)
class ProofLink:
    """`name`: what reports call it; `target`: where a customer arrives; `counted`: whether the click is."""

    name: str
    target: str
    counted: bool


@dataclass(frozen=True, slots=True)
class Picture:
    source: str
    alt: str | None


@dataclass(frozen=True, slots=True)
class Proof:
    preheader: str
    links: tuple[ProofLink, ...]
    pictures: tuple[Picture, ...]
    html_bytes: int


def proof_of(email: Email, links: Sequence[LinkTarget], base_url: str) -> Proof:
    """`links`: those of the bundle. Each address once, in the order of the mail."""
    reader = _Reader()
    reader.feed(email.html)
    names = {link.number: link.name for link in links}
    return Proof(
        reader.preheader, tuple(dict.fromkeys(_links(reader.addresses, names, base_url))),
        tuple(dict.fromkeys(_pictures(reader, base_url))), len(email.html.encode()),
    )


def with_named_links(text: str, links: Sequence[LinkTarget], base_url: str) -> str:
    """For a terminal: `[hero]` in place of a signed address, and no control characters, whatever a customer is called."""
    names = {link.number: link.name for link in links}

    def named(match: re.Match[str]) -> str:
        link = next(_links([match[0]], names, base_url))
        return f"[{link.name or link.target}]"

    return re.sub(re.escape(base_url) + r"/[cuvp]/[\w-]+(/[\w-]+)?", named, _CONTROLS.sub("", text))


def self_contained(html: str, base_url: str, images: Mapping[str, bytes]) -> str:
    """The page with the bundle's pictures inside it, so that a browser shows it without any server."""

    def inlined(match: re.Match[str]) -> str:
        content = images.get(match[1])
        return match[0] if content is None else f"data:{_kind(match[1])};base64,{b64encode(content).decode()}"

    return re.sub(re.escape(base_url) + r"/i/([\w.-]+)", inlined, html)


def _kind(name: str) -> str:
    return _KINDS.get(name.rpartition(".")[2], "application/octet-stream")


def _links(addresses: Sequence[str], names: Mapping[int, str], base_url: str) -> Iterator[ProofLink]:
    for address in addresses:
        door, _, rest = address.removeprefix(base_url + "/").partition("/")
        if not address.startswith(base_url + "/") or (door != "c" and door not in _DOORS):
            yield ProofLink("", address, counted=False)
        elif door == "c":
            token, _, packed = rest.partition("/")
            yield ProofLink(names.get(_number(token), ""), _unpacked(packed), counted=True)
        else:
            yield ProofLink(_DOORS[door], address, counted=False)


def _number(token: str) -> int:
    raw = urlsafe_b64decode(token[:TOKEN_LENGTH] + "=" * (-TOKEN_LENGTH % 4))
    return int(LAYOUT.unpack(raw[: LAYOUT.size])[-1])


def _unpacked(packed: str) -> str:
    return urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode()


def _pictures(reader: _Reader, base_url: str) -> Iterator[Picture]:
    return (Picture(source, alt) for source, alt in reader.pictures if not source.startswith(f"{base_url}/o/"))


class _Reader(HTMLParser):
    """Collects addresses, pictures, and the first text that is kept from sight: the preheader."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.addresses: list[str] = []
        self.pictures: list[tuple[str, str | None]] = []
        self.preheader = ""
        self._hidden = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in {"a", "area"} and given.get("href"):
            self.addresses.append(given["href"] or "")
        if tag == "img" and given.get("src"):
            self.pictures.append((given["src"] or "", given.get("alt")))
        style = (given.get("style") or "").replace(" ", "")
        self._hidden = tag == "div" and "display:none" in style and not self.preheader

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if self._hidden:
            self.preheader = _INVISIBLE.sub(" ", data).strip()
