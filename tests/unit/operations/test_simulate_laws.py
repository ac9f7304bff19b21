"""Two years of small shops in memory: whatever their automations and limits, the promises about every mail hold."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.adapters.simulation.stage import Stage
from regulars.audience.view import CustomerView, Line
from regulars.audience.zones import zone_of
from regulars.definition.automation import OnePer, OnStart, Schedule, Tag, Trigger, WaitFor, WaitQuiet
from regulars.definition.conditions import Fact, Kind, Op, Tagged, Test
from regulars.definition.limits import Calendar, Cap, ContactLimits, QuietHours
from regulars.definition.quantities import Duration
from regulars.definition.spans import plus
from regulars.definition.workspace import Segment, Workspace
from regulars.journeys.closed_days import closed_for
from regulars.journeys.effects import Person
from regulars.journeys.quiet_hours import is_quiet
from regulars.journeys.recorded import Bought, Life, Noted, Word
from regulars.operations.simulate import outcomes, programme
from tests.journeying import campaign, days, send, wait
from tests.shops import a_shop

BEGIN = datetime(2026, 12, 31, 21, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CLASSES = ("care", "offers", "news")
SHOP_ZONE = "Europe/Istanbul"
TWICE = Segment("twice", Fact("orders.count", Kind.WHOLE, (Test(Op.AT_LEAST, 2),)))
LATELY = Segment("lately", Fact("orders.last_at", Kind.TIME, (Test(Op.YOUNGER_THAN, Duration(seconds=20 * 86_400)),)))

TRIGGERS = (
    (Trigger("order.placed"), {"again": days(20)}), (Trigger("order.placed", nth=1), {}), (Trigger("order.delivered"), {"one_per": OnePer.ORDER}),
    (Trigger("birthday", before=days(3)), {"again": days(300)}), (Trigger("schedule", schedule=Schedule(time(2, 30), (0, 6), local=True)), {"again": days(2)}),
    (Trigger("schedule", schedule=Schedule(time(10), day_of_month=29)), {"again": days(2)}), (Trigger("segment.entered", segment="twice"), {}),
    (Trigger("segment.entered", segment="lately"), {"again": days(1)}), (Trigger("segment.entered", segment="lately"), {"on_start": OnStart.EVERYONE}),
    (Trigger("replenishment.due", before=days(2)), {"again": days(1)}),
    (Trigger("cart.updated"), {"again": days(3)}), (Trigger("subscribed"), {}),
)
spans = st.sampled_from([None, days(0.5), days(3), Duration(months=1)])
zones = st.sampled_from([None, "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Europe/London", "Asia/Kolkata"])


class Recorded:
    """operations.ports.Lives of customers who are at hand."""

    def __init__(self, lives: list[Life]) -> None:
        self.lives = lives

    def count(self) -> int:
        return len(self.lives)

    def read(self, _since: datetime, _most: int | None) -> Iterator[Life]:
        return iter(self.lives)

    def totals(self) -> list:
        return []


@st.composite
def automations(draw, name: str):
    trigger, words = draw(st.sampled_from(TRIGGERS))
    steps = []
    for place in range(draw(st.integers(1, 3))):
        until = draw(st.sampled_from([None, "02:30", "10:00", "23:59"]))
        if span := draw(spans):
            steps.append(wait(f"w{place}", span, until, local=draw(st.booleans())))
        elif draw(st.booleans()):
            steps.append(draw(st.sampled_from([WaitFor(f"f{place}", "order.placed", days(9)), WaitQuiet(f"q{place}", "cart.updated", days(0.2))])))
        steps.append(send(f"s{place}"))
    leave = draw(st.sampled_from([(), ("order.placed",), ("order.cancelled",)]))
    made = campaign(*steps, trigger=trigger, name=name, leave_when=leave, topic=draw(st.sampled_from(["news", "tips"])),
                    class_=draw(st.sampled_from([None, *CLASSES])), **words)
    object.__setattr__(made, "over_limit", draw(spans))
    return made


@st.composite
def shops(draw):
    caps = tuple(draw(st.lists(st.builds(
        Cap, st.sampled_from(["all", "all", "news", "care"]), st.integers(1, 3), st.sampled_from([days(1), days(7), Duration(months=1)])), max_size=2)))
    quiet = draw(st.sampled_from([None, QuietHours(time(21), time(8, 30)), QuietHours(time(1), time(5), local=False), QuietHours(time(2), time(3))]))
    closed = draw(st.sampled_from([{}, {"TR": {(11, 10): "mourning"}, "US": {date(2027, 7, 4): "fourth"}}]))
    return a_shop(
        timezone=SHOP_ZONE, contact_limits=ContactLimits(caps, quiet) if caps or quiet else None, classes=draw(st.sampled_from([(), CLASSES])),
        calendar=Calendar(closed=closed), hold_while=draw(st.sampled_from([(), ("support.open",)])), topics={"news": "News", "tips": "Tips"},
    )


moments = st.builds(lambda day, minute: BEGIN + day * DAY + timedelta(minutes=minute), st.integers(-40, 729), st.integers(0, 1439))


@st.composite
def customers(draw, number: int):
    bought = []
    for place, at in enumerate(sorted(draw(st.lists(moments, max_size=6)))):
        gone = draw(st.sampled_from([None, None, 5]))
        delivered = draw(st.sampled_from([None, 2]))
        told = {"placed": at, "cancelled": gone and at + gone * DAY, "delivered": delivered and at + delivered * DAY}
        line = Line(place, at, 100, counts_from=at, counts_until=told["cancelled"], category="beans")
        bought.append(Bought(
            place, f"o{place}", at, False, at, told["cancelled"], 100, {kind: when for kind, when in told.items() if when}, (line,), 30))
    noted = [Noted(draw(st.sampled_from(["cart.updated", "support.opened", "support.closed"])), at, "shop", f"e{place}")
             for place, at in enumerate(sorted(draw(st.lists(moments, max_size=5))))]
    words = [Word(BEGIN - 90 * DAY, "granted"), *(Word(at, draw(st.sampled_from(["withdrawn", "granted"]))) for at in sorted(draw(st.lists(moments, max_size=2))))]
    person = Person(number, f"c{number}@mail.example", "mail.example", draw(zones), draw(st.sampled_from([None, "TR", "US"])))
    view = CustomerView(number, person.email, created_at=BEGIN - 100 * DAY, lines=tuple(line for each in bought for line in each.lines))
    born = draw(st.sampled_from([None, 101, 229, 1231]))
    return Life(person, view, BEGIN - 100 * DAY, born, None, True, tuple(words), bought=tuple(bought), noted=tuple(noted))


@st.composite
def worlds(draw):
    made = {f"a{number}": draw(automations(f"a{number}")) for number in range(draw(st.integers(1, 4)))}
    segments = {"twice": TWICE, "lately": LATELY}
    lives = [draw(customers(number)) for number in range(1, draw(st.integers(1, 2)) + 1)]
    return Workspace(draw(shops()), segments, made), lives


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(worlds())
def test_two_years_of_any_small_shop_keep_every_promise(world):
    workspace, lives = world
    recorded = Recorded(lives)
    plan = programme((), workspace, "2027-01-01", "2028-12-31")
    for life, outcome in outcomes(plan, recorded, lambda each: Stage(each, recorded)):
        zone = zone_of(life.person.timezone, life.person.country, SHOP_ZONE)
        sent = sorted((one for one in outcome.posted if one.reason is None), key=lambda one: one.at)
        no_cap_is_exceeded(workspace.shop, sent)
        nobody_is_written_to_at_night_or_on_a_closed_day(workspace.shop, sent, zone, life.person.country)
        nobody_gets_a_mail_twice(outcome)
        every_step_ran_or_says_why_not(workspace, outcome)


def no_cap_is_exceeded(shop, sent):
    for cap in shop.contact_limits.caps if shop.contact_limits else ():
        counted = [one.at for one in sent if cap.of in {"all", one.mail.campaign.topic, one.mail.campaign.class_} - {None} or cap.of == "all"]
        for first, beyond in zip(counted, counted[cap.count:], strict=False):
            assert beyond >= plus(first, cap.per, SHOP_ZONE), (cap, first, beyond)


def nobody_is_written_to_at_night_or_on_a_closed_day(shop, sent, zone, country):
    hours = shop.contact_limits.quiet_hours if shop.contact_limits else None
    for one in sent:
        clock = zone if hours is None or hours.local else ZoneInfo(SHOP_ZONE)
        assert hours is None or not is_quiet(hours, one.at.astimezone(clock).time()), one
        assert closed_for(one.at.astimezone(zone).date(), country, zone, shop.calendar) is None, one


def nobody_gets_a_mail_twice(outcome):
    made = Counter((one.mail.campaign.name, one.mail.campaign.step, one.mail.occurrence) for one in outcome.posted)
    assert set(made.values()) <= {1}


def every_step_ran_or_says_why_not(workspace, outcome):
    """Each journey that went to its end made each of its mails once, and each mail left or has a reason, or still waits."""
    assert all(one.reason is None or one.reason for one in outcome.posted)
    assert not outcome.skipped  # nothing is late where the clock jumps to whatever is due
    ended, open_ = Counter(outcome.ended), Counter(outcome.under_way)
    begun = Counter(one.campaign for one in outcome.begun)
    made = defaultdict[str, Counter](Counter)
    for one in outcome.posted:
        made[one.mail.campaign.name][one.mail.campaign.step] += 1
    missing = 0
    for name, campaign_ in workspace.campaigns.items():
        finished = ended[name, "finished"]
        assert begun[name] == open_[name] + sum(number for (of, _), number in ended.items() if of == name)
        for step in campaign_.automation.steps:
            if step.key.startswith("s"):
                missing += max(finished - made[name][step.key], 0)
                assert made[name][step.key] <= begun[name]
    assert missing <= outcome.waiting


def someone(**view) -> Life:
    seen = BEGIN - 100 * DAY
    person = Person(1, "ada@mail.example", "mail.example")
    return Life(person, CustomerView(1, person.email, created_at=seen, **view), seen, words=(Word(seen, "granted"),), bought=(
        Bought(1, "o1", BEGIN + DAY, False, BEGIN + DAY, None, 100, {"placed": BEGIN + DAY}),
    ))


def played(life: Life, segments: list[Segment], *campaigns):
    recorded = Recorded([life])
    workspace = Workspace(a_shop(), {each.name: each for each in segments}, {each.name: each for each in campaigns})
    (_, outcome), = outcomes(programme((), workspace, "2027-01-01", "2027-01-31"), recorded, lambda each: Stage(each, recorded))
    return [(one.mail.campaign.step, one.at) for one in outcome.posted]


def test_everyone_who_is_in_a_segment_enters_at_once_where_the_file_says_so():
    turkish = Segment("turkish", Fact("customer.country", Kind.TEXT, (Test(Op.IS, "TR"),)))
    trigger = Trigger("segment.entered", segment="turkish")
    assert played(someone(country="tr"), [turkish], campaign(send("hi"), trigger=trigger, on_start=OnStart.EVERYONE)) == [("hi", BEGIN)]
    assert played(someone(country="tr"), [turkish], campaign(send("hi"), trigger=trigger)) == []
    assert played(someone(country="de"), [turkish], campaign(send("hi"), trigger=trigger, on_start=OnStart.EVERYONE)) == []


def test_who_comes_into_a_segment_by_a_step_is_found_by_the_next_look():
    loved = Segment("loved", Tagged((Test(Op.IS, "loved"),)))
    first = campaign(Tag("love", add=("loved",)), trigger="order.placed", name="first")
    then = campaign(send("hi"), trigger=Trigger("segment.entered", segment="loved"), name="then")
    assert played(someone(), [loved], first, then) == [("hi", BEGIN + DAY + timedelta(minutes=1))]
