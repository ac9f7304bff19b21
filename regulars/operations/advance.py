"""One turn of all journeys: those whose time has come take their steps, a batch in a transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from regulars.audience.frame import Frame
from regulars.audience.view import CustomerView
from regulars.journeys.advancing import advance
from regulars.journeys.asking import conditions_of, events_of, looks_back_to
from regulars.journeys.effects import Advance, Person, Sight, Told
from regulars.journeys.journey import Journey
from regulars.journeys.live import LiveAutomation
from regulars.operations.ports import Clock, JourneyBook, JourneyPage

BATCH = 200  # a transaction of some tenths of a second: a shop's webhook about one of these customers waits for it
Edition = tuple[str, int]
GONE = Person(0, None)


def advance_due(
    book: JourneyBook, clock: Clock, go_on: Callable[[], bool], permit: Callable[[], None] = lambda: None,
    call_for_help: Callable[[], object] = lambda: None, batch: int = BATCH,
) -> int:
    """How many journeys moved while `go_on()`. Any number of turns may run at once; none waits for another.

    `permit` raises Refused where nothing may be sent: what a restored backup takes for due was perhaps done. `call_for_help`: said
    once there is more than one batch to do.
    """
    moved = 0
    while go_on():
        permit()
        with book.writing() as page:
            some = advance_some(page, clock.now(), batch)
        if some == batch and not moved:
            call_for_help()
        moved += some
        if some < batch:
            break
    return moved


def advance_some(page: JourneyPage, now: datetime, most: int = BATCH) -> int:
    """At most so many, in the transaction of `page`."""
    journeys = page.claim(most, now)
    if not journeys:
        return 0
    lives = page.editions({(journey.campaign, journey.edition) for journey in journeys})
    sights = _sights(journeys, lives, page, now)
    page.write([_advance(journey, lives, sights, now) for journey in journeys], now)
    return len(journeys)


def _advance(journey: Journey, lives: Mapping[Edition, LiveAutomation], sights: _Sights, now: datetime) -> Advance:
    live = lives[journey.campaign, journey.edition]
    return advance(live, journey, sights.of(journey, live, now), now)


@dataclass(frozen=True, slots=True)
class _Sights:
    people: Mapping[int, Person]
    views: Mapping[Edition, tuple[Frame, Mapping[int, CustomerView]]]
    told: Mapping[int, Sequence[Told]]
    sent: Mapping[int, frozenset[str]]
    doubt: tuple[datetime, datetime] | None

    def of(self, journey: Journey, live: LiveAutomation, now: datetime) -> Sight:
        customer = journey.customer_id
        frame, views = self.views.get((journey.campaign, journey.edition), (Frame(now, live.shop, live.segments), {}))
        return Sight(
            self.people.get(customer, GONE), frame, views.get(customer), tuple(self.told.get(customer, ())),
            self.sent.get(journey.id, frozenset()), self.doubt,
        )


def _sights(journeys: Sequence[Journey], lives: Mapping[Edition, LiveAutomation], page: JourneyPage, now: datetime) -> _Sights:
    """What is asked of the customers, in a number of queries that depends on the automations and not on the journeys."""
    views = {}
    for edition, live in lives.items():
        if condition := conditions_of(live):
            customers = {journey.customer_id for journey in journeys if (journey.campaign, journey.edition) == edition}
            views[edition] = page.views(live, condition, customers, now)
    waiting = [(journey, lives[journey.campaign, journey.edition]) for journey in journeys if events_of(lives[journey.campaign, journey.edition])]
    told: Mapping[int, Sequence[Told]] = {}
    if waiting:
        kinds = frozenset[str]().union(*(events_of(live) for _, live in waiting))
        told = page.told({journey.customer_id for journey, _ in waiting}, kinds, min(looks_back_to(live, journey, now) for journey, live in waiting))
    people, sent = page.people({journey.customer_id for journey in journeys}), page.sent({journey.id for journey in journeys})
    return _Sights(people, views, told, sent, page.doubt())
