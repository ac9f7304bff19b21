"""Launches as they are typed: stopped and gone on with, limited, repeated, tried out, and sent at the customer's own hour."""

from __future__ import annotations

import signal

from tests.commands import Regulars, add_people, end, until

MANY = 1_000
BEFORE_NINE_IN_ISTANBUL = "2026-11-21T05:59:55Z"  # 09:00 there is 06:00 UTC, and 08:00 UTC in Berlin


def test_ctrl_c_in_a_launch_is_resumable_and_nobody_gets_it_twice(regulars: Regulars):
    add_people(regulars, MANY)
    launch = regulars.start("launch", "hello", "--yes")
    until(lambda: regulars.outbox, "the first mail")
    said = end(launch, signal.SIGINT)
    sent = len(regulars.outbox)

    assert launch.returncode == 130
    assert "regulars resume 1" in said
    assert "Traceback" not in said
    assert 0 < sent < MANY

    second = regulars("launch", "hello", "--yes", "--again", code=4)
    assert "is sending already: launch 1" in second.err
    assert regulars("status", "1", "--json").json["state"] == "sending"

    resumed = regulars("resume", "hello", "--json").json

    assert (resumed["state"], resumed["counts"]) == ("finished", {"accepted": MANY})
    assert len(regulars.mails()) == MANY


def test_a_paused_launch_waits_and_a_second_is_refused(regulars: Regulars):
    add_people(regulars, 30)
    later(regulars, "2026-11-20 14:00")
    regulars("launch", "hello", "--yes")
    paused = regulars("pause", "hello", "--json").json
    before = regulars.rows()
    second = regulars("launch", "hello", "--yes", code=4)

    assert (paused["state"], paused["counts"]) == ("paused", {"pending": 30})
    assert "is paused already: launch 1" in second.err
    assert "regulars resume 1" in second.err
    assert regulars.rows() == before

    resumed = regulars("resume", "hello", "--json", now="2026-11-20T11:01:00Z").json

    assert (resumed["state"], len(regulars.mails())) == ("finished", 30)


def test_a_cancelled_launch_stays_unsent(regulars: Regulars):
    add_people(regulars, 30)
    later(regulars, "2026-11-20 14:00")
    regulars("launch", "hello", "--yes")
    refused = regulars("cancel", "hello", code=4)
    cancelled = regulars("cancel", "hello", "--yes", "--json").json
    regulars("resume", "hello", code=4, now="2026-11-20T11:01:00Z")

    assert "--yes" in refused.err
    assert (cancelled["state"], cancelled["counts"]) == ("cancelled", {"cancelled": 30})
    assert regulars.outbox == []


def test_a_test_mail_leaves_no_row(regulars: Regulars):
    before = regulars.rows()
    regulars("launch", "win-back", "--test-to", "me@kahve.example")

    assert list(regulars.mails()) == ["me@kahve.example"]
    assert regulars.rows() == before


def test_a_limit_then_the_others_then_everybody_again(regulars: Regulars):
    regulars.rewrite("regulars.yaml", "all: 3 per 7 days, offers: 1 per 7 days, ", "")  # else nobody gets two offers in a week
    first = regulars("launch", "win-back", "--yes", "--limit", "5", "--json").json
    repeated = regulars("launch", "win-back", "--yes", code=4)
    others = regulars("launch", "win-back", "--yes", "--new-only", "--json").json

    assert first["counts"] == {"accepted": 5}
    assert "5 received it on 20 November 2026" in repeated.err
    assert others["counts"] == {"accepted": 21}
    assert others["plan"]["excluded"]["already_received"] == 5
    assert len(regulars.mails()) == 26

    again = regulars("launch", "win-back", "--yes", "--again", "--limit", "3", "--json").json

    assert again["counts"] == {"accepted": 3}
    assert len(regulars.outbox) == 29


def test_new_only_and_again_contradict_each_other(regulars: Regulars):
    assert "contradict" in regulars("launch", "win-back", "--yes", "--new-only", "--again", code=2).err


def test_nobody_is_written_to_before_their_own_hour(regulars: Regulars):
    """Ten of the thirty live in Berlin, and nine o'clock comes there two hours later."""
    regulars.rewrite("campaigns/win_back.yaml", "to: [slipping-away]", "to: [slipping-away]\nsend_at: 2026-11-21 09:00 local")
    launched = regulars("launch", "win-back", "--yes", "--json").json
    berlin = {email for email, in regulars.ask("SELECT email FROM customers WHERE timezone = 'Europe/Berlin'")}

    assert (launched["state"], set(launched["counts"])) == ("sending", {"pending"})
    assert launched["next_due"] == "2026-11-21T06:00:00+00:00"
    assert [slot["at"] for slot in launched["plan"]["send_at"]] == ["2026-11-21T06:00:00+00:00", "2026-11-21T08:00:00+00:00"]
    assert regulars.outbox == []

    early, late = (slot["count"] for slot in launched["plan"]["send_at"])
    with regulars.door("up", now=BEFORE_NINE_IN_ISTANBUL):
        assert regulars.outbox == []
        until(lambda: len(regulars.outbox) == early, "the mail to Istanbul")
    assert berlin & set(regulars.mails()) == set()

    with regulars.door("up", now="2026-11-21T07:59:58Z"):
        until(lambda: len(regulars.outbox) == early + late, "the mail to Berlin")
        until(lambda: regulars.ask("SELECT state FROM launches") == [("finished",)], "the end of the launch")
    assert set(regulars.mails()) & berlin



def test_a_launch_without_a_yes_sends_nothing(regulars: Regulars):
    before = regulars.rows()
    refused = regulars("launch", "win-back", code=4)

    assert "--yes" in refused.err
    assert regulars.rows() == before
    assert regulars.outbox == []


def later(regulars: Regulars, wall: str) -> None:
    regulars.rewrite("campaigns/hello.yaml", "to: [many]", f"to: [many]\nsend_at: {wall}")
