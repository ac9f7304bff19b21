"""What `launch` and `resume` share: sending in this process, or ringing for the workers, and saying how it went."""

from __future__ import annotations

import getpass
import time
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from regulars.bootstrap import House
from regulars.delivery.launches import Launch, Tally
from regulars.delivery.life import LaunchState, State
from regulars.delivery.roll_out import Stage
from regulars.doors.cli.console import progress, say
from regulars.doors.cli.flowing import why_it_waits
from regulars.doors.cli.stopping import stop_at_leisure
from regulars.errors import Interrupted, Unreachable
from regulars.operations.ports import Progress
from regulars.operations.status import Standing, status

PATIENCE = 120.0  # seconds that a command in the foreground waits for leave to send on
LOOK_EVERY = 0.5  # seconds between two looks at a launch that others send


def send(house: House, launch: Launch, *, watch: bool) -> Standing:
    """In embedded mode returns when nothing is due any more; else at once, or when the workers are done (`watch`)."""
    house.permit.ask()  # a new launch is remembered outside of the database before its first mail leaves
    if house.settings.is_embedded:
        _send_here(house, launch)
    elif house.doorbell.ring(launch.id):
        say(f"launch {launch.id}: the workers have been told" + ("" if watch else f"; follow it with: regulars status {launch.id} --watch"))
    else:
        say(f"launch {launch.id}: the broker does not answer; the workers' sweep finds the launch once it does")
    if watch:
        follow(house, launch)
    return status(str(launch.id), house.launches, house.dossiers)


def follow(house: House, launch: Launch) -> None:
    """Until the launch is not sending any more, or Ctrl-C."""
    with progress(f"sending {launch.campaign}") as moved:
        while True:
            tally = house.launches.tally(launch.id)
            moved(tally.total - tally.of(State.PENDING, State.CLAIMED, State.HANDOFF), tally.total)
            if house.launches.get(launch.id).state is not LaunchState.SENDING:
                return
            time.sleep(LOOK_EVERY)


def tell(house: House, standing: Standing) -> None:
    """How it stands, in sentences, and what to type next."""
    launch, tally = standing.launch, standing.tally
    counts = ", ".join(f"{count:,} {state}" for state, count in tally.states.items())
    say(f"launch {launch.id} of {launch.campaign} is {launch.state}: {counts}")
    for reason, count in tally.reasons.items():
        say(f"  {count:,} {with_reply(tally, reason)}")
    if parts := roll_out_in_words(house, launch):
        say(parts)
    if standing.next_due and standing.next_due > house.clock.now():
        who = "`regulars up` sends it then" if house.settings.is_embedded else "the workers send it then"
        again = f", or regulars resume {launch.id}" if house.settings.is_embedded else ""
        say(f"the next mail is due {local(house, standing.next_due)}; {who}{again}")
    elif house.settings.is_embedded and (why := why_it_waits(house, launch)):
        say(f"{why}; `regulars up` goes on as it may, or regulars resume {launch.id}")
    if busy := tally.of(State.CLAIMED, State.HANDOFF):
        say(f"{busy:,} are in the hands of a worker; if it is gone they come free in a few minutes: regulars resume {launch.id}")
    if uncertain := tally.of(State.UNCERTAIN):
        say(f"{uncertain:,} perhaps arrived; what is known of them is asked in a few minutes" + (f": regulars resume {launch.id}" if house.settings.is_embedded else ""))
    if standing.held:
        say(f"{len(standing.held):,} perhaps arrived and wait for you: regulars status {launch.id}, then regulars retry {launch.id}")
    if launch.state is LaunchState.PAUSED:
        say(f"paused: {launch.state_reason or 'by somebody'}; go on with: regulars resume {launch.id}")
    if tally.of(State.ACCEPTED) and house.spool is not None:
        say(f"the mails are in {house.settings.mail.folder}; read them in the browser: regulars serve, then /outbox")


def roll_out_in_words(house: House, launch: Launch) -> str:
    """In which of its two parts a launch is, while that says anything; empty for others."""
    rolls = launch.roll_out
    rest = launch.recipients - rolls.first if rolls else 0
    if rolls is None or not rest:
        return ""
    if rolls.stage is Stage.PAUSE and rolls.goes_on_at and launch.state is LaunchState.SENDING:
        return f"the first {rolls.first:,} of {launch.recipients:,} have left; the other {rest:,} go on {local(house, rolls.goes_on_at)}, or at once with: regulars resume {launch.id}"
    if rolls.stage is Stage.FIRST and launch.state is LaunchState.SENDING:
        return f"the first {rolls.first:,} of {launch.recipients:,} are leaving; the other {rest:,} wait for them"
    since = f", since {local(house, rolls.rest_since)}" if rolls.rest_since else ""
    return f"in two parts: the first {rolls.first:,}, then the other {rest:,}{since}"


def surroundings(house: House) -> dict[str, str]:
    """What somebody should see before they say yes: one glance tells staging from production."""
    settings = house.settings
    where = {
        "database": house.database.engine.url.render_as_string(hide_password=True),
        "environment": settings.environment or "without a name",
        "mail by": ", ".join(dict.fromkeys(str(mail) for mail in house.relays().values())),
        "links to": settings.base_url,
    }
    return where | ({"mail only to": str(settings.only_to)} if settings.only_to else {})


def with_reply(tally: Tally, reason: str) -> str:
    """With an example of what the relay said."""
    return f'{reason}, as in "{tally.replies[reason]}"' if reason in tally.replies else reason


def local(house: House, moment: datetime) -> str:
    """A time on the shop's clock."""
    return f"{moment.astimezone(ZoneInfo(house.shop.timezone)):%Y-%m-%d %H:%M} ({house.shop.timezone})"


def operator() -> str:
    """Who typed the command, for the record."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run as a number without a name
        return "somebody"


def _send_here(house: House, launch: Launch) -> None:
    from regulars.operations.drain import drain
    from regulars.operations.sweep import sweep

    office = replace(house.office, pace=replace(house.pace, patience=PATIENCE))
    sweep(office)
    tally = house.launches.tally(launch.id)
    before = tally.total - tally.of(State.PENDING)
    try:
        with stop_at_leisure() as asked, progress(f"sending {launch.campaign}") as moved:
            while (turn := drain(launch.id, office, lambda: not asked.is_set(), _beyond(before, moved))).done:
                # A turn may end before its work does, when a slow machine lets claims run out.
                if asked.is_set() or launch.id not in office.messages.due(office.clock.now()):
                    break
                before += turn.done
    except KeyboardInterrupt as interrupt:
        raise _stopped(house, launch) from interrupt
    except Unreachable as error:
        raise Unreachable(f"{error.message}; {_so_far(house, launch)}", hint=f"{error.hint or 'see to it'}, then {_way_on(launch)}") from error
    if asked.is_set() and house.launches.get(launch.id).state is LaunchState.SENDING:
        raise _stopped(house, launch)


def _beyond(before: int, moved: Progress) -> Progress:
    return lambda done, total=None, why="": moved(before + done, total, why)


def _stopped(house: House, launch: Launch) -> Interrupted:
    return Interrupted(f"stopped: {_so_far(house, launch)}", hint=_way_on(launch))


def _so_far(house: House, launch: Launch) -> str:
    tally = house.launches.tally(launch.id)
    return f"{tally.of(State.ACCEPTED):,} of {tally.total:,} have left, nothing is lost"


def _way_on(launch: Launch) -> str:
    return f"go on with: regulars resume {launch.id} (or end it: regulars cancel {launch.id})"
