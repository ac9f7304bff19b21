"""plan, launch, status, pause, resume, cancel, retry and why as they are typed."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, update

from regulars.adapters.database.schema import (
    customers,
    identities,
    launches,
    messages,
    referral_codes,
    suppressions,
)
from regulars.adapters.database.types import EPOCH
from regulars.delivery.settlement import WOULD_DIFFER
from tests.integration.invariants import assert_promises_kept
from tests.integration.launching import FILES, NOW, add_customers
from tests.relay import RelayServer


class Terminal:
    """A shop's folder with its embedded database; `__call__` types a command and returns (exit code, stdout, stderr)."""

    def __init__(self, folder: Path, database) -> None:
        self.folder, self.database = folder, database
        for path, text in FILES.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(text)
        own = {"REGULARS_SECRET": "a secret of the tests", "REGULARS_NOW": "2026-11-20T09:00:00Z"}
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith("REGULARS_")} | own

    def __call__(self, *words: str, **environment: str):
        done = subprocess.run(
            [sys.executable, "-m", "regulars", *words], cwd=self.folder, env=self.environment | environment,
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120, check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout, done.stderr

    def json(self, *words: str, **environment: str):
        _, out, _ = self(*words, "--json", **environment)
        return json.loads(out)

    def mails(self) -> int:
        return len(list((self.folder / ".regulars" / "outbox").glob("0*.eml")))


@pytest.fixture
def terminal(tmp_path, sqlite_database):
    yield Terminal(tmp_path, sqlite_database)
    assert_promises_kept(sqlite_database)


def change(database, *statements) -> None:
    with database.write() as connection:
        for statement in statements:
            connection.execute(statement)


def known_by_address(database, ids) -> None:
    change(database, insert(identities).values([{"kind": "email", "value": f"c{n}@example.com", "customer_id": n, "since": NOW} for n in ids]))


def test_the_plan_and_the_launch_say_the_same(terminal):
    add_customers(terminal.database, 3)
    add_customers(terminal.database, 2, marketing=None)
    plan = terminal.json("plan", "hello")
    launched = terminal.json("launch", "hello", "--yes")

    assert plan == {"campaign": "hello", "segment": "all", "selected": 5, "excluded": {"no_consent": 2}, "final": 3, "send_at": [], "roll_out": None,
                    "pace": {"relay": "default", "seconds": None, "bottleneck": None, "lanes": {"others": 3}},
                    "limits": None, "codes": None}
    assert launched["plan"] == plan
    assert {key: launched[key] for key in ("launch", "campaign", "state", "counts")} == {
        "launch": 1, "campaign": "hello", "state": "finished", "counts": {"accepted": 3},
    }
    assert len(launched["bundle"]) == 64
    assert terminal.mails() == 3


def test_the_status_lists_every_launch(terminal):
    add_customers(terminal.database, 3)
    terminal("launch", "hello", "--yes", "--limit", "1")
    terminal("launch", "hello", "--yes", "--new-only")
    table = terminal("status")[1]
    listed = terminal.json("status")["launches"]

    assert [(one["launch"], one["counts"]) for one in listed] == [(2, {"accepted": 2}), (1, {"accepted": 1})]
    assert [line.split()[:4] for line in table.splitlines()[1:]] == [["2", "hello", "finished", "2"], ["1", "hello", "finished", "1"]]


@pytest.mark.parametrize(("words", "exit_code", "said"), [
    (("launch", "hello"), 4, "add --yes"),
    (("launch", "helo", "--yes"), 2, 'did you mean "hello"?'),
    (("launch", "hello", "--yes", "--again", "--new-only"), 2, "contradict"),
    (("launch", "hello", "--yes", "--limit", "0"), 2, "0 is not in the range"),
    (("plan", "helo"), 2, 'did you mean "hello"?'),
    (("status", "hello"), 2, 'there is no launch "hello"'),
    (("pause", "7"), 2, 'there is no launch "7"'),
    (("worker",), 2, "REGULARS_BROKER_URL is not set"),
    (("why", "hello", "not an address"), 2, "not an address"),
])
def test_what_does_not_fit_is_refused_before_anything_happens(terminal, words, exit_code, said):
    add_customers(terminal.database, 1)
    code, _, err = terminal(*words)

    assert (code, terminal.mails()) == (exit_code, 0)
    assert said in err


def test_broken_files_are_exit_1_and_nothing_is_sent(terminal):
    add_customers(terminal.database, 1)
    (terminal.folder / "segments/all.yaml").write_text("segment: all\nwher: {}\n")
    code, _, err = terminal("launch", "hello", "--yes")

    assert (code, terminal.mails()) == (1, 0)
    assert "segments/all.yaml:2:1" in err


@pytest.mark.parametrize(("mail", "base", "said"), [
    ("smtp://relay.example:587", "http://127.0.0.1:8000", "REGULARS_BASE_URL"),
    ("smtp://relay.example:25?tls=none", "https://mail.kahve.example", "unencrypted"),
])
def test_a_public_relay_is_guarded(terminal, mail, base, said):
    add_customers(terminal.database, 1)
    code, _, err = terminal("launch", "hello", "--yes", REGULARS_MAIL_URL=mail, REGULARS_BASE_URL=base, REGULARS_NOW="")

    assert code == 4
    assert said in err
    with terminal.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(launches)) == 0


