"""Finds what travels with the program: `alembic/` and the sample workspace, in a wheel or in a checkout."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def shipped(name: str) -> Path:
    """The folder of migrations ("alembic") or the sample workspace ("workspace")."""
    in_wheel = PACKAGE / "_shipped" / name
    if in_wheel.exists():
        return in_wheel
    checkout = PACKAGE.parent
    return checkout if name == "workspace" else checkout / name
