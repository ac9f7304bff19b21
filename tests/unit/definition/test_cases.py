"""Planted mistakes: files in, expected findings beside them (tests/cases/definition/*.case)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from regulars.definition.codes import CODES
from regulars.definition.files import WorkspaceFiles
from regulars.definition.reading import read_workspace

CASES = Path(__file__).parents[2] / "cases" / "definition"
SOUND = {
    "regulars.yaml": (
        'shop: {name: "Kahve", url: https://kahve.example, address: "Cadde 1", locale: tr, timezone: Europe/Istanbul,\n'
        "  currency: TRY}\n"
        'sender: {from: "Kahve <merhaba@kahve.example>"}\n'
        "languages: [tr, en]\n"
        "attributes: {taste: {one_of: [fruity, dark]}}\n"
        'topics: {news: "News", offers: "Offers"}\n'
    ),
    "segments/vip.yaml": "segment: vip\nwhere: {orders.count: {at_least: 10}}\n",
    "templates/letter.mjml": "<mjml></mjml>",
}


def cases() -> list:
    found = []
    for file in sorted(CASES.glob("*.case")):
        for block in re.split(r"^### ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            title, _, body = block.partition("\n")
            parts = re.split(r"^>>> (.+)\n", body, flags=re.MULTILINE)[1:]
            files = dict(zip(parts[::2], parts[1::2], strict=True))
            expected = [line for line in files.pop("expected").splitlines() if line]
            found.append(pytest.param(files, expected, id=title.strip()))
    return found


def files_of(changed: dict[str, str]) -> WorkspaceFiles:
    texts = {path: text for path, text in {**SOUND, **changed}.items() if text != "(absent)\n"}
    present = frozenset(texts)
    return WorkspaceFiles({path: text for path, text in texts.items() if not path.endswith(".yml")}, present=present)


@pytest.mark.parametrize(("changed", "expected"), cases())
def test_every_planted_mistake_is_found_where_it_is_and_nothing_else(changed, expected):
    _, findings = read_workspace(files_of(changed))

    told = [f"{f.location} {f.code} {f.message} | {f.hint}" for f in findings]
    assert len(told) == len(expected), "\n".join(told)
    for finding, line in zip(told, expected, strict=True):
        place, code, fragment = line.split(" ", 2)
        assert finding.startswith(f"{place} {code} "), "\n".join(told)
        assert fragment in finding, "\n".join(told)


def test_the_sound_workspace_has_no_findings():
    workspace, findings = read_workspace(files_of({}))

    assert findings == []
    assert list(workspace.segments) == ["vip"]


NOT_FROM_TEXT = {"D102", "D103", "D104", "D123"}  # in test_hostile.py and tests/ports: bytes, sizes, links


def test_every_code_has_a_case():
    told = set(re.findall(r" (D\d{3}) ", "\n".join(file.read_text(encoding="utf-8") for file in CASES.glob("*.case"))))

    assert set(CODES) - NOT_FROM_TEXT - told == set()
    assert told - set(CODES) == set()
