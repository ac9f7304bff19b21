"""`sources:` in regulars.yaml: files that are pulled on a schedule, for shops without webhooks."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from regulars.definition.feeds import Feed
from regulars.definition.nodes import Node
from regulars.definition.notebook import Notebook
from regulars.definition.tables import Table, Word
from regulars.definition.units import Unfit
from regulars.definition.values import DURATION, YES_NO, One, Schema
from regulars.definition.world import SAFE_URL

TOKEN = "REGULARS_FEED_TOKEN"  # noqa: S105  the beginning of a variable's name


def _variable(text: str, _: Notebook) -> str:
    if not re.fullmatch(rf"{TOKEN}(?:_[A-Z0-9]+)*", text):
        raise Unfit("D311", f'"{text}" is not a variable that holds a feed\'s token', f"tokens stay out of the files: name a variable that begins with {TOKEN}")
    return text


FEED_TABLE = Table("the source", (
    Word("url", SAFE_URL, "a CSV file such as `import` reads", "https://shop.example/orders.csv", required=True),
    Word("every", DURATION, "how often it is asked for", "1 hour", required=True),
    Word("token", One("the name of a variable", _variable, text=True), "the variable of the environment with a bearer token for it", TOKEN),
    Word("live", YES_NO, "whether new orders in it start automations, as orders of webhooks do; default: yes", "yes"),
), lambda read: Feed("", **read) if {"url", "every"} <= set(read) else None)
SOURCES_TABLE = Table("sources", tuple(
    Word(kind, FEED_TABLE, f"a file of {kind}", f"{{url: https://shop.example/{kind}.csv, every: 1 hour}}") for kind in ("orders", "customers", "products")))


@dataclass(frozen=True, slots=True)
class SourcesKind:
    """Feeds by what they hold."""

    words: str = SOURCES_TABLE.words

    def read(self, node: Node, notes: Notebook) -> dict[str, Feed] | None:
        read: dict[str, Feed] | None = SOURCES_TABLE.read(node, notes)
        return None if read is None else {kind: replace(feed, kind=kind) for kind, feed in read.items()}

    def schema(self) -> Schema:
        return SOURCES_TABLE.schema()
