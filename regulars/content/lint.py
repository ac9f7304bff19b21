"""What MJML would get wrong without a word: tags, attributes, and Jinja in places that the layout fixes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from regulars.content.elements import ATTRIBUTES, CHILDREN, HOLDS_HTML, TAKES_BLOCKS
from regulars.content.links import FOLLOWED, LEFT_ALONE, scheme_of
from regulars.content.markup import Attribute, Event, Mark, events_of
from regulars.content.source import Part, Piece, Skeleton
from regulars.content.tokenpass import split
from regulars.diagnostics import Finding, Location, Severity, did_you_mean

_UNSUPPORTED = frozenset({"mj-html-attributes", "mj-selector"})
MOST_NESTED = 100  # the engine itself dies of a few thousand, and takes the process with it
_WITHOUT = {"base-url": "write the whole address in each mj-navbar-link"}
_PICTURES = frozenset({"src", "background-url"})
_SIZES = frozenset({"width", "background-width"})


def lint(skeleton: Skeleton) -> Iterator[Finding]:
    """Findings about the whole template; those in included files are placed there."""
    reader = _Reader(skeleton)
    for event in events_of(skeleton.text):
        yield from reader.take(event)
    yield from reader.unclosed()
    yield from _macros_with_mjml(skeleton)


@dataclass(slots=True)
class _Reader:
    skeleton: Skeleton
    open: list[Event] = field(default_factory=list)

    def take(self, event: Event) -> Iterator[Finding]:
        if event.mark in (Mark.OPEN, Mark.EMPTY):
            yield from self.element(event)
            yield from self.attributes(event)
            if event.mark is Mark.OPEN:
                self.open.append(event)
                if len(self.open) == MOST_NESTED:
                    yield self.find(event, "C120", f"elements are nested {MOST_NESTED} deep", "is one of them never closed?")
        elif event.mark is Mark.CLOSE:
            yield from self.close(event)
        elif event.mark is Mark.TEXT:
            yield from self.text(event)
            if "<" in event.text:
                place = self.skeleton.place(event.at + event.text.index("<"))
                yield Finding(place, "C127", "a < written as text, or a tag that is not finished", "write &lt;")
        elif event.mark is Mark.OTHER and not event.text.lower().startswith(("<!doctype", "<![")):
            yield self.find(event, "C127", "MJML takes neither <?xml ?> nor CDATA", "remove it")

    @property
    def parent(self) -> str:
        return self.open[-1].name if self.open else ""

    # Elements

    def element(self, event: Event) -> Iterator[Finding]:
        name = event.name
        in_column = [above.name for above in self.open[-2:]] == ["mj-column", "mj-raw"]
        if in_column and not name.startswith("mj") and name not in ("tr", "tbody", "style", "img"):
            hint = "put it into <mj-text>, or write <tr><td>…</td></tr> around it"
            yield self.find(event, "C121", f"<{name}> in mj-raw is no row of its column: it jumps to the top and loses its size",
                            hint, Severity.WARNING)
        if not name.startswith("mj") and self.parent in CHILDREN:
            yield self.find(event, "C121", f"<{name}> stands outside of mj-text and mj-raw", "put HTML into <mj-text> or <mj-raw>")
            return
        if not name.startswith("mj") or self.parent == "mj-attributes":
            return
        if name not in ATTRIBUTES:
            hint = "this compiler does not have it" if name in _UNSUPPORTED else did_you_mean(name, list(ATTRIBUTES))
            yield self.find(event, "C121", f"unknown element <{name}>", hint)
        elif self.parent in CHILDREN and name not in CHILDREN[self.parent]:
            homes = [home or "the file" for home, inside in CHILDREN.items() if name in inside]
            where = f"in <{self.parent}>" if self.parent else "outside of <mjml>"
            yield self.find(event, "C121", f"<{name}> cannot stand {where}", f"its place is {' or '.join(homes)}")
        elif any(above.name in HOLDS_HTML for above in self.open):
            yield self.find(event, "C121", f"<{name}> cannot stand inside of <{self.parent}>", "close that element first")

    def close(self, event: Event) -> Iterator[Finding]:
        if self.open and self.open[-1].name == event.name:
            self.open.pop()
            return
        if any(above.name == event.name for above in self.open):
            while self.open[-1].name != event.name:
                yield self.not_closed(self.open.pop())
            self.open.pop()
            return
        hint = f"close <{self.parent}> first" if self.parent else ""
        yield self.find(event, "C120", f"</{event.name}> closes nothing that is open here", hint)

    def unclosed(self) -> Iterator[Finding]:
        for event in self.open:
            yield self.not_closed(event)

    def not_closed(self, event: Event) -> Finding:
        return self.find(event, "C120", f"<{event.name}> is not closed", f"write </{event.name}> where it ends")

    # Attributes

    def attributes(self, event: Event) -> Iterator[Finding]:
        for attribute in event.attributes:
            yield from self.attribute(event, attribute)
        if event.name in ("mj-image", "img") and event.get("alt") is None and self.parent != "mj-attributes":
            hint = 'say what it shows: alt="…"; for an ornament write alt=""'
            yield self.find(event, "C142", "a picture without alt, and many see mail without pictures", hint, Severity.WARNING)
        if event.name == "mj-social-element" and event.get("src") is None and self.parent != "mj-attributes":
            hint = 'draw or license your own: src="{{ image(\'name.png\') }}"'
            yield self.find(event, "C143", "this icon is fetched from mailjet.com, which then sees who reads your mail", hint, Severity.WARNING)
        if event.name == "mj-button" and event.get("href") is None and self.parent != "mj-attributes":
            yield self.find(event, "C132", "a button without an address leads nowhere", 'write href="https://…"', Severity.WARNING)

    def attribute(self, event: Event, attribute: Attribute) -> Iterator[Finding]:
        name, place = attribute.name, self.skeleton.place(attribute.at, len(attribute.name))
        if self.skeleton.prefix in name:
            hint = 'put the condition inside of a value: color="{% if x %}red{% else %}black{% endif %}"'
            yield Finding(self.skeleton.place(attribute.at), "C124", "Jinja cannot stand in place of an attribute", hint)
            return
        value = attribute.value or ""
        known = ATTRIBUTES.get(event.name)
        in_defaults = any(above.name == "mj-attributes" for above in self.open)
        if known is not None and name not in known and not in_defaults and not _free(name):
            yield Finding(place, "C122", f'<{event.name}> has no attribute "{name}"',
                          _WITHOUT.get(name) or did_you_mean(name, sorted(known), "take it out"))
        if event.name.startswith("mj") and name in _SIZES and self.skeleton.prefix in value:
            hint = "write a number; for another layout, put {% if %} around the whole section"
            where = self.skeleton.place(attribute.value_at)
            yield Finding(where, "C123", f"Jinja in {name}: the layout is fixed before customers are known", hint)
        if name == "href":
            yield from self.link(attribute, value)
        if name in _PICTURES and self.skeleton.prefix not in value and scheme_of(value) is None:
            file = value.rpartition("/")[2] or "hero.png"
            hint = f"put the file into templates/images/ and write {name}=\"{{{{ image('{file}') }}}}\""
            place = self.skeleton.place(attribute.value_at, len(value))
            yield Finding(place, "C140", f'no mail program finds the picture "{value}"', hint)
        yield from self.blocks_whole(attribute)

    def link(self, attribute: Attribute, value: str) -> Iterator[Finding]:
        place = self.skeleton.place(attribute.value_at, len(value))
        scheme = scheme_of(value)
        if not value.strip():
            yield Finding(place, "C132", "a link without an address", "write https://… or remove the link")
        elif scheme is not None and scheme not in FOLLOWED + LEFT_ALONE:
            yield Finding(place, "C132", f'a link to "{scheme}:" is not for mails', "write https://…, mailto: or tel:")
        elif scheme is None and self.skeleton.prefix not in value and not value.startswith("#"):
            yield Finding(place, "C132", f'"{value}" is not a whole address', f"write https://{value}" if not value.startswith((".", "/")) else f"write it in full: {{{{ shop.url }}}}/{value.lstrip('./')}")

    def blocks_whole(self, attribute: Attribute) -> Iterator[Finding]:
        depth = 0
        for piece in self.constructs(attribute.value or ""):
            depth += _step(piece)
        if depth:
            place = self.skeleton.place(attribute.value_at)
            yield Finding(place, "C124", "a condition begins in this attribute and ends elsewhere", "close it in the same quotes")

    # Jinja between elements

    def text(self, event: Event) -> Iterator[Finding]:
        if self.parent not in CHILDREN and self.parent != "mj-attributes":
            return
        for literal, piece in split(event.text, self.skeleton):
            if piece is None:
                if literal.strip() and self.parent:
                    yield self.stray(event, literal)
            elif piece.part is not Part.BLOCK:
                hint = "put it into <mj-text>, <mj-button> or <mj-raw>"
                yield Finding(self.place(piece), "C128", f"a value cannot stand directly in <{self.parent}>", hint)
            elif _step(piece) or piece.keyword in ("else", "elif"):
                yield from self.bare_block(piece)

    def stray(self, event: Event, literal: str) -> Finding:
        at = event.text.index(literal) + len(literal) - len(literal.lstrip())
        message = f"text directly in <{self.parent}>, where it would not be shown"
        return Finding(self.skeleton.place(event.at + at, len(literal.split(maxsplit=1)[0])), "C121", message, "put it into <mj-text>")

    def bare_block(self, piece: Piece) -> Iterator[Finding]:
        if not self.parent or piece.keyword in ("with", "endwith"):
            return
        if self.parent not in TAKES_BLOCKS:
            hint = "put it around the whole element, or inside of a text"
            yield Finding(self.place(piece), "C128", f"{{% {piece.keyword} %}} cannot stand directly in <{self.parent}>", hint)
        else:
            message = f"{{% {piece.keyword} %}} between elements; other MJML programs would drop it"
            hint = f"write <mj-raw>{piece.text}</mj-raw>"
            yield Finding(self.place(piece), "C125", message, hint, Severity.WARNING)

    def constructs(self, text: str) -> list[Piece]:
        return [piece for _, piece in split(text, self.skeleton) if piece is not None]

    def place(self, piece: Piece) -> Location:
        return self.skeleton.files.place(piece.path, piece.offset, len(piece.text))

    def find(self, event: Event, code: str, message: str, hint: str, severity: Severity = Severity.ERROR) -> Finding:
        return Finding(self.skeleton.place(event.at, len(event.name) + 1), code, message, hint, severity)


def _step(piece: Piece) -> int:
    if piece.keyword in ("for", "if", "with", "macro", "filter"):
        return 1
    return -1 if piece.keyword.startswith("end") and piece.keyword != "endset" else 0


def _free(name: str) -> bool:
    return name.startswith(("data-", "aria-", "xmlns")) or name in ("role", "id")


def _macros_with_mjml(skeleton: Skeleton) -> Iterator[Finding]:
    macro: Piece | None = None
    for piece in skeleton.pieces:
        if piece.keyword == "macro":
            macro = piece
        elif piece.keyword == "endmacro":
            macro = None
        elif macro is not None and piece.part is Part.TEXT and "<mj-" in piece.text:
            place = skeleton.files.place(macro.path, macro.offset, len(macro.text))
            hint = 'make it a file in partials/ and write <mj-include path="partials/….mjml" with="item=item" />'
            yield Finding(place, "C126", "a macro that holds mj-* elements would reach the mail uncompiled", hint)
            macro = None
