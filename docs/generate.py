"""Writes the pages of the manual that are made from tables and docstrings: `make docs`. Tests hold them equal."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import click

from regulars.content import codes as content_codes
from regulars.definition import codes as definition_codes
from regulars.definition.reference import findings_page, yaml_reference
from regulars.delivery.outcomes import Phase
from regulars.delivery.reply_table import TABLE, Advice, Row
from regulars.doors.cli import cli

ROOT = Path(__file__).parents[1]
CODES = {
    "D: definitions (YAML files)": definition_codes.CODES,
    "C: content (templates)": content_codes.CODES,
}
ROOMS = ("definition", "audience", "journeys", "loyalty", "content", "delivery", "tracking", "scoring", "measurement")
AROUND = ("operations", "adapters", "doors")
BEGIN, END = "<!-- house: written by docs/generate.py -->\n", "<!-- /house -->\n"
HELP_WIDTH = 100


def pages() -> dict[str, str]:
    """File name in docs/ to content."""
    return {
        "findings.md": findings_page(CODES),
        "yaml-reference.md": yaml_reference() + "\n",
        "commands.md": commands_page(),
        "replies.md": replies_page(),
    }


def readme() -> str:
    """README.md with its map of the house written again."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + "\n".join(_house_map()) + "\n" + END + rest.partition(END)[2]


def commands_page() -> str:
    lines = ["# Commands", "", "What `--help` says, command by command. `regulars` and, in a checkout, `python cli.py` are the same.",
             "What `--json` prints is in [json.md](json.md), and what exit codes mean in [exit-codes.md](exit-codes.md).", ""]
    for context in _contexts(click.Context(cli, info_name="regulars", **{**cli.context_settings, **_WIDE})):
        lines += [f"## {context.command_path}", "", "```text", context.get_help().rstrip(), "```", ""]
    return "\n".join(lines)


_REPLIES = """# What relays answer, and what follows

Each reply of a relay that is not a yes is read with this table, from the top; the first row that fits counts. `regulars status`
and `regulars why` show what it means beside the relay's own words.

| advice | what regulars does |
|---|---|
| retry | the mail waits: 5 minutes, then twice as long each time, at most 4 hours, until `expires_after`, else for some four days |
| slow down | the same from half an hour on, and less mail goes to that domain for a while |
| suppress | the mail ends rejected, and the address is put on the list that is never written to, with the code and the launch |
| reject | the mail ends rejected; the customer stays. `regulars retry` sends it again |
| stop | something of ours is wrong: the mail goes back as if it had not been tried, the launch is paused and says what to put right |

Two more rules. Ten refusals that are more than a tenth of the last hundred answers pause a launch whatever they say, and what
it had suppressed is taken off the list again: so many wrong addresses at once are rather a wrong relay. And a mail that is
refused by a policy again, after others of the launch were accepted in between, ends rejected: it is about this one recipient.

A row asks for what it names: the number (`4xx` later, `5xx` never), an enhanced code, and words in the reply, in any spelling of
capitals and without the addresses in it. "Before RCPT" is before a recipient was named, when nothing can be about a customer."""


def replies_page() -> str:
    lines = [_REPLIES, ""]
    for advice in Advice:
        lines += [f"## {advice.value.capitalize()}", "", "| reply | it means | what to do | whose words |", "|---|---|---|---|"]
        lines += [f"| {_cell(_asked(row))} | {row.meaning} | {row.remedy} | {row.who} |" for row in TABLE if row.advice is advice]
        lines.append("")
    return "\n".join(lines)


def _asked(row: Row) -> str:
    number = " or ".join(str(code) for code in row.codes) or " or ".join(f"{kind}xx" for kind in row.kind)
    enhanced = ", ".join(f"`x.{detail}{'*' if detail.endswith('.') else ''}`" for detail in row.enhanced)
    words = ", ".join(f'"{phrase}"' for phrase in (*row.says, *row.names))
    before = "before RCPT" if Phase.MAIL in row.phases and Phase.RCPT not in row.phases else ""
    return "; ".join(part for part in (number, before, enhanced, words) if part)


_WIDE = {"terminal_width": HELP_WIDTH, "max_content_width": HELP_WIDTH}


def _contexts(context: click.Context) -> Iterator[click.Context]:
    yield context
    command = context.command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _contexts(click.Context(inner, info_name=name, parent=context, **_WIDE))


def _house_map() -> Iterator[str]:
    yield from ("", "| room | the question on its door |", "|---|---|")
    yield from (f"| [`{room}`](regulars/{room}) | {_sign(room)} |" for room in ROOMS)
    yield from ("", "| around the rooms | |", "|---|---|")
    yield from (f"| [`{place}`](regulars/{place}) | {_sign(place)} |" for place in AROUND)
    yield ""


def _sign(package: str) -> str:
    docstring = ast.get_docstring(ast.parse((ROOT / "regulars" / package / "__init__.py").read_text(encoding="utf-8"))) or ""
    return _cell(docstring.splitlines()[0])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    for page, content in pages().items():
        (ROOT / "docs" / page).write_text(content, encoding="utf-8")
    (ROOT / "README.md").write_text(readme(), encoding="utf-8")
