"""The ledger of one turn: what each claimed message is waiting for, and every change of it in one place."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.audience.eligibility import Reason, objection
from regulars.content.tokens import MessageRef
from regulars.delivery.launches import Launch
from regulars.delivery.life import State
from regulars.delivery.outcomes import Outcome, Phase, Result
from regulars.delivery.settlement import Claimed, Handoff, Settlement, given_back, held, settled, skipped
from regulars.operations.office import PostOffice, Turn


class TurnLedger:
    """The port that transports write to; `turn_` counts what happened."""

    def __init__(self, launch: Launch, office: PostOffice, turn: Turn) -> None:
        room = office.bundles.open(launch.bundle)
        self.turn_ = turn
        self._topic = room.campaign.topic
        self._rule = room.shop.consent
        self._office = office
        self._open: dict[MessageRef, Claimed] = {}
        self._states: dict[MessageRef, State] = {}
        self._handoffs: dict[MessageRef, Handoff] = {}
        self._ended: list[Settlement] = []

    def open(self, batch: Sequence[Claimed]) -> None:
        for claimed in batch:
            self._open[claimed.ref], self._states[claimed.ref] = claimed, State.CLAIMED

    def withhold(self, batch: Sequence[Claimed]) -> list[Claimed]:
        """Skips who left since the audience was made; returns the others."""
        standings = self._office.messages.standings([claimed.customer_id for claimed in batch], self._topic)
        welcome = []
        for claimed in batch:
            standing = standings.get(claimed.customer_id)
            reason = objection(standing, self._rule) if standing else Reason.INVALID_ADDRESS
            if reason is None:
                welcome.append(claimed)
            else:
                self.skip(claimed, reason.value)
        return welcome

    def skip(self, claimed: Claimed, reason: str) -> None:
        self._end(skipped(claimed, reason))

    def hold(self, claimed: Claimed, reason: str) -> None:
        self._end(held(claimed, reason))

    def expect(self, handoff: Handoff) -> None:
        self._handoffs[handoff.ref] = handoff

    def turn(self, results: Sequence[Result], handoffs: Sequence[MessageRef]) -> set[MessageRef]:
        """The transport's port: results and marks of one moment, committed together."""
        now = self._office.clock.now()
        for result in results:
            if claimed := self._open.get(result.ref):  # gone: told twice, because the first time was interrupted
                self._end(settled(claimed, self._states[result.ref], result, now, self._office.jitter()))
        marked = self.commit([self._handoffs[ref] for ref in handoffs])
        self._states |= dict.fromkeys(marked, State.HANDOFF)
        return marked

    def commit(self, handoffs: Sequence[Handoff] = ()) -> set[MessageRef]:
        ended, office = tuple(self._ended), self._office
        if not ended and not handoffs:
            return set()
        marked = office.messages.turn(
            ended, handoffs, owner=office.owner, topic=self._topic, seconds=office.dot_seconds, now=office.clock.now()
        )
        del self._ended[:len(ended)]  # only now: an interrupt on the way must not lose what the relay said
        return marked

    def give_back(self) -> None:
        """What the transport leaves without a result: claimed ones go back, of the handed off only the relay knows."""
        now = self._office.clock.now()
        for ref, claimed in list(self._open.items()):
            if self._states[ref] is State.CLAIMED:
                self._end(given_back(claimed))
            else:
                lost = Result(ref, Outcome.LOST_AFTER_DOT, Phase.DOT, reply="the sending was interrupted")
                self._end(settled(claimed, State.HANDOFF, lost, now, 0))
        self.commit()

    def _end(self, settlement: Settlement) -> None:
        del self._open[settlement.ref], self._states[settlement.ref]
        self._handoffs.pop(settlement.ref, None)
        self._ended.append(settlement)
        self.turn_.states[settlement.state] += 1
