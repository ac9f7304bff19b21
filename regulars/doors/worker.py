"""The workshop: a Celery app whose tasks drain launches and sweep. `celery -A worker worker --pool solo [-B]`."""

from __future__ import annotations

import gc
import logging
import os
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from celery import Celery, Task
from celery.signals import (
    after_setup_logger,
    after_setup_task_logger,
    beat_embedded_init,
    heartbeat_sent,
    worker_ready,
    worker_shutdown,
)
from celery.worker import state as worker_state

from regulars.adapters.broker import ADVANCE, DRAIN, ERRANDS, FEEDS, SWEEP, WATCH, configuration
from regulars.bootstrap import House, furnish
from regulars.doors.logs import dress, quiet_unless
from regulars.errors import RegularsError, SettingsError, WorkspaceBroken
from regulars.operations.advance import advance_due
from regulars.operations.confirm_referrals import confirm_referrals
from regulars.operations.drain import drain
from regulars.operations.heartbeat import Heartbeat
from regulars.operations.pull_feeds import pull_due
from regulars.operations.run_errands import run_errands
from regulars.operations.scores import keep_scores_small
from regulars.operations.spread import spread
from regulars.operations.sweep import sweep
from regulars.operations.watch import watch

TURN_SECONDS = 30  # a task stays far below the broker's visibility timeout, and SIGTERM need not wait for a launch

log = logging.getLogger("regulars.worker")
app = Celery("regulars")


@cache
def house() -> House:
    """This process's house; its settings are checked at the first task or at the start, whichever is earlier."""
    try:
        return furnish(os.environ.get("REGULARS_PROJECT", "."))
    except SettingsError as error:
        raise SystemExit("\n".join(f"error: {problem}" for problem in error.problems)) from error


@cache
def heartbeat() -> Heartbeat:
    return house().heartbeat("worker")


@app.add_defaults
def _settings() -> dict[str, Any]:
    url = house().settings.broker_url
    if url is None:
        raise SystemExit("error: REGULARS_BROKER_URL is not set, so no worker is needed; regulars up does all work in one process")
    logging.captureWarnings(house().settings.log == "json")  # Celery warns by itself, before its log begins
    return configuration(url)


@beat_embedded_init.connect
def _end_with_the_worker(**_: Any) -> None:
    """Beat lives in a process of its own, which a killed worker cannot end any more."""
    worker = os.getppid()

    def watch() -> None:
        while os.getppid() == worker:
            time.sleep(1)
        os._exit(0)

    threading.Thread(target=watch, name="worker-watch", daemon=True).start()


@after_setup_logger.connect
@after_setup_task_logger.connect
def _log_as_asked(logger: logging.Logger, **_kw: Any) -> None:
    style = house().settings.log
    dress(logger.handlers, style)
    quiet_unless(style)


@app.task(name=DRAIN)
def drain_launch(launch_id: int) -> None:
    """One turn; calls another worker to its side, and itself back when it ends before the work does."""
    ends = time.monotonic() + TURN_SECONDS
    call = _call_for_help(launch_id)

    def go_on() -> bool:
        heartbeat()()
        return time.monotonic() < ends and not _is_stopping()

    try:
        turn = drain(launch_id, house().office, go_on, call)
    except RegularsError as error:
        heartbeat().troubled(error)
        log.warning("launch %s waits: %s", launch_id, error.message)  # the sweep rings again
        return
    heartbeat().troubled(None)
    log.info("launch %s: %s", launch_id, ", ".join(f"{count} {state}" for state, count in turn.states.items()) or "nothing due")
    if turn.done and time.monotonic() >= ends:
        call(turn.done)


@app.task(name=ADVANCE)
def advance_journeys() -> None:
    """One turn of the journeys whose step is due; calls another worker to its side when there is more than one batch."""
    ends = time.monotonic() + TURN_SECONDS

    def go_on() -> bool:
        heartbeat()()
        return time.monotonic() < ends and not _is_stopping()

    try:
        moved = advance_due(house().journeys, house().clock, go_on, house().permit, house().doorbell.ring_for_journeys)
    except RegularsError as error:
        heartbeat().troubled(error)
        log.warning("journeys wait: %s", error.message)  # the sweep rings again
        return
    if moved:
        log.info("%s journeys took their steps", moved)


