"""JSON Schemas for editors, from the same tables that read the files.

Scaffolded files name them in their first line: `# yaml-language-server: $schema=../.regulars/schemas/campaign.json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from regulars.definition import campaign, condition_words, segment, shop, steps
from regulars.definition.values import Schema

_SCHEMAS: Mapping[str, tuple[str, Schema]] = MappingProxyType({
    "shop": ("regulars.yaml", shop.TABLE.schema()),
    "segment": ("A segment of customers", segment.TABLE.schema() | {"$defs": condition_words.definitions()}),
    "campaign": ("A campaign sent once, or an automation", {
        "type": "object",
        "if": {"anyOf": [{"required": [word]} for word in campaign.BEGINNINGS]},
        "then": campaign.AUTOMATION_TABLE.schema(), "else": campaign.TABLE.schema(),
        "$defs": condition_words.definitions() | steps.definitions(),
    }),
})


def json_schemas() -> dict[str, dict[str, Any]]:
    """By name (shop, segment, campaign), each complete in itself; they belong into .regulars/schemas/NAME.json."""
    return {name: {"$schema": "http://json-schema.org/draft-07/schema#", "title": title, **schema} for name, (title, schema) in _SCHEMAS.items()}
