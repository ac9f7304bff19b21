"""The manual is true: pages made from code are current, examples pass, commands and settings exist, links lead somewhere."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import click
import pytest
from ruamel.yaml import YAML

from docs.generate import pages, readme
from regulars import errors
from regulars.adapters.mjml import MjmlCompiler
from regulars.adapters.workspace import read_files
from regulars.audience import people, suppression
from regulars.content import vocabulary
from regulars.content.filters import FILTERS, FUNCTIONS
from regulars.doors.cli import cli
from regulars.doors.cli.failures import INTERRUPTED
from regulars.loyalty import products, purchases
from regulars.operations.check import check
from tests.manual import PAGES, ROOT, Block, blocks, misquoted, regulars_in, typed

BLOCKS = [block for page in PAGES for block in blocks(page)]
FILES = [block for block in BLOCKS if block.language in {"yaml", "html"} and block.path and block.path.startswith(("segments/", "campaigns/", "templates/"))]
SETTING = re.compile(r"REGULARS_[A-Z]+(?:_[A-Z]+)*")


def name(value: object) -> str:
    return str(value.relative_to(ROOT) if isinstance(value, Path) else value)


@pytest.mark.parametrize("page", sorted(pages()))
def test_a_page_made_from_code_is_current(page):
    assert (ROOT / "docs" / page).read_text(encoding="utf-8") == pages()[page], "run: make docs"


def test_the_map_of_the_house_is_what_stands_on_its_doors():
    assert (ROOT / "README.md").read_text(encoding="utf-8") == readme(), "run: make docs"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_to_something(page):
    text = re.sub(r"^```.*?^```$|`[^`\n]+`", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    inside = [target for target in targets if not re.match(r"https?:|mailto:", target)]

    dead = [target for target in inside if not leads_somewhere(page, target)]

    assert dead == []


def leads_somewhere(page: Path, target: str) -> bool:
    path, _, anchor = target.partition("#")
    file = page.parent / path if path else page
    if not file.exists() or not anchor:
        return file.exists()
    headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return anchor in {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands() -> list[tuple[str, list[str]]]:
    """Every `regulars …` that the manual, a command's epilog or `init` tells people to type."""
    found = [(f"{block}", words) for block in BLOCKS if block.language == "console" for one in typed(block) for words in regulars_in(one.words)]
    indented = [(name(page), line[4:]) for page in PAGES for line in page.read_text(encoding="utf-8").splitlines() if re.match(r" {4}regulars ", line)]
    units = [(f"{block}", line.partition("=")[2]) for block in BLOCKS for line in block.body.splitlines() if line.startswith("ExecStart=")]
    inline = [(name(page), text) for page in PAGES for text in re.findall(r"`(regulars [a-z][^`…]*)`", page.read_text(encoding="utf-8"))]
    return found + [(place, words) for place, line in (*indented, *units, *inline) for words in regulars_in(line)]


@pytest.mark.parametrize(("place", "words"), commands(), ids=lambda value: value if isinstance(value, str) else " ".join(value))
def test_every_command_in_the_manual_exists_with_its_options(place, words):
    parse(words)


def parse(words: list[str]) -> None:
    """As click reads them, without running anything. Arguments may be missing where a sentence only names the command."""
    command, context = cli, click.Context(cli, info_name="regulars")
    while isinstance(command, click.Group) and words:
        command, words = command.get_command(context, words[0]), words[1:]
        assert command, "there is no such command"
        context = click.Context(command, parent=context, info_name=command.name)
    if words:
        try:
            command.make_context(command.name, list(words), parent=context.parent)
        except click.MissingParameter:
            assert not [word for word in words if not word.startswith("-")]


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "console"], ids=name)
def test_a_goal_of_make_that_is_named_exists(block):
    goals = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert [one.words for one in typed(block) if one.words.startswith("make ") and one.words.split()[1] not in goals] == []


