"""Replies as providers give them, and what must never follow from any reply."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.delivery.outcomes import Phase
from regulars.delivery.replies import advice, read
from regulars.delivery.reply_table import TABLE, Advice

FILE = Path(__file__).parents[2] / "cases/replies.txt"
CASES = [[cell.strip() for cell in line.split(" | ")] for line in FILE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
PHRASES = sorted({phrase for row in TABLE for phrase in (*row.says, *row.names)})
WORDS = st.lists(st.sampled_from(PHRASES) | st.text(max_size=12) | st.sampled_from(["5.1.1", "5.2.1", "4.7.1", "a@b.example"]), max_size=6).map(" ".join)


def found(phase, reply):
    code, _, words = reply.partition(" ")
    enhanced = re.match(r"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)", words)
    return read(Phase(phase), int(code), enhanced[0] if enhanced else None, words)


@pytest.mark.parametrize(("who", "phase", "reply", "expected"), CASES, ids=[f"{case[0]}: {case[2][:60]}" for case in CASES])
def test_a_reply_means_what_its_provider_says(who, phase, reply, expected):
    row = found(phase, reply)

    assert row.advice == expected, f"{who}: {row.meaning}"


def test_there_are_many_and_each_row_of_the_table_is_needed():
    used = {found(phase, reply) for _, phase, reply, _ in CASES}

    assert len(CASES) >= 120
    assert [f"{row.meaning}: {row.says or row.enhanced or row.codes}" for row in TABLE if row not in used] == []


@given(phase=st.sampled_from([phase for phase in Phase if phase not in {Phase.RCPT, Phase.DOT}]), code=st.integers(0, 999) | st.none(),
       enhanced=st.sampled_from(["5.1.1", "5.2.1", "5.1.10", None]), reply=WORDS)
def test_nobody_is_suppressed_before_the_relay_speaks_of_them(phase, code, enhanced, reply):
    assert advice(phase, code, enhanced, reply) is not Advice.SUPPRESS


@given(phase=st.sampled_from([Phase.CONNECT, Phase.MAIL]), code=st.integers(500, 599), reply=WORDS)
def test_before_a_recipient_is_named_no_customer_is_judged(phase, code, reply):
    row = read(phase, code, None, reply)

    assert row.advice is not Advice.REJECT or "larger" in row.meaning or "SMTPUTF8" in row.meaning


@given(phase=st.sampled_from(Phase), code=st.integers(400, 499), enhanced=st.sampled_from(["4.1.1", "4.2.1", "4.7.1", "5.1.1", None]), reply=WORDS)
def test_later_ends_nothing(phase, code, enhanced, reply):
    assert advice(phase, code, enhanced, reply) not in {Advice.SUPPRESS, Advice.REJECT}


@given(phase=st.sampled_from(Phase), code=st.sampled_from([530, 534, 535, 538]), reply=WORDS)
def test_who_is_not_let_in_blames_no_customer(phase, code, reply):
    assert advice(phase, code, "5.1.1", reply) is not Advice.SUPPRESS


@given(phase=st.sampled_from(Phase), code=st.integers(500, 599), noise=st.text(max_size=40),
       blame=st.sampled_from(["Sender address rejected", "Relay access denied", "blocked using a list", "DMARC"]))
def test_who_blames_the_sender_suppresses_nobody(phase, code, noise, blame):
    assert advice(phase, code, "5.1.1", f"{blame}: {noise} user unknown") is not Advice.SUPPRESS


@given(reply=st.text(), enhanced=st.text(max_size=12) | st.none(), code=st.integers() | st.none(), phase=st.sampled_from(Phase))
def test_any_reply_has_a_meaning_and_a_way_out(reply, enhanced, code, phase):
    row = read(phase, code, enhanced, reply)

    assert row.meaning
    assert row.remedy


@pytest.mark.parametrize("reply", ["5" * 100_000, "a." * 50_000, "<" * 100_000, "a@" * 50_000, "5.5." * 30_000, "https://" * 12_000])
def test_a_hostile_reply_is_read_in_no_time(reply):
    assert read(Phase.RCPT, 550, None, reply).advice is Advice.REJECT
