"""Two years of looks, with outages and people who move: nobody is skipped without a reason, and nobody enters twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.audience.zones import zone_of
from regulars.definition.automation import Schedule, Trigger
from regulars.definition.quantities import Duration
from regulars.journeys.watching import moments
from regulars.operations.watch import watch
from tests.unit.journeys.test_watching import NEW_YEAR, live

END = NEW_YEAR + timedelta(days=731)
ZONES = ("Europe/Istanbul", "America/Sao_Paulo", "Asia/Beirut", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Australia/Lord_Howe", "America/New_York")


@dataclass
class Customer:
    born: int
    zone: str


@dataclass
class Tower:
    """The database's part, in memory."""

    live: object
    people: dict[int, Customer]
    watched_at: datetime | None = NEW_YEAR
    found: dict[int, datetime] = field(default_factory=dict)
    entered: list = field(default_factory=list)
    passed_over: Counter = field(default_factory=Counter)
    journeys: object = None

    def watches(self):
        return [(self.live, self.watched_at)]

    def clocks(self):
        return sorted({(person.zone, None) for person in self.people.values()})

    def due(self, live, moment, clocks, now, most):
        here = None if clocks is None else {zone for zone, _ in clocks}
        return [
            key for key, person in self.people.items()
            if (not moment.born or person.born in moment.born) and (here is None or person.zone in here)
            and not (key in self.found and self.found[key] >= moment.found_since)
        ][:most]

    @contextmanager
    def writing(self) -> Iterator[Tower]:
        yield self

    def claim(self, campaign, found, *, once=False):
        mine = {key for key, at in found.items() if key not in self.found or self.found[key] < at}
        self.found |= {key: found[key] for key in mine}
        return mine

    def pass_over(self, campaign, day, count, reason, now):
        self.passed_over[day] += count

    def looked(self, campaign, now):
        self.watched_at = now

    def happen(self, happenings, page, now):
        """As journeys do it: one entry for each subject."""
        known = {(each.customer_id, each.subject) for each, _ in self.entered}
        new = [each for each in happenings if (each.customer_id, each.subject) not in known]
        self.entered += [(each, now) for each in new]
        return len(new)


days = st.dates(date(2028, 1, 1), date(2028, 12, 31)).map(lambda day: day.month * 100 + day.day)
customers = st.lists(st.builds(Customer, st.one_of(days, st.just(229), st.just(101), st.just(1231)), st.sampled_from(ZONES)), min_size=1, max_size=6)
gaps = st.lists(st.one_of(st.integers(1, 60 * 20), st.integers(60 * 20, 60 * 24 * 6)), min_size=40, max_size=120)  # minutes between looks
triggers = st.sampled_from([
    Trigger("birthday"), Trigger("birthday", before=Duration(seconds=3 * 86_400)), Trigger("birthday", before=Duration(months=1)),
    Trigger("schedule", schedule=Schedule(time(2, 30), weekdays=(0, 6), local=True)),
    Trigger("schedule", schedule=Schedule(time(0, 0), day_of_month=1, local=True)),
    Trigger("schedule", schedule=Schedule(time(10, 0), weekdays=(2,))),
])


def looks(gaps: list[int]) -> Iterator[datetime]:
    """The same gaps over and over, until two years are over."""
    now, number = NEW_YEAR, 0
    while now < END:
        now += timedelta(minutes=gaps[number % len(gaps)])
        number += 1
        yield now


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(people=customers, gaps=gaps, trigger=triggers)
def test_every_moment_is_entered_once_or_passed_over_with_a_reason(people, gaps, trigger) -> None:
    automation = live(trigger)
    tower = Tower(automation, dict(enumerate(people)))
    times = list(looks(gaps))
    with patch("regulars.operations.watch.happen", tower.happen):
        for now in times:
            watch(tower, now)

    expected_late: Counter = Counter()
    for key, person in tower.people.items():
        zone = zone_of(person.zone, None, "Europe/Istanbul") if trigger.schedule is None or trigger.schedule.local else ZoneInfo("Europe/Istanbul")
        for moment in moments(automation, zone, NEW_YEAR, times[-1]):
            if moment.born and person.born not in moment.born:
                continue
            look = next(now for now in times if now >= moment.at)
            mine = [at for each, at in tower.entered if (each.customer_id, each.subject) == (key, moment.subject)]
            if look < moment.at + timedelta(days=1):
                assert mine == [look]
            else:
                assert mine == []
                expected_late[moment.at.astimezone(ZoneInfo("Europe/Istanbul")).date()] += 1
    assert tower.passed_over == expected_late
    assert len({(each.customer_id, each.subject) for each, _ in tower.entered}) == len(tower.entered)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    people=customers, step=st.integers(120, 600),
    moves=st.lists(st.tuples(st.integers(0, 5), st.integers(-30, 30), st.sampled_from(ZONES)), min_size=3, max_size=30),
)
def test_who_moves_around_their_birthday_has_one_a_year(people, moves, step) -> None:
    tower = Tower(live(Trigger("birthday")), dict(enumerate(people)))
    planned = sorted(
        (datetime(2028, people[who % len(people)].born // 100, people[who % len(people)].born % 100, tzinfo=UTC) + timedelta(hours=hours),
         who % len(people), zone)
        for who, hours, zone in moves
    )
    with patch("regulars.operations.watch.happen", tower.happen):
        for now in looks([step]):
            while planned and planned[0][0] <= now:
                _, who, zone = planned.pop(0)
                tower.people[who].zone = zone
            watch(tower, now)

    years = defaultdict(list)
    for each, _ in tower.entered:
        years[each.customer_id].append(each.subject)
    missing = 0
    for key, person in tower.people.items():
        certain = {"2027", "2028"} - ({"2027"} if person.born == 101 else set())  # on the first day, where it may be past already
        assert len(set(years[key])) == len(years[key])
        missing += len(certain - set(years[key]))
    assert missing == tower.passed_over.total(), "from Pago Pago to Kiritimati a birthday may be over on arrival: that is counted"


def test_a_look_that_failed_is_made_up_for() -> None:
    tower = Tower(live(Trigger("birthday")), {1: Customer(110, "Europe/Istanbul")})

    def down(happenings, page, now):
        raise ConnectionError

    at = datetime(2027, 1, 10, 3, 0, tzinfo=UTC)
    with patch("regulars.operations.watch.happen", down):
        try:
            watch(tower, at)
        except ConnectionError:
            tower.found.clear()  # as the transaction is rolled back
    with patch("regulars.operations.watch.happen", tower.happen):
        watch(tower, at + timedelta(hours=1))

    assert [each.subject for each, _ in tower.entered] == ["2027"]
