"""One process on SQLite, killed in the middle again and again, by command and as `regulars up`."""

import os
import signal
import subprocess

import pytest

from tests.servers import free_port
from tests.soak.faults import Faults
from tests.soak.judgement import judge
from tests.soak.shop import Shop
from tests.soak.sink import running_sink
from tests.soak.watching import is_finished, until

PEOPLE, CONNECTIONS = 1_000, 4
FAULTS = Faults(lost_250=0.002, dropped_in_body=0.002, latency=0.005)


@pytest.mark.parametrize("on_uncertain", ["resend", "hold"])
def test_a_killed_process_is_taken_up_by_the_next(sqlite_database, tmp_path, on_uncertain):
    with running_sink(tmp_path / "sink", FAULTS) as sink:
        settings = {"REGULARS_MAIL_URL": sink.url(connections=CONNECTIONS, dot_timeout=2, lease=3)}
        shop = Shop.opened(tmp_path, sqlite_database, PEOPLE, on_uncertain=on_uncertain, **settings)
        up = ("up", "--port", str(free_port()))
        kills = 0
        for words in (("launch", "hello", "--yes"), ("resume", "hello"), up, up):
            kills += _killed_after(100, shop, sink, words)
        last = shop.start(*up)
        try:
            until(is_finished(shop), "the end")
        finally:
            _kill(last)
        verdict, events = judge(shop.rows(), sink.copies()), sink.events()

    losses = kills * CONNECTIONS + sum(event.kind in {"lost_250", "dropped_in_body"} for event in events)
    assert verdict.broken == {}
    assert shop.broken_promises() == []
    assert kills >= 3
    if on_uncertain == "resend":
        assert verdict.flagged <= losses
    else:
        assert (verdict.twice, verdict.flagged) == (0, 0)
        assert verdict.states.get("held", 0) <= losses


def _killed_after(mails: int, shop: Shop, sink, words) -> int:
    """How many were killed: one, unless it was done before."""
    enough = sink.taken() + mails
    process = shop.start(*words)
    until(lambda: sink.taken() >= enough or process.poll() is not None, f"{mails} more mails")
    done = process.poll() is not None
    _kill(process)
    return not done


def _kill(process: subprocess.Popen) -> None:
    """With its children."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
