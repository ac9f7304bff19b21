"""The send loop: claim, compose, hand off, settle, in batches, until nothing is due or the turn is over."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace

from regulars.content.email import Occasion
from regulars.content.mailroom import MailRoom
from regulars.content.recipient import Recipient
from regulars.definition.workspace import CampaignKind
from regulars.delivery.composing import Composed, Job, Trouble
from regulars.delivery.launches import Launch
from regulars.delivery.life import LaunchState
from regulars.delivery.outgoing import Outgoing
from regulars.delivery.settlement import WOULD_DIFFER, Claimed, Handoff
from regulars.errors import SettingsError, Unreachable
from regulars.operations.admission import admitted
from regulars.operations.gate import Gate
from regulars.operations.hand_out import Handed, hand_out
from regulars.operations.ledger import TurnLedger
from regulars.operations.office import PostOffice, Turn, Way
from regulars.operations.ports import Progress
from regulars.operations.roll_out import roll_on
from regulars.operations.rooms import Rooms

BATCH = 400
DOUBTFUL_SKIPS = 20    # more mails that cannot be composed than this, and than a tenth, pause a launch
DOUBTFUL_SHARE = 0.1
SELLS = "a transactional mail may carry no offer: it goes also to those who want no marketing; take one of the two words out of its file"


def drain(launch_id: int, office: PostOffice, go_on: Callable[[], bool], progress: Progress | None = None) -> Turn:
    """Sends what is due of one launch while `go_on()`. Raises Unreachable when the relay is; nothing is lost then.

    A relay that only other settings would open pauses the launch as well: trying again cannot help.
    """
    launch = office.launches.get(launch_id)
    turn = Turn()
    if launch.state is not LaunchState.SENDING:
        return turn
    office.launches.begin(launch_id, office.clock.now())
    room = office.bundles.open(launch.bundle)
    if room.campaign.offer and launch.kind is CampaignKind.TRANSACTIONAL:
        office.launches.move(launch_id, LaunchState.PAUSED, SELLS, office.clock.now())
        return turn
    way = _way(room, office)
    book = TurnLedger(launch, office, turn, way.transport)
    gate = Gate(launch_id, office, room.shop, way.carrier)

    def goes_on() -> bool:
        return go_on() and not book.is_halted

    try:
        way.transport.send(_batches(launch, office, book, gate, goes_on, progress), book, goes_on)
    except SettingsError as error:
        why = "; ".join(error.problems)
        office.launches.move(launch_id, LaunchState.PAUSED, f"{why}; then: regulars resume {launch_id}", office.clock.now())
        raise _as_the_worlds(error) from error
    finally:
        book.give_back()
        gate.close(turn.handed_over)
    finish(launch_id, office)
    roll_on(office.launches.get(launch_id), office)
    return turn


def finish(launch_id: int, office: PostOffice) -> bool:
    """FINISHED, if nothing is open any more."""
    return office.launches.move(launch_id, LaunchState.FINISHED, None, office.clock.now())


def _way(room: MailRoom, office: PostOffice) -> Way:
    """A setting that only this machine has wrong is no reason to stop the others: nothing is paused."""
    try:
        return office.way(room.shop, room.campaign.relay)
    except SettingsError as error:
        raise _as_the_worlds(error) from error


def _as_the_worlds(error: SettingsError) -> Unreachable:
    """For those who look again later: the setting may be right then."""
    return Unreachable("; ".join(error.problems), hint="put the setting right")


def _batches(
    launch: Launch, office: PostOffice, book: TurnLedger, gate: Gate, go_on: Callable[[], bool], progress: Progress | None
) -> Iterator[Sequence[Outgoing]]:
    """Claimed and composed when they are asked for, until nothing is due, the turn is over or the launch is doubtful."""
    rooms = Rooms(launch.id, office.launches, office.bundles)
    while go_on() and not _is_doubtful(launch, book.so_far(), office):
        office.permit()
        passed = gate.claim(BATCH)
        if passed.is_empty:
            if progress and passed.wait:
                progress(book.so_far().done, launch.recipients, passed.why)
            if passed.wait is None or not gate.wait_out(passed.wait, go_on):
                return
            continue
        if not book.open([*passed.claimed, *passed.put_off]):
            return
        for claimed, until in passed.put_off.items():
            book.put_off(claimed, until)
        mails = list(_composed(launch, admitted(book.withhold(passed.claimed), launch, book, office), rooms, office, book))
        book.commit()
        if mails:
            yield mails
        if progress:
            progress(book.so_far().done, launch.recipients)


def _composed(
    launch: Launch, batch: Sequence[Claimed], rooms: Rooms, office: PostOffice, book: TurnLedger
) -> Iterator[Outgoing]:
    """Those that may leave. A template beyond its limits, or a code that is missing, pauses the launch at once, and whoever is left goes back."""
    for together, room in _by_room(batch, rooms):
        people = office.recipients.load([claimed.customer_id for claimed in together], room.needs, together[0].composed_at, room.shop)
        for gone in together:
            if gone.customer_id not in people:
                book.cannot_compose(gone, "the customer is gone")
        handed = hand_out(room, [claimed for claimed in together if claimed.customer_id in people], office)
        if handed.trouble:
            office.launches.move(launch.id, LaunchState.PAUSED, handed.trouble, office.clock.now())
            return
        here = handed.to
        causes = office.recipients.causes([claimed.ref for claimed in here], room.shop) if room.needs.trigger else {}
        jobs = [_job(launch, claimed, replace(people[claimed.customer_id], trigger=causes.get(claimed.ref)), room, handed, office) for claimed in here]
        with closing(office.composer.letters(room, jobs)) as answers:
            fits = yield from _answered(launch, here, answers, room, office, book)
        if not fits:
            return


def _answered(
    launch: Launch, batch: Sequence[Claimed], answers: Iterator[Composed | Trouble], room: MailRoom, office: PostOffice, book: TurnLedger
) -> Generator[Outgoing, None, bool]:
    for claimed, made in zip(batch, answers, strict=True):
        if isinstance(made, Composed):
            yield from _leaving(claimed, made, book)
        else:
            book.cannot_compose(claimed, made.reason)
            if made.beyond_limits:
                why = (
                    f"{made.reason}; change templates/{room.campaign.template}, "
                    f"then: regulars resume {launch.id} --with-current-files"
                )
                office.launches.move(launch.id, LaunchState.PAUSED, why, office.clock.now())
                return False
    return True


def _by_room(batch: Sequence[Claimed], rooms: Rooms) -> Iterator[tuple[Sequence[Claimed], MailRoom]]:
    """One load for the fresh ones, and one for each moment and edition of those sent again."""
    for moment, edition in sorted({(claimed.composed_at, claimed.edition) for claimed in batch}):
        yield [claimed for claimed in batch if (claimed.composed_at, claimed.edition) == (moment, edition)], rooms.of(edition)


def _job(launch: Launch, claimed: Claimed, recipient: Recipient, room: MailRoom, handed: Handed, office: PostOffice) -> Job:
    occasion = Occasion(claimed.ref, launch.key, office.keys.newest, office.base_url, claimed.composed_at)
    return Job(replace(recipient, email=claimed.email, offer=handed.in_hand(claimed, recipient, room.shop)), occasion)


def _leaving(claimed: Claimed, made: Composed, book: TurnLedger) -> Iterator[Outgoing]:
    if claimed.content_hash in {None, made.mail.sha256}:
        book.expect(Handoff(claimed.ref, claimed.fence, made.mail.sha256, made.language))
        yield made.mail
    else:
        book.hold(claimed, WOULD_DIFFER)


def _is_doubtful(launch: Launch, turn: Turn, office: PostOffice) -> bool:
    """Pauses a launch whose template does not fit its people, before all of them are skipped."""
    seen = max(sum(turn.states.values()), 1)
    if turn.uncomposed <= DOUBTFUL_SKIPS or turn.uncomposed <= seen * DOUBTFUL_SHARE:
        return False
    why = f"{turn.uncomposed} of {seen} mails could not be composed"
    return office.launches.move(launch.id, LaunchState.PAUSED, why, office.clock.now())
