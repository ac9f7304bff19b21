"""The loop of `regulars up`: what one look stumbles over is no reason for the others to stand still."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from regulars.doors.cli import up
from regulars.errors import RegularsError, SettingsError


class Heart:
    def __init__(self) -> None:
        self.troubles = []
        self.left = False

    def __call__(self) -> None: ...

    def troubled(self, trouble) -> None:
        self.troubles.append(trouble)

    def leave(self) -> None:
        self.left = True


def run(monkeypatch, *looks) -> Heart:
    """One round of the loop; the last look ends it."""
    stop, heart = threading.Event(), Heart()
    house = SimpleNamespace(heartbeat=lambda _kind: heart, settings=SimpleNamespace(log="text"))
    monkeypatch.setattr(up, "_looks", lambda _house, _go_on: (*looks, stop.set))
    up._send_what_is_due(house, stop)
    return heart


def fails(error: Exception):
    def look() -> None:
        raise error

    return look


@pytest.mark.parametrize("error", [RegularsError("the relay does not answer"), KeyError("a mistake")])
def test_the_looks_after_a_failed_one_are_taken_all_the_same(monkeypatch, capsys, error) -> None:
    done = []
    heart = run(monkeypatch, fails(error), lambda: done.append("sent"))

    assert done == ["sent"]
    assert heart.left
    assert isinstance(heart.troubles[0], RegularsError)
    assert "trying again in 30 s" in capsys.readouterr().err


def test_what_troubles_several_looks_is_said_once(monkeypatch, capsys) -> None:
    away = RegularsError("the database does not answer")
    run(monkeypatch, fails(away), fails(away))

    assert capsys.readouterr().err.count("the database does not answer") == 1


def test_a_wrong_setting_is_never_tried_again(monkeypatch) -> None:
    with pytest.raises(SettingsError):
        run(monkeypatch, fails(SettingsError(["REGULARS_MAIL_URL is no address"])))
