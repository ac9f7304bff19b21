"""`regulars segments` as typed, on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from regulars.adapters.database.engine import Database
from regulars.audience.frame import Frame
from regulars.doors.cli.segments import segments
from regulars.errors import UsageError
from tests.people import SHOP, Bought, Person, Purchase, settle

pytestmark = pytest.mark.breaks_promises  # its messages are rows made by hand, without an audience

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
REGULARS_YAML = """
shop: {name: "Kahve", url: https://kahve.example, address: "İstanbul", locale: tr, timezone: Europe/Istanbul, currency: TRY}
sender: {from: "Kahve <merhaba@kahve.example>"}
"""
BIG = """
segment: big-spenders
description: "Spent 300 lira"
where: {orders.spent: {at_least: 300 TRY}}
"""
Command = Callable[..., Result]


@pytest.fixture
def command(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs `segments …` in a workspace where person n ordered n times for 100 lira, a day apart, the last one yesterday."""
    (tmp_path / "segments").mkdir()
    (tmp_path / "regulars.yaml").write_text(REGULARS_YAML, encoding="utf-8")
    (tmp_path / "segments" / "big.yaml").write_text(BIG, encoding="utf-8")
    with database.write() as connection:
        settle(connection, [buyer(number) for number in range(1, 6)], Frame(NOW, SHOP))
    monkeypatch.setenv("REGULARS_DATABASE_URL", database.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("REGULARS_NOW", NOW.isoformat())
    monkeypatch.setenv("REGULARS_SECRET", "a-secret-for-tests-that-is-long-enough")

    def run(*words: str) -> Result:
        return CliRunner().invoke(segments, [*words, "--project", str(tmp_path)], catch_exceptions=False)

    return run


def test_show_counts_and_samples_the_same_people_each_time(command: Command) -> None:
    first, second = (json.loads(command("show", "big-spenders", "--sample", "2", "--json").stdout) for _ in range(2))

    assert (first["segment"], first["count"], len(first["sample"])) == ("big-spenders", 3, 2)
    assert first["sample"] == second["sample"]
    assert emails(json.loads(command("show", "big-spenders", "--json").stdout)["sample"]) == [
        "person3@example.com", "person4@example.com", "person5@example.com",
    ]


def test_a_member_is_shown_with_the_facts_that_segments_are_about(command: Command) -> None:
    member = json.loads(command("show", "big-spenders", "--json").stdout)["sample"][0]

    assert member.pop("engagement") == pytest.approx(28.647, abs=0.01)  # 10 an order, faded by 1, 2 and 3 days of a 30-day half-life
    assert member == {
        "email": "person3@example.com", "country": None, "orders": 3, "spent": {"amount": "300", "currency": "TRY"},
        "last_order_at": "2026-11-19T09:00:00+00:00",
    }


def test_at_a_day_before_only_what_had_happened_counts(command: Command) -> None:
    shown = command("show", "big-spenders", "--at", "2026-11-18", "--json")  # midnight: without the orders of the 18th and 19th

    assert emails(json.loads(shown.stdout)["sample"]) == ["person5@example.com"]
    assert json.loads(shown.stdout)["sample"][0]["orders"] == 3


def test_the_output_says_what_has_no_history(command: Command) -> None:
    assert "attributes and consent have no history" in command("show", "big-spenders", "--at", "2026-11-18").stderr


def test_list_tells_sizes_and_descriptions(command: Command) -> None:
    shown = command("list").stdout

    assert "big-spenders" in shown
    assert "Spent 300 lira" in shown
    assert json.loads(command("list", "--json").stdout)["segments"][0]["count"] == 3


def test_an_unknown_segment_is_a_usage_error_with_a_way_out(command: Command) -> None:
    with pytest.raises(UsageError) as error:
        command("show", "big-spender")

    assert error.value.hint == 'did you mean "big-spenders"?'


def buyer(number: int) -> Person:
    days = range(1, number + 1)
    purchases = tuple(Purchase(NOW - timedelta(days=day), (Bought(1_000_000),)) for day in days)
    return Person(number, NOW - timedelta(days=100), purchases=purchases)


def emails(sample: Sequence[dict[str, str]]) -> list[str]:
    return [member["email"] for member in sample]
