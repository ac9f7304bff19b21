"""The files of a workspace as plain values, before anything in them is understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from regulars.diagnostics import Finding, Location


@dataclass(frozen=True, slots=True)
class WorkspaceFiles:
    """Paths are relative to the workspace, with `/`. `refused`: findings about files that could not be taken in.
    `present`: files that are known to be there but are not read (CSV under data/, for instance)."""

    texts: Mapping[str, str]
    binaries: Mapping[str, bytes] = field(default_factory=dict)
    refused: tuple[Finding, ...] = ()
    present: frozenset[str] = frozenset()


def decoded(path: str, content: bytes) -> str | Finding:
    """The text of a UTF-8 file, with or without a byte order mark."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[:error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1:].decode("utf-8", errors="replace")) + 1
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            what, line, column = "the file is UTF-16", 1, 1
        else:
            what = f"the byte {content[error.start]:02X} is not UTF-8"
        return Finding(Location(path, line, column), "D102", what, "save the file as UTF-8 in your editor")
