"""Referral codes are readable aloud, the same every time, and read back however they are typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.loyalty.codes import ALPHABET, LENGTH, derive_code, may_refer, read_code

SECRET = b"secret"


@given(st.integers(min_value=1, max_value=2**62))
def test_a_code_is_stable_and_has_no_letter_to_mix_up(customer_id):
    code = derive_code(SECRET, "referral", customer_id)

    assert code == derive_code(SECRET, "referral", customer_id)
    assert len(code) == LENGTH
    assert not set(code) & set("0O1ILUAE")


def test_codes_differ_by_customer_programme_secret_and_attempt():
    codes = {
        derive_code(SECRET, "referral", 1), derive_code(SECRET, "referral", 2), derive_code(SECRET, "other", 1),
        derive_code(b"another", "referral", 1), derive_code(SECRET, "referral", 1, attempt=1),
    }

    assert len(codes) == 5


def test_a_code_is_read_however_it_is_typed():
    code = derive_code(SECRET, "referral", 1)

    assert read_code(f" {code[:4].lower()} - {code[4:].lower()}") == code


@pytest.mark.parametrize("written", ["", "WELCOME10", "OOOOOOOO", ALPHABET[:7], "ÇÇÇÇÇÇÇÇ"])
def test_what_is_no_code(written):
    assert read_code(written) is None


@pytest.mark.parametrize(("friend", "expected"), [
    ((2, "ben@mail.example"), True),
    ((1, "ben@mail.example"), False),
    ((2, "a.d.a@mail.example"), False),
    ((2, "ada+friend@mail.example"), False),
    ((2, "ada@posta.example"), True),
    ((2, None), True),
])
def test_nobody_brings_their_own_other_spelling(friend, expected):
    assert may_refer((1, "ada@mail.example"), friend) is expected
