"""Calls in line: one commit for many, one that cannot be taken in takes nobody along, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence

import pytest

from regulars.adapters import call_line
from regulars.adapters.call_line import CallLine, LineFull
from regulars.errors import Unreachable
from regulars.loyalty.calls import Call, Heard
from regulars.loyalty.intake import Answered


def a_call(number: int) -> Call:
    return Call("test", str(number), "orders", "", Heard())


def answers(calls: Sequence[Call]) -> list[Answered]:
    return [Answered("", 200, call.event_id) for call in calls]


def in_line(take: Callable[[Sequence[Call]], Sequence[Answered]], talk: Callable[[CallLine], Awaitable[object]]) -> object:
    async def run() -> object:
        line = CallLine(take)
        line.start()
        try:
            return await talk(line)
        finally:
            await line.close(1)

    return asyncio.run(run())


def test_calls_that_come_together_share_a_transaction() -> None:
    batches: list[int] = []

    def take(calls: Sequence[Call]) -> list[Answered]:
        batches.append(len(calls))
        return answers(calls)

    said = in_line(take, lambda line: asyncio.gather(*(line.add(a_call(number)) for number in range(50))))

    assert [each.answer for each in said] == [str(number) for number in range(50)]
    assert len(batches) < 10


def test_one_that_cannot_be_taken_in_takes_nobody_along() -> None:
    def take(calls: Sequence[Call]) -> list[Answered]:
        if any(call.event_id == "3" for call in calls):
            raise ValueError("three")
        return answers(calls)

    said = in_line(take, lambda line: asyncio.gather(*(line.add(a_call(number)) for number in range(6)), return_exceptions=True))

    assert [getattr(each, "answer", str(each)) for each in said] == ["0", "1", "2", "three", "4", "5"]


def test_while_the_database_is_away_everybody_is_told_so() -> None:
    tries: list[int] = []

    def take(calls: Sequence[Call]) -> list[Answered]:
        tries.append(len(calls))
        raise Unreachable("away")

    said = in_line(take, lambda line: asyncio.gather(*(line.add(a_call(number)) for number in range(4)), return_exceptions=True))

    assert {type(each) for each in said} == {Unreachable}
    assert sum(tries) == 4


def test_nobody_waits_longer_than_they_want_and_the_line_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_line, "LONGEST_LINE", 3)
    go_on = threading.Event()

    def take(calls: Sequence[Call]) -> list[Answered]:
        go_on.wait(10)
        return answers(calls)

    async def talk(line: CallLine) -> list[object]:
        first = asyncio.ensure_future(line.add(a_call(0), 0.2))
        await asyncio.sleep(0.1)  # it is being written
        others = [asyncio.ensure_future(line.add(a_call(number), 0.2)) for number in (1, 2, 3, 4)]
        said = await asyncio.gather(first, *others, return_exceptions=True)
        go_on.set()
        await asyncio.sleep(0.2)  # who gave up leaves the line
        return [*said, await line.add(a_call(5))]

    said = in_line(take, talk)

    assert [type(each) for each in said] == [Unreachable] * 4 + [LineFull, Answered]
