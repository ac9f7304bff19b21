"""An automation's steps as a program: which one comes after which, in and out of branches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from regulars.definition.automation import Automation, If, Split, Step


@dataclass(frozen=True)
class Program:
    """`first`: the key that a journey begins at. Ends are None."""

    steps: tuple[Step, ...]

    @property
    def first(self) -> str:
        return self.steps[0].key

    def step(self, key: str) -> Step | None:
        """None: no step has that key."""
        return self._places[key][0] if key in self._places else None

    def after(self, key: str) -> str | None:
        """What follows when the step is done: for the last of a branch, what follows the branching."""
        return self._places[key][1]

    def into(self, branch: Sequence[Step], key: str) -> str | None:
        """The first step of a branch of `key`; of an empty one, what follows the branching."""
        return branch[0].key if branch else self.after(key)

    @property
    def keys(self) -> Sequence[str]:
        """In the file's order."""
        return list(self._places)

    def __iter__(self) -> Iterator[Step]:
        return (step for step, _ in self._places.values())

    @cached_property
    def _places(self) -> Mapping[str, tuple[Step, str | None]]:
        return dict(_placed(self.steps, None))


def program_of(automation: Automation) -> Program:
    return Program(automation.steps)


def place_in(new: Program, key: str, old: Program) -> str | None:
    """Where somebody goes on in another edition who stood at `key` in the old one: at the step of the same key, else at the first
    one of those after it that is still there. None: none is."""
    where: str | None = key
    while where is not None and new.step(where) is None:
        where = old.after(where)
    return where


def branches(step: Step) -> Sequence[tuple[Step, ...]]:
    match step:
        case If():
            return step.then, step.otherwise
        case Split():
            return *(part for _, part in step.parts), step.rest
        case _:
            return ()


def _placed(steps: Sequence[Step], then: str | None) -> Iterator[tuple[str, tuple[Step, str | None]]]:
    for place, step in enumerate(steps):
        after = steps[place + 1].key if place + 1 < len(steps) else then
        yield step.key, (step, after)
        for branch in branches(step):
            yield from _placed(branch, after)
