"""The ledger of one turn: what each claimed message is waiting for, and every change of it in one place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from threading import Lock

from regulars.audience.eligibility import IN_WORDS, Reason, objection
from regulars.content.tokens import MessageRef
from regulars.delivery.launches import Launch
from regulars.delivery.life import LaunchState, State
from regulars.delivery.outcomes import Outcome, Phase, Result
from regulars.delivery.reply_table import Advice
from regulars.delivery.settlement import Claimed, Handoff, Settlement, given_back, held, settled, skipped
from regulars.operations.office import PostOffice, Turn
from regulars.operations.outcome_log import tell_outcomes
from regulars.operations.ports import Transport


class TurnLedger:
    """The port that transports write to, from one thread, while batches are opened and composed in another.

    It remembers only what is in flight. An interrupt between two of its steps leaves each message either open or
    ended, never neither, so that `give_back` finds them all.
    """

    def __init__(self, launch: Launch, office: PostOffice, turn: Turn, transport: Transport) -> None:
        room = office.bundles.open(launch.bundle)
        self.is_halted = False  # a refusal has paused the launch, or found it paused: nothing more is begun
        self._launch_id = launch.id
        self._turn = turn
        self._topic = room.campaign.topic
        self._kind = launch.kind
        self._shop = room.shop
        self._office = office
        self._transport = transport
        self._lock = Lock()  # of all that follows; no commit waits inside it
        self._open: dict[MessageRef, Claimed] = {}
        self._handoffs: dict[MessageRef, Handoff] = {}
        self._asked: set[MessageRef] = set()    # nobody has heard yet whether their marks hold
        self._marked: set[MessageRef] = set()
        self._refused: set[MessageRef] = set()  # once; a second time they wait for the turn's end
        self._ended: dict[int, Settlement] = {}
        self._committing: set[int] = set()
        self._numbers = count()
        self._closed = False

    def open(self, batch: Sequence[Claimed]) -> bool:
        """False: the turn was over before its composer heard of it, and the batch has gone back."""
        with self._lock:
            self._open |= {claimed.ref: claimed for claimed in batch}
            if not self._closed:
                return True
        self.give_back()
        return False

    def withhold(self, batch: Sequence[Claimed]) -> list[Claimed]:
        """Skips who left since the audience was made, and whom REGULARS_ONLY_TO does not name; returns the others."""
        standings = self._office.messages.standings([claimed.customer_id for claimed in batch], self._topic, self._kind)
        welcome = []
        for claimed in batch:
            standing = standings.get(claimed.customer_id)
            reason = objection(standing, self._shop.consent, self._kind) if standing else Reason.INVALID_ADDRESS
            if reason is not None:
                self._conclude(skipped(claimed, IN_WORDS[reason]))
            elif not self._office.only_to.allows(claimed.email):
                self._conclude(skipped(claimed, IN_WORDS[Reason.NOT_IN_ONLY_TO]))
            else:
                welcome.append(claimed)
        return welcome

    def cannot_compose(self, claimed: Claimed, why: str) -> None:
        self._conclude(skipped(claimed, f"cannot be composed: {why}"), uncomposed=1)

    def put_off(self, claimed: Claimed, until: datetime, reason: str | None = None) -> None:
        """Its domain asked for patience, or its customer is to be left in peace until then; nothing was tried."""
        self._conclude(replace(given_back(claimed), next_attempt_at=until, reason=reason))

    def drop(self, claimed: Claimed, reason: str) -> None:
        self._conclude(skipped(claimed, reason))

    def hold(self, claimed: Claimed, reason: str) -> None:
        self._conclude(held(claimed, reason))

    def expect(self, handoff: Handoff) -> None:
        with self._lock:
            self._handoffs[handoff.ref] = handoff

    def turn(self, results: Sequence[Result], handoffs: Sequence[MessageRef]) -> set[MessageRef]:
        """The transport's port: results and marks of one moment, committed together."""
        now = self._office.clock.now()
        too_much: dict[tuple[str | None, str], str] = {}
        with self._lock:
            for result in results:
                if claimed := self._open.get(result.ref):  # gone: told twice, because the first time was interrupted
                    ends = [settled(claimed, state, result, now, self._office.jitter()) for state in self._may_be(result.ref)]
                    self._end(*ends)
                    if ends[0].advice is Advice.SLOW_DOWN:
                        too_much[result.relay, claimed.email.rpartition("@")[2]] = ends[0].reason or ""
            asked = [self._handoffs[ref] for ref in handoffs if ref in self._handoffs]
            self._asked.update(handoff.ref for handoff in asked)
        marked = self.commit(asked)
        if pace := self._office.pace:
            for (relay, domain), why in too_much.items():
                pace.slow_down(relay, domain, why, now, self._shop)
        with self._lock:
            self._marked |= marked
            self._turn.handed_over += len(marked)
            self._asked.difference_update(handoff.ref for handoff in asked)
            self._refuse({handoff.ref for handoff in asked} - marked)
        return marked

    def commit(self, handoffs: Sequence[Handoff] = ()) -> set[MessageRef]:
        """What has ended, and the marks, in one transaction; two threads never commit the same."""
        with self._lock:
            ended = {number: one for number, one in self._ended.items() if number not in self._committing}
            self._committing |= ended.keys()
        if not ended and not handoffs:
            return set()
        office = self._office
        try:
            marked = office.messages.turn(
                tuple(ended.values()), handoffs, owner=office.owner, topic=self._topic, seconds=office.dot_seconds,
                now=office.clock.now(), handed_to=self._transport.address, kind=self._kind,
            )
        except BaseException:
            with self._lock:
                self._committing -= ended.keys()
            raise
        with self._lock:
            for number in ended:
                self._ended.pop(number, None)  # only now: an interrupt on the way must not lose what the relay said
            self._committing -= ended.keys()
        tell_outcomes(ended.values(), office.clock.now())
        if any(one.pause or one.state is State.REJECTED for one in ended.values()):
            self.is_halted = office.launches.get(self._launch_id).state is not LaunchState.SENDING
        return marked

    def give_back(self) -> None:
        """What the transport leaves without a result: claimed ones go back, of the handed off only the relay knows."""
        now = self._office.clock.now()
        with self._lock:
            self._closed = True
            self._committing.clear()  # an interrupt may have left some; to say them twice changes nothing
            for ref, claimed in list(self._open.items()):
                if ref in self._marked and ref not in self._asked:
                    lost = Result(ref, Outcome.LOST_AFTER_DOT, Phase.DOT, reply="the sending was interrupted")
                    self._end(settled(claimed, State.HANDOFF, lost, now, 0))
                else:
                    self._end(*(replace(given_back(claimed), before=state) for state in self._may_be(ref)))
        self.commit()

    def so_far(self) -> Turn:
        """What the turn has done up to now; the other thread goes on counting."""
        with self._lock:
            return replace(self._turn, states=self._turn.states.copy())

    def _may_be(self, ref: MessageRef) -> tuple[State, ...]:
        """What the database may hold of a message whose dot was not written, or whose mark is known to hold."""
        if ref in self._asked:
            return State.CLAIMED, State.HANDOFF  # the commit was cut off; only one of the two will fit
        return (State.HANDOFF,) if ref in self._marked else (State.CLAIMED,)

    def _refuse(self, refs: set[MessageRef]) -> None:
        """Back at once, for whoever may send them; who is refused twice is not claimed again and again."""
        for ref in refs - self._refused:
            if claimed := self._open.get(ref):
                self._end(given_back(claimed))
        self._refused |= refs

    def _conclude(self, settlement: Settlement, uncomposed: int = 0) -> None:
        with self._lock:
            self._end(settlement)
            self._turn.uncomposed += uncomposed

    def _end(self, *settlements: Settlement) -> None:
        ref = settlements[0].ref
        self._ended |= {next(self._numbers): settlement for settlement in settlements}
        self._turn.states[settlements[0].state] += 1
        del self._open[ref]
        self._handoffs.pop(ref, None)
        self._asked.discard(ref)
        self._marked.discard(ref)
