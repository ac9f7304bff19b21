"""What becomes of an errand, and how its receiver knows whose it is."""

from __future__ import annotations

import hmac
import json
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy

from regulars.delivery.errands import (
    Answer,
    ErrandDue,
    ErrandState,
    body_of,
    hook_key,
    settled,
    signed_headers,
)
from regulars.delivery.note_mail import note_mail
from tests.shops import NOW, a_shop

PAYLOAD = {
    "automation": "welcome", "step": "team", "journey": 3, "occurrence": 1, "entered_at": NOW.isoformat(), "at": NOW.isoformat(),
    "trigger": {"kind": "order.placed", "subject": "1001"},
    "customer": {"email": "ada@example.com", "first_name": "Ada", "last_name": "Yılmaz", "locale": "tr"},
}
ERRAND = ErrandDue(17, 1, "welcome", 1, "team", "notify", "team@example.com", PAYLOAD, 0, NOW)


def test_what_is_taken_is_done() -> None:
    done = settled(ERRAND, Answer(taken=True, words="HTTP 204"), NOW, 0)
    assert (done.state, done.attempts, done.answer, done.fence) == (ErrandState.DONE, 1, "HTTP 204", 1)


def test_what_is_not_taken_is_tried_again_and_again_but_not_for_ever() -> None:
    now, errand, waits = NOW, ERRAND, []
    while True:
        done = settled(errand, Answer(taken=False, words="HTTP 500"), now, 0)
        if done.state is not ErrandState.PENDING:
            break
        waits.append(done.next_attempt_at - now)
        now, errand = done.next_attempt_at, replace(errand, attempts=done.attempts)

    assert waits[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert max(waits) == timedelta(hours=4)
    assert done.state is ErrandState.FAILED
    assert timedelta(days=2, hours=12) < now - NOW <= timedelta(days=3)


def test_what_is_of_no_use_is_not_tried_again() -> None:
    assert settled(ERRAND, Answer(taken=False, words="HTTP 410", for_good=True), NOW, 0).state is ErrandState.FAILED


def test_the_receiver_can_tell_whose_it_is() -> None:
    body = body_of(ERRAND)
    headers = signed_headers(ERRAND, body, b"a secret of sixteen", NOW)
    moment, signature = (part.partition("=")[2] for part in headers["Regulars-Signature"].split(","))

    assert signature == hmac.new(hook_key(b"a secret of sixteen").encode(), f"{moment}.".encode() + body, "sha256").hexdigest()
    assert int(moment) == NOW.timestamp()
    assert headers["Regulars-Errand"] == "17"
    assert json.loads(body) == {"id": 17, **PAYLOAD}


def test_a_note_says_who_and_why_in_a_few_lines() -> None:
    mail = note_mail(a_shop(), ERRAND, NOW)
    read = message_from_bytes(mail.content, policy=policy.default)

    assert (mail.envelope_to, read["to"], read["from"]) == ("team@example.com", "team@example.com", "Mahalle Kahve <merhaba@kahve.example>")
    assert (read["subject"], read["auto-submitted"]) == ("welcome: Ada Yılmaz", "auto-generated")
    text = read.get_content()
    assert "Ada Yılmaz <ada@example.com>" in text
    assert "by order.placed (1001)" in text
    assert "2026-11-20 12:00" in text
    assert note_mail(a_shop(), ERRAND, NOW + timedelta(hours=1)).message_id == mail.message_id


def test_a_name_with_a_line_end_makes_no_header() -> None:
    evil = {**PAYLOAD, "customer": {"email": "ada@example.com", "first_name": "Ada\r\nBcc: eve@example.com", "last_name": "x" * 5_000}}
    read = message_from_bytes(note_mail(a_shop(), replace(ERRAND, payload=evil), NOW).content, policy=policy.default)
    assert read["bcc"] is None
    assert len(read["subject"]) < 300