def test_mail_that_gmail_would_clip_is_refused_by_plan_and_launch(terminal):
    add_customers(terminal.database, 1)
    template = terminal.folder / "templates/hello.mjml"
    template.write_text(template.read_text().replace("{{ customer.greeting }}", "x" * 103_000))

    for command in (("plan", "hello"), ("launch", "hello", "--yes")):
        code, _, err = terminal(*command)
        assert code == 4
        assert "102,400" in err


def test_a_test_mail_leaves_no_row(terminal):
    [known] = add_customers(terminal.database, 1)
    known_by_address(terminal.database, [known])
    code, _, err = terminal("launch", "hello", "--test-to", "agency@example.com")
    with terminal.database.read() as connection:
        rows = [connection.scalar(select(func.count()).select_from(table)) for table in (launches, messages, referral_codes)]

    assert (code, rows) == (0, [0, 0, 0])
    assert f"the mail of c{known}@example.com went to agency@example.com" in err
    assert len(list((terminal.folder / ".regulars/outbox").glob("test-*.eml"))) == 1


def test_a_launch_for_later_says_who_sends_it_then(terminal):
    add_customers(terminal.database, 2)
    with (terminal.folder / "campaigns/hello.yaml").open("a") as file:
        file.write("send_at: 2026-12-01 09:00\n")
    code, out, err = terminal("launch", "hello", "--yes")
    early = terminal.mails()
    terminal("resume", "hello", REGULARS_NOW="2026-12-01T06:00:01Z")

    assert (code, early, terminal.mails()) == (0, 0, 2)
    assert "2026-12-01 09:00 (Europe/Istanbul)" in out
    assert "`regulars up` sends it then" in err


def test_a_launch_is_paused_resumed_and_cancelled(terminal):
    add_customers(terminal.database, 2)
    with (terminal.folder / "campaigns/hello.yaml").open("a") as file:
        file.write("send_at: 2026-12-01 09:00\n")
    terminal("launch", "hello", "--yes")
    states = [terminal.json(*words)["state"] for words in (("pause", "1"), ("pause", "hello"), ("resume", "1"), ("cancel", "1", "--yes"))]
    code, _, err = terminal("resume", "1")

    assert states == ["paused", "paused", "sending", "cancelled"]
    assert code == 4
    assert "does not go on" in err
    assert terminal.json("status", "1")["counts"] == {"cancelled": 2}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_or_sigterm_in_a_launch_loses_nothing_and_can_be_resumed(terminal, number):
    add_customers(terminal.database, 3000)
    process = subprocess.Popen(
        [sys.executable, "-m", "regulars", "launch", "hello", "--yes"], cwd=terminal.folder, env=terminal.environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )
    deadline = time.monotonic() + 60
    while terminal.mails() < 100 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    stopped = terminal.json("status", "hello")
    code, _, _ = terminal("resume", "hello")

    assert process.returncode == 130
    assert "go on with: regulars resume 1" in err
    assert stopped["state"] == "sending"
    assert set(stopped["counts"]) == {"accepted", "pending"}
    assert (code, terminal.mails()) == (0, 3000)
    with terminal.database.read() as connection:
        assert connection.scalar(select(func.count()).where(messages.c.dup_possible)) == 0


