"""Makes a workspace that passes `check` from the first minute."""

from __future__ import annotations

from regulars.definition.json_schema import json_schemas
from regulars.errors import Refused
from regulars.operations.ports import Scaffold


def init_workspace(folder: str, scaffold: Scaffold) -> list[str]:
    """Writes the sample shop's files into `folder`; returns their paths. Never touches an existing workspace."""
    if scaffold.is_taken(folder):
        raise Refused(
            f"there is a workspace in {folder} already",
            hint="choose an empty folder; `regulars init --schemas` only writes the editors' schemas again",
        )
    return scaffold.write_workspace(folder) + init_schemas(folder, scaffold)


def init_schemas(folder: str, scaffold: Scaffold) -> list[str]:
    """Writes the JSON Schemas that editors check YAML files against; returns their paths."""
    return scaffold.write_schemas(folder, json_schemas())
