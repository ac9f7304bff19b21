"""JSON of strangers: read as it is, refused in time that does not explode."""

from __future__ import annotations

import contextlib
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.doors.told.json_text import NotJson, read_json

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=4), inside, max_size=4),
    max_leaves=12)


@given(values, st.booleans())
def test_json_is_read_as_it_was_written(value, is_escaped) -> None:
    assert read_json(json.dumps(value, ensure_ascii=is_escaped).encode()) == value


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused(body) -> None:
    with contextlib.suppress(NotJson):
        read_json(body)


def test_fractions_lose_nothing() -> None:
    assert read_json(b"[0.1, 12.50, 1e2]") == [Decimal("0.1"), Decimal("12.50"), Decimal("1E+2")]
    assert all(not isinstance(each, float) for each in read_json(b"[0.1, 1e400]"))


@pytest.mark.parametrize(("body", "said"), [
    (b'{"a": 1, "a": 2}', "stands twice"), (b'{"a": NaN}', "NaN is not a number"), (b'["\\ud800"]', "half a letter"),
    (b'["\\udc00\\ud800"]', "half a letter"), (b'{"\\u0000": 1}', "NUL"), (b"\xc3", "not UTF-8 (byte 0)"), (b"[" * 40 + b"]" * 40, "nested deeper than 32"),
    (b"[" * 500_000, "nested too deeply"), (b"9" * 41, "is too long"), (b'"a\x00b"', "not JSON"), (b"", "not JSON"), (b"{}{}", "not JSON"),
])
def test_what_is_refused_says_why(body: bytes, said: str) -> None:
    with pytest.raises(NotJson) as refused:
        read_json(body)

    assert said in str(refused.value)


def test_brackets_and_escapes_inside_of_texts_are_text() -> None:
    text = '[[[[{{{{ "\\" ' * 50
    assert read_json(json.dumps({"note": text, "emoji": "🙂", "backslash": "\\ud800 and \\u0000"}).encode())["note"] == text


def test_very_many_names_are_compared_quickly() -> None:
    body = ("{" + ",".join(f'"{number}": 0' for number in range(150_000)) + ', "7": 1}').encode()
    with pytest.raises(NotJson, match='"7" stands twice'):
        read_json(body)
