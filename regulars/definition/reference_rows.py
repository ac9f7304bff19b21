"""Rows of the manual's tables: one for each word of a table of words."""

from __future__ import annotations

from collections.abc import Iterator

from regulars.definition.tables import Choice, Table, Word


def rows(table: Table, prefix: str) -> Iterator[str]:
    """Of all its words, those of inner tables below theirs as `outer.inner`; without a prefix the head of the table too."""
    if not prefix:
        yield from ("| word | meaning | example |", "|---|---|---|")
    for word in table.words_:
        yield _row(prefix, word)
        if isinstance(word.kind, Table):
            yield from rows(word.kind, f"{prefix}{word.name}.")


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _row(prefix: str, word: Word) -> str:
    needed = " (required)" if word.required else ""
    choice = f": {', '.join(f'`{option}`' for option in word.kind.options)}" if isinstance(word.kind, Choice) else ""
    return f"| `{prefix}{word.name}`{needed} | {cell(word.doc)}{choice} | `{cell(word.example)}` |"
