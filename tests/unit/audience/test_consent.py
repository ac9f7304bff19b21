"""An answer is believed when it is provably later; a no needs no proof."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from regulars.audience.consent import Consent, latest, overrides

EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(("new", "state", "at", "expected"), [
    (Consent("granted"), None, None, True),
    (Consent("granted", LATE), "withdrawn", EARLY, True),
    (Consent("granted", EARLY), "withdrawn", LATE, False),
    (Consent("granted", EARLY), "withdrawn", EARLY, False),
    (Consent("withdrawn", EARLY), "granted", EARLY, True),
    (Consent("withdrawn", EARLY), "granted", LATE, False),
    (Consent("granted"), "withdrawn", EARLY, False),
    (Consent("granted", LATE), "withdrawn", None, False),
    (Consent("withdrawn"), "granted", LATE, True),
    (Consent("granted"), "pending", EARLY, True),
    (Consent("granted", LATE), "granted", EARLY, False),
])
def test_what_an_answer_changes(new, state, at, expected):
    assert overrides(new, state, at) is expected


def test_of_two_rows_the_later_answer_counts_in_either_order():
    yes, no = Consent("granted", LATE), Consent("withdrawn", EARLY)

    assert latest(yes, no) == latest(no, yes) == yes
