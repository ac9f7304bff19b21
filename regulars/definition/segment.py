"""segments/*.yaml: one group of customers, described by conditions."""

from __future__ import annotations

from regulars.definition import nodes
from regulars.definition.condition_words import CONDITION
from regulars.definition.names import DefinedName
from regulars.definition.nodes import Node, Scalar
from regulars.definition.notebook import Name, Notebook
from regulars.definition.tables import Table, Word
from regulars.definition.values import TEXT
from regulars.definition.workspace import Segment

TABLE = Table("the segment", (
    Word("segment", DefinedName(Name.SEGMENT), "the name by which campaigns call it", "slipping-away", required=True),
    Word("description", TEXT, "for people", '"Bought three times or more, went quiet"'),
    Word("where", CONDITION, "who is in it", "{orders.count: {at_least: 3}}", required=True),
))


def read_segment(node: Node, notes: Notebook) -> Segment | None:
    name = node.get("segment") if isinstance(node, nodes.Mapping) else None
    notes.owner = name.text if isinstance(name, Scalar) else ""
    read = TABLE.read(node, notes)
    notes.owner = ""
    if not read or "segment" not in read or "where" not in read:
        return None
    assert name is not None
    return Segment(read["segment"], read["where"], read.get("description", ""), name.at)
