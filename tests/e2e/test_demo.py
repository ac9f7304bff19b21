"""`make demo` goes through, and the README quotes what it says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from tests.manual import ROOT, blocks, misquoted

PARTS = ("regulars.yaml", "campaigns", "segments", "templates", "data", "samples")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A copy of the checkout's workspace, so that the reader's own demo is left alone."""
    folder = tmp_path_factory.mktemp("demo")
    for part in PARTS:
        (shutil.copytree if (ROOT / part).is_dir() else shutil.copy)(ROOT / part, folder / part)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "samples/demo.py"], cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
    )


def test_the_demo_goes_through(demo):
    assert demo.returncode == 0, demo.stdout[-2000:] + demo.stderr


def test_the_readme_quotes_what_the_demo_says(demo):
    [block] = [block for block in blocks(ROOT / "README.md") if block.body.startswith("$ make demo\n")]

    assert misquoted(tuple(block.body.splitlines()[1:]), demo.stdout) is None
