"""What is noted while files are read: findings, names that are defined, and references to be resolved afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from regulars.definition.workspace import Attribute, EventField
from regulars.diagnostics import Finding, Location, Severity


class Name(StrEnum):
    """What a name can be the name of."""

    SEGMENT = "segment"
    CAMPAIGN = "campaign"
    TOPIC = "topic"
    TEMPLATE = "template"
    RATES = "rates file"
    RELAY = "relay"
    EVENT = "event"
    OFFER = "offer"
    CLASS = "class"
    OCCASION = "occasion"


@dataclass(frozen=True, slots=True)
class Reference:
    """`word` stands at `at`; `owner` is the segment that is made of what is named, if one is."""

    of: Name
    word: str
    at: Location
    owner: str = ""


@dataclass(slots=True)
class Notebook:
    """`currency`, `attributes`, `languages` and `events` come from regulars.yaml; None: unknown, so nothing is held against them.

    `steps`: the names that the author gave to steps of the campaign being read.
    """

    findings: list[Finding] = field(default_factory=list)
    defined: dict[Name, dict[str, Location]] = field(default_factory=lambda: {name: {} for name in Name})
    references: list[Reference] = field(default_factory=list)
    owner: str = ""
    currency: str | None = None
    attributes: Mapping[str, Attribute] | None = None
    languages: tuple[str, ...] | None = None
    events: Mapping[str, Mapping[str, EventField]] | None = None
    steps: dict[str, Location] = field(default_factory=dict)

    def error(self, at: Location, code: str, message: str, hint: str = "") -> None:
        self.findings.append(Finding(at, code, message, hint))

    def warning(self, at: Location, code: str, message: str, hint: str = "") -> None:
        self.findings.append(Finding(at, code, message, hint, Severity.WARNING))

    def define(self, what: Name, name: str, at: Location) -> None:
        """Note a definition; the second of one name is a finding."""
        first = self.defined[what].setdefault(name, at)
        if first != at:
            self.error(at, "D210", f'the {what} "{name}" is defined twice', f"the other is in {first}; rename one of the two")

    def refer(self, what: Name, word: str, at: Location, *, contained: bool = False) -> None:
        self.references.append(Reference(what, word, at, self.owner if contained else ""))
