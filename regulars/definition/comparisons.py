"""Comparisons: what stands behind a fact, such as `3`, `{at_least: 3}` or `{one_of: [TR, AZ]}`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from regulars.definition import nodes
from regulars.definition.conditions import Kind, Op, Test, Value
from regulars.definition.facts import OPERATORS
from regulars.definition.nodes import Node, Scalar
from regulars.definition.notebook import Notebook
from regulars.definition.quantities import Duration
from regulars.definition.tables import ListOf
from regulars.definition.values import (
    DAY,
    DURATION,
    MONEY,
    NUMBER,
    WHOLE,
    WORD,
    YES_NO,
    Schema,
    ValueKind,
    shape,
)
from regulars.diagnostics import did_you_mean

VALUES: Mapping[Kind, ValueKind] = {
    Kind.TEXT: WORD, Kind.NUMBER: NUMBER, Kind.WHOLE: WHOLE, Kind.MONEY: MONEY, Kind.TIME: DAY, Kind.DATE: DAY,
    Kind.YES_NO: YES_NO, Kind.SPAN: DURATION,
}
_CALLED = {
    Kind.TEXT: "a text", Kind.NUMBER: "a number", Kind.WHOLE: "a whole number", Kind.MONEY: "an amount of money",
    Kind.TIME: "a point in time", Kind.DATE: "a date", Kind.YES_NO: "a yes or no", Kind.SPAN: "a length of time",
}
_BY_OPERATOR: Mapping[Op, ValueKind] = {
    Op.EXISTS: YES_NO, Op.OLDER_THAN: DURATION, Op.YOUNGER_THAN: DURATION, Op.ON: DAY, Op.BEFORE: DAY, Op.AFTER: DAY,
}
_CALLED_ELSEWHERE: Mapping[str, Op] = {
    "=": Op.IS, "==": Op.IS, "eq": Op.IS, "equals": Op.IS, "!=": Op.IS_NOT, "<>": Op.IS_NOT, "in": Op.ONE_OF, "not_in": Op.NONE_OF,
    ">=": Op.AT_LEAST, "gte": Op.AT_LEAST, "min": Op.AT_LEAST, "<=": Op.AT_MOST, "lte": Op.AT_MOST, "max": Op.AT_MOST,
    ">": Op.MORE_THAN, "gt": Op.MORE_THAN, "<": Op.LESS_THAN, "lt": Op.LESS_THAN, "within": Op.YOUNGER_THAN,
}
# What is at least the one and at most the other; an older_than lies below a younger_than of the same length.
_BOUNDS = (
    *((low, high) for low in (Op.AT_LEAST, Op.MORE_THAN) for high in (Op.AT_MOST, Op.LESS_THAN)),
    (Op.AFTER, Op.BEFORE), (Op.OLDER_THAN, Op.YOUNGER_THAN),
)


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Reads to a tuple of Tests that must all hold. `options`: the only texts there are. `least`, `most`: bounds."""

    kind: Kind
    operators: tuple[Op, ...] = ()
    options: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None

    @property
    def fitting(self) -> tuple[Op, ...]:
        return self.operators or OPERATORS[self.kind]

    @property
    def words(self) -> str:
        return f"{VALUES[self.kind].words}, or a comparison: {', '.join(self.fitting)}"

    def read(self, node: Node, notes: Notebook) -> tuple[Test, ...] | None:
        if isinstance(node, nodes.Mapping):
            return self.read_entries(node.entries, node, notes)
        if isinstance(node, nodes.Sequence):
            notes.error(node.at, "D301", "a list stands where one value or a comparison is expected",
                        "write {one_of: […]}" if Op.ONE_OF in self.fitting else f"write {self.words}")
            return None
        operator = next((bare for bare in (Op.IS, Op.ON) if bare in self.fitting), None)
        if operator is None:
            notes.error(node.at, "D214", f"{_CALLED[self.kind]} is never exactly equal", f"compare it: {', '.join(self.fitting)}")
            return None
        value = self._value(operator, node, notes)
        return None if value is None else (Test(operator, value),)

    def read_entries(self, entries: Collection[tuple[Scalar, Node]], node: Node,
                     notes: Notebook) -> tuple[Test, ...] | None:
        if not entries:
            notes.error(node.at, "D312", "no comparison stands here", f"write {self.words}")
        read = [self._test(key, value, notes) for key, value in entries]
        tests = tuple(test for test in read if test is not None)
        for low, high in never_both(tests):
            notes.error(node.at, "D315", f"nothing is both {low} and {high}", "swap the two values, or take one out")
        return tests or None

    def schema(self) -> Schema:
        value = VALUES[self.kind].schema()
        return {"anyOf": [value, {
            "type": "object", "minProperties": 1, "additionalProperties": False,
            "properties": {operator.value: self._schema_of(operator) for operator in self.fitting},
        }]}

    def _schema_of(self, operator: Op) -> Schema:
        value = VALUES[self.kind].schema()
        if operator in {Op.ONE_OF, Op.NONE_OF}:
            return {"type": "array", "items": value, "minItems": 1}
        if operator is Op.BETWEEN:
            return {"type": "array", "items": value, "minItems": 2, "maxItems": 2}
        return _BY_OPERATOR[operator].schema() if operator in _BY_OPERATOR else value

    def _test(self, key: Scalar, node: Node, notes: Notebook) -> Test | None:
        if key.text not in set(Op):
            meant = _CALLED_ELSEWHERE.get(key.text.lower())
            notes.error(key.at, "D201", f'unknown comparison "{key.text}"', f'did you mean "{meant}"?' if meant in self.fitting
                        else did_you_mean(key.text, [op.value for op in self.fitting]))
            return None
        operator = Op(key.text)
        if operator not in self.fitting:
            notes.error(key.at, "D214", f'"{operator}" does not fit {_CALLED[self.kind]}', f"what fits: {', '.join(self.fitting)}")
            return None
        value = self._value(operator, node, notes)
        return None if value is None else Test(operator, value)

    def _value(self, operator: Op, node: Node, notes: Notebook) -> Value | None:
        kind = VALUES[self.kind]
        if operator in _BY_OPERATOR:
            value: Value | None = _BY_OPERATOR[operator].read(node, notes)
            return value
        if operator is Op.BETWEEN:
            return self._pair(node, notes)
        if operator in {Op.ONE_OF, Op.NONE_OF}:
            several: Value | None = ListOf(kind).read(node, notes)
            self._heed_choice(node, notes)
            return several
        one: Any = kind.read(node, notes)
        if operator not in {Op.CONTAINS, Op.STARTS_WITH}:
            self._heed_choice(node, notes)
        return None if one is None or not self._in_bounds(one, node, notes) else one

    def _pair(self, node: Node, notes: Notebook) -> Value | None:
        if not isinstance(node, nodes.Sequence) or len(node.items) != 2:
            given = f"a list of {len(node.items)}" if isinstance(node, nodes.Sequence) else shape(node)
            notes.error(node.at, "D301", f"{given} stands where two values are expected", f"write both ends in [ ], each {VALUES[self.kind].words}")
            return None
        first, second = (VALUES[self.kind].read(item, notes) for item in node.items)
        if first is None or second is None:
            return None
        if _size(second) < _size(first):
            notes.error(node.at, "D314", "the first end is beyond the second, so nothing lies between", "swap the two")
            return None
        return (first, second)

    def _heed_choice(self, node: Node, notes: Notebook) -> None:
        items = node.items if isinstance(node, nodes.Sequence) else (node,)
        for item in items if self.options else ():
            if isinstance(item, Scalar) and item.text and item.text not in self.options:
                notes.error(item.at, "D308", f'"{item.text}" is none of the declared values',
                            did_you_mean(item.text, self.options))

    def _in_bounds(self, value: Any, node: Node, notes: Notebook) -> bool:
        if self.least is None or self.most is None or self.least <= value <= self.most:
            return True
        notes.error(node.at, "D314", f"{value} is not between {self.least} and {self.most}",
                    f"write a whole number from {self.least} to {self.most}")
        return False


def _size(value: Any, days: float = 30.44) -> Any:
    """Of a length of time in seconds, with months of so many days."""
    return value.months * days * 86_400 + value.seconds if isinstance(value, Duration) else value


def never_both(tests: tuple[Test, ...]) -> Iterator[tuple[Op, Op]]:
    """Pairs of comparisons of one value that leave nothing between them, in whichever months."""
    for low, high in _BOUNDS:
        least = [test.value for test in tests if test.op is low]
        most = [test.value for test in tests if test.op is high]
        touching = {low, high} == {Op.AT_LEAST, Op.AT_MOST}
        if not least or not most:
            continue
        apart = max(_size(value, 28) for value in least) > min(_size(value, 31) for value in most)
        if apart or (set(least) & set(most) and not touching):
            yield low, high
