"""The pages and schemas made from the tables are the ones in the repository, and hold for the sample workspace."""

from __future__ import annotations

import runpy
from pathlib import Path

import jsonschema
import pytest

from regulars.adapters.workspace import read_files
from regulars.definition import nodes
from regulars.definition.campaign import AUTOMATION_TABLE
from regulars.definition.campaign import TABLE as CAMPAIGN
from regulars.definition.json_schema import json_schemas
from regulars.definition.reading import read_workspace
from regulars.definition.segment import TABLE as SEGMENT
from regulars.definition.shop import TABLE as SHOP
from regulars.definition.tables import Table

ROOT = Path(__file__).parents[3]


def pages():
    return runpy.run_path(str(ROOT / "docs" / "generate.py"))["pages"]()


@pytest.mark.parametrize("name", ["findings.md", "yaml-reference.md"])
def test_the_page_is_up_to_date(name):
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == pages()[name], "run: python docs/generate.py"


def test_every_word_has_a_line_in_the_manual():
    page = pages()["yaml-reference.md"]

    def missing(table: Table) -> list[str]:
        inner = [word.kind for word in table.words_ if isinstance(word.kind, Table)]
        return [word.name for word in table.words_ if f"{word.name}`" not in page] + [name for each in inner for name in missing(each)]

    assert [name for table in (SHOP, SEGMENT, CAMPAIGN, AUTOMATION_TABLE) for name in missing(table)] == []


def test_the_sample_workspace_has_no_findings():
    workspace, findings = read_workspace(read_files(str(ROOT)))

    assert findings == []
    assert workspace.campaigns
    assert workspace.segments


def plain(node):
    if isinstance(node, nodes.Mapping):
        return {key.text: plain(value) for key, value in node.entries}
    if isinstance(node, nodes.Sequence):
        return [plain(item) for item in node.items]
    for form in () if node.quoted else (int, float):
        try:
            return form(node.text)
        except ValueError:
            continue
    return node.text


@pytest.mark.parametrize(("schema", "pattern"), [("shop", "regulars.yaml"), ("segment", "segments/*.yaml"), ("campaign", "campaigns/*.yaml")])
def test_the_sample_files_fit_the_schema_that_editors_use(schema, pattern):
    validator = jsonschema.Draft7Validator(json_schemas()[schema])
    files = sorted(ROOT.glob(pattern))

    assert files
    for file in files:
        errors = [error.message for error in validator.iter_errors(plain(nodes.compose(file.name, file.read_text(encoding="utf-8")).node))]
        assert errors == [], file.name


def test_an_editor_underlines_what_check_refuses():
    validator = jsonschema.Draft7Validator(json_schemas()["segment"])

    assert not validator.is_valid({"segment": "a", "where": {"orders.cont": 3}})
    assert not validator.is_valid({"segment": "a", "where": {"orders.count": {"contains": 3}}})
    assert not validator.is_valid({"segment": "a"})
    assert validator.is_valid({"segment": "a", "where": [{"orders.count": {"at_least": 3}}, {"not": {"in_segment": "b"}}]})
