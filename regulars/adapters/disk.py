"""How much room is left where files are written."""

from __future__ import annotations

import shutil
from pathlib import Path


def room_at(path: str) -> tuple[str, int]:
    """The folder, or the nearest one above that exists, and the bytes left there."""
    folder = Path(path)
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return str(folder), shutil.disk_usage(folder).free
