"""`segments list` and `show` as steps: names, days and what is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from regulars.audience.members import Membership
from regulars.definition.conditions import All
from regulars.definition.workspace import Segment, Workspace
from regulars.errors import UsageError
from regulars.operations.segments import list_segments, show_segment
from regulars.scoring.response import Wave
from tests.people import SHOP

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
WORKSPACE = Workspace(SHOP, {name: Segment(name, All(()), f"the {name} ones") for name in ("vip", "slipping-away")}, {})


class Reader:
    """Remembers what it was asked."""

    def counts(self, workspace: Workspace, as_of: datetime) -> dict[str, int]:
        return dict.fromkeys(workspace.segments, 3)

    def members(self, segment: Segment, workspace: Workspace, as_of: datetime, sample: int, *, recomputed: bool = False) -> Membership:
        return Membership(segment.name, as_of, 3, (), recomputed)


class Book:
    def waves(self, segment: str) -> list[Wave]:
        return [Wave(NOW - timedelta(days=40), 100, 20), Wave(NOW - timedelta(days=1), 100, 10)] if segment == "vip" else []


@pytest.mark.parametrize(("said", "meant"), [
    ("2026-10-01", "2026-09-30T21:00:00+00:00"),            # midnight in Istanbul
    ("2026-10-01T18:30", "2026-10-01T15:30:00+00:00"),
    ("2026-10-01 18:30", "2026-10-01T15:30:00+00:00"),
    ("2026-10-01T18:30:00Z", "2026-10-01T18:30:00+00:00"),
])
def test_a_day_is_its_midnight_in_the_shop(said: str, meant: str) -> None:
    shown = show_segment("vip", WORKSPACE, Reader(), NOW, at=said)

    assert shown.as_json()["as_of"] == meant
    assert shown.as_json()["without_history"] == ["attributes", "consent"]


def test_now_is_read_from_stored_facts() -> None:
    shown = show_segment("vip", WORKSPACE, Reader(), NOW)

    assert shown.as_json() == {"segment": "vip", "as_of": NOW.isoformat(), "count": 3, "sample": []}


def test_a_mistyped_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="slippin") as error:
        show_segment("slippin_away", WORKSPACE, Reader(), NOW)

    assert error.value.hint == 'did you mean "slipping-away"?'


@pytest.mark.parametrize("said", ["yesterday", "2026-13-01", "01.10.2026", ""])
def test_what_is_no_day_is_refused_with_an_example(said: str) -> None:
    with pytest.raises(UsageError, match="is not a day") as error:
        show_segment("vip", WORKSPACE, Reader(), NOW, at=said)

    assert "--at 2026-10-01" in error.value.hint


def test_the_list_shows_how_a_segment_tires() -> None:
    quiet, vip = list_segments(WORKSPACE, Reader(), Book(), NOW)

    assert quiet.as_json() == {"name": "slipping-away", "description": "the slipping-away ones", "count": 3, "response": None}
    assert vip.response is not None
    assert vip.response.trend == "falling"
    assert vip.as_json()["response"]["launches"] == [0.2, 0.1]
