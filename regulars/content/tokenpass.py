"""Before and after the MJML compiler: constructs become names that it leaves alone, and come back, counted.

In text a construct travels as a comment, because HTML parsers move bare text out of tables but leave a
comment where it is. An attribute's value that holds Jinja, or anything that the compiler would escape in
its own manner, travels as one name and comes back as it was written.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from regulars.content.elements import HAS_LINK_NAME, TAKES_BLOCKS
from regulars.content.links import LinkSource
from regulars.content.markup import Attribute, Event, Mark, events_of
from regulars.content.source import Part, Piece, Skeleton
from regulars.content.widths import Picture, Widths, widths_of
from regulars.diagnostics import Finding, Location

_SAFE_VALUE = re.compile(r"[ !#-%'-;=?-\[\]-~]*")  # no quote, ampersand, angle, backslash, control or non-ASCII
_CONDITIONAL = re.compile(r"<!--\[if (?:(?!<!\[endif\]).)*<!\[endif\]-->", re.DOTALL)
_ADDRESS = re.compile(r"""\bhref\s*=\s*["']([^"']*)["']""")
_SPACE = re.compile(r"\s+")


@dataclass(slots=True)
class Stand:
    """What comes back for one name. `once`: exactly once, else the blocks would not match any more."""

    source: str
    once: bool
    needed: bool
    place: Location


@dataclass(slots=True)
class Prepared:
    """MJML for the compiler. `origins`: offsets in `mjml` beside offsets in the skeleton, ascending."""

    mjml: str
    ahead: str
    inline_css: str
    stands: list[Stand]
    links: list[LinkSource]
    prefix: str
    origins: list[tuple[int, int]]
    fonts: list[tuple[str, str]]  # name, address of mj-font
    columns: Sequence[float]      # widths in pixels


def prepare(skeleton: Skeleton) -> Prepared:
    return _Preparation(skeleton).run()


def put_back(compiled: str, prepared: Prepared) -> tuple[str, list[Finding]]:
    """The compiler's HTML with every construct where it was, and findings for those that did not return."""
    counts: Counter[int] = Counter()

    def restored(match: re.Match[str]) -> str:
        number = int(match[1] or match[2])
        counts[number] += 1
        return prepared.stands[number].source

    name = rf"{prepared.prefix}(\d+)k"
    back = re.sub(rf"<!--{name}-->|{name}", restored, compiled)
    return prepared.ahead + back, list(_losses(prepared.stands, counts))


def unnested(compiled: str, prefix: str) -> str:
    """Names inside conditional comments lose their own comment marks, which would end the outer comment early."""
    mark = re.compile(rf"<!--({prefix}\d+k)-->")
    return _CONDITIONAL.sub(lambda match: mark.sub(r"\1", match[0]), compiled)


def _losses(stands: Sequence[Stand], counts: Counter[int]) -> Iterator[Finding]:
    for number, stand in enumerate(stands):
        if (stand.once and counts[number] != 1) or (stand.needed and counts[number] == 0):
            message = "the layout cannot take Jinja here" if counts[number] == 0 else "the layout would repeat this Jinja"
            yield Finding(stand.place, "C128", message, "put the whole section or column inside the loop or condition")


