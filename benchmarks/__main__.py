"""Runs all benchmarks, or those named: `python -m benchmarks delivery sending`. `large` runs only when named."""

from __future__ import annotations

import sys

from benchmarks import delivery, intake, journeys, large, limits, pixel, sending, simulate

ALL = {"delivery": delivery.main, "sending": sending.main, "pixel": pixel.main, "intake": intake.main, "journeys": journeys.main, "limits": limits.main, "simulate": simulate.main, "large": large.main}
USUAL = ("delivery", "sending", "pixel", "intake", "journeys", "simulate")

for name in sys.argv[1:] or USUAL:
    if name not in ALL:
        sys.exit(f"there is no benchmark {name!r}; known: {', '.join(ALL)}")
    ALL[name]()
