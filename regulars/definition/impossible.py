"""Conditions that nobody can fulfil, however they live: `orders.count: {at_least: 3}` and `{at_most: 2}` at once."""

from __future__ import annotations

from collections.abc import Iterator

from regulars.definition.comparisons import never_both
from regulars.definition.conditions import All, Any_, Condition, Fact, Op, Test
from regulars.definition.text import fold


def is_impossible(condition: Condition) -> bool:
    """True only where it is certain: facts that are asked for side by side and exclude each other."""
    if isinstance(condition, Any_):
        return bool(condition.parts) and all(is_impossible(part) for part in condition.parts)
    if not isinstance(condition, All):
        return False
    asked: dict[str, tuple[Test, ...]] = {}
    for part in _side_by_side(condition):
        if isinstance(part, Fact):
            asked[part.name] = (*asked.get(part.name, ()), *part.tests)
        elif is_impossible(part):
            return True
    return any(_exclude(tests) for tests in asked.values())


def _side_by_side(condition: All) -> Iterator[Condition]:
    for part in condition.parts:
        if isinstance(part, All):
            yield from _side_by_side(part)
        else:
            yield part


def _exclude(tests: tuple[Test, ...]) -> bool:
    equal = {fold(test.value) if isinstance(test.value, str) else test.value for test in tests if test.op is Op.IS}
    return len(equal) > 1 or any(True for _ in never_both(tests))
