"""/metrics: numbers for Prometheus, asked of the database, so that workers on all machines are in them; never an address."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from regulars.adapters.database.traffic import Answers
from regulars.delivery.gauges import Gauges
from regulars.delivery.life import LIVE, OPEN
from regulars.delivery.permission import is_behind
from regulars.delivery.workers import Worker
from regulars.doors.web.door import NEVER_KEPT, Door
from regulars.doors.web.following import Endpoint
from regulars.doors.web.guards import is_from_here
from regulars.doors.web.meter import Meter, Reading
from regulars.doors.web.page import message_page
from regulars.operations.diagnosis import MISSING_AFTER

if TYPE_CHECKING:
    from prometheus_client.core import Metric


def metrics(door: Door) -> Endpoint:
    """Answers this machine, and whoever shows the token of the settings."""
    meter = Meter(door.house)

    async def show(request: Request) -> Response:
        if not (is_from_here(request) or _shows_token(request, door.house.settings.metrics_token)):
            return message_page(door.words(request), await door.shop(), "not_found", status=404)
        from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

        reading = await run_in_threadpool(meter.read)
        journal = door.journal
        web = _web(journal.waiting, journal.lag, journal.lost, journal.recovered)
        registry = CollectorRegistry()
        registry.register(_Collected([*_database(reading, door.house.settings.environment), *web]))
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST, headers=NEVER_KEPT)

    return show


def _shows_token(request: Request, token: str) -> bool:
    shown = request.headers.get("authorization", "")
    return bool(token) and hmac.compare_digest(shown.encode(), f"Bearer {token}".encode())


class _Collected:
    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families


def _database(reading: Reading | None, named: str) -> Iterator[Metric]:
    yield _gauge("regulars_database_up", "Does the database answer?", int(reading is not None))
    if reading is None:
        return
    behind = reading.identity.overtaken is not None or is_behind(reading.identity, reading.remembered)
    yield _gauge("regulars_wrong_environment", "Is the database stamped with another environment than this process names?",
                 int(reading.identity.environment != named))
    yield _gauge("regulars_restored_backup", "Is the database behind what is remembered of it? Nothing is sent then.", int(behind))
    yield _gauge("regulars_generation", "Rises while mail is sent.", reading.identity.generation.number)
    yield from _mails(reading.gauges)
    yield from _workers(reading.workers)
    yield _answers(reading.answers)


def _mails(gauges: Gauges) -> Iterator[Metric]:
    yield _gauge("regulars_oldest_due_seconds", "How long the oldest due mail waits.", gauges.overdue.total_seconds() if gauges.overdue else 0)
    yield _labelled("regulars_messages", "Mails of live launches that have no end yet, by state.", "state",
                    {state.value: gauges.open.get(state, 0) for state in OPEN})
    yield _gauge("regulars_held", "Mails that perhaps arrived and wait for a person.", gauges.held)
    yield _labelled("regulars_launches", "Live launches, by state.", "state", {state.value: gauges.launches.get(state, 0) for state in LIVE})


def _workers(workers: list[Worker]) -> Iterator[Metric]:
    """Ages only of kinds that have been seen: an absent one is for the rule that alerts to notice."""
    kinds = ("worker", "beat", "up")
    here = {kind: [worker for worker in workers if worker.kind == kind] for kind in kinds}
    yield _labelled("regulars_workers", "Processes that were seen in the last minute, by kind.", "kind",
                    {kind: sum(worker.age < MISSING_AFTER for worker in here[kind]) for kind in kinds})
    yield _labelled("regulars_worker_age_seconds", "Since the latest of a kind was seen.", "kind",
                    {kind: min(worker.age for worker in here[kind]).total_seconds() for kind in kinds if here[kind]})
    yield _gauge("regulars_troubled_workers", "Processes that are kept from sending.", sum(worker.trouble is not None for worker in workers))
    yield _gauge("regulars_clock_skew_seconds", "The most that a worker's clock is off the database's.",
                 max((abs(worker.skew) for worker in workers), default=0.0))


def _answers(answers: Answers) -> Metric:
    from prometheus_client.core import CounterMetricFamily

    family = CounterMetricFamily(
        "regulars_attempts", "What relays answered since this process began, by class, phase and group of domains.",
        labels=["reply", "phase", "lane"],
    )
    for labels, count in sorted(answers.items()):
        family.add_metric(labels, count)
    return family


def _web(waiting: int, lag: float, lost: int, recovered: int) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily

    yield _gauge("regulars_hits_waiting", "Opens and clicks that are not stored yet.", waiting)
    yield _gauge("regulars_hit_lag_seconds", "How long the oldest of them waits.", lag)
    yield CounterMetricFamily("regulars_hits_lost", "Answered before they were durable.", value=lost)
    yield CounterMetricFamily("regulars_hits_recovered", "Of the lost ones, those that were stored later after all.", value=recovered)


def _gauge(name: str, what: str, value: float) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    return GaugeMetricFamily(name, what, value=value)


def _labelled(name: str, what: str, label: str, values: dict[str, float]) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(name, what, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family
