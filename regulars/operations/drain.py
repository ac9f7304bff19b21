"""The send loop: claim, compose, hand off, settle, in batches, until nothing is due or the turn is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from regulars.audience.eligibility import Reason, objection
from regulars.content.email import CannotCompose, Occasion
from regulars.content.mailroom import MailRoom
from regulars.content.recipient import Recipient
from regulars.content.tokens import KeyRing, MessageRef
from regulars.delivery.launches import Launch
from regulars.delivery.life import LaunchState, State
from regulars.delivery.outcomes import Outcome, Phase, Result
from regulars.delivery.outgoing import Outgoing, outgoing
from regulars.delivery.settlement import Claimed, Handoff, Settlement, given_back, held, settled, skipped
from regulars.operations.ports import Bundles, Clock, Launches, Messages, Progress, Recipients, Transport

BATCH = 200
DOUBTFUL_SKIPS = 20    # more mails that cannot be composed than this, and than a tenth, pause a launch
DOUBTFUL_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class PostOffice:
    """What sending needs of the world. `owner` names this worker in leases; `jitter` gives numbers in [0, 1).

    `claim_seconds`: longer than a batch takes, for who is slower is refused at the handoff. `dot_seconds`: longer than
    the transport waits for the reply to a dot, so that nobody judges a mail whose sender still listens.
    """

    clock: Clock
    launches: Launches
    messages: Messages
    bundles: Bundles
    recipients: Recipients
    transport: Transport
    keys: KeyRing
    base_url: str
    owner: str
    jitter: Callable[[], float]
    claim_seconds: int = 300
    dot_seconds: int = 660


@dataclass(slots=True)
class Turn:
    """What one turn did: messages by the state they went to, and of the skipped how many could not be composed."""

    states: Counter[State] = field(default_factory=Counter)
    uncomposed: int = 0

    @property
    def done(self) -> int:
        return sum(count for state, count in self.states.items() if state is not State.PENDING)


def drain(launch_id: int, office: PostOffice, go_on: Callable[[], bool], progress: Progress | None = None) -> Turn:
    """Sends what is due of one launch while `go_on()`. Raises Unreachable when the relay is; nothing is lost then."""
    launch = office.launches.get(launch_id)
    turn = Turn()
    if launch.state is not LaunchState.SENDING:
        return turn
    office.launches.begin(launch_id, office.clock.now())
    book = _Book(launch, office, turn)
    try:
        office.transport.send(_batches(launch, office, book, go_on, progress), book, go_on)
    finally:
        book.give_back()
    finish(launch_id, office)
    return turn


def finish(launch_id: int, office: PostOffice) -> bool:
    """FINISHED, if nothing is open any more."""
    return office.launches.move(launch_id, LaunchState.FINISHED, None, office.clock.now())


def _batches(
    launch: Launch, office: PostOffice, book: _Book, go_on: Callable[[], bool], progress: Progress | None
) -> Iterator[Sequence[Outgoing]]:
    """Claimed and composed when they are asked for, until nothing is due, the turn is over or the launch is doubtful."""
    room = office.bundles.open(launch.bundle)
    while go_on() and not _is_doubtful(launch, book.turn_, office):
        batch = office.messages.claim(launch.id, BATCH, office.owner, office.claim_seconds, office.clock.now())
        if not batch:
            return
        book.open(batch)
        mails = list(_composed(launch, book.withhold(batch), room, office, book))
        book.commit()
        if mails:
            yield mails
        if progress:
            progress(book.turn_.done, launch.recipients)


def _composed(
    launch: Launch, batch: Sequence[Claimed], room: MailRoom, office: PostOffice, book: _Book
) -> Iterator[Outgoing]:
    for claimed, recipient in _recipients(batch, room, office):
        try:
            yield _compose(launch, claimed, recipient, room, office, book)
        except CannotCompose as error:
            book.skip(claimed, f"cannot be composed: {error.reason}")
            book.turn_.uncomposed += 1
        except _DiffersError:
            book.hold(claimed, "a second copy would differ from the first, which perhaps arrived")


def _recipients(batch: Sequence[Claimed], room: MailRoom, office: PostOffice) -> Iterator[tuple[Claimed, Recipient | None]]:
    """Each as of its own composition: one load for the fresh ones, and one for each moment of those sent again."""
    for moment in sorted({claimed.composed_at for claimed in batch}):
        together = [claimed for claimed in batch if claimed.composed_at == moment]
        people = office.recipients.load([claimed.customer_id for claimed in together], room.needs, moment, room.shop)
        yield from ((claimed, people.get(claimed.customer_id)) for claimed in together)


def _compose(
    launch: Launch, claimed: Claimed, recipient: Recipient | None, room: MailRoom, office: PostOffice, book: _Book
) -> Outgoing:
    if recipient is None:
        raise CannotCompose("the customer is gone")
    occasion = Occasion(claimed.ref, launch.key, office.keys.newest, office.base_url, claimed.composed_at)
    email = room.compose(replace(recipient, email=claimed.email), occasion)
    mail = outgoing(email, claimed.ref, launch.key)
    if claimed.content_hash not in {None, mail.sha256}:
        raise _DiffersError
    book.expect(Handoff(claimed.ref, claimed.fence, mail.sha256, email.language))
    return mail


def _is_doubtful(launch: Launch, turn: Turn, office: PostOffice) -> bool:
    """Pauses a launch whose template does not fit its people, before all of them are skipped."""
    seen = max(sum(turn.states.values()), 1)
    if turn.uncomposed <= DOUBTFUL_SKIPS or turn.uncomposed <= seen * DOUBTFUL_SHARE:
        return False
    why = f"{turn.uncomposed} of {seen} mails could not be composed"
    return office.launches.move(launch.id, LaunchState.PAUSED, why, office.clock.now())


class _DiffersError(Exception):
    """The bytes are not those that perhaps arrived."""


class _Book:
    """The ledger of one turn: knows what each message is waiting for, and writes every change in one place."""

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
