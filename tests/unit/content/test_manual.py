"""docs/templates.md says what is true."""

import re
from pathlib import Path

from regulars.content.checking import context_of
from regulars.content.filters import FILTERS, FUNCTIONS
from regulars.content.turkish import ENDINGS
from regulars.content.vocabulary import Group, Listing
from tests.unit.content.made import SHOP

MANUAL = Path("docs/templates.md").read_text()


def rows(head):
    """The rows of the table under a line that starts with `head`."""
    lines = MANUAL[MANUAL.index(head):].split("\n")[2:]
    return lines[: lines.index("")]


def test_every_name_and_field_is_in_the_manual():
    told = {re.findall(r"`(\w+)`", row)[0]: set(re.findall(r"`(\w+)`", row)) for row in rows("| name | fields")}
    context = context_of(SHOP, {})

    assert set(told) == set(context)
    for name, shape in context.items():
        group = shape.of if isinstance(shape, Listing) else shape
        if isinstance(group, Group) and name != "wishlist":
            fields = set(group.fields) - set(SHOP.attributes) - {"product"}
            assert fields <= told[name] | {"order_id"}, name


def test_every_filter_is_in_the_manual():
    words = set(re.findall(r"\w+", MANUAL))

    assert {name for name in FILTERS if name not in ("d", "e", "escape", "count")} <= words
    assert set(FUNCTIONS) <= words
    assert all(f"`{ending}`" in MANUAL for ending in ENDINGS)
