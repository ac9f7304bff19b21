"""What `pip install .` gives works outside the checkout: migrations and the sample workspace travel in the wheel."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder that holds the wheel's content and nothing of the checkout."""
    home = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(home), str(ROOT)], check=True, cwd=home
    )
    [wheel] = home.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(home / "site")
    return home / "site"


@pytest.fixture
def regulars(installed, tmp_path):
    def run(*args):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
        environment["PYTHONPATH"] = str(installed)
        return subprocess.run(
            [sys.executable, "-m", "regulars", *args], cwd=tmp_path, env=environment, capture_output=True, text=True
        )

    return run


def test_doormats_and_tests_stay_out_of_the_wheel(installed):
    assert sorted(path.name for path in installed.iterdir() if "dist-info" not in path.name) == ["regulars"]
    assert (installed / "regulars/_shipped/alembic/env.py").is_file()


def test_a_fresh_workspace_from_the_wheel_passes_check_and_gets_its_database(regulars, tmp_path):
    assert regulars("init", "shop").returncode == 0

    check = regulars("check", "--project", "shop")
    upgraded = regulars("db", "upgrade", "--project", "shop")

    assert (check.returncode, check.stdout) == (0, "")
    assert upgraded.returncode == 0, upgraded.stderr
    assert (tmp_path / "shop/.regulars/regulars.db").is_file()


def test_a_workspace_is_never_written_over(regulars, tmp_path):
    regulars("init", "shop")
    (tmp_path / "shop/regulars.yaml").write_text("mine")

    again = regulars("init", "shop")

    assert again.returncode == 4
    assert "there is a workspace" in again.stderr
    assert (tmp_path / "shop/regulars.yaml").read_text() == "mine"
