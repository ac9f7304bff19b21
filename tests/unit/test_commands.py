"""Every command explains itself, and help comes quickly because it loads nothing."""

import subprocess
import sys

import click
import pytest

from regulars.doors.cli import COMMANDS, cli


def leaves(command, path):
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            yield from leaves(command.get_command(click.Context(command), name), [*path, name])
    else:
        yield path, command


ALL = list(leaves(cli, ["regulars"]))


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(path) for path, _ in ALL])
def test_every_command_has_help_and_an_example(path, command):
    text = command.get_help(click.Context(command, info_name=" ".join(path)))

    assert command.help
    assert "Example: " in text


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(path) for path, _ in ALL])
def test_every_option_says_what_it_does(path, command):
    assert [option.name for option in command.params if isinstance(option, click.Option) and not option.help] == []


def test_help_loads_click_and_little_else():
    heavy = {"sqlalchemy", "rich", "jinja2", "babel", "celery", "ruamel.yaml", "starlette", "alembic", "mjml"}
    script = f"import sys, regulars.doors.cli; print(sorted({heavy!r} & set(sys.modules)))"

    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"


def test_a_mistyped_command_is_answered_with_the_nearest():
    found = subprocess.run([sys.executable, "-m", "regulars", "lanch"], capture_output=True, text=True)

    assert found.returncode == 2
    assert 'did you mean "launch"?' in found.stderr


def test_outside_a_workspace_a_command_says_where_to_go(tmp_path):
    found = subprocess.run([sys.executable, "-m", "regulars", "status"], capture_output=True, text=True, cwd=tmp_path)

    assert found.returncode == 2
    assert "regulars init" in found.stderr
    assert "Traceback" not in found.stderr


def test_the_list_of_commands_and_their_own_names_agree():
    assert {name: cli.get_command(click.Context(cli), name).name for name in COMMANDS} == {name: name for name in COMMANDS}
