"""Columns find their fields by name or by --map; what does not fit is one message with the way out."""

from __future__ import annotations

import pytest

from regulars.audience.header import match_header
from regulars.errors import UsageError

FIELDS = ("order_id", "ordered_at", "email", "sku")
REQUIRED = ("order_id", "ordered_at", "email")


def test_names_match_whatever_their_case_spaces_and_hyphens():
    header = match_header([" Order-ID ", "ordered at", "EMAIL", "Gift note"], FIELDS, REQUIRED, {})

    assert header.places == {"order_id": 0, "ordered_at": 1, "email": 2}
    assert header.others == (("Gift note", 3),)


def test_a_map_wins_over_a_column_of_the_fields_name():
    header = match_header(["order_id", "Invoice No", "ordered_at", "email"], FIELDS, REQUIRED, {"order_id": "invoice no"})

    assert header.places["order_id"] == 1
    assert header.others == (("order_id", 0),)


def test_one_column_may_serve_two_fields_when_both_are_mapped():
    header = match_header(["Mail", "When"], FIELDS, REQUIRED, {"order_id": "When", "ordered_at": "When", "email": "Mail"})

    assert header.places == {"order_id": 1, "ordered_at": 1, "email": 0}


def test_missing_columns_are_named_together_with_those_present_and_a_map_to_try():
    with pytest.raises(UsageError) as caught:
        match_header(["Order", "When", "E mail", "SKU"], FIELDS, REQUIRED, {})

    assert caught.value.message == "the file has no column for order_id and ordered_at and email"
    assert "its columns: Order, When, E mail, SKU" in caught.value.hint
    assert '--map email="E mail"' in caught.value.hint


def test_a_map_of_an_unknown_field_or_column_says_what_was_meant():
    with pytest.raises(UsageError) as caught:
        match_header(["order_id", "ordered_at", "email"], FIELDS, REQUIRED, {"skuu": "email", "sku": "emial"})

    assert 'there is no field "skuu", did you mean "sku"?' in caught.value.message
    assert 'the file has no column "emial", did you mean "email"?' in caught.value.message
