"""Many at once: two webhooks for one customer, a wake and a due turn, eight workers over the same journeys."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from regulars.adapters.database.engine import Database
from regulars.definition.automation import OnePer, WaitFor
from tests.journeying import (
    NOW,
    campaign,
    days,
    happening,
    mailed,
    people,
    put_live,
    send,
    standing,
    steps_done,
    tell,
    turn,
    wait,
)

THREADS = 8


def at_once(*work: Callable[[], object]) -> list[object]:
    """All of them, begun at one moment."""
    gate = Barrier(len(work))

    def begin(one: Callable[[], object]) -> object:
        gate.wait()
        return one()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(begin, work))


def test_the_same_webhook_three_times_at_once_begins_one_journey(database: Database) -> None:
    [ada] = people(database, "ada")
    put_live(database, campaign(send("hello")))
    placed = happening(ada)
    tell(database, [placed])  # the event's row is there; what follows from it is told again

    at_once(*[lambda: tell(database, [placed])] * 3, *[lambda: turn(database, NOW)] * 3)
    turn(database, NOW)
    assert mailed(database) == [(ada, "hello")]


def test_two_orders_of_one_customer_at_once_begin_one_journey(database: Database) -> None:
    [ada] = people(database, "ada")
    put_live(database, campaign(send("hello")), campaign(send("receipt"), name="each", one_per=OnePer.ORDER))
    orders = [happening(ada, at=NOW + timedelta(seconds=number), subject=f"order-{number}") for number in range(THREADS)]

    begun = at_once(*[lambda order=order: tell(database, [order], NOW + timedelta(minutes=1)) for order in orders])
    turn(database, NOW + timedelta(minutes=1))
    assert sum(begun) == 1 + THREADS
    assert Counter(step for _, step in mailed(database)) == {"hello": 1, "receipt": THREADS}


def test_a_wake_and_a_due_turn_at_once_do_each_step_once(database: Database) -> None:
    ids = people(database, *(f"p{number}" for number in range(40)))
    put_live(database, campaign(WaitFor("empty", "cart.emptied", days(1)), send("hello"), wait("pause"), send("bye")))
    tell(database, [happening(each) for each in ids])
    turn(database, NOW)

    due = NOW + timedelta(days=1)
    wakes = [lambda each=each: tell(database, [happening(each, "cart.emptied", at=due - timedelta(seconds=1))], due) for each in ids]
    with ThreadPoolExecutor(THREADS) as pool:
        for done in [*map(pool.submit, wakes), *(pool.submit(turn, database, due, batch=7) for _ in range(THREADS))]:
            done.result()
    turn(database, due)
    assert Counter(mailed(database)) == {(each, "hello"): 1 for each in ids}
    assert Counter(outcome for step, outcome in steps_done(database) if step == "empty" and outcome != "begun").total() == len(ids)


def test_eight_workers_and_eight_shops_at_once_do_every_step_once(database: Database) -> None:
    ids = people(database, *(f"p{number}" for number in range(60)))
    put_live(
        database,
        campaign(send("hello"), wait("pause", days(1)), send("bye"), leave_when=("order.refunded",)),
        campaign(wait("short", days(0.5)), send("receipt"), name="each", one_per=OnePer.ORDER),
    )
    dice = random.Random(4)
    now = [NOW]

    def shop(number: int) -> None:
        for turn_ in range(6):
            some = [happening(each, at=NOW + timedelta(minutes=turn_), subject=f"{number}-{turn_}-{each}") for each in dice.sample(ids, 5)]
            tell(database, some, NOW + timedelta(hours=1))

    def worker() -> None:
        for hours in range(0, 40, 4):
            now[0] = max(now[0], NOW + timedelta(hours=1 + hours))
            turn(database, now[0], batch=9)

    at_once(*[lambda number=number: shop(number) for number in range(THREADS)], *[worker] * THREADS)
    turn(database, NOW + timedelta(days=2))
    turn(database, NOW + timedelta(days=3))  # whose first mail left with that last turn waits a day from there

    who = Counter(mailed(database))
    assert all(count == 1 for (_, step), count in who.items() if step != "receipt")
    assert all(row[1:] == ("ended", None, "finished") for row in standing(database))
    steps = Counter(steps_done(database))
    assert steps["hello", "done"] == steps["bye", "done"] == steps["pause", "begun"] == len({each for each, step in who if step == "hello"})
    assert steps["receipt", "done"] == steps["short", "begun"] == sum(count for (_, step), count in who.items() if step == "receipt")
