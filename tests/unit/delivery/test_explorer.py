"""Every way that two workers, two sweeps, two mails, crashes and a forgetful network can meet, walked breadth first.

The decisions are the product's own (life, settlement); what the database compares before it changes a row is mirrored
from transitions.py, each condition by name, and without any of them the walk finds a way to a broken promise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from regulars.content.tokens import MessageRef
from regulars.definition.workspace import OnUncertain
from regulars.delivery.evidence import Evidence, Kind
from regulars.delivery.life import BY_OPERATOR, TERMINAL, State, may_follow
from regulars.delivery.outcomes import Outcome, Phase, Result
from regulars.delivery.settlement import (
    Claimed,
    Settlement,
    Uncertain,
    given_back,
    lapsed,
    resolution,
    settled,
)

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
GUARDS = frozenset({
    "claim: state", "mark: fence", "mark: state", "mark: launch", "mark: consent", "write ahead", "dot: in time",
    "settle: fence", "settle: state", "judge: after the lease", "judge: fence", "flag",
})


class Row(NamedTuple):
    """`copies` is the truth at the relay, which nobody here may look at but the log."""

    state: State = State.PENDING
    fence: int = 0
    leased: bool = False
    flagged: bool = False
    copies: int = 0


class Work(NamedTuple):
    """What one worker remembers. `heard`: of the attempt that is over."""

    number: int
    fence: int
    marked: bool = False
    heard: Outcome | None = None


class Change(NamedTuple):
    """What a sweep wants to write: the part of a Settlement that matters here."""

    number: int
    fence: int
    before: State
    state: State
    copy_may_exist: bool


class World(NamedTuple):
    rows: tuple[Row, ...]
    workers: tuple[Work | None, ...] = (None, None)
    sweeps: tuple[Change | None, ...] = ()  # decided from what was read, and not yet written
    paused: bool = False
    left: bool = False  # the first customer
    crashes: int = 0


class BrokenPromise(AssertionError):
    pass


@dataclass(frozen=True)
class Model:
    """`evidence`: there is a log that tells. `steering`: somebody pauses, goes on, leaves. `fences`, `crashes`: how far the walk goes."""

    policy: OnUncertain
    evidence: bool
    guards: frozenset[str] = GUARDS
    rows: int = 1
    sweeps: int = 1
    fences: int = 3
    crashes: int = 2
    steering: bool = True

    def walk(self) -> set[World]:
        """All reachable worlds. Raises BrokenPromise; from each a way must lead to the end of every mail."""
        start = World((Row(),) * self.rows, sweeps=(None,) * self.sweeps)
        before: dict[World, list[World]] = {start: []}
        edge = [start]
        while edge:
            following = []
            for world in edge:
                for after in self._steps(world):
                    if after not in before:
                        before[after] = []
                        self._promises(after)
                        following.append(after)
                    before[after].append(world)
            edge = following
        ended = [world for world in before if all(self._is_ended(row) for row in world.rows)]
        reaching = set(ended)
        while ended:
            ended = [one for world in ended for one in before[world] if one not in reaching and not reaching.add(one)]
        if lost := before.keys() - reaching:
            raise BrokenPromise(f"a mail is lost: {next(iter(lost))}")
        return reaching

    def _is_ended(self, row: Row) -> bool:
        return row.state in TERMINAL | {State.HELD} or (row.state is State.PENDING and row.fence == self.fences)  # the walk's end

    def _promises(self, world: World) -> None:
        for row in world.rows:
            if row.copies > 1 and not row.flagged:
                raise BrokenPromise(f"a second copy is not flagged: {world}")
            if row.copies > 1 and (self.evidence or self.policy is OnUncertain.HOLD):
                raise BrokenPromise(f"a second copy in spite of evidence or hold: {world}")
            if row.state is State.ACCEPTED and not row.copies:
                raise BrokenPromise(f"accepted, and never arrived: {world}")

    # what may happen next

    def _steps(self, world: World) -> Iterator[World]:
        for index, work in enumerate(world.workers):
            for after, does in self._of_worker(world, work):
                yield after._replace(workers=_with(world.workers, index, does))
            if work is not None and world.crashes < self.crashes:
                yield world._replace(workers=_with(world.workers, index, None), crashes=world.crashes + 1)
        for index, decision in enumerate(world.sweeps):
            if decision is not None:
                yield self._write(world, decision, "judge")._replace(sweeps=_with(world.sweeps, index, None))
            else:
                yield from (world._replace(sweeps=_with(world.sweeps, index, one)) for one in self._judgements(world))
        for number, row in enumerate(world.rows):
            if row.leased:
                yield _put(world, number, row._replace(leased=False))  # time passes, or its worker sleeps
        if self.steering:
            yield world._replace(paused=not world.paused)
            yield world._replace(left=True)

    def _of_worker(self, world: World, work: Work | None) -> Iterator[tuple[World, Work | None]]:
        if work is None:
            yield from self._claims(world)
        elif work.heard is not None:
            before = State.HANDOFF if work.marked else State.CLAIMED
            yield self._write(world, _change(settled(_claimed(work), before, _result(work), NOW, 0.0)), "settle"), None
        elif not work.marked:
            yield self._mark(world, work)
            if "write ahead" not in self.guards:
                yield _copied(world, work.number), work._replace(heard=Outcome.LOST_BEFORE_DOT)
        elif "dot: in time" in self.guards and not self._holds(world, work):
            yield world, work._replace(heard=Outcome.LOST_BEFORE_DOT)
        else:
            yield from ((_copied(world, work.number), work._replace(heard=one)) for one in (Outcome.ACCEPTED, Outcome.LOST_AFTER_DOT))
            yield from ((world, work._replace(heard=one)) for one in (Outcome.DEFERRED, Outcome.REJECTED, Outcome.LOST_AFTER_DOT))

    def _holds(self, world: World, work: Work) -> bool:
        """A worker that is on time; its lease is longer than its patience."""
        row = world.rows[work.number]
        return row.leased and (row.fence == work.fence or "mark: fence" not in self.guards)

    def _claims(self, world: World) -> Iterator[tuple[World, Work]]:
        for number, row in enumerate(world.rows):
            free = row.state is State.PENDING or ("claim: state" not in self.guards and row.state is State.CLAIMED)
            if free and row.fence < self.fences and not world.paused:
                claimed = row._replace(state=State.CLAIMED, fence=row.fence + ("claim: state" in self.guards), leased=True)
                yield _put(world, number, claimed), Work(number, claimed.fence)

    def _mark(self, world: World, work: Work) -> tuple[World, Work | None]:
        row = world.rows[work.number]
        allowed = {
            "mark: fence": row.fence == work.fence, "mark: state": row.state is State.CLAIMED, "mark: launch": not world.paused,
            "mark: consent": not (world.left and work.number == 0),
        }
        if not all(holds for guard, holds in allowed.items() if guard in self.guards):
            return self._write(world, _change(given_back(_claimed(work))), "settle"), None
        if not (allowed["mark: launch"] and allowed["mark: consent"]):
            raise BrokenPromise(f"a mail to who left, or of a launch that waits: {world}")
        self._leave(row, State.HANDOFF)
        return _put(world, work.number, row._replace(state=State.HANDOFF, leased=True)), work._replace(marked=True)

    def _judgements(self, world: World) -> Iterator[Change]:
        """What a sweep decides from what it reads at this moment; by the time it writes all may be different."""
        for number, row in enumerate(world.rows):
            ref, is_over = MessageRef(1, number), not row.leased or "judge: after the lease" not in self.guards
            if row.state in {State.CLAIMED, State.HANDOFF} and is_over:
                yield _change(lapsed(ref, row.fence, row.state, NOW))
            elif row.state is State.UNCERTAIN and is_over:
                seen = Evidence(row.copies > 0, Kind.LOG) if self.evidence else None
                yield _change(resolution(Uncertain(ref, row.fence, NOW, row.flagged), seen, self.policy, NOW))

    def _write(self, world: World, change: Change, who: str) -> World:
        """transitions.settle: 0 rows for who has lost."""
        row = world.rows[change.number]
        fence_is_right = row.fence == change.fence or f"{who}: fence" not in self.guards
        state_is_right = row.state is change.before or "settle: state" not in self.guards
        if not (fence_is_right and state_is_right):
            return world
        self._leave(row, change.state)
        flagged = row.flagged or (change.copy_may_exist and "flag" in self.guards)
        leased = row.leased and change.state is State.UNCERTAIN
        return _put(world, change.number, row._replace(state=change.state, leased=leased, flagged=flagged))

    def _leave(self, row: Row, following: State) -> None:
        if row.state in TERMINAL | BY_OPERATOR.keys() - {State.PENDING, State.CLAIMED, State.HANDOFF, State.UNCERTAIN}:
            raise BrokenPromise(f"{row.state} was left for {following}")
        if not may_follow(row.state, following):
            raise BrokenPromise(f"{row.state} became {following}")


@pytest.mark.parametrize("policy", OnUncertain)
@pytest.mark.parametrize("evidence", [True, False])
@pytest.mark.parametrize("size", [
    {"sweeps": 2, "fences": 2, "steering": False},
    {"sweeps": 1, "fences": 2, "crashes": 1},
    {"rows": 2, "sweeps": 1, "fences": 1, "crashes": 1, "steering": False},
])
def test_no_way_leads_to_a_lost_mail_or_an_unflagged_copy(policy, evidence, size):
    assert len(Model(policy, evidence, **size).walk()) > 1000


@pytest.mark.parametrize("guard", sorted(GUARDS))
def test_without_any_guard_some_way_does(guard):
    steering = guard in {"mark: launch", "mark: consent"}
    model = Model(OnUncertain.RESEND, guard != "flag", GUARDS - {guard}, sweeps=2, fences=3, crashes=0, steering=steering)

    with pytest.raises(BrokenPromise):
        model.walk()


def _change(settlement: Settlement) -> Change:
    return Change(settlement.ref.number, settlement.fence, settlement.before, settlement.state, settlement.copy_may_exist)


def _claimed(work: Work) -> Claimed:
    return Claimed(MessageRef(1, work.number), work.fence, work.number, "c@example.com", 0, NOW)


def _result(work: Work) -> Result:
    codes = {Outcome.ACCEPTED: 250, Outcome.DEFERRED: 451, Outcome.REJECTED: 550}
    words = {Outcome.REJECTED: ("5.1.1", "5.1.1 no such user")}.get(work.heard, (None, None))
    return Result(MessageRef(1, work.number), work.heard, Phase.DOT, codes.get(work.heard), *words)


def _copied(world: World, number: int) -> World:
    row = world.rows[number]
    return _put(world, number, row._replace(copies=row.copies + 1))


def _put(world: World, number: int, row: Row) -> World:
    return world._replace(rows=_with(world.rows, number, row))


def _with(values: tuple, index: int, value: object) -> tuple:
    return (*values[:index], value, *values[index + 1:])
