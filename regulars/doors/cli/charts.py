"""Small pictures of numbers for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"


def bar(value: float, of: float, width: int = 32) -> str:
    """A bar as long as `value` is of `of`; anything above nothing shows at least a sliver."""
    if value <= 0 or of <= 0:
        return ""
    eighths = max(1, round(min(1.0, value / of) * width * 8))
    return "█" * (eighths // 8) + ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")[eighths % 8]


def sparkline(values: Sequence[float]) -> str:
    """One block a value, the highest full."""
    top = max(values, default=0)
    if top <= 0:
        return BLOCKS[0] * len(values)
    return "".join(BLOCKS[round(value / top * (len(BLOCKS) - 1))] for value in values)
