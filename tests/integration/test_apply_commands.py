"""apply and automations as they are typed, and what the commands about launches say of automations."""

from __future__ import annotations

import subprocess
import sys

import pytest
from sqlalchemy import func, insert, select, update

from regulars.adapters.clock import StartedClock
from regulars.adapters.database.journeys import JourneyBookInDatabase
from regulars.adapters.database.schema import (
    automation_editions,
    customers,
    identities,
    journeys,
    launches,
    messages,
)
from regulars.operations.advance import advance_due
from tests.integration.launching import NOW, add_customers
from tests.integration.test_launch_commands import Terminal

WELCOME = """\
campaign: welcome
topic: news
trigger: {segment.entered: izmir}
on_start: everyone in it now
steps:
  - wait: 1 day
  - name: hello
    send: {template: hello.mjml, subject: {en: "Hello", tr: "Merhaba"}}
  - wait: 3 days
  - name: again
    send: {template: hello.mjml, subject: {en: "Again", tr: "Yine"}}
"""


@pytest.fixture
def shop(tmp_path, sqlite_database):
    """Five people of İzmir, and the welcome series that is for them."""
    terminal = Terminal(tmp_path, sqlite_database)
    terminal.people = add_customers(sqlite_database, 5, city="İzmir", city_folded="izmir")
    with sqlite_database.write() as connection:
        connection.execute(insert(identities), [
            {"kind": "email", "value": f"c{n}@example.com", "customer_id": n, "since": NOW} for n in terminal.people
        ])
    write(terminal, WELCOME)
    return terminal


def write(terminal, text: str) -> None:
    (terminal.folder / "campaigns/welcome.yaml").write_text(text)


def go_on(terminal, now: str) -> None:
    """What `regulars up` does for journeys, at that time."""
    from datetime import datetime

    advance_due(JourneyBookInDatabase(terminal.database), StartedClock(datetime.fromisoformat(now)), lambda: True)


def standing(terminal) -> dict[tuple[int, str | None, str], int]:
    """(edition, step, state) -> how many."""
    place = (journeys.c.edition, journeys.c.step, journeys.c.state)
    with terminal.database.read() as connection:
        return {tuple(row[:3]): row[3] for row in connection.execute(select(*place, func.count()).group_by(*place))}


def test_apply_shows_asks_and_puts_live_and_does_nothing_the_second_time(shop) -> None:
    code, out, err = shop("apply")
    assert code == 4
    assert "nobody is here to say yes" in err
    assert "send hello.mjml" in out
    assert "5 would enter now, of 5 who are in it" in out

    code, _, err = shop("apply", "--yes")
    assert code == 0, err
    assert "edition 1 is live; 5 entered" in err
    assert standing(shop) == {(1, "wait-hello", "waiting"): 5}

    code, out, err = shop("apply")
    assert (code, "unchanged (edition 1)" in out, "nothing to apply" in err) == (0, True, True)
    with shop.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(automation_editions)) == 1
        assert connection.scalar(select(func.count()).select_from(launches)) == 2


def test_a_changed_file_changes_nothing_and_is_noticed(shop) -> None:
    shop("apply", "--yes")
    write(shop, WELCOME.replace("3 days", "5 days"))

    line, = shop.json("automations", "list")["automations"]
    assert (line["edition"], line["files"], line["under_way"]) == (1, "changed", 5)
    template = shop.folder / "templates/hello.mjml"
    write(shop, WELCOME)
    assert shop.json("automations", "status", "welcome")["files"] == "same"
    template.write_text(template.read_text().replace("Beans", "Coffee"))
    assert shop.json("automations", "status", "welcome")["files"] == "changed", "a mail is part of what is live"
    plan = shop.json("plan", "welcome")
    assert {step["step"]: step["change"] for step in plan["steps"]}["hello"] == "changed"


CHANGED = WELCOME.replace('  - name: hello\n    send: {template: hello.mjml, subject: {en: "Hello", tr: "Merhaba"}}\n', "")


@pytest.mark.parametrize(("on_change", "effect", "after"), [
    ("finish_old", "5 finish by the edition that they began with", {(1, "hello", "waiting"): 5}),
    ("move", "5 go on by the new file", {(2, "wait-hello-2", "waiting"): 5}),
    ("restart", "5 begin again", {(1, None, "ended"): 5, (2, "wait-hello", "waiting"): 5}),
])
def test_those_on_their_way_go_on_as_the_changed_file_says(shop, on_change, effect, after) -> None:
    shop("apply", "--yes")
    go_on(shop, "2026-11-20T09:01:00+00:00")
    assert standing(shop) == {(1, "hello", "waiting"): 5}
    write(shop, CHANGED + f"on_change: {on_change}\n")

    _, out, _ = shop("plan", "welcome")
    assert effect in out
    code, _, err = shop("apply", "--yes")
    assert code == 0, err

    assert standing(shop) == after


def test_nobody_begins_again_for_a_word_in_regulars_yaml(shop) -> None:
    write(shop, WELCOME + "on_change: restart\n")
    shop("apply", "--yes")
    go_on(shop, "2026-11-20T09:01:00+00:00")
    file = shop.folder / "regulars.yaml"
    file.write_text(file.read_text() + "attribution: {within: 3 days, of: click}\n")

    code, _, err = shop("apply", "--yes")

    assert code == 0, err
    assert standing(shop) == {(2, "hello", "waiting"): 5}


