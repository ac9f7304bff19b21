"""What authors give to templates: values of any kind, typed as they were most probably meant."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from regulars.definition import nodes
from regulars.definition.nodes import Node, Scalar
from regulars.definition.notebook import Notebook
from regulars.definition.values import DAY, NUMBER, Schema, heed_traps, parsed


@dataclass(frozen=True, slots=True)
class Free:
    """What an author may give to templates: texts, numbers, dates, yes/no, lists and mappings, as written."""

    words: str = "a text, number, date, list or mapping"

    def read(self, node: Node, notes: Notebook) -> Any:
        if isinstance(node, nodes.Mapping):
            return {key.text: self.read(value, notes) for key, value in node.entries}
        if isinstance(node, nodes.Sequence):
            return [self.read(item, notes) for item in node.items]
        return node.text if node.quoted else _typed(node, notes)

    def schema(self) -> Schema:
        return {}


def _typed(scalar: Scalar, notes: Notebook) -> str | int | Decimal | date | bool | None:
    """An unquoted value as the author most probably meant it."""
    text = scalar.text
    if not text:
        return None
    if text in {"true", "false"}:
        return text == "true"
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        day: date | None = parsed(scalar, notes, DAY.parse)
        return day
    if re.fullmatch(r"-?[1-9]\d{0,2}(?:[.,]\d{3})+", text):
        parsed(scalar, notes, NUMBER.parse)
        return None
    if re.fullmatch(r"-?(?:0|[1-9]\d{0,17})", text):
        return int(text)
    if re.fullmatch(r"-?(?:0|[1-9]\d{0,17})\.\d{1,12}", text):
        return Decimal(text)
    heed_traps(scalar, notes, human=True)
    return text


FREE = Free()
