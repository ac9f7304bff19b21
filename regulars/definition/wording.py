"""Texts for people, and whom a mail is from: values of every file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from regulars.diagnostics import Location


@dataclass(frozen=True, slots=True)
class Mailbox:
    """`name <address>`; the name may be empty."""

    address: str
    name: str = ""

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Texts:
    """A human text in one or several languages. Key "" is the text that serves all."""

    by_language: Mapping[str, str]
    at: Mapping[str, Location] = field(default_factory=dict, compare=False)  # of each text's first character

    def in_language(self, language: str, fallback: str) -> str:
        texts = self.by_language
        return texts.get(language) or texts.get("") or texts.get(fallback) or next(iter(texts.values()), "")
