"""A simulated week is the week that the database has lived: customer by customer the same mails at the same moments, or the same
reasons. The orders come by the intake, the journeys go on by turns, the mails leave by the send loop, with a clock that is stepped."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random

import pytest
from sqlalchemy import func, select

from regulars.adapters.database.automations import AutomationsInDatabase
from regulars.adapters.database.engine import Database
from regulars.adapters.database.intake import IntakeBookInDatabase
from regulars.adapters.database.journey_records import JourneyRecordsInDatabase
from regulars.adapters.database.journeys import JourneyBookInDatabase
from regulars.adapters.database.lives import LivesInDatabase
from regulars.adapters.database.schema import journeys, launches, messages
from regulars.adapters.database.watchtower import WatchtowerInDatabase
from regulars.adapters.simulation.stage import Stage
from regulars.audience.addresses import read_address
from regulars.audience.consent import Consent
from regulars.audience.people import PersonRow
from regulars.definition.files import WorkspaceFiles
from regulars.definition.reading import workspace_of
from regulars.delivery.life import State
from regulars.loyalty.calls import Call, EventTold, Heard, Terms, Who
from regulars.loyalty.purchases import read_row
from regulars.loyalty.tellings import Telling, states_of
from regulars.operations.advance import advance_due
from regulars.operations.apply import Registers, compare, put_live
from regulars.operations.simulate import outcomes, programme
from regulars.operations.take_in import take_in
from regulars.operations.watch import look_at_once, watch
from tests.integration.launching import FILES, ShopFloor
from tests.shops import RATES, ShopInDatabase

BEGIN = datetime(2026, 11, 15, 21, 0, tzinfo=UTC)  # a midnight in Istanbul, where 16 November begins
FIRST, LAST, DAYS = "2026-11-16", "2026-11-24", 9
HOUR = timedelta(hours=1)
_names = count(1)

SHOP = FILES["regulars.yaml"] + """\
classes: [care, offers, news]
contact_limits: {all: 2 per 3 days, news: 1 per 30 hours, quiet_hours: "21:00-08:00 local"}
hold_while: [support.open]
calendar: {mourning: {TR: [11-20]}, feast: [2026-11-23]}
events:
  support.opened: {}
  support.closed: {}
