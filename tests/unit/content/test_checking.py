"""Planted mistakes in templates, each found at its line and column: `tests/cases/templates/*.yaml`."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from regulars.content.checking import check_templates
from regulars.content.codes import CODES
from regulars.definition.conditions import Emails, Not, Reaction
from regulars.definition.workspace import Texts
from regulars.diagnostics import Location
from tests.unit.content.made import COMPILER, FOOT, HEAD, campaign, workspace

CASES = sorted(Path("tests/cases/templates").glob("*.yaml"))
FILE = "campaigns/win_back.yaml"


def findings_of(case):
    inside = {"mail.mjml": f"{HEAD}\n{case['inside']}{FOOT}"} if "inside" in case else {}
    images = {name: b"x" * size for name, size in case["images"].items()} if "images" in case else None
    subject = Texts({"en": case.get("subject", "x")}, {"en": Location(FILE, 7, 15)})
    preheader = Texts({"en": case.get("preheader", "x")}, {"en": Location(FILE, 9, 14)})
    asks = Not(Emails(Reaction.CLICKED, link=case["asks_about_link"], at=Location(FILE, 5, 9))) if "asks_about_link" in case else None
    made = campaign(with_=case.get("with", {}), offer=case.get("offer"), cause=case.get("cause"), subject=subject, preheader=preheader, excluding=asks, at=Location(FILE))
    world = workspace({**inside, **case.get("files", {})}, images=images, data=case.get("data"), campaigns=(made,))
    return check_templates(world, COMPILER)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_planted_mistake_is_found_where_it_is(path):
    case = YAML(typ="safe").load(path)
    found = findings_of(case)
    expected = case["expect"].splitlines()

    assert [f"{finding.location} {finding.code}" for finding in found] == [" ".join(line.split()[:2]) for line in expected]
    for finding, line in zip(found, expected, strict=True):
        assert line.split(" ", 2)[2] in finding.message
    for hint in case.get("hints", ()):
        assert hint in [finding.hint for finding in found]


def test_every_code_has_a_case():
    expected = {line.split()[1] for path in CASES for line in YAML(typ="safe").load(path)["expect"].splitlines()}

    assert expected == set(CODES)


def test_findings_speak_in_one_manner():
    for path in CASES:
        for finding in findings_of(YAML(typ="safe").load(path)):
            assert finding.code in CODES
            assert not finding.message.endswith(".")
            assert "\n" not in finding.message + finding.hint
