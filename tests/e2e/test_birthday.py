"""A birthday as the shop, its program and the customer see it: applied, looked for, sent, asked about."""

from __future__ import annotations

import re

import pytest

from tests.commands import HELLO_TEMPLATE, Regulars, until, workspace_in
from tests.servers import free_port

BIRTHDAY = """\
campaign: many-happy-returns
topic: news
trigger: {birthday: 3 days before}
again: after 300 days
steps:
  - name: wish
    send: {template: hello.mjml, subject: {en: "Happy birthday", tr: "İyi ki doğdun", az: "Ad günün mübarək"}}
  - wait: 7 days
  - tag: {add: congratulated}
"""
PEOPLE = """\
email,first_name,locale,country,birthday,consent,consent_at
ada@posta.example,Ada,en,TR,11-24,yes,2026-01-01
bo@posta.example,Bo,en,TR,1988-11-24,yes,2026-01-01
can@posta.example,Can,en,US,11-24,yes,2026-01-01
deniz@posta.example,Deniz,en,TR,11-25,yes,2026-01-01
eve@posta.example,Eve,en,TR,,yes,2026-01-01
"""


@pytest.fixture
def regulars(tmp_path) -> Regulars:
    shop = Regulars(workspace_in(tmp_path), {"REGULARS_BASE_URL": f"http://127.0.0.1:{free_port()}"})
    for file in (tmp_path / "campaigns").iterdir():
        if "\ntrigger:" in file.read_text():
            file.unlink()
    shop.write("campaigns/many_happy_returns.yaml", BIRTHDAY)
    shop.write("templates/hello.mjml", HELLO_TEMPLATE)
    shop.write("people.csv", PEOPLE)
    shop("import", "customers", "people.csv")
    return shop


def test_who_has_a_birthday_gets_a_mail_when_their_day_begins(regulars) -> None:
    regulars("apply", "--yes")
    plan = regulars("plan", "many-happy-returns", "--json").json
    assert plan["change"] == "unchanged"

    # three days before the 24th begins in Istanbul at 21:00 UTC on the 20th
    with regulars.door("up", now="2026-11-20T21:00:05Z"):
        until(lambda: regulars.rows()["journey_steps"] >= 2, "the first steps of two birthdays")
    with regulars.door("up", now="2026-11-21T07:30:00Z"):  # after the shop's quiet hours; in New York it is half past two
        until(lambda: len(regulars.outbox) == 2, "the mails of two birthdays")

    assert sorted(regulars.mails()) == ["ada@posta.example", "bo@posta.example"]
    later = {"now": "2026-11-21T07:40:00Z"}
    told = regulars("why", "many-happy-returns", "ada@posta.example", "--json", **later).json
    step, = (step for step in told["journeys"][0]["steps"] if step["message"])
    assert (told["outcome"], step["step"], step["mail"]) == ("on the way", "wish", "accepted")
    assert told["journeys"][0]["trigger"]["data"] == {"day": "2026-11-24"}
    for email, reason in {"deniz": "their moment has not come", "eve": "their birthday is not known"}.items():
        told = regulars("why", "many-happy-returns", f"{email}@posta.example", "--json", **later).json
        assert told["outcome"] == "never entered"
        assert reason in told["reason"]
    status = regulars("status", "many-happy-returns", "--json", **later).json
    assert (status["under_way"], status["steps"][0]["mails"]) == (3, {"accepted": 2, "pending": 1}), "it is night where Can lives"
    report, = regulars("report", "many-happy-returns", "--json", **later).json["steps"]
    assert (report["step"], report["sent"]) == ("wish", 2)


def test_a_night_without_power_costs_nobody_their_birthday_and_two_days_are_told_of(regulars) -> None:
    regulars("apply", "--yes")
    with regulars.door("up", now="2026-11-22T22:00:00Z"):  # the 24th's moment was two days ago, the 25th's an hour and a day
        until(lambda: regulars.rows().get("passed_over"), "a note of those who were missed")

    status = regulars("automations", "status", "many-happy-returns", now="2026-11-22T22:05:00Z").out
    assert re.search(r"whose moment was on 2026-11-21 did not enter: nobody looked until", status)
    told = regulars("why", "many-happy-returns", "ada@posta.example", "--json", now="2026-11-22T22:05:00Z").json
    assert "passed over" in told["reason"]