@dataclass(slots=True)
class _Preparation:
    skeleton: Skeleton
    out: list[str] = field(default_factory=list)
    length: int = 0
    origins: list[tuple[int, int]] = field(default_factory=list)
    ahead: list[str] = field(default_factory=list)
    inline: list[str] = field(default_factory=list)
    stands: list[Stand] = field(default_factory=list)
    links: list[LinkSource] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    preview: bool = False
    events: list[Event] = field(default_factory=list)
    widths: Widths = field(default_factory=lambda: Widths({}, ()))

    def run(self) -> Prepared:
        self.events = list(events_of(self.skeleton.text))
        self.widths = widths_of(self.events)
        takes: dict[Mark, Callable[[Event, int], int]] = {
            Mark.OPEN: self._opened, Mark.EMPTY: self._emptied, Mark.CLOSE: self._closed, Mark.TEXT: self._text,
            Mark.PLAIN: self._plain, Mark.COMMENT: self._comment, Mark.OTHER: self._dropped,
        }
        at = 0
        while at < len(self.events):
            at += takes[self.events[at].mark](self.events[at], at)
        return Prepared("".join(self.out), "".join(self.ahead), "\n".join(self.inline), self.stands, self.links,
                        self.skeleton.prefix, self.origins, list(self._fonts()), self.widths.columns)

    def _fonts(self) -> Iterator[tuple[str, str]]:
        for event in self.events:
            name, href = event.get("name"), event.get("href")
            if event.name == "mj-font" and name and href and name.value and href.value:
                yield name.value, href.value

    # One method an event; each returns how many events it used up.

    def _opened(self, event: Event, at: int) -> int:
        if event.name == "mj-style" and _is_inline(event):
            self.inline.append(self._revealed(self.events[at + 1].text))
            return 3
        if event.name == "mj-raw" and self._only_constructs(at):
            self._emit(self._as_comments(self.events[at + 1].text, self.events[at + 1].at), event.at)
            return 3
        if event.name == "mj-body" and not self.preview:
            self._emit(f"<mj-head>{self._own_preview(event)}</mj-head>", event.at)
        self._emit(self._tag(event, ">"), event.at)
        if event.name == "mj-preview":
            self.preview = True
            self._emit(self._stand(_preheader(self._revealed(self.events[at + 1].text)), event.at), event.at)
            return 2
        self.open.append(event.name)
        return 1

    def _emptied(self, event: Event, _: int) -> int:
        self._emit(self._tag(event, " />"), event.at)
        return 1

    def _closed(self, event: Event, _: int) -> int:
        if event.name == "mj-head" and not self.preview:
            self._emit(self._own_preview(event), event.at)
        if self.open and self.open[-1] == event.name:
            self.open.pop()
        self._emit(f"</{event.name}>", event.at)
        return 1

    def _text(self, event: Event, _: int) -> int:
        if not self.open:
            self.ahead.extend(piece.text for piece in self._constructs_in(event.text))
        elif self.open[-1] in ("mjml", "mj-head", "mj-attributes"):
            self._head_text(event)
        else:
            self._emit(self._as_comments(event.text, event.at), event.at)
        return 1

    def _head_text(self, event: Event) -> None:
        for piece in self._constructs_in(event.text):
            if piece.keyword in ("set", "import", "from"):
                self.ahead.append(piece.text)
            else:
                self._stand(piece.text, event.at, needed=True)

    def _plain(self, event: Event, _: int) -> int:
        # mj-title comes back twice, in <title> and in aria-label.
        self._emit(self._as_names(event.text, event.at), event.at)
        return 1

    def _comment(self, event: Event, _: int) -> int:
        if event.text.startswith(("<!--[if", "<!--<![")):
            self._emit("".join(self._for_outlook(event)), event.at)
        return 1  # a note to colleagues does not travel to customers

    def _for_outlook(self, event: Event) -> Iterator[str]:
        """What stands in a conditional comment is markup for Outlook alone; its links are counted too."""
        done = 0
        for match in _ADDRESS.finditer(event.text):
            yield self._as_names(event.text[done:match.start(1)], event.at + done)
            at = event.at + match.start(1)
            yield self._stand(self._numbered("", match[1].strip(), at), at, needed=True)
            done = match.end(1)
        yield self._as_names(event.text[done:], event.at + done)

    def _dropped(self, event: Event, _: int) -> int:
        if event.text.lower().startswith("<!["):
            self._emit(event.text, event.at)
        return 1

    def _own_preview(self, event: Event) -> str:
        self.preview = True
        return f"<mj-preview>{self._stand(_preheader(''), event.at)}</mj-preview>"

    # Tags and attributes

    def _tag(self, event: Event, end: str) -> str:
        parts = [f"<{event.name}"]
        seen: set[str] = set()
        for attribute in event.attributes:
            if attribute.name in seen or self._is_link_name(event, attribute):
                continue
            seen.add(attribute.name)
            parts.append(f' {attribute.name}="{self._value(event, attribute)}"')
        if event.name == "mj-image" and "alt" not in seen and self._in_body(event):
            parts.append(' alt=""')
        picture = self.widths.pictures.get(event.at)
        if picture is not None and picture.unset:
            parts.append(f' width="{picture.most}px"')
        return "".join(parts) + end

    def _is_link_name(self, event: Event, attribute: Attribute) -> bool:
        return attribute.name == "name" and event.name in HAS_LINK_NAME and event.get("href") is not None

    def _value(self, event: Event, attribute: Attribute) -> str:
        raw = attribute.value if attribute.value is not None else attribute.name
        value = _SPACE.sub(" ", raw).strip()
        if attribute.name == "href" and self._in_body(event):
            return self._stand(self._link(event, value, attribute.value_at), attribute.value_at, needed=True)
        if attribute.name == "width" and event.name == "mj-image":
            return _fitted(value, self.widths.pictures.get(event.at))
        if self.skeleton.prefix not in value and _SAFE_VALUE.fullmatch(value):
            return value
        if attribute.name == "style" and not any(piece.part is Part.BLOCK for piece in self._constructs_in(value)):
            return self._as_names(value, attribute.value_at)  # whole declarations, which the CSS inliner must read
        source = self._revealed(value.replace('"', "&quot;"))
        return self._stand(source, attribute.value_at, needed=self._has_constructs(value) and self._in_body(event))

    def _in_body(self, event: Event) -> bool:
        return "mj-body" in self.open and event.name not in ("link", "base")

    def _link(self, event: Event, value: str, at: int) -> str:
        named = event.get("name")
        if event.name == "mj-social-element" or event.name in HAS_LINK_NAME:
            name = self._revealed(named.value) if named is not None and named.value else ""
        else:
            name = ""
        return self._numbered(name, value, at)

    def _numbered(self, name: str, value: str, at: int) -> str:
        link = LinkSource(len(self.links) + 1, name, self._link_parts(value), at)
        self.links.append(link)
        return link.tracked

    def _link_parts(self, value: str) -> str:
        """The target as a Jinja text: entities of the literal parts read, constructs as they are."""
        parts = []
        for text, piece in self._split(value):
            parts.append(piece.text if piece is not None else html.unescape(text))
        return "".join(parts)

    # Names and what they stand for

    def _stand(self, source: str, at: int, *, once: bool = False, needed: bool = False) -> str:
        self.stands.append(Stand(source, once, needed, self.skeleton.place(at, 1)))
        return f"{self.skeleton.prefix}{len(self.stands) - 1}k"

    def _as_comments(self, text: str, at: int) -> str:
        parts = []
        for literal, piece in self._split(text):
            if piece is None:
                # mrml drops a text of nothing but white space with a newline, and would join two words.
                parts.append(literal if literal.strip() or self.open[-1] in TAKES_BLOCKS else " ")
            else:
                parts.append(f"<!--{self._stand(piece.text, at, once=True)}-->")
                self.stands[-1].place = self._place(piece)
        return "".join(parts)

    def _as_names(self, text: str, at: int) -> str:
        return "".join(
            literal if piece is None else self._stand(piece.text, at) for literal, piece in self._split(text)
        )

    def _revealed(self, text: str) -> str:
        return "".join(literal if piece is None else piece.text for literal, piece in self._split(text))

    def _place(self, piece: Piece) -> Location:
        return self.skeleton.files.place(piece.path, piece.offset, len(piece.text))

    def _split(self, text: str) -> Iterator[tuple[str, Piece | None]]:
        return split(text, self.skeleton)

    def _constructs_in(self, text: str) -> list[Piece]:
        return [piece for _, piece in self._split(text) if piece is not None]

    def _has_constructs(self, text: str) -> bool:
        return self.skeleton.prefix in text and bool(self._constructs_in(text))

    def _only_constructs(self, at: int) -> bool:
        """`<mj-raw>{% for … %}</mj-raw>`: the wrapper has done its duty in the marketer's file."""
        inside = self.events[at + 1:at + 3]
        if [event.mark for event in inside] != [Mark.TEXT, Mark.CLOSE] or self.open[-1] not in TAKES_BLOCKS:
            return False
        parts = list(self._split(inside[0].text))
        return (all(not literal.strip() for literal, piece in parts if piece is None)
                and any(piece is not None and piece.part is Part.BLOCK for _, piece in parts))

    def _emit(self, text: str, at: int) -> None:
        self.origins.append((self.length, at))
        self.out.append(text)
        self.length += len(text)


def split(text: str, skeleton: Skeleton) -> Iterator[tuple[str, Piece | None]]:
    """Literal texts and constructs of a stretch of the skeleton, in order."""
    at = 0
    for match in re.finditer(rf"{skeleton.prefix}(\d+)q", text):
        if match.start() > at:
            yield text[at:match.start()], None
        yield match[0], skeleton.constructs[int(match[1])]
        at = match.end()
    if at < len(text):
        yield text[at:], None


def _preheader(own: str) -> str:
    """What the inbox shows after the subject: the campaign's own words win over the template's."""
    return "{% if _preheader %}{{ _preheader }}{% else %}" + own.strip() + "{% endif %}"


def _is_inline(event: Event) -> bool:
    attribute = event.get("inline")
    return attribute is not None and attribute.value in ("inline", None)


def _fitted(width: str, picture: Picture | None) -> str:
    """Whole pixels, and no more than the column holds."""
    match = re.fullmatch(r"(\d+)(?:\.\d+)?(?:px)?", width)
    if match is None:
        return width
    return f"{min(int(match[1]), picture.most) if picture else match[1]}px"
