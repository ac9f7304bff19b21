"""Many hits share a commit; nobody waits for long; one bad hit does not take others along."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from regulars.adapters import hit_journal
from regulars.adapters.hit_journal import HitJournal
from regulars.errors import Unreachable
from regulars.tracking.hits import Hit, HitKind


def hit(name: str = "") -> Hit:
    return Hit(HitKind.REFERRAL, datetime(2026, 11, 20, tzinfo=UTC), "GET", code=name)


def test_hits_that_come_together_are_committed_together() -> None:
    commits: list[int] = []

    async def visit() -> list[bool]:
        journal = HitJournal(lambda hits: commits.append(len(hits)))
        journal.start()
        stored = await asyncio.gather(*(journal.add(hit()) for _ in range(500)))
        await journal.close()
        return stored

    assert all(asyncio.run(visit()))
    assert sum(commits) == 500
    assert len(commits) < 10


def test_nobody_waits_longer_than_their_patience_and_the_hit_is_stored_when_it_can_be() -> None:
    gate, stored = threading.Event(), []

    def store(hits: Sequence[Hit]) -> None:
        gate.wait(10)
        stored.extend(hits)

    async def visit() -> HitJournal:
        journal = HitJournal(store)
        journal.start()
        assert await journal.add(hit(), patience=0.05) is False
        assert (journal.lost, journal.recovered) == (1, 0)
        gate.set()
        await journal.close()
        return journal

    journal = asyncio.run(visit())
    assert len(stored) == 1
    assert (journal.lost, journal.recovered) == (1, 1)


def test_the_line_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hit_journal, "LONGEST_LINE", 3)

    async def visit() -> HitJournal:
        journal = HitJournal(lambda _hits: None)  # never started: nobody writes
        await asyncio.gather(*(journal.add(hit(), patience=0.05) for _ in range(10)))
        return journal

    journal = asyncio.run(visit())
    assert (journal.lost, journal.waiting) == (10, 3)


def test_a_hit_that_the_database_refuses_does_not_take_its_neighbours_along() -> None:
    stored: list[str | None] = []

    def store(hits: Sequence[Hit]) -> None:
        if any(each.code == "bad" for each in hits):
            raise ValueError("refused")
        stored.extend(each.code for each in hits)

    async def visit() -> list[bool]:
        journal = HitJournal(store)
        journal.start()
        answers = await asyncio.gather(*(journal.add(hit(name)) for name in ("a", "bad", "b")))
        await journal.close()
        return answers

    assert asyncio.run(visit()) == [True, False, True]
    assert stored == ["a", "b"]


def test_while_the_database_is_away_hits_stay_in_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hit_journal, "BREATH", 0.01)
    failures, stored = iter([Unreachable("away"), Unreachable("away")]), []

    def store(hits: Sequence[Hit]) -> None:
        for error in failures:
            raise error
        stored.extend(hits)

    async def visit() -> bool:
        journal = HitJournal(store)
        journal.start()
        durable = await journal.add(hit(), patience=5)
        await journal.close()
        return durable

    assert asyncio.run(visit())
    assert len(stored) == 1
