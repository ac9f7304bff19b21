"""A segment's response: recent waves weigh more, and the trend says where it is heading."""

from datetime import UTC, datetime, timedelta

import pytest

from regulars.definition.workspace import Scoring
from regulars.scoring.response import Wave, response

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def wave(days_ago, accepted, reacted):
    return Wave(NOW - timedelta(days=days_ago), accepted, reacted)


def test_a_segment_never_written_to_has_no_response():
    assert response([], Scoring(), NOW) is None
    assert response([wave(1, 0, 0)], Scoring(), NOW) is None


def test_a_wave_one_half_life_old_weighs_half():
    found = response([wave(0, 100, 10), wave(30, 100, 40)], Scoring(), NOW)

    assert found.rate == pytest.approx((10 + 40 / 2) / (100 + 100 / 2))
    assert found.waves == (0.4, 0.1)


@pytest.mark.parametrize(("waves", "trend"), [
    ([wave(2, 100, 10)], "new"),
    ([wave(40, 100, 10), wave(2, 100, 30)], "rising"),
    ([wave(40, 100, 30), wave(2, 100, 10)], "falling"),
    ([wave(40, 100, 20), wave(2, 100, 20)], "steady"),
])
def test_trend(waves, trend):
    assert response(waves, Scoring(), NOW).trend == trend


def test_a_future_wave_changes_nothing():
    past = [wave(40, 100, 30), wave(2, 100, 10)]

    assert response([*past, wave(-5, 100, 99)], Scoring(), NOW).rate == response(past, Scoring(), NOW).rate
