"""Writes a new workspace: the sample shop's files, schemas for editors, and what git should not see."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from regulars.adapters.shipped import shipped
from regulars.errors import RegularsError

PARTS = ("regulars.yaml", "campaigns", "segments", "templates", "data", "samples/customers.yaml")
IGNORED = ".regulars/\n"


class Scaffold:
    """operations.ports.Scaffold in folders."""

    def is_taken(self, folder: str) -> bool:
        return (Path(folder) / "regulars.yaml").exists()

    def write_workspace(self, folder: str) -> list[str]:
        source, target = shipped("workspace"), Path(folder)
        written = []
        with _in_our_words():
            for file in _files(source):
                relative = file.relative_to(source)
                (target / relative).parent.mkdir(parents=True, exist_ok=True)
                (target / relative).write_bytes(file.read_bytes())
                written.append(relative.as_posix())
            if not (target / ".gitignore").exists():
                (target / ".gitignore").write_text(IGNORED)
                written.append(".gitignore")
        return written

    def write_schemas(self, folder: str, schemas: Mapping[str, Any]) -> list[str]:
        home = Path(folder) / ".regulars" / "schemas"
        with _in_our_words():
            home.mkdir(parents=True, exist_ok=True)
            for name, schema in schemas.items():
                (home / f"{name}.json").write_text(json.dumps(schema, ensure_ascii=False, indent=1) + "\n")
        return [f".regulars/schemas/{name}.json" for name in schemas]


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RegularsError(f"{error.filename} cannot be written: {error.strerror}", hint="choose another folder: regulars init DIR") from error


def _files(source: Path) -> Iterator[Path]:
    for part in PARTS:
        root = source / part
        found = sorted(root.rglob("*")) if root.is_dir() else [root]
        yield from (file for file in found if file.is_file() and not file.name.startswith("."))
