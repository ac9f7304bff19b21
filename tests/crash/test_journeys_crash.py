"""Killed at every point of every step of a journey, on both databases: the next worker does what is left, and nothing twice."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import (
    customer_tags,
    errands,
    journey_steps,
    journeys,
    messages,
    suppressions,
)
from regulars.definition.automation import (
    If,
    Notify,
    SetAttributes,
    StopMailing,
    Tag,
    WaitFor,
    Webhook,
)
from regulars.definition.conditions import Fact, Kind, Op, Test
from tests.crash.journeys_driver import TELLING, TURN
from tests.journeying import (
    NOW,
    campaign,
    days,
    mailed,
    people,
    put_live,
    send,
    standing,
    turn,
    wait,
)

ROOT = Path(__file__).parents[2]
PATIENCE = 60
STEPS = (
    wait("pause"), send("hello"), WaitFor("empty", "cart.emptied", days(1)), SetAttributes("set", {"taste": "fruity"}), Tag("mark", ("met",)),
    If("fruity", Fact("customer.taste", Kind.TEXT, (Test(Op.IS, "fruity"),)), (wait("deep"), send("inside")), (send("never"),)),
    Webhook("crm", "https://crm.example/hook"), Notify("team", "team@example.com"), wait("again"), send("bye"), StopMailing("stop", "sunset"),
)
IN_ORDER = ["pause", "hello", "empty", "empty", "set", "mark", "fruity", "deep", "inside", "crm", "team", "again", "bye", "stop"]


def killed_at(point: str, database: Database, now: datetime) -> bool:
    """False: it found nothing to do, and ended as it should."""
    url = database.engine.url.render_as_string(hide_password=False)
    child = subprocess.run(
        [sys.executable, "-m", "tests.crash.journeys_driver", url, now.isoformat(), point], cwd=ROOT, capture_output=True, text=True,
        timeout=PATIENCE, check=False,
    )
    assert child.returncode in {0, -signal.SIGKILL}, child.stderr
    return child.returncode == -signal.SIGKILL


def test_killed_at_every_point_of_every_step(database: Database) -> None:
    [ada] = people(database, "ada")
    put_live(database, campaign(*STEPS))

    assert [killed_at(point, database, NOW) for point in TELLING] == [True, True]
    for day in range(5):
        now = NOW + timedelta(days=day)
        assert [killed_at(point, database, now) for point in TURN] == [True] * len(TURN), f"day {day}"
        assert turn(database, now) == 0, "the last of them had committed"

    assert standing(database) == [(ada, "ended", None, "finished")]
    assert mailed(database) == [(ada, "hello"), (ada, "inside"), (ada, "bye")]
    with database.read() as connection:
        done = connection.scalars(select(journey_steps.c.step).order_by(journey_steps.c.fence, journey_steps.c.place)).all()
        assert done == IN_ORDER
        assert connection.scalar(select(func.count()).select_from(messages)) == 3
        assert Counter(connection.scalars(select(errands.c.step))) == {"crm": 1, "team": 1}
        assert connection.scalars(select(customer_tags.c.tag)).all() == ["met"]
        assert connection.scalars(select(suppressions.c.reason)).all() == ["sunset"]
        assert connection.scalar(select(journeys.c.fence)) == 5
