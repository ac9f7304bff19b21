"""Waiting for something to have happened, for a long time if need be but not for ever."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.soak.shop import Shop

PATIENCE = 180  # seconds; many times what anything here takes


def until(condition: Callable[[], object], what: str, said: Callable[[], str] = lambda: "") -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not happen in {PATIENCE} s\n{said()}")
        time.sleep(0.05)


def is_finished(shop: Shop) -> Callable[[], bool]:
    return lambda: shop.launch_state()[0] == "finished"
