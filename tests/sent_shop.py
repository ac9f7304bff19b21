"""The small shop of tests/commands.py: fresh, or with its customers and orders imported."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.commands import Regulars, workspace_in, write_customers, write_orders
from tests.servers import free_port


def settings() -> dict[str, str]:
    return {"REGULARS_BASE_URL": f"http://127.0.0.1:{free_port()}"}


@pytest.fixture(scope="session")
def _workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = workspace_in(tmp_path_factory.mktemp("workspace"))
    write_customers(folder / "customers.csv")
    write_orders(folder / "orders.csv")
    return folder


@pytest.fixture(scope="session")
def _imported(_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("imported") / "shop"
    shutil.copytree(_workspace, folder)
    regulars = Regulars(folder)
    for kind in ("customers", "orders"):
        regulars("import", kind, f"{kind}.csv")
    return folder


@pytest.fixture
def bare(_workspace: Path, tmp_path: Path) -> Regulars:
    """The workspace with its CSV files; no command has touched it yet."""
    shutil.copytree(_workspace, tmp_path / "shop")
    return Regulars(tmp_path / "shop", settings())


@pytest.fixture
def regulars(_imported: Path, tmp_path: Path) -> Regulars:
    """The same with customers and orders imported."""
    shutil.copytree(_imported, tmp_path / "shop")
    return Regulars(tmp_path / "shop", settings())
