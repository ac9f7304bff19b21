"""Definitions as they are frozen: the same back, on every machine and after the next release."""

from __future__ import annotations

import json

from regulars.content import canonical
from tests.unit.content.made import SHOP


def test_what_is_frozen_comes_back_as_it_was() -> None:
    assert canonical.loaded(canonical.dumped(SHOP)) == SHOP


def test_a_word_that_a_later_release_has_given_up_does_not_break_what_is_live() -> None:
    frozen = json.loads(canonical.dumped(SHOP))
    frozen["value"]["a_word_of_old"] = "x"
    frozen["value"]["referral"]["value"]["offer"] = {"!": "Decimal", "value": "1"}

    assert canonical.loaded(json.dumps(frozen).encode()) == SHOP
