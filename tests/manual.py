"""The manual as its tests read it: pages, fenced blocks, commands as typed with what they are quoted to say."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "samples" / "README.md"])
_FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_PATH = re.compile(r"(?:# |<!-- )(?P<path>[\w./-]+\.\w+)(?: -->)?\n")


@dataclass(frozen=True)
class Block:
    """One fenced block; `language` is `yaml` in "```yaml broken", and `broken` the rest."""

    page: str
    line: int
    language: str
    note: str
    body: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def path(self) -> str | None:
        """The file that the block's first line names."""
        found = _PATH.match(self.body)
        return found["path"] if found else None

    @property
    def content(self) -> str:
        return _PATH.sub("", self.body, count=1)


@dataclass(frozen=True)
class Typed:
    """A command line, and the lines that are quoted below it."""

    words: str
    quoted: tuple[str, ...]


def blocks(page: Path, text: str | None = None) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8") if text is None else text
    for found in _FENCE.finditer(text):
        language, _, note = found["info"].partition(" ")
        yield Block(page.relative_to(ROOT).as_posix(), text.count("\n", 0, found.start()) + 1, language, note, found["body"])


def section(page: Path, title: str) -> str:
    """The page from `## title` to the next heading of that rank."""
    text = page.read_text(encoding="utf-8")
    assert f"\n## {title}\n" in text
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def typed(block: Block) -> list[Typed]:
    """What follows each `$ ` in a console block."""
    commands: list[tuple[str, list[str]]] = []
    for line in block.body.splitlines():
        if line.startswith("$ "):
            commands.append((line.removeprefix("$ "), []))
        elif commands:
            commands[-1][1].append(line)
    return [Typed(words, tuple(quoted)) for words, quoted in commands]


def regulars_in(words: str) -> Iterator[list[str]]:
    """The arguments of each `regulars` in a shell line, pipes and settings in front taken off."""
    lexer = shlex.shlex(words, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    command: list[str] = []
    for word in [*lexer, ";"]:
        if word in {"&&", "||", "|", ";", "&", ">"}:
            while command and "=" in command[0]:
                command.pop(0)
            if command and command[0].rpartition("/")[2] == "regulars":
                yield command[1:]
            command = []
        else:
            command.append(word)


def misquoted(quoted: tuple[str, ...], said: str) -> str | None:
    """The first quoted line that was not said, in order; a line `…` stands for any lines, `…` in a line for any text."""
    lines = [line.rstrip() for line in said.splitlines()]
    at = 0
    for number, line in enumerate(quoted):
        if line in {"…", ""}:
            continue
        pattern = re.compile(".*".join(map(re.escape, line.rstrip().split("…"))))
        after_gap = number == 0 or quoted[number - 1] in {"…", ""}
        hits = [index for index in range(at, len(lines)) if pattern.fullmatch(lines[index])]
        if not hits or not (after_gap or hits[0] == at):
            return line
        at = hits[0] + 1
    return None
