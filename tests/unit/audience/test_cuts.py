"""Fifths and top shares."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from regulars.audience.cuts import border_ranks, fifth, top_rank


def test_five_times_as_many_people_make_five_equal_fifths() -> None:
    cuts = borders(range(1, 101))

    assert cuts == (20, 40, 60, 80)
    assert [sum(fifth(value, cuts) == number for value in range(1, 101)) for number in range(1, 6)] == [20] * 5


def test_equal_people_share_the_lower_fifth() -> None:
    cuts = borders([1, 1, 1, 1, 1, 1, 2, 3, 4, 5])

    assert [fifth(value, cuts) for value in (1, 2, 3, 4, 5)] == [1, 4, 4, 5, 5]


def test_without_anybody_there_are_no_fifths() -> None:
    assert borders([]) == ()
    assert fifth(3, ()) is None


@pytest.mark.parametrize(("people", "percent", "rank"), [(100, "5", 5), (101, "5", 6), (3, "1", 1), (7, "100", 7), (1000, "0.25", 3)])
def test_the_top_is_rounded_up(people: int, percent: str, rank: int) -> None:
    assert top_rank(people, Decimal(percent)) == rank


def borders(ascending: Sequence[int]) -> tuple[int, ...]:
    return tuple(ascending[rank - 1] for rank in border_ranks(len(ascending)))
