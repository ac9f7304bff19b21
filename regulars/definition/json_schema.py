"""JSON Schemas for editors, from the same tables that read the files.

Scaffolded files name them in their first line: `# yaml-language-server: $schema=../.regulars/schemas/campaign.json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from regulars.definition import campaign, segment, shop
from regulars.definition.condition_words import definitions
from regulars.definition.tables import Table

_TABLES: Mapping[str, tuple[str, Table]] = MappingProxyType({
    "shop": ("regulars.yaml", shop.TABLE),
    "segment": ("A segment of customers", segment.TABLE),
    "campaign": ("A campaign sent once", campaign.TABLE),
})


def json_schemas() -> dict[str, dict[str, Any]]:
    """By name (shop, segment, campaign), each complete in itself; they belong into .regulars/schemas/NAME.json."""
    return {name: _complete(title, table) for name, (title, table) in _TABLES.items()}


def _complete(title: str, table: Table) -> dict[str, Any]:
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", "title": title, **table.schema()}
    return schema if table is shop.TABLE else {**schema, "$defs": definitions()}
