"""Whether the names in one file are defined in another, once all files are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from regulars.definition.automation import BUILT_IN_EVENTS, WATCHED
from regulars.definition.notebook import Name, Notebook, Reference
from regulars.definition.workspace import Shop
from regulars.diagnostics import Location, did_you_mean, nearest

_CODES: Mapping[Name, str] = {Name.SEGMENT: "D203", Name.CAMPAIGN: "D207", Name.TOPIC: "D206", Name.TEMPLATE: "D208", Name.RATES: "D208",
                             Name.RELAY: "D217", Name.EVENT: "D220", Name.OFFER: "D221", Name.CLASS: "D222", Name.OCCASION: "D223"}
_OF_THE_SHOP = frozenset({Name.TOPIC, Name.RELAY, Name.EVENT, Name.OFFER, Name.CLASS, Name.OCCASION})
_ELSEWHERE: Mapping[Name, str] = {
    Name.SEGMENT: "define it in a file of segments/, or take the name out",
    Name.CAMPAIGN: "name a campaign of campaigns/",
    Name.TOPIC: "declare it under topics: in regulars.yaml",
    Name.RELAY: "declare it under relays: in regulars.yaml",
    Name.EVENT: "declare it under events: in regulars.yaml, with its fields",
    Name.OFFER: "declare it under offers: in regulars.yaml",
    Name.CLASS: "add it to classes: in regulars.yaml",
    Name.OCCASION: "give it a date under calendar: in regulars.yaml",
    Name.TEMPLATE: "put the file into templates/",
    Name.RATES: "make it (day,currency,rate), or take the line out",
}


def link(notes: Notebook, shop: Shop | None, present: frozenset[str]) -> None:
    """Notes what is named but nowhere defined, and segments that lead back to themselves."""
    notes.defined[Name.RATES] = {path: Location(path) for path in present if path.startswith("data/")}
    notes.defined[Name.TEMPLATE] = {
        path.removeprefix("templates/"): Location(path) for path in present if path.startswith("templates/") and path.endswith(".mjml")
    }
    notes.defined[Name.EVENT] |= {event: Location("regulars.yaml") for event in (*BUILT_IN_EVENTS, *WATCHED)}
    for reference in notes.references:
        if shop is None and reference.of in _OF_THE_SHOP:
            continue
        if reference.word not in notes.defined[reference.of]:
            notes.error(reference.at, _CODES[reference.of], f'unknown {reference.of} "{reference.word}"', _way_out(reference, notes))
    _note_circles(notes)


def _way_out(reference: Reference, notes: Notebook) -> str:
    defined = notes.defined[reference.of]
    if "," in reference.word:
        return f"for several, write a list: [{reference.word}]"
    near = nearest(reference.word, defined)
    if near is None:
        return did_you_mean(reference.word, sorted(defined), _ELSEWHERE[reference.of])
    where = f" it is defined in {defined[near]}" if reference.of in {Name.SEGMENT, Name.CAMPAIGN} else ""
    return f'did you mean "{near}"?{where}'


def _note_circles(notes: Notebook) -> None:
    arrows: dict[str, list[Reference]] = {}
    for reference in notes.references:
        if reference.of is Name.SEGMENT and reference.owner:
            arrows.setdefault(reference.owner, []).append(reference)
    told: set[frozenset[str]] = set()
    for start in sorted(arrows):
        for path in _circles(start, arrows):
            members = frozenset(reference.owner for reference in path)
            if members not in told:
                told.add(members)
                names = [reference.owner for reference in path]
                notes.error(path[0].at, "D209", f'the segment "{start}" is made of itself: {" -> ".join([*names, start])}',
                            "take one of these steps out")


def _circles(start: str, arrows: Mapping[str, list[Reference]]) -> Iterator[list[Reference]]:
    """The way back to `start`, if there is one; each segment is visited once."""
    visited = {start}
    trail: list[tuple[str, list[Reference]]] = [(start, [])]
    while trail:
        here, path = trail.pop()
        for reference in arrows.get(here, []):
            if reference.word == start:
                yield [*path, reference]
                return
            if reference.word not in visited:
                visited.add(reference.word)
                trail.append((reference.word, [*path, reference]))
