"""A worker killed with -9 after a code was bound: whoever sends the mail then sends that very code, and no other is spent."""

from __future__ import annotations

import pytest

from regulars.adapters.spool import Spool
from tests.crash import test_crash_points
from tests.crash.test_crash_points import Scene
from tests.integration.offering import IMPORTED, OfferFloor, code_in


@pytest.mark.parametrize("point", ["claimed", "asked", "marked", "dot_written", "answered"])
def test_the_code_survives_its_worker(database, tmp_path, monkeypatch, point):
    floor = OfferFloor(database, IMPORTED)
    floor.stock("A-1", "A-2", "A-3")
    monkeypatch.setattr(test_crash_points, "ShopFloor", lambda *_: floor)
    outbox = tmp_path / "outbox"
    scene = Scene(database, tmp_path, f"spool:{outbox}", "hold")
    scene.kill_at(point)
    bound = floor.by_number(scene.launch.id)
    assert len(bound) == (point != "claimed")

    scene.recover(Spool(str(outbox)))

    [mail] = outbox.glob("*.eml")
    assert scene.message.state == "accepted"
    assert floor.by_number(scene.launch.id) == {1: code_in(mail.read_bytes())}
    assert bound in ({}, floor.by_number(scene.launch.id))
    assert sorted(floor.code_states().values()) == ["bound", "free", "free"]
    floor.assert_replays()