def test_a_relay_that_is_away_costs_nothing(terminal):
    add_customers(terminal.database, 2)
    code, _, err = terminal("launch", "hello", "--yes", REGULARS_MAIL_URL="smtp://127.0.0.1:1")
    soon, later = (terminal("status", "hello", REGULARS_NOW=f"2026-11-20T09:0{minute}:00Z")[1] for minute in (0, 5))
    with RelayServer() as relay:
        again, _, _ = terminal("resume", "hello", REGULARS_MAIL_URL=f"smtp://127.0.0.1:{relay.port}")

    assert (code, again, len(relay.arrived)) == (3, 0, 2)
    assert "nothing leaves; what keeps it: regulars doctor" in later
    assert "nothing leaves" not in soon
    assert "nothing is lost" in err
    assert "regulars resume 1" in err


def test_a_launch_goes_on_when_claims_run_out_before_a_slow_relay_took_the_mails(terminal):
    add_customers(terminal.database, 60)
    with RelayServer(seconds_a_mail=0.1) as relay:
        url = f"smtp://127.0.0.1:{relay.port}?connections=1&dot_timeout=1&lease=3"
        code, _, err = terminal("launch", "hello", "--yes", REGULARS_MAIL_URL=url)

    assert (code, len(relay.arrived)) == (0, 60)
    assert "launch 1 of hello is finished: 60 accepted" in err


def test_a_relay_that_refuses_some_is_exit_1_and_named(terminal):
    never, later, fine = add_customers(terminal.database, 3)
    change(
        terminal.database,
        update(customers).where(customers.c.id == never).values(email="never@example.com"),
        update(customers).where(customers.c.id == later).values(email="later@example.com"),
    )
    with RelayServer() as relay:
        code, _, err = terminal("launch", "hello", "--yes", REGULARS_MAIL_URL=f"smtp://127.0.0.1:{relay.port}")

    assert code == 1
    assert [mail.recipient for mail in relay.arrived] == [f"c{fine}@example.com"]
    assert '1 rejected: there is no such mailbox (550 5.1.1), as in "5.1.1 no such user"' in err
    assert "the next mail is due 2026-11-20 12:0" in err


def test_a_launch_that_a_relay_refuses_is_exit_1_paused_and_says_what_to_put_right(terminal):
    [one] = add_customers(terminal.database, 1)
    known_by_address(terminal.database, [one])
    change(terminal.database, update(customers).where(customers.c.id == one).values(email="dot.never@example.com"))
    with RelayServer() as relay:
        code, _, err = terminal("launch", "hello", "--yes", REGULARS_MAIL_URL=f"smtp://127.0.0.1:{relay.port}")
    shown = terminal.json("status", "hello")
    _, told, _ = terminal("why", "hello", f"c{one}@example.com")

    assert code == 1
    assert "paused: the relay: 554 5.7.1 content refused: the content is taken for spam or worse; look at the subject" in err
    assert (shown["state"], shown["counts"]) == ("paused", {"pending": 1})
    assert shown["replies"] == {"pending: the content is taken for spam or worse (554 5.7.1)": "5.7.1 content refused"}
    assert "the content is taken for spam or worse (554 5.7.1); the relay said: 5.7.1 content refused" in " ".join(told.split())


