"""Tokens come back as they went out, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.content.tokens import TOKEN_LENGTH, KeyRing, MessageRef, Purpose, packed_target, token
from regulars.tracking.tokens import Verified, unpacked_target, verified

RING = KeyRing.of("the secret that signs now, the secret before it")
TARGET = "https://kahve.example/beans?a=1"
REFS = st.builds(MessageRef, st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))


@given(st.sampled_from(Purpose), REFS, st.integers(0, 2**16 - 1), st.text(max_size=50))
def test_what_was_signed_is_read(purpose: Purpose, ref: MessageRef, link: int, target: str) -> None:
    signed = token(RING.newest, purpose, ref, link, target)

    assert len(signed) == TOKEN_LENGTH
    assert verified(signed, RING, purpose, target) == Verified(ref, link, is_preview=False)


def test_links_outlive_a_rotated_key() -> None:
    old = token(RING.keys[1], Purpose.OPEN, MessageRef(7, 1))

    assert verified(old, RING, Purpose.OPEN) is not None
    assert verified(old, KeyRing.of("the secret that signs now"), Purpose.OPEN) is None


def test_a_preview_is_known_as_one() -> None:
    signed = token(RING.preview, Purpose.CLICK, MessageRef(0, 0), 3, TARGET)

    assert verified(signed, RING, Purpose.CLICK, TARGET) == Verified(MessageRef(0, 0), 3, is_preview=True)


@given(st.one_of(st.text(), st.text("ABab01-_=+/ \x00é", max_size=60), st.text("A-_", min_size=TOKEN_LENGTH, max_size=TOKEN_LENGTH)))
def test_nothing_invented_is_believed_and_nothing_raises(text: str) -> None:
    for purpose in Purpose:
        assert verified(text, RING, purpose) is None


@given(st.integers(0, TOKEN_LENGTH - 1), st.characters())
def test_every_changed_letter_tells(place: int, letter: str) -> None:
    good = token(RING.newest, Purpose.CLICK, MessageRef(7, 1), 3, TARGET)
    changed = good[:place] + letter + good[place + 1:]

    assert changed == good or verified(changed, RING, Purpose.CLICK, TARGET) is None


@pytest.mark.parametrize("made_for", list(Purpose))
@pytest.mark.parametrize("used_for", list(Purpose))
def test_a_token_opens_one_door(made_for: Purpose, used_for: Purpose) -> None:
    found = verified(token(RING.newest, made_for, MessageRef(7, 1)), RING, used_for)

    assert (found is not None) is (made_for is used_for)


def test_neighbours_of_a_message_are_not_guessed() -> None:
    good = token(RING.newest, Purpose.OPEN, MessageRef(7, 1))
    others = {token(KeyRing.of("another shop's secret").newest, Purpose.OPEN, MessageRef(7, number)) for number in range(2_000)}

    assert not any(verified(good[:6] + other[6:], RING, Purpose.OPEN) or verified(other[:16] + good[16:], RING, Purpose.OPEN)
                   for other in others - {good} if other[:16] != good[:16])


@pytest.mark.parametrize("target", [TARGET, "http://kahve.example", "https://kahve.example/%C5%9F?x=a%20b#c"])
def test_web_addresses_travel_behind_a_token(target: str) -> None:
    assert unpacked_target(packed_target(target)) == target


@pytest.mark.parametrize("target", [
    "", "javascript:alert(1)", "//evil.example", "HTTP://x.example", "https://x.example/\r\nA: b", "https://x.example/\x00", "https://ş.example",
    "https://x.example/" + "a" * 9_000,
])
def test_other_things_do_not(target: str) -> None:
    assert unpacked_target(packed_target(target)) is None


@given(st.text(max_size=100))
def test_no_target_raises(text: str) -> None:
    unpacked_target(text)