@app.task(name=WATCH)
def look_around() -> None:
    """Looks whom the moment has come for, in all automations, and which friends' orders can no longer come back; what is not done in
    one turn is found by the next."""
    ends = time.monotonic() + TURN_SECONDS

    def go_on() -> bool:
        return time.monotonic() < ends and not _is_stopping()

    try:
        watched = watch(house().watchtower, house().clock.now(), go_on, house().permit)
        spread(house().gatherings, house().clock.now(), go_on)
        if shop := house().shop_now():
            confirm_referrals(shop, house().segments_now, house().referral_book, house().clock, go_on)
    except RegularsError as error:
        log.warning("nobody looks for birthdays, friends and the like: %s", error.message)  # the next one does
        return
    for name, count in watched.began.items():
        log.info("%s: %s entered", name, count)
    for name, count in watched.passed_over.items():
        log.warning("%s: %s were found too late to enter; see regulars automations status %s", name, count, name)


@app.task(name=FEEDS)
def pull_feeds() -> None:
    """Pulls what is due of the files under sources. Each batch of a large one is a transaction, and a stop gives the rest back."""

    def go_on() -> bool:
        heartbeat()()
        return not _is_stopping()

    try:
        pulled = pull_due(house().feed_desk, go_on)
    except RegularsError as error:
        log.warning("feeds wait: %s", error.message)  # the next beat tries again
        return
    for each in pulled:
        log.log(logging.WARNING if each.problem else logging.INFO, "feed %s: %s", each.name, each.outcome)
    if any(each.begun for each in pulled):
        house().doorbell.ring_for_journeys()


@app.task(name=ERRANDS)
def run_due_errands() -> None:
    """One turn of webhooks and notes to the team."""
    ends = time.monotonic() + TURN_SECONDS

    def go_on() -> bool:
        heartbeat()()
        return time.monotonic() < ends and not _is_stopping()

    try:
        run_errands(house().errand_desk, go_on)
    except RegularsError as error:
        heartbeat().troubled(error)
        log.warning("errands wait: %s", error.message)  # the sweep rings again


@app.task(name=SWEEP, bind=True)
def sweep_all(self: Task) -> None:
    """Rings for every launch with due mail, for journeys whose step is due, and for errands."""
    heartbeat().heard(_beat_of(self.request.origin))
    try:
        _keep_scores_small()
        due = sweep(house().office)
        if house().journeys.is_due(house().clock.now()):
            house().doorbell.ring_for_journeys()
        if house().errand_desk.errands.is_due(house().clock.now()):
            house().doorbell.ring_for_errands()
    except RegularsError as error:
        heartbeat().troubled(error)
        log.warning("the sweep waits: %s", error.message)
        return
    if not due:
        heartbeat().troubled(None)
    for launch_id in due:
        house().doorbell.ring(launch_id)


@heartbeat_sent.connect
def _beat(**_kw: Any) -> None:
    """Celery's own, every two seconds while no task runs."""
    heartbeat()()


@worker_shutdown.connect
def _leave(**_kw: Any) -> None:
    heartbeat().leave()


def _beat_of(origin: str | None) -> str:
    """Celery names senders gen4711@host; we name processes host:4711."""
    process, _, host = (origin or "").partition("@")
    return f"{host}:{process.removeprefix('gen')}"


def _keep_scores_small() -> None:
    try:
        scoring = house().shop.scoring
    except WorkspaceBroken:
        return  # mail is sent from bundles, so a machine may do without the workspace; another one sees to this
    keep_scores_small(scoring, house().scores, house().clock.now())


def _is_stopping() -> bool:
    return worker_state.should_stop is not None or worker_state.should_terminate is not None


@worker_ready.connect
def _look_for_work(**_kw: Any) -> None:
    """Whoever rang while nobody was here is not waited for, nor is the next sweep."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)  # mails leave no cycles behind; looking for them often costs a tenth
    try:
        for launch_id in house().messages.due(house().clock.now()):
            house().doorbell.ring(launch_id)
    except RegularsError as error:
        log.warning("looking for work: %s", error.message)  # the sweep will find it


def _call_for_help(launch_id: int) -> Callable[..., None]:
    """Rings once, when there is more than one batch to send: the next idle worker hears it, or this one after its turn."""
    calls = iter([launch_id])

    def call(_done: int, _total: int | None = None) -> None:
        for each in calls:
            house().doorbell.ring(each)

    return call
