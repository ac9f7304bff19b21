"""Runs all benchmarks, or those named: `python -m benchmarks sending pixel`."""

from __future__ import annotations

import sys

from benchmarks import pixel, sending

ALL = {"sending": sending.main, "pixel": pixel.main}

for name in sys.argv[1:] or ALL:
    if name not in ALL:
        sys.exit(f"there is no benchmark {name!r}; known: {', '.join(ALL)}")
    ALL[name]()