def test_disabled_ones_stand_still_and_go_on_where_they_were(shop) -> None:
    shop("apply", "--yes")
    go_on(shop, "2026-11-20T09:01:00+00:00")
    code, _, err = shop("pause", "welcome")
    assert (code, "welcome is disabled" in err) == (0, True)
    go_on(shop, "2026-11-22T09:00:00+00:00")
    assert {(edition, step) for edition, step, _ in standing(shop)} == {(1, "hello")}

    code, _, err = shop("automations", "enable", "welcome", REGULARS_NOW="2026-11-22T09:00:00Z")
    assert (code, "welcome is live again" in err) == (0, True)
    go_on(shop, "2026-11-22T09:01:00+00:00")
    with shop.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(messages)) == 5


def test_more_than_usual_at_once_are_held_until_somebody_says_the_number(shop) -> None:
    people = add_customers(shop.database, 30, city="İzmir", city_folded="izmir")
    code, _, err = shop("apply", "--yes")
    assert code == 4
    assert "35 customers would enter" in err
    assert "--yes-enter 35" in err
    assert standing(shop) == {}
    assert shop("apply", "--yes", "--yes-enter", "34")[0] == 4
    assert shop("apply", "--yes", "--yes-enter", "35")[0] == 0
    assert sum(standing(shop).values()) == 5 + len(people)


def test_why_says_what_each_step_did_and_why_somebody_never_entered(shop) -> None:
    shop("apply", "--yes")
    go_on(shop, "2026-11-21T10:00:00+00:00")
    go_on(shop, "2026-11-21T10:00:00+00:00")
    told = shop.json("why", "welcome", f"c{shop.people[0]}@example.com", REGULARS_NOW="2026-11-21T10:00:00Z")
    assert told["outcome"] == "on the way"
    assert [step["step"] for step in told["journeys"][0]["steps"] if step["message"]] == ["hello"]
    assert told["journeys"][0]["next_step"] == "again"

    other, = add_customers(shop.database, 1, city="Bursa", city_folded="bursa")
    with shop.database.write() as connection:
        connection.execute(insert(identities).values(kind="email", value=f"c{other}@example.com", customer_id=other, since=NOW))
    told = shop.json("why", "welcome", f"c{other}@example.com")
    assert (told["outcome"], "not in it" in told["reason"]) == ("never entered", True)
    assert told["conditions"]["holds"] is False
    code, out, _ = shop("why", "welcome", f"c{shop.people[0]}@example.com")
    assert (code, "hello" in out) == (0, True)


def test_a_removed_file_goes_on_until_it_is_disabled(shop) -> None:
    shop("apply", "--yes")
    (shop.folder / "campaigns/welcome.yaml").unlink()

    code, out, _ = shop("apply")
    assert code == 0
    assert "no file has it any more" in out
    assert "regulars automations disable welcome" in out
    assert shop.json("automations", "disable", "welcome")["state"] == "disabled"
    assert "welcome" not in shop("apply")[1]


def test_an_emergency_needs_no_correct_files(shop) -> None:
    shop("apply", "--yes")
    write(shop, "campaign: [")

    assert shop.json("automations", "disable", "welcome")["files"] == "broken"
    assert shop("status")[0] == 0


@pytest.mark.parametrize(("words", "code", "instead"), [
    (("launch", "welcome"), 4, "regulars apply welcome"),
    (("launch", "welcome", "--test-to", "ada@posta.example"), 4, "regulars preview welcome"),
    (("cancel", "welcome", "--yes"), 4, "regulars automations disable welcome"),
    (("cancel", "1", "--yes"), 4, "regulars pause 1"),
    (("retry", "welcome", "--yes"), 4, "regulars retry"),
    (("resume", "welcome", "--with-current-files"), 4, "regulars apply welcome"),
    (("apply", "hello"), 2, "regulars launch hello"),
    (("apply", "welcom"), 2, 'did you mean "welcome"'),
    (("automations", "status", "hello"), 2, "regulars status hello"),
])
def test_what_makes_no_sense_says_what_to_type_instead(shop, words, code, instead) -> None:
    shop("apply", "--yes")
    found, _, err = shop(*words)

    assert (found, instead in err) == (code, True), err


def test_status_lists_automations_beside_launches(shop) -> None:
    shop("launch", "hello", "--yes")
    shop("apply", "--yes")

    told = shop.json("status")
    assert [launch["campaign"] for launch in told["launches"]] == ["hello"]
    assert [line["automation"] for line in told["automations"]] == ["welcome"]
    assert [step["step"] for step in shop.json("report", "welcome")["steps"]] == ["hello", "again"]


def test_of_two_applies_at_once_one_wins_and_both_say_so(shop) -> None:
    shop("apply", "--yes")
    write(shop, WELCOME.replace("3 days", "5 days"))
    both = [
        subprocess.Popen([sys.executable, "-m", "regulars", "apply", "--yes"], cwd=shop.folder, env=shop.environment, stderr=subprocess.PIPE,
                         stdout=subprocess.DEVNULL, text=True, stdin=subprocess.DEVNULL)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120)[1] for process in both]

    assert {process.returncode for process in both} <= {0, 4}, said
    assert any("edition 2 is live" in text for text in said)
    with shop.database.read() as connection:
        editions = connection.scalars(select(automation_editions.c.edition).order_by(automation_editions.c.edition)).all()
    assert editions == [1, 2]


def test_a_customer_who_moves_away_and_comes_back_does_not_enter_twice(shop) -> None:
    shop("apply", "--yes")
    for city in ("bursa", "izmir"):
        with shop.database.write() as connection:
            connection.execute(update(customers).values(city_folded=city))
        shop("apply", "--yes")

    assert sum(standing(shop).values()) == 5