def test_every_example_file_passes_check_in_the_sample_workspace():
    sound = [block for block in FILES if block.note != "broken"]

    assert findings_with(sound) == []
    assert len(sound) >= 4


@pytest.mark.parametrize("block", [block for block in FILES if block.note == "broken"], ids=name)
def test_an_example_that_is_called_broken_is(block):
    others = [other for other in FILES if other.note != "broken" and other.path != block.path]

    assert {finding.split(":")[0] for finding in findings_with([*others, block])} == {block.path}


def findings_with(extra: list[Block]) -> list[str]:
    files = read_files(str(ROOT))
    added = replace(files, texts={**files.texts, **{block.path: block.content for block in extra}})
    return [f"{finding.location}: {finding.message}" for finding in check(added, MjmlCompiler())]


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "yaml" and block not in FILES], ids=name)
def test_any_other_yaml_names_its_file_and_can_be_read(block):
    assert block.path, "the first line says which file this is: # segments/NAME.yaml"
    found = YAML(typ="safe").load(block.body)
    for service in found.get("services", {}).values():
        if "image" not in service:
            parse(list(service["command"]))


def test_every_setting_is_in_the_table_and_no_other():
    read = {found for file in (ROOT / "regulars").rglob("*.py") for found in SETTING.findall(file.read_text(encoding="utf-8"))}
    table = set(re.findall(rf"^\| `({SETTING.pattern})` \|", (ROOT / "docs/production.md").read_text(encoding="utf-8"), re.MULTILINE))
    named = {found for page in PAGES for found in SETTING.findall(page.read_text(encoding="utf-8"))}

    assert table == read
    assert named <= read


def test_the_page_of_exit_codes_has_them_all():
    table = set(map(int, re.findall(r"^\| (\d+) \|", (ROOT / "docs/exit-codes.md").read_text(encoding="utf-8"), re.MULTILINE)))
    raised = {value.exit_code for value in vars(errors).values() if isinstance(value, type) and hasattr(value, "exit_code")}

    assert table == {0, INTERRUPTED, *raised}


@pytest.mark.parametrize("fields", [people.FIELDS, purchases.FIELDS, products.FIELDS, suppression.FIELDS])
def test_every_column_of_an_import_is_explained(fields):
    page = (ROOT / "docs/importing.md").read_text(encoding="utf-8") + (ROOT / "docs/commands.md").read_text(encoding="utf-8")

    assert [field for field in fields if not re.search(rf"\b{field}\b", page)] == []


@pytest.mark.parametrize("group", [
    vocabulary.PRODUCT, vocabulary.PURCHASE, vocabulary.ORDERS, vocabulary.LINKS, vocabulary.SHOP, vocabulary.CAMPAIGN,
    vocabulary.OFFER, vocabulary.MILESTONE,
], ids=lambda group: group.name)
def test_every_field_of_templates_is_explained(group):
    page = (ROOT / "docs/templates.md").read_text(encoding="utf-8")

    assert [field for field in group.fields if f"`{field}`" not in page] == []


def test_every_filter_and_function_of_templates_is_explained():
    page = (ROOT / "docs/templates.md").read_text(encoding="utf-8")

    assert [word for word in (*FILTERS, *FUNCTIONS) if not re.search(rf"\b{word}\b", page)] == []


def test_pictures_are_small_and_shown():
    shown = "".join(page.read_text(encoding="utf-8") for page in PAGES)

    for picture in (ROOT / "docs/pictures").iterdir():
        assert picture.stat().st_size < 200_000
        assert picture.name in shown


@pytest.mark.parametrize(("quoted", "said"), [
    (("a", "b"), "a\nx\nb\n"), (("b", "…", "a"), "a\nb\n"), (("a…c",), "abd\n"), (("a",), ""),
])
def test_a_wrong_quotation_is_noticed(quoted, said):
    assert misquoted(quoted, said)


def test_a_right_quotation_passes():
    assert misquoted(("a", "…", "d… f"), "a\nb\nc\nd e f\n") is None
