"""Weeks of launches through the database come out as the rules alone say, mail by mail: who, when, and why not."""

from collections import defaultdict
from dataclasses import replace
from datetime import date, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, insert, select

from regulars.adapters.database.schema import customers, events, launches, messages
from regulars.audience.zones import zone_of
from regulars.definition.limits import Calendar, Cap, ContactLimits, QuietHours
from regulars.definition.quantities import Duration
from regulars.definition.workspace import SendAt
from regulars.delivery.life import LaunchState
from regulars.journeys.contact import Admitted, Contact, Dropped, History, Later, Mail
from regulars.journeys.limits import Limits, in_turn
from tests.integration.launching import NOW, add_customers, workspace
from tests.integration.test_contact_limits import LimitedShop

HOUR, ISTANBUL = timedelta(hours=1), ZoneInfo("Europe/Istanbul")
ZONES = ("Europe/Istanbul", "America/Los_Angeles", "Asia/Kolkata", None)
CLASSES = ("cart", "win-back", "news")
MOST_MOMENTS = 3_000


def hours(count):
    return Duration(seconds=count * 3_600)


def rules():
    return {
        "contact_limits": ContactLimits(
            (Cap("all", 3, hours(7 * 24)), Cap("cart", 1, hours(30)), Cap("tips", 2, hours(60))), QuietHours(time(21), time(8, 30)),
        ),
        "classes": CLASSES, "hold_while": ("support.open",),
        "calendar": Calendar(closed={"TR": {date(2026, 11, 24): "a closed day"}}),
    }


def story(chance):
    """(when it is launched, its name, the campaign's words), in order of time."""
    made = []
    for number in range(9):
        at = NOW + chance.randrange(14 * 24 * 4) * HOUR / 4
        later = chance.choice([None, 3, 26])
        made.append((at, f"c{number}", {
            "class_": chance.choice([None, *CLASSES]), "topic": chance.choice(["news", "tips"]),
            "over_limit": chance.choice([None, hours(20), hours(72)]),
            "send_at": SendAt((at + later * HOUR).astimezone(ISTANBUL).replace(tzinfo=None)) if later else None,
        }))
    return sorted(made, key=lambda one: one[:2])


def complaints(chance, count):
    """(customer's place, kind, when)."""
    found = []
    for place in range(count):
        opened = NOW + chance.randrange(10 * 24) * HOUR
        found += [(place, "support.opened", opened), (place, "support.closed", opened + chance.randrange(60) * HOUR)]
    return found


@pytest.mark.parametrize("seed", range(2))
def test_the_database_keeps_the_same_ledger_as_the_rules_alone(database, seed):
    chance = Random(seed)
    shop = LimitedShop(database, workspace())
    shop.workspace = replace(shop.workspace, shop=replace(shop.workspace.shop, topics={"news": "News", "tips": "Tips"}, **rules()))
    people = [add_customers(database, 1, timezone=zone, country=chance.choice(["TR", None, "US"]))[0] for zone in ZONES]
    told, launched = complaints(chance, len(people)), story(chance)
    with database.write() as connection:
        connection.execute(insert(events), [
            {"at": at, "customer_id": people[place], "kind": kind, "source": "tests", "source_id": f"{place}-{kind}", "origin": "live"}
            for place, kind, at in told
        ])
    kept, moments = played_by_the_database(shop, launched)
    assert kept == played_by_the_rules(shop, people, told, launched)
    assert len(kept) == len(launched) * len(people)
    assert len({reason.partition(":")[0] for _, reason in kept.values()}) >= 3  # else this shows little
    assert moments > 20


def played_by_the_database(shop, launched):
    """(campaign, customer) -> (when, reason of who got none), and how many moments it took."""
    to_come = list(launched)
    for moments in range(MOST_MOMENTS):
        due = next_due(shop.database)
        if to_come and (due is None or to_come[0][0] <= due):
            shop.clock.at, name, words = to_come.pop(0)
            shop.launch_of(name, **words)
        elif due is None:
            return ledger(shop.database), moments
        else:
            shop.clock.at = due
            shop.work()
    pytest.fail("it spins")


def next_due(database):
    with database.read() as connection:
        return connection.scalar(select(func.min(messages.c.next_attempt_at)).where(messages.c.state == "pending"))


def ledger(database):
    query = select(launches.c.campaign, messages.c.customer_id, messages.c.ended_at, messages.c.reason, launches.c.state).join(launches, launches.c.id == messages.c.launch_id)
    with database.read() as connection:
        rows = connection.execute(query).all()
    assert {row.state for row in rows} == {LaunchState.FINISHED.value}
    return {(row.campaign, row.customer_id): (row.ended_at, row.reason or "") for row in rows}


def played_by_the_rules(shop, people, told, launched):
    """The same without a database: whatever is due at a moment, in the order of launches and customers."""
    limits = Limits.of(shop.workspace.shop)
    with shop.database.read() as connection:
        homes = {row.id: (zone_of(row.timezone, row.country, limits.zone), row.country) for row in connection.execute(select(customers))}
    waiting, contacts, kept, to_come = defaultdict(dict), defaultdict(dict), {}, list(launched)
    for _ in range(MOST_MOMENTS):
        due = min((mail.due for mails in waiting.values() for mail in mails.values()), default=None)
        if to_come and (due is None or to_come[0][0] <= due):
            at, _, words = to_come.pop(0)
            first = words["send_at"].wall.replace(tzinfo=ISTANBUL) if words["send_at"] else at
            for person in people:
                waiting[person][len(launched) - len(to_come)] = Mail(first, first, words["topic"], words["class_"], words["over_limit"])
        elif due is None:
            return kept
        else:
            for launch_id, person in sorted((key, person) for person, mails in waiting.items() for key, mail in mails.items() if mail.due <= due):
                place = History(*homes[person], open=complaints_of(people.index(person), told, due))
                mail = waiting[person][launch_id]
                answer = in_turn([launch_id], waiting[person], contacts[person], place, limits, due)[launch_id]
                if isinstance(answer, Later):
                    waiting[person][launch_id] = replace(mail, due=answer.until)
                    continue
                del waiting[person][launch_id]
                kept[launched[launch_id - 1][1], person] = (due, answer.reason if isinstance(answer, Dropped) else "")
                if isinstance(answer, Admitted):
                    contacts[person][launch_id] = Contact(due, mail.topic, mail.class_)
    pytest.fail("it spins")


def complaints_of(place, told, now):
    latest = {kind: at for who, kind, at in told if who == place and at <= now}
    opened, closed = latest.get("support.opened"), latest.get("support.closed")
    return {"support.open"} if opened and (closed is None or closed < opened) else set()
