"""Reads a project's folder into plain texts and bytes: nothing outside of it, and nothing without bounds."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from regulars.definition.files import WorkspaceFiles, decoded
from regulars.diagnostics import Finding, Location

_MOST_TEXT = 4_000_000     # YAML is refused above 1 MB with its own sentence; this is for templates and rates
_MOST_IMAGE = 10_000_000
_TEXTS = {
    "segments": (".yaml",), "campaigns": (".yaml",), "data": (".yaml",), "templates": (".mjml", ".txt", ".html", ".css"),
}
_RATES = re.compile(r"""\brates:\s*["']?(data/[\w.-]+\.csv)""")


def read_files(project: str) -> WorkspaceFiles:
    """Every file that definitions and templates are made of. CSV files are only noted as present, but for the rates."""
    root = Path(project).resolve()
    reader = _Reader(root)
    reader.take_text("regulars.yaml")
    for folder, endings in _TEXTS.items():
        for path in reader.files_of(folder):
            if path.startswith("templates/images/"):
                reader.take_binary(path)
            elif path.endswith(endings):
                reader.take_text(path)
    reader.take_text("samples/customers.yaml")
    rates = _RATES.search(reader.texts.get("regulars.yaml", ""))
    if rates:
        reader.take_text(rates[1])
    return WorkspaceFiles(reader.texts, reader.binaries, tuple(reader.refused), frozenset(reader.present))


class _Reader:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.texts: dict[str, str] = {}
        self.binaries: dict[str, bytes] = {}
        self.refused: list[Finding] = []
        self.present: set[str] = set()

    def files_of(self, folder: str) -> Iterator[str]:
        """Paths of a folder's files, all levels; hidden ones are nobody's."""
        for place, folders, names in os.walk(self.root / folder):
            self._refuse_links(place, folders)
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                if not name.startswith("."):
                    path = self._relative(place, name)
                    self.present.add(path)
                    yield path

    def take_text(self, path: str) -> None:
        content = self._content(path, _MOST_TEXT)
        if content is None:
            return
        text = decoded(path, content)
        if isinstance(text, Finding):
            self.refused.append(text)
        else:
            self.texts[path] = text

    def take_binary(self, path: str) -> None:
        content = self._content(path, _MOST_IMAGE)
        if content is not None:
            self.binaries[path] = content

    def _content(self, path: str, most: int) -> bytes | None:
        file = self.root / path
        try:
            if not file.resolve().is_relative_to(self.root):
                self._refuse(path, "D123", "the link leads out of the project", "copy the file into the project instead")
                return None
            if not file.is_file():
                return None
            size = file.stat().st_size
            if size > most:
                self._refuse(path, "D103", f"the file has {size:,} bytes; {most:,} are the most", "make it smaller or split it")
                return None
            return file.read_bytes()
        except (OSError, RuntimeError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or "it is a link that leads to itself"
            self._refuse(path, "D123", f"the file cannot be read: {reason.lower()}", "check its permissions")
            return None

    def _refuse_links(self, place: str, folders: list[str]) -> None:
        for name in folders:
            if (Path(place) / name).is_symlink():
                self._refuse(self._relative(place, name), "D123", "links to folders are not followed", "copy the folder into the project")

    def _refuse(self, path: str, code: str, message: str, hint: str) -> None:
        self.refused.append(Finding(Location(path), code, message, hint))

    def _relative(self, place: str, name: str) -> str:
        return (Path(place) / name).relative_to(self.root).as_posix()