def test_why_answers_for_everybody(terminal):
    got, left = add_customers(terminal.database, 2)
    [never_asked] = add_customers(terminal.database, 1, marketing=None)
    known_by_address(terminal.database, [got, left, never_asked])
    before = terminal.json("why", "hello", f"c{got}@example.com")
    terminal("launch", "hello", "--yes", "--limit", "1")
    answers = {n: terminal.json("why", "hello", f"c{n}@example.com") for n in (got, left, never_asked)}
    stranger = terminal.json("why", "hello", "nobody@example.com")

    assert before["outcome"] == "not launched"
    assert {key: answers[got][key] for key in ("campaign", "email", "outcome", "launch", "message")} == {
        "campaign": "hello", "email": f"c{got}@example.com", "outcome": "received", "launch": 1, "message": 1,
    }
    assert (answers[left]["outcome"], answers[left]["reason"]) == ("left out", "over_limit: beyond --limit")
    assert (answers[never_asked]["outcome"], answers[never_asked]["reason"]) == ("left out", "no_consent: never agreed to marketing mail")
    assert stranger["outcome"] == "unknown customer"


def test_why_shows_the_condition_that_keeps_somebody_out(terminal):
    [known] = add_customers(terminal.database, 1, city="Bursa", city_folded="bursa")
    known_by_address(terminal.database, [known])
    campaign = terminal.folder / "campaigns/hello.yaml"
    campaign.write_text(campaign.read_text().replace("[all]", "[izmir]"))
    _, out, _ = terminal("why", "hello", f"c{known}@example.com")

    assert "not selected" in out
    assert "customer.city" in out
    assert "Bursa" in out or "bursa" in out


def test_message_show_tells_a_person_who_got_what(terminal):
    never, fine = add_customers(terminal.database, 2)
    known_by_address(terminal.database, [never, fine])
    change(terminal.database, update(customers).where(customers.c.id == never).values(email="never@example.com"))
    with RelayServer() as relay:
        terminal("launch", "hello", "--yes", REGULARS_MAIL_URL=f"smtp://127.0.0.1:{relay.port}")
    refused = terminal("message", "show", "1-1")
    change(terminal.database, update(customers).where(customers.c.id == never).values(address_hash=select(suppressions.c.address_hash).scalar_subquery()))
    given_up = terminal("retry", "hello", "--only", "rejected")
    sent = terminal("message", "show", "hello", "--customer", f"c{fine}@example.com", "--output", "sent.eml")
    shown = terminal.json("message", "show", "1-2")

    assert (refused[0], sent[0]) == (0, 0)
    assert "1 of them are suppressed and will be skipped; where that is wrong, first: regulars suppress remove never@example.com" in given_up[2]
    for words in ("message 1-1: hello to never@example.com", "rejected: the relay refused it for good", "there is no such mailbox", "550 5.1.1 no such user", "rcpt"):
        assert words in refused[1]
    assert "these are the bytes that were handed over (SHA-256" in sent[1]
    assert (shown["state"], shown["matches"], shown["message_id"] in sent[1]) == ("accepted", True, True)
    assert shown["email"].encode() in (terminal.folder / "sent.eml").read_bytes()


