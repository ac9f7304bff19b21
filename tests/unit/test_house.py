"""The house keeps its promises: thin doormats, one list of requirements, no drawers."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
REQUIRED = ("celery", "redis", "jinja2", "sqlalchemy", "alembic", "mjml-python", "click", "pytest-factoryboy")


@pytest.mark.parametrize("doormat", ["cli.py", "worker.py"])
def test_a_doormat_only_opens_the_door(doormat):
    statements = ast.parse((ROOT / doormat).read_text()).body

    assert len(statements) <= 4
    imported = [node for node in ast.walk(ast.Module(statements, [])) if isinstance(node, ast.ImportFrom)]
    assert [node.module for node in imported] == [f"regulars.doors.{doormat.removesuffix('.py')}"]


def test_requirements_are_those_of_the_package():
    lines = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line and not line.startswith("#")]
    of_the_package = PYPROJECT["project"]["dependencies"]
    factories = [line for line in PYPROJECT["dependency-groups"]["dev"] if line.startswith("pytest-factoryboy")]

    assert lines == [*of_the_package, *factories, "-e ."]


@pytest.mark.parametrize("name", REQUIRED)
def test_every_required_package_is_named(name):
    assert re.search(rf"^{name}\b", (ROOT / "requirements.txt").read_text(), re.MULTILINE)


def test_nothing_is_a_drawer():
    drawers = re.compile(r"(utils?|helpers?|common|managers?|services?|misc|handle_\w+|process_\w+)$")
    names = [path.stem for path in (ROOT / "regulars").rglob("*") if path.suffix == ".py" or path.is_dir()]

    assert [name for name in names if drawers.fullmatch(name)] == []


def test_every_module_has_a_sign_on_its_door():
    unsigned = [
        str(path.relative_to(ROOT)) for path in (ROOT / "regulars").rglob("*.py")
        if not ast.get_docstring(ast.parse(path.read_text()))
    ]

    assert unsigned == []
