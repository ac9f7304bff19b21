"""What is different between two frozen campaigns, in lines that the person reads who wrote the files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from difflib import unified_diff
from enum import Enum
from typing import Any

from regulars.content import canonical
from regulars.definition.quantities import Duration, Money
from regulars.definition.workspace import Mailbox, Texts

AROUND = 1  # lines shown before and after a change
_CALLED = {"campaign.json": "campaign", "shop.json": "regulars.yaml", "data.json": "data", "images.json": "pictures", "links.json": "links"}
_WORDS = {"from_": "from", "with_": "with", "excluding": "except"}
# What a launch settles once, when it is made; and what only says how a template is read.
_SETTLED = frozenset({"to", "excluding", "segments", "send_at", "if_past", "expires_after", "on_uncertain", "name"})
_HIDDEN = ("needs.json", "images/", ".subject", ".preheader")  # how templates are read, what `pictures` and `campaign` name
_BREAKS = re.compile(r"(?<=>)\s*(?=<)|\s(?=[\w-]+=\")")  # a line for each tag and each of its attributes
_OUR_OWN = re.compile(r"\{% (?:autoescape false|endautoescape|filter _track\(\d+\)|endfilter) %\}")  # what freezing put around links


@dataclass(frozen=True, slots=True)
class Change:
    """`lines` begin with `-` (before), `+` (now) or a space (the same in both), as in a unified diff."""

    name: str
    lines: tuple[str, ...]


def changes(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> tuple[Change, ...]:
    """Of the files of two bundles. Pictures show in the list of their addresses, which come from their content."""
    found: dict[tuple[str, ...], list[str]] = {}
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) == after.get(path) or path.startswith(_HIDDEN) or path.endswith(_HIDDEN):
            continue
        lines = _difference(_lines(path, before.get(path, b"")), _lines(path, after.get(path, b"")))
        if lines:  # of all languages that differ alike, once
            found.setdefault(lines, []).append(_CALLED.get(path, path))
    return tuple(Change(", ".join(names), lines) for lines, names in found.items())


def settled_differently(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> tuple[str, ...]:
    """The campaign's words that differ and make no difference any more: who gets it, and when, was settled at the launch."""
    one, other = (canonical.loaded(files["campaign.json"]) for files in (before, after))
    names = (field.name for field in fields(one) if field.name in _SETTLED)
    return tuple(_WORDS.get(name, name) for name in names if name != "segments" and getattr(one, name) != getattr(other, name))


def _difference(before: Sequence[str], after: Sequence[str]) -> tuple[str, ...]:
    _, _, *rest = (*unified_diff(before, after, n=AROUND, lineterm=""),) or ("", "")
    return tuple("  …" if line.startswith("@@") else line for line in rest)


def _lines(path: str, content: bytes) -> list[str]:
    if not content:
        return []
    if path == "links.json":
        return [f"{language} {name or '-'}: {target}" for _, name, target, language, _ in canonical.loaded(content)]
    if path == "campaign.json":
        campaign = canonical.loaded(content)
        return [line for field in fields(campaign) if field.name not in _SETTLED and field.compare
                for line in _flat(getattr(campaign, field.name), _WORDS.get(field.name, field.name))]
    if path.endswith(".json"):
        return list(_flat(canonical.loaded(content), ""))
    text = _OUR_OWN.sub("", content.decode())
    lines = (_BREAKS.sub("\n", text) if path.endswith(".html") else text).splitlines()
    return [line.strip() for line in lines if line.strip()]


def _flat(value: Any, name: str) -> Iterator[str]:
    """`subject.en: Hello`, a line for each single value; nothing for what is absent."""
    if value is None or value in ((), {}):
        return
    if isinstance(value, Texts):
        value = value.by_language
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(item, _joined(name, str(key)))
    elif isinstance(value, tuple | list):
        for number, item in enumerate(value, 1):
            yield from _flat(item, _joined(name, str(number)))
    elif is_dataclass(value) and not isinstance(value, Money | Duration | Mailbox):
        for field in fields(value):
            if field.compare:
                yield from _flat(getattr(value, field.name), _joined(name, field.name))
    else:
        yield f"{name}: {_word(value)}"


def _joined(name: str, key: str) -> str:
    return ".".join(part for part in (name, key) if part)


def _word(value: Any) -> str:
    if isinstance(value, Mailbox):
        return f"{value.name} <{value.address}>" if value.name else value.address
    return str(value.value if isinstance(value, Enum) else value)
