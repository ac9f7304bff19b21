"""docs/importing.md names every column that an import knows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from regulars.audience import people
from regulars.loyalty import products, purchases
from regulars.tracking import past

MANUAL = (Path(__file__).parents[3] / "docs" / "importing.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("fields", [purchases.FIELDS, people.FIELDS, products.FIELDS, past.FIELDS])
def test_every_column_is_in_the_manual(fields):
    assert set(fields) <= set(re.findall(r"`(\w+)`", MANUAL))


def test_the_samples_need_no_map():
    for name, fields in (("orders", purchases.FIELDS), ("products", products.FIELDS)):
        header = (Path(__file__).parents[3] / "samples" / "shop" / f"{name}.csv").read_text(encoding="utf-8").partition("\n")[0]

        assert set(header.strip().split(",")) <= set(fields)
