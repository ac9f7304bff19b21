"""Is everything as it should be? Each question is asked, whatever the others answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from regulars.errors import RegularsError, SettingsError
from regulars.operations.diagnosis import Finding, Health


@dataclass(frozen=True, slots=True)
class Answer:
    """`detail`: what was found; `hint`: what to do about it."""

    name: str
    health: Health
    detail: str
    hint: str = ""

    @property
    def is_well(self) -> bool:
        return self.health is not Health.ILL

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "well": self.is_well, "state": self.health.value, "detail": self.detail, "hint": self.hint}


def examine(questions: Mapping[str, Callable[[], Finding]]) -> list[Answer]:
    """Asks each question by name; one that raises is answered badly, with its way out."""
    return [_ask(name, question) for name, question in questions.items()]


def _ask(name: str, question: Callable[[], Finding]) -> Answer:
    try:
        return Answer(name, *question())
    except RegularsError as error:
        return Answer(name, Health.ILL, error.message, error.hint)
    except SettingsError as error:
        return Answer(name, Health.ILL, "; ".join(error.problems), "set it right where the environment of this process is kept")
