"""`regulars up`: a small shop's whole installation in one process."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

import click

from regulars.bootstrap import House
from regulars.doors.cli.options import in_house
from regulars.errors import RegularsError, SettingsError

log = logging.getLogger("regulars.up")
LOOK_EVERY = 1.0     # seconds between two looks for due mail
FEEDS_EVERY = 10.0   # between two looks for due feeds
TURN_SECONDS = 15   # of one launch, for another may be due while a rate holds this one
AFTER_TROUBLE = 30.0  # seconds until the next look when the relay or the database did not answer


@click.command(epilog="Example: regulars up --port 8000")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address the web door listens on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="The port it listens on.")
@in_house
def up(house: House, host: str, port: int) -> None:
    """Web door, sending and sweeping in one process, until Ctrl-C. For shops that fit on one machine."""
    from regulars.doors.logs import announce, begin_logging
    from regulars.doors.web.server import address_of, listen, make_server, run

    assert house.office  # settings and guards are complained about here, not by a thread
    house.permit.ask()
    stop = threading.Event()
    sender = threading.Thread(target=_send_what_is_due, args=(house, stop), name="sender")
    puller = threading.Thread(target=_pull_what_is_due, args=(house, stop), name="puller")
    style = house.settings.log
    begin_logging(style)
    server = make_server(house)
    listening = listen(host, port)
    where = ", ".join(dict.fromkeys(str(mail) for mail in house.relays().values()))
    announce(f"up at {address_of(listening)}; mail goes to {where}; Ctrl-C stops it, and nothing is lost", style)
    if house.spool is not None:
        announce(f"read the mails at {address_of(listening)}/outbox", style)
    sender.start()
    puller.start()
    try:
        run(server, listening)
    finally:
        stop.set()
        sender.join()
        puller.join()


def _send_what_is_due(house: House, stop: threading.Event) -> None:
    from regulars.doors.logs import announce

    heartbeat = house.heartbeat("up")

    def go_on() -> bool:
        heartbeat()
        return not stop.is_set()

    pause = 0.0
    while not stop.wait(pause):
        troubles = [trouble for look in _looks(house, go_on) if (trouble := _tried(look)) is not None]
        heartbeat.troubled(troubles[0] if troubles else None)
        for said in dict.fromkeys(_in_words(trouble) for trouble in troubles):
            announce(said, house.settings.log)
        pause = AFTER_TROUBLE if troubles else LOOK_EVERY
    heartbeat.leave()


def _looks(house: House, go_on: Callable[[], bool]) -> Sequence[Callable[[], object]]:
    """Each by itself: what one of them stumbles over is no reason for the others to stand still."""
    from regulars.operations.advance import advance_due
    from regulars.operations.confirm_referrals import confirm_referrals
    from regulars.operations.run_errands import run_errands
    from regulars.operations.scores import keep_scores_true
    from regulars.operations.spread import spread
    from regulars.operations.watch import watch

    return (
        lambda: keep_scores_true(house.shop.scoring, house.scores, house.clock.now()),
        lambda: watch(house.watchtower, house.clock.now(), go_on, house.permit),
        lambda: spread(house.gatherings, house.clock.now(), go_on),
        lambda: advance_due(house.journeys, house.clock, _for_a_turn(go_on), house.permit),
        lambda: run_errands(house.errand_desk, _for_a_turn(go_on)),
        lambda: _send(house, go_on),
        lambda: confirm_referrals(house.shop_now() or house.shop, house.segments_now, house.referral_book, house.clock, go_on),
    )


def _send(house: House, go_on: Callable[[], bool]) -> None:
    from regulars.operations.drain import drain
    from regulars.operations.sweep import sweep

    for launch_id in sweep(house.office):
        drain(launch_id, house.office, _for_a_turn(go_on))


def _tried(look: Callable[[], object]) -> RegularsError | None:
    """What kept it from its work. A mistake of ours is told with its trace, and does not end the thread that everybody relies on."""
    try:
        look()
    except RegularsError as error:
        return error
    except SettingsError:
        raise
    except Exception as error:
        log.exception("this is a mistake in regulars: please report it")
        return RegularsError(f"{type(error).__name__}: {error}")
    return None


def _in_words(trouble: RegularsError) -> str:
    return f"{trouble.message}; trying again in {AFTER_TROUBLE:.0f} s" + (f" ({trouble.hint})" if trouble.hint else "")


def _pull_what_is_due(house: House, stop: threading.Event) -> None:
    """Apart from sending: a large file takes its time."""
    from regulars.doors.logs import announce
    from regulars.operations.pull_feeds import pull_due

    pause = 0.0
    while not stop.wait(pause):
        pause = FEEDS_EVERY
        try:
            for pulled in pull_due(house.feed_desk, lambda: not stop.is_set()):
                announce(f"feed {pulled.name}: {pulled.outcome}", house.settings.log)
        except RegularsError as error:
            announce(f"feeds wait: {error.message}; trying again in {AFTER_TROUBLE:.0f} s", house.settings.log)
            pause = AFTER_TROUBLE


def _for_a_turn(go_on: Callable[[], bool]) -> Callable[[], bool]:
    ends = time.monotonic() + TURN_SECONDS
    return lambda: go_on() and time.monotonic() < ends
