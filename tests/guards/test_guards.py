"""The list of guards is true to the code; that each is watched is shown by `make guards`, which takes minutes."""

from pathlib import Path

import pytest

from tests.guards.guards import GUARDS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: " ".join(guard.text.split())[:60])
def test_a_guard_stands_where_the_list_says_and_so_does_its_test(guard):
    assert (ROOT / guard.file).read_text(encoding="utf-8").count(guard.text) == 1
    for test in guard.test.split():
        file, _, name = test.partition("::")
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")


def test_there_are_enough_of_them():
    assert len(GUARDS) >= 30
