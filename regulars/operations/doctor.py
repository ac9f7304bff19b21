"""Is everything as it should be? Each question is asked, whatever the others answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from regulars.errors import RegularsError


@dataclass(frozen=True, slots=True)
class Answer:
    """`detail`: what was found; `hint`: what to do when it is not well."""

    name: str
    is_well: bool
    detail: str
    hint: str = ""


def examine(questions: Mapping[str, Callable[[], str]]) -> list[Answer]:
    """Asks each question by name; one that raises RegularsError is answered badly, with its way out."""
    return [_ask(name, question) for name, question in questions.items()]


def _ask(name: str, question: Callable[[], str]) -> Answer:
    try:
        return Answer(name, True, question())
    except RegularsError as error:
        return Answer(name, False, error.message, error.hint)