def test_a_launch_goes_on_with_the_files_as_they_are_now(terminal):
    add_customers(terminal.database, 2)
    campaign, template = terminal.folder / "campaigns/hello.yaml", terminal.folder / "templates/hello.mjml"
    terminal("launch", "hello", "--yes", REGULARS_MAIL_URL="smtp://127.0.0.1:1")
    untouched = terminal("resume", "hello", "--with-current-files", REGULARS_MAIL_URL="smtp://127.0.0.1:1")
    campaign.write_text(campaign.read_text().replace('en: "Hello"', 'en: "Good morning"').replace("[all]", "[izmir]"))
    template.write_text(template.read_text().replace("{{ customer.greeting }}", "{{ customer.greting }}"))
    broken = terminal("resume", "hello", "--with-current-files", "--yes")
    template.write_text(FILES["templates/hello.mjml"].replace("Beans", "Fresh beans"))
    unasked = terminal("resume", "hello", "--with-current-files")
    before = terminal.json("status", "hello")
    code, _, err = terminal("resume", "hello", "--with-current-files", "--yes")
    mails = [file.read_text() for file in (terminal.folder / ".regulars/outbox").glob("0*.eml")]
    shown = terminal.json("message", "show", "1-1")

    assert "the files give what launch 1 sends already" in untouched[2]
    assert (broken[0], unasked[0]) == (1, 4)
    assert "C104" in broken[2]
    assert before["counts"] == {"pending": 2}
    assert code == 0, err
    for words in ("  -subject.en: Hello\n  +subject.en: Good morning\n", "mail/en.html, mail/tr.html", "`to` is different now", "edition 2 of its files"):
        assert words in err
    assert "the 2 unsent mails of launch 1" in unasked[2] or "add --yes" in unasked[2]
    assert len(mails) == 2
    assert all("Subject: Good morning" in mail and "Fresh beans" in mail for mail in mails)
    assert (shown["edition"], shown["matches"]) == (2, True)


def test_a_launch_whose_campaign_is_gone_or_that_has_ended_takes_no_files(terminal):
    add_customers(terminal.database, 1)
    terminal("launch", "hello", "--yes", REGULARS_MAIL_URL="smtp://127.0.0.1:1")
    campaign = terminal.folder / "campaigns/hello.yaml"
    campaign.write_text(campaign.read_text().replace("campaign: hello", "campaign: goodbye"))
    gone = terminal("resume", "1", "--with-current-files", "--yes")
    terminal("resume", "1")
    ended = terminal("resume", "1", "--with-current-files", "--yes")

    assert (gone[0], ended[0]) == (4, 4)
    assert 'no file of this project defines the campaign "hello" any more' in gone[2]
    assert "launch 1 of hello is finished" in ended[2]
    assert terminal.mails() == 1


def test_a_launch_in_two_parts_says_so_before_and_meanwhile(terminal):
    add_customers(terminal.database, 50)
    with (terminal.folder / "campaigns/hello.yaml").open("a") as file:
        file.write("roll_out: 2% first, then 1 hour pause\n")
    planned = terminal("plan", "hello")[1]
    told = terminal("launch", "hello", "--yes")[2]
    first, waiting = terminal.mails(), terminal.json("status", "hello")
    shown = terminal("status", "hello")[1]
    terminal("resume", "hello")
    rest = terminal("status", "hello")[1]

    assert "1 now, 49 an hour after they have left" in planned
    assert first == 1
    assert waiting["roll_out"] == {"first": 1, "rest": 49, "stage": "pause", "goes_on_at": waiting["next_due"]}
    assert waiting["next_due"].startswith("2026-11-20T10:00:0")
    for text in (told, shown):
        assert "the first 1 of 50 have left" in text
        assert "2026-11-20 13:00 (Europe/Istanbul)" in text
    assert terminal.mails() == 50
    assert "in two parts: the first 1, then the other 49" in rest