"""


def automation(name: str, head: str, *steps: str) -> dict[str, str]:
    lines = "\n".join(f"  - {step}" for step in steps)
    return {f"campaigns/{name}.yaml": f"campaign: {name}\ntopic: news\n{head}\nsteps:\n{lines}\n"}


def send(name: str) -> str:
    return f'name: {name}\n    send: {{template: hello.mjml, subject: {{en: "Hello", tr: "Merhaba"}}}}'


def files() -> dict[str, str]:
    plain = {path: text for path, text in FILES.items() if path != "campaigns/hello.yaml"}
    return {
        **plain, "regulars.yaml": SHOP,
        "segments/twice.yaml": "segment: twice\nwhere:\n  orders.count: {at_least: 2}\n",
        **automation(
            "a-first", "class: care\ntrigger: {order.placed: {nth: 1}}\nleave_when: [order.cancelled]\nover_limit: wait up to 2 days",
            "wait: 1 hour", send("thanks"), "wait: {for: order.placed, at_most: 40 hours}",
            f"if: {{orders.count: {{at_least: 2}}}}\n    then: [{{tag: {{add: again}}}}, {{wait: 'until 10:00 local'}}, {{{oneline('again')}}}]\n    else: [{{{oneline('come')}}}]",
        ),
        **automation(
            "b-review", "class: offers\none_per: order\ntrigger: order.delivered\nleave_when: [order.refunded]",
            "wait: 1 day, until 19:00 local", send("review"),
        ),
        **automation("c-birthday", "again: after 300 days\ntrigger: {birthday: 1 day before}\nover_limit: wait up to 1 day", send("cake")),
        **automation(
            "d-weekly", "again: after 20 hours\ntrigger: {schedule: 'every day 17:00 local'}\nwhen: {orders.count: {at_least: 1}}\nover_limit: wait up to 1 day",
            "if: {emails.received: {within: 2 days}}\n    then: [{tag: {add: had}}]\n    else: [" + "{" + oneline("weekly") + "}]",
        ),
        **automation("e-feast", "trigger: {schedule: '1 day before feast 10:00'}\nclass: care", send("feast")),
        **automation("f-twice", "class: offers\ntrigger: {segment.entered: twice}\nagain: after 1 day", "tag: {add: twice}", send("twice"), "wait: 1 day", send("more")),
        **automation(
            "g-need", "again: after 1 day\ntrigger: {replenishment.due: 1 day before}\nleave_when: [order.placed]\nover_limit: wait up to 1 day",
            "wait: until 10:00 local", send("need"),
        ),
        **automation(
            "h-cart", "again: after 2 days\ntrigger: cart.updated\nleave_when: [order.placed, cart.emptied]", "wait: {until_quiet: 4 hours}", send("cart"),
        ),
        **automation("i-welcome", "class: care\ntrigger: subscribed", send("welcome"), "wait: 2 days", send("settled")),
        "segments/here.yaml": "segment: here\nwhere:\n  customer.country: TR\n",
        **automation("k-here", "trigger: {segment.entered: here}\non_start: everyone in it now\nclass: news\nover_limit: wait up to 4 days", send("hello")),
        **automation("j-paid", "kind: transactional\none_per: order\ntrigger: order.paid", send("receipt")),
    }


def oneline(name: str) -> str:
    return f'name: {name}, send: {{template: hello.mjml, subject: {{en: "Hello", tr: "Merhaba"}}}}'


def shop_files():
    own = files()
    return workspace_of(WorkspaceFiles(own, {}, (), frozenset(own)))


class Told:
    """What a shop tells, each at its moment. `tell` returns news for the intake."""

    def __init__(self, chance: Random, people: list[str]) -> None:
        self.chance = chance
        self.placed: list[datetime] = []
        self.calls = sorted(self._all(people), key=lambda one: one[0])

    def _all(self, people):
        for person in people:
            for number in range(self.chance.choice([0, 1, 1, 2, 3])):
                yield from self._order(person, number)
            if self.chance.random() < 0.5:
                begun = self._moment(5)
                yield begun, event(person, "cart.updated")
                yield begun + self.chance.choice([2, 5]) * HOUR, event(person, "cart.updated")
                if self.chance.random() < 0.4:
                    yield begun + 6 * HOUR, event(person, "cart.emptied")
            if self.chance.random() < 0.4:
                opened = self._moment(5)
                yield opened, event(person, "support.opened")
                yield opened + self.chance.randrange(1, 40) * HOUR, event(person, "support.closed")
            if self.chance.random() < 0.3:
                yield self._moment(6), lambda now, _, person=person: PersonRow(
                    read_address(person), consent=Consent(self.chance.choice(["granted", "withdrawn"]), now, "a form"), told_at=now)

    def _moment(self, days: int) -> datetime:
        return BEGIN + self.chance.randrange(days * 24 * 2) * HOUR / 2 + timedelta(minutes=17)

    def _order(self, person, number):
        placed = self._moment(7)
        self.placed.append(placed)
        words = {"order_id": f"{person}-{number}", "ordered_at": placed.isoformat(), "email": person, "sku": self.chance.choice(["beans", "mug"]),
                 "product": "Beans", "quantity": "1", "unit_price": "100.00", "currency": "TRY", "status": "paid"}
        paid = self.chance.choice([placed, placed + 3 * HOUR])
        yield placed, order(words | ({"paid_at": paid.isoformat()} if paid == placed else {"status": "pending"}))
        words = words | {"paid_at": paid.isoformat()}
        if paid > placed:
            yield paid, order(words)
        if self.chance.random() < 0.6:
            delivered = paid + self.chance.choice([9, 30]) * HOUR
            words = words | {"delivered_at": delivered.isoformat()}
            yield delivered, order(words)
        elif self.chance.random() < 0.5:
            cancelled = paid + self.chance.choice([2, 20]) * HOUR
            yield cancelled, order(words | {"cancelled_at": cancelled.isoformat(), "status": "cancelled"})


def order(words):
    def news(now, shop):
        row = read_row(Terms(shop, RATES, now).record(words), "TRY")
        return Telling(words["order_id"], now, (row,), states_of(row.head))
    return news


def event(person, kind):
    number = next(_names)
    return lambda now, _: EventTold(kind, Who(read_address(person)), now, "shop", f"{kind}-{number}", f"{person}'s")


class Week:
    """A shop on one database, from apply to the last day."""

    def __init__(self, database: Database) -> None:
        self.database, self.workspace = database, shop_files()
        self.floor = ShopFloor(database, self.workspace)
        self.floor.clock.at = BEGIN
        self.tower = WatchtowerInDatabase(database)
        self.intake = IntakeBookInDatabase(database, lambda: self.workspace.shop.scoring)

    def apply(self) -> None:
        automations = AutomationsInDatabase(self.database)
        registers = Registers(automations, JourneyRecordsInDatabase(self.database), self.tower)
        changes = compare((), self.workspace, self.floor.desk, registers, key=lambda: f"k{next(_names)}", by="Ada", now=BEGIN)
        put_live(changes, automations, self.floor.bundles, None, BEGIN)
        look_at_once(self.tower, {change.campaign for change in changes}, BEGIN)

    def tell(self, news) -> None:
        now, shop = self.floor.clock.at, self.workspace.shop
        told = news(now, shop)
        name = f"call-{next(_names)}"
        answer, = take_in([Call("shop", name, "told", name, Heard((told,)))], self.intake, Terms(shop, RATES, now)).answers
        assert answer.status == 200, answer
        assert "refused" not in answer.answer, answer

    def live(self, told: Told) -> None:
        """Every hour; every minute at which something is told, and of orders the same minute of later days, when the goods run out;
        and whatever is due."""
        calls = told.calls
        grid = {BEGIN + step * HOUR for step in range(DAYS * 24)} | {at for at, _ in calls}
        grid |= {at + timedelta(days=day) for at in told.placed for day in range(DAYS)}
        end, to_come = BEGIN + timedelta(days=DAYS), sorted(grid)
        while (now := min((at for at in (*to_come[:1], *self._due()) if at is not None), default=end)) < end:
            self.floor.clock.at = now = max(now, self.floor.clock.at)
            to_come = [at for at in to_come if at > now]
            for _, news in [one for one in calls if one[0] == now]:
                self.tell(news)
            watch(self.tower, now, every=timedelta(0))
            advance_due(JourneyBookInDatabase(self.database), self.floor.clock, lambda: True)
            self.floor.work()

    def _due(self):
        with self.database.read() as connection:
            yield connection.scalar(select(func.min(journeys.c.due_at)).where(journeys.c.state == "waiting"))
            yield connection.scalar(select(func.min(messages.c.next_attempt_at)).where(messages.c.state == "pending"))

    def ledger(self):
        """(customer, automation, step, occurrence) -> (when, reason)."""
        query = select(messages, launches.c.campaign, launches.c.step.label("of")).join(launches, launches.c.id == messages.c.launch_id)
        with self.database.read() as connection:
            rows = connection.execute(query.where(messages.c.state != State.PENDING.value)).all()
        assert {row.state for row in rows} <= {"accepted", "skipped"}
        return {
            (row.customer_id, row.campaign, row.of, row.occurrence): (row.accepted_at or row.ended_at, row.reason) for row in rows
        }

    def journeys(self):
        with self.database.read() as connection:
            rows = connection.execute(select(journeys)).all()
        return (
            Counter((row.customer_id, row.campaign, row.entered_at) for row in rows),
            Counter((row.customer_id, row.campaign, row.reason) for row in rows if row.state == "ended"),
        )


def simulated(database: Database, workspace):
    lives = LivesInDatabase(database)
    plan = programme((), workspace, FIRST, LAST)
    assert (plan.since, plan.until) == (BEGIN, BEGIN + timedelta(days=DAYS))
    ledger, begun, ended = {}, Counter(), Counter()
    for _, outcome in outcomes(plan, lives, lambda each: Stage(each, lives)):
        who = outcome.customer_id
        for one in outcome.posted:
            place = (who, one.mail.campaign.name, one.mail.campaign.step, one.mail.occurrence)
            assert place not in ledger
            ledger[place] = (one.at, one.reason)
        begun += Counter((who, each.campaign, each.at) for each in outcome.begun)
        ended += Counter((who, name, reason) for name, reason in outcome.ended)
    return ledger, (begun, ended)


PEOPLE = {
    "ada@mail.example": {"country": "TR", "birthday": "1990-11-20", "consent": "yes", "consent_at": "2026-01-01"},
    "bora@mail.example": {"timezone": "America/New_York", "birthday": "1985-11-19", "consent": "yes", "consent_at": "2026-01-01"},
    "cem@mail.example": {"country": "AZ", "birthday": "11-24", "consent": "no", "consent_at": "2026-01-01"},
    "dila@mail.example": {"timezone": "Asia/Tokyo", "birthday": "2000-11-18", "consent": "yes", "consent_at": "2026-01-01"},
    "ece@mail.example": {"country": "DE", "consent": "yes", "consent_at": "2026-01-01"},
    "filiz@mail.example": {"country": "TR"},
    "gul@mail.example": {"country": "US", "birthday": "1970-11-22", "consent": "yes", "consent_at": "2026-01-01"},
}


@pytest.mark.parametrize("seed", range(2))
def test_the_database_keeps_the_ledger_that_the_simulation_foretells(database: Database, seed: int) -> None:
    chance = Random(seed)
    ShopInDatabase(database, now=BEGIN - timedelta(days=1)).customers(*({"email": email, **words} for email, words in PEOPLE.items()))
    ShopInDatabase(database, now=BEGIN - timedelta(days=1)).products({"sku": "beans", "name": "Beans", "usual_gap_days": "4"})
    week = Week(database)
    week.apply()
    week.live(Told(chance, [*PEOPLE, "new@mail.example"]))

    ledger, lived = simulated(database, week.workspace)

    assert week.ledger() == ledger
    assert week.journeys() == lived
    assert len(ledger) > 30
    assert len({campaign for _, campaign, _, _ in ledger}) >= 8
    assert len({reason.partition(":")[0] for _, reason in ledger.values() if reason}) >= 3  # else this shows little
