"""Killed or stopped at every point of a mail's way, on both databases: nothing lost, nothing twice that is not flagged."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from regulars.adapters.database.schema import messages
from regulars.adapters.postfix_log import PostfixLog
from regulars.adapters.smtp import Relay
from regulars.adapters.smtp_session import Account
from regulars.adapters.spool import Spool
from regulars.operations.drain import drain
from regulars.operations.sweep import sweep
from tests.integration.launching import ShopFloor, add_customers, workspace
from tests.postfix import Postfix
from tests.relay import RelayServer

ROOT = Path(__file__).parents[2]
PATIENCE = 60

# point: the state found, copies at the relay, and after the recovery by each policy: (state, copies, flagged)
UNHURT = dict.fromkeys(("hold", "resend", "evidence"), ("accepted", 1, False))
TABLE = {
    "claimed": ("claimed", 0, UNHURT),
    "asked": ("claimed", 0, UNHURT),
    "marked": ("handoff", 0, {"hold": ("held", 0, False), "resend": ("accepted", 1, True), "evidence": ("accepted", 1, False)}),
    "dot_written": ("handoff", 1, {"hold": ("held", 1, False), "resend": ("accepted", 2, True), "evidence": ("accepted", 1, False)}),
    "answered": ("handoff", 1, {"hold": ("held", 1, False), "resend": ("accepted", 2, True), "evidence": ("accepted", 1, False)}),
    "settled": ("accepted", 1, UNHURT),
}
CASES = [(point, policy) for point in TABLE for policy in UNHURT if policy == "resend" or TABLE[point][2] is not UNHURT]


class Scene:
    """A launch of one mail, a worker that will not live long, and one that comes after it."""

    def __init__(self, database, folder, mail_url, policy):
        self.floor = ShopFloor(database, workspace(hello=f"on_uncertain: {'hold' if policy == 'hold' else 'resend'}"))
        self.floor.clock.at = datetime.now(UTC)
        add_customers(database, 1)
        self.launch = self.floor.launch()
        (folder / "regulars.yaml").write_text("# a worker needs no files: bundles are in the database\n")
        self._environment = {
            **os.environ, "REGULARS_PROJECT": str(folder), "REGULARS_MAIL_URL": mail_url,
            "REGULARS_DATABASE_URL": database.engine.url.render_as_string(hide_password=False), "REGULARS_SECRET": "a secret of the tests",
        }

    def worker(self, point, how) -> subprocess.Popen:
        command = [sys.executable, "-m", "tests.crash.driver", str(self.launch.id), point, how]
        return subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def kill_at(self, point) -> None:
        worker = self.worker(point, "KILL")
        said, _ = worker.communicate(timeout=PATIENCE)
        assert worker.returncode == -signal.SIGKILL, said

    @contextmanager
    def stopped_at(self, point):
        """Yields while the worker sleeps, and ends when it has gone on to its end."""
        worker = self.worker(point, "STOP")
        try:
            wait_for(lambda: worker.poll() is not None or state_of(worker.pid) == "T")
            assert worker.poll() is None, worker.stdout.read()
            yield
        finally:
            if worker.poll() is None:
                worker.send_signal(signal.SIGCONT)
            said, _ = worker.communicate(timeout=PATIENCE)
        assert worker.returncode == 0, said

    def recover(self, transport, log=None) -> None:
        """When every lease is over: a sweep, and the turn of another worker."""
        self.floor.clock.at = datetime.now(UTC)
        self.floor.let_leases_run_out()
        office = replace(self.floor.office("another", transport), relay_log=log)
        for launch_id in sweep(office):
            drain(launch_id, office, lambda: True)

    @property
    def message(self):
        with self.floor.database.read() as connection:
            return connection.execute(select(messages)).one()


@pytest.fixture
def relay():
    with RelayServer() as server:
        transport = Relay(Account("127.0.0.1", server.port), connections=1)
        yield server, transport
        transport.close()


def url_of(port) -> str:
    return f"smtp://127.0.0.1:{port}?connections=1"


@pytest.mark.parametrize(("point", "policy"), CASES)
def test_killed(database, relay, tmp_path, point, policy):
    server, transport = relay
    found, copies, after = TABLE[point]
    scene = Scene(database, tmp_path, url_of(server.port), policy)
    scene.kill_at(point)
    assert (scene.message.state, len(server.arrived)) == (found, copies)

    scene.recover(transport, written_log(server, tmp_path) if policy == "evidence" else None)

    message = scene.message
    assert (message.state, len(server.arrived), message.dup_possible) == after[policy]
    if policy == "evidence" and copies and found != "accepted":
        assert message.evidence == "log"


@pytest.mark.parametrize("point", TABLE)
def test_stopped_past_the_lease_and_woken_up(database, relay, tmp_path, point):
    """By then another has judged by evidence and perhaps sent it; the sleeper changes nothing and writes no second dot."""
    server, transport = relay
    scene = Scene(database, tmp_path, url_of(server.port), "evidence")
    with scene.stopped_at(point):
        found = scene.message.state
        scene.recover(transport, written_log(server, tmp_path))
        recovered = scene.message
        time.sleep(0.3)  # the sleeper's patience with its ledger

    assert found == TABLE[point][0]
    assert (recovered.state, recovered.dup_possible) == ("accepted", False)
    assert len(server.arrived) == 1
    assert scene.message == recovered


@pytest.mark.parametrize("point", ["marked", "dot_written", "answered"])
def test_killed_with_the_log_of_a_real_postfix_as_evidence(sqlite_database, tmp_path, point):
    with Postfix() as postfix:
        transport = Relay(Account("127.0.0.1", postfix.port), connections=1)
        scene = Scene(sqlite_database, tmp_path, url_of(postfix.port), "resend")
        time.sleep(1.1)  # Postfix's clock has no fractions: its log begins an earlier second
        scene.kill_at(point)
        time.sleep(1.1)
        knock(postfix)
        scene.recover(transport, PostfixLog(str(postfix.log), f"smtp://127.0.0.1:{postfix.port}"))
        transport.close()
        wait_for(lambda: "status=sent" in postfix.log.read_text())
        taken = postfix.log.read_text().count("(queue active)")

    assert (scene.message.state, taken, scene.message.dup_possible) == ("accepted", 1, False)


@pytest.mark.parametrize("point", TABLE)
def test_killed_while_spooling(database, tmp_path, point):
    """The folder knows, so there is never a doubt, and a second copy would have the same name."""
    outbox = tmp_path / "outbox"
    scene = Scene(database, tmp_path, f"spool:{outbox}", "hold")
    scene.kill_at(point)
    found = (scene.message.state, len(list(outbox.glob("*.eml"))) if outbox.exists() else 0)

    scene.recover(Spool(str(outbox)))

    expected = ("handoff", 1) if point in {"dot_written", "answered"} else TABLE[point][:2]
    assert found == expected
    assert (scene.message.state, len(list(outbox.glob("*.eml"))), scene.message.dup_possible) == ("accepted", 1, False)


def test_killed_and_gone_on_with_another_mail_url(database, relay, tmp_path):
    """An empty folder says nothing of a mail that a relay had: it must not go out again as if it had never left."""
    server, _ = relay
    scene = Scene(database, tmp_path, url_of(server.port), "hold")
    scene.kill_at("dot_written")

    scene.recover(Spool(str(tmp_path / "outbox")))

    assert scene.message.handed_to == f"smtp://127.0.0.1:{server.port}"
    assert (scene.message.state, len(server.arrived), (tmp_path / "outbox").exists()) == ("held", 1, False)


def written_log(server, folder) -> PostfixLog:
    """What a Postfix would have logged of the relay's mails, and that its log goes on."""
    now = datetime.now(UTC)
    lines = [f"{now - timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ} relay postfix/smtpd[7]: connect from shop.example[127.0.0.1]"]
    for number, mail in enumerate(server.arrived):
        [name] = [line.split()[1].decode() for line in mail.content.splitlines() if line.lower().startswith(b"message-id:")]
        lines += [f"{now:%Y-%m-%dT%H:%M:%SZ} relay postfix/cleanup[8]: 4ABCDE{number}: message-id={name}",
                  f"{now:%Y-%m-%dT%H:%M:%SZ} relay postfix/qmgr[9]: 4ABCDE{number}: from=<hello@kahve.example>, size=1, nrcpt=1 (queue active)"]
    lines.append(f"{now + timedelta(seconds=2):%Y-%m-%dT%H:%M:%SZ} relay postfix/smtpd[7]: disconnect from shop.example[127.0.0.1]")
    (folder / "mail.log").write_text("\n".join(lines) + "\n")
    return PostfixLog(str(folder / "mail.log"), f"smtp://127.0.0.1:{server.port}")


def knock(postfix) -> None:
    """A line of a later second: the log is alive."""
    import socket

    before = postfix.log.stat().st_size
    socket.create_connection(("127.0.0.1", postfix.port), timeout=20).close()
    wait_for(lambda: postfix.log.stat().st_size > before)


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def wait_for(condition) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