def test_retry_shows_each_with_its_reason_before_it_asks_and_never_what_was_taken(terminal):
    full, doubtful, fine = add_customers(terminal.database, 3)
    change(
        terminal.database,
        update(customers).where(customers.c.id == full).values(email="full@example.com"),
        update(customers).where(customers.c.id == doubtful).values(email="dot.hangup@example.com"),
    )
    with RelayServer() as relay:
        mail = {"REGULARS_MAIL_URL": f"smtp://127.0.0.1:{relay.port}"}
        launched = terminal("launch", "hello", "--yes", **mail)
        change(terminal.database, update(messages).where(messages.c.state == "uncertain").values(lease_until=EPOCH))
        terminal("resume", "hello", **mail)  # its sweep asks who knows about the uncertain one
        code, status, _ = terminal("status", "hello", **mail)
        watched = terminal("status", "hello", "--watch", **mail)[0]
        stranger = terminal("retry", "hello", "--yes", "--email", f"c{fine}@example.com", **mail)
        asked = terminal("retry", "hello", **mail)
        said = terminal.json("retry", "hello", "--only", "held", "--arrived", "--because", "she wrote back", "--yes", **mail)
        again = terminal.json("retry", "hello", "--yes", **mail)
    nothing = terminal("retry", "hello", "--only", "held", "--yes")

    for words in ("1 perhaps arrived, and wait for your word", "1-2", "dot.hangup@example.com", "nobody could say", "--arrived --email"):
        assert words in status
    assert (code, watched, terminal("status", "hello", "--json")[0]) == (1, 1, 1)
    assert "1 perhaps arrived; what is known of them is asked in a few minutes: regulars resume 1" in launched[2]
    assert stranger[0] == 2
    assert f"has nothing held or rejected for c{fine}@example.com" in stranger[2]
    assert asked[0] == 4
    for words in ("full@example.com", "the mailbox is full (552 5.2.2)", "dot.hangup@example.com", "nobody could say whether it arrived"):
        assert words in asked[1]
    assert [one["email"] for one in said["decided"]] == ["dot.hangup@example.com"]
    assert (said["counts"], said["held"]) == ({"accepted": 2, "rejected": 1}, [])
    assert [one["reason"] for one in again["decided"]] == ["the mailbox is full (552 5.2.2)"]
    assert again["counts"] == {"accepted": 2, "rejected": 1}
    assert [mail.recipient for mail in relay.arrived].count(f"c{fine}@example.com") == 1
    assert "nothing of launch 1 of hello is held" in nothing[2]
    assert terminal.json("message", "show", "1-2")["attempts"][-1]["reply"] == "she wrote back"


def test_watch_draws_a_launch_on_a_terminal_until_it_is_not_sending_any_more(terminal):
    add_customers(terminal.database, 2)
    with (terminal.folder / "campaigns/hello.yaml").open("a") as file:
        file.write("send_at: 2026-12-01 09:00\n")
    terminal("launch", "hello", "--yes")
    ours, theirs = pty.openpty()
    watching = subprocess.Popen(
        [sys.executable, "-m", "regulars", "status", "1", "--watch"], cwd=terminal.folder, env=terminal.environment | {"TERM": "xterm"},
        stdin=theirs, stdout=theirs, stderr=theirs,
    )
    os.close(theirs)
    drawn = seen(ours, "pending")
    terminal("cancel", "1", "--yes")
    ended = seen(ours, "cancelled      2")

    assert watching.wait(60) == 0
    assert "launch 1 of hello: sending" in drawn
    assert "launch 1 of hello: cancelled" in ended


def seen(screen: int, words: str) -> str:
    """What a terminal shows up to these words."""
    text, ends = "", time.monotonic() + 60
    while words not in text:
        assert time.monotonic() < ends, text
        try:
            text += os.read(screen, 4096).decode(errors="replace")
        except OSError:  # the other side has closed it
            break
    return text


def test_retry_says_plainly_that_a_second_copy_differs_also_to_who_is_not_asked(terminal):
    [doubtful] = add_customers(terminal.database, 1)
    change(terminal.database, update(customers).where(customers.c.id == doubtful).values(email="dot.hangup@example.com"))
    with RelayServer() as relay:
        mail = {"REGULARS_MAIL_URL": f"smtp://127.0.0.1:{relay.port}"}
        terminal("launch", "hello", "--yes", **mail)
        change(
            terminal.database,
            update(messages).values(state="held", reason=WOULD_DIFFER, lease_until=None, email="fine@example.com"),
            update(customers).values(first_name="Somebody else"),
        )
        asked = terminal("retry", "hello", **mail)
        sent = terminal("retry", "hello", "--yes", **mail)

    assert asked[0] == 4
    assert WOULD_DIFFER in asked[1]
    for said in (asked, sent):
        assert "1 of them would be another mail than the copy that perhaps arrived" in said[2]
    assert [mail.recipient for mail in relay.arrived].count("fine@example.com") == 1
