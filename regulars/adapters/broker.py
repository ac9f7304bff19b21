"""The doorbell: Celery and Redis carry "there is work", never the work itself."""

from __future__ import annotations

from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError

DRAIN = "regulars.drain"
SWEEP = "regulars.sweep"
ADVANCE = "regulars.advance"
ERRANDS = "regulars.errands"
WATCH = "regulars.watch"
FEEDS = "regulars.feeds"
QUEUE = "regulars"
PATIENT = 9  # Redis hands out smaller numbers first: a sweep never expires behind the rings of a busy launch
RINGS = f"{QUEUE}\x06\x16{PATIENT}"  # the list that kombu keeps them in

SWEEP_SECONDS = 5
FEEDS_SECONDS = 20  # each feed is asked for when its own time has come
WATCH_SECONDS = 30  # nobody's birthday needs more; each automation is looked after once a minute at most
SWEEP_EXPIRES = 40  # longer than a drain's turn: a busy worker still finds one when it looks up
RING_EXPIRES = 60   # nobody answers old rings; the sweep rings again while there is work
RECONNECT = {"max_retries": 2, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.4}


def configuration(broker_url: str | None) -> dict[str, Any]:
    """Celery's settings: JSON only, no results, no memory of its own."""
    return {
        "broker_url": broker_url,
        "broker_connection_retry_on_startup": True, "broker_connection_max_retries": None,  # for ever: workers outlive any outage
        "broker_transport_options": {"socket_connect_timeout": 5, "socket_timeout": 30},
        "task_serializer": "json", "accept_content": ["json"], "task_ignore_result": True, "result_backend": None,
        "task_default_queue": QUEUE, "task_store_errors_even_if_ignored": False, "task_publish_retry_policy": RECONNECT,
        "worker_pool": "solo", "worker_prefetch_multiplier": 1, "worker_send_task_events": False,
        "worker_hijack_root_logger": False,
        "timezone": "UTC",
        "beat_scheduler": "celery.beat:Scheduler",  # keeps no file: both entries are due at every start
        "beat_max_loop_interval": SWEEP_SECONDS,
        "beat_schedule": {
            "sweep": {"task": SWEEP, "schedule": SWEEP_SECONDS, "options": {"expires": SWEEP_EXPIRES}},
            "watch": {"task": WATCH, "schedule": WATCH_SECONDS, "options": {"expires": SWEEP_EXPIRES}},
            "feeds": {"task": FEEDS, "schedule": FEEDS_SECONDS, "options": {"expires": SWEEP_EXPIRES}},
        },
    }


class BrokerBell:
    """Rings workers on other processes and machines."""

    def __init__(self, broker_url: str) -> None:
        self._app = Celery("regulars", set_as_current=False)
        self._app.conf.update(configuration(broker_url))

    def ring(self, launch_id: int) -> bool:
        return self._send(DRAIN, [launch_id])

    def ring_for_journeys(self) -> bool:
        return self._send(ADVANCE, [])

    def ring_for_errands(self) -> bool:
        return self._send(ERRANDS, [])

    def _send(self, task: str, args: list[int]) -> bool:
        try:
            self._app.send_task(task, args, expires=RING_EXPIRES, priority=PATIENT)
        except (OperationalError, OSError):
            return False
        return True


class NoBell:
    """Embedded: who would ring is who would come."""

    def ring(self, launch_id: int) -> bool:
        return False

    def ring_for_journeys(self) -> bool:
        return False

    def ring_for_errands(self) -> bool:
        return False
