"""A backup comes back in the middle of a launch: it is noticed, and nobody gets a mail twice."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from regulars.adapters.database.recovery import RecoveryInDatabase
from regulars.adapters.database.registry import RegistryInDatabase
from regulars.adapters.database.schema import attempts, messages
from regulars.adapters.memory import FileMemory
from regulars.delivery.life import LaunchState
from regulars.errors import Refused
from regulars.operations.permission import Permit
from regulars.operations.recover import outlook, recover
from regulars.operations.resume import resume
from regulars.operations.sweep import sweep
from tests.integration.backups import Backup
from tests.integration.invariants import assert_promises_kept
from tests.integration.launching import ShopFloor, add_customers, workspace


class Machine:
    """A machine with a memory of its own, and a post office that asks before it sends."""

    def __init__(self, floor, folder):
        self.floor = floor
        self.memory = FileMemory(str(folder))
        self.recovery = RecoveryInDatabase(floor.database)

    def permit(self):
        return Permit(RegistryInDatabase(self.floor.database), self.memory, self.floor.clock, named="", where="here")

    def office(self):
        return replace(self.floor.office(), permit=self.permit().ask)

    def send(self, launch):
        return self.floor.drain(launch.id, self.office())

    def outlook(self, **how):
        return outlook(self.permit(), self.recovery, anyway=how.get("anyway", False), now=self.floor.clock.now())

    def recover(self, **how):
        return recover(self.outlook(**how), self.permit(), self.recovery, self.memory, by="ada", now=self.floor.clock.now())


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    """The number rises each time somebody asks, as if five seconds had gone by."""
    monkeypatch.setattr("regulars.operations.permission.RISES_EVERY", timedelta(0))


@pytest.fixture
def floor(database):
    floor = ShopFloor(database)
    add_customers(database, 6)
    return floor


@pytest.fixture
def machine(floor, tmp_path):
    return Machine(floor, tmp_path / "machine")


@pytest.fixture
def backup(database):
    made = []

    def make():
        made.append(Backup(database))
        return made[-1]

    yield make
    database.close()
    for one in made:
        one.close()


def copies(floor):
    return Counter(mail.envelope_to for mail in floor.transport.mailbox)


def test_a_restored_backup_sends_nothing_until_it_is_recovered_and_nobody_gets_a_second_mail(floor, machine, backup):
    launch = floor.launch()
    machine.permit().ask()
    kept = backup()
    machine.send(launch)
    kept.restore()
    for forbidden in (lambda: machine.send(launch), lambda: sweep(machine.office())):
        with pytest.raises(Refused, match="restored backup"):
            forbidden()
    assert machine.recover() == 6
    sweep(machine.office())
    resume(str(launch.id), floor.launches, now=floor.clock.now())
    machine.send(launch)

    assert set(copies(floor).values()) == {1}
    assert len(copies(floor)) == 6
    assert floor.states(launch.id) == {"held": 6}
    assert_promises_kept(floor.database)


def test_every_doubtful_mail_says_who_made_it_so_and_why(floor, machine, backup):
    launch = floor.launch()
    machine.permit().ask()
    kept = backup()
    machine.send(launch)
    kept.restore()
    machine.recover()

    assert floor.launches.get(launch.id).state is LaunchState.PAUSED
    with floor.database.read() as connection:
        rows = connection.execute(select(attempts).where(attempts.c.outcome == "uncertain")).all()
    assert len(rows) == 6
    assert {(row.actor, row.phase) for row in rows} == {("ada", "operator")}
    assert all("restored from a backup of" in row.reply for row in rows)


def test_what_the_evidence_knows_needs_no_person_and_its_silence_proves_nothing(floor, machine, backup):
    """Where mail was handed to since the backup is lost with the rest: perhaps to another relay than today's."""
    launch = floor.launch()
    machine.permit().ask()
    kept = backup()
    claimed = floor.messages.claim(launch.id, 6, "worker-1", 60, floor.clock.now())
    floor.transport.known = {one.ref: one.ref.number <= 2 for one in claimed}
    floor.transport.mailbox += [type("Mail", (), {"envelope_to": one.email})() for one in claimed if one.ref.number <= 2]
    machine.permit().ask()
    kept.restore()
    machine.recover()
    sweep(machine.office())
    resume(str(launch.id), floor.launches, now=floor.clock.now())
    machine.send(launch)

    assert set(copies(floor).values()) == {1}
    assert floor.states(launch.id) == {"accepted": 2, "held": 4}
    assert_promises_kept(floor.database)


def test_what_the_backup_noted_of_a_handoff_is_out_of_date(floor, machine):
    """Judged since as never arrived, and handed to another: the first one's silence must not send it a second time."""
    launch = floor.launch()
    machine.permit().ask()
    claimed = floor.messages.claim(launch.id, 6, "worker-1", 60, floor.clock.now())
    floor.mark(claimed)
    now, generation = floor.clock.now(), RegistryInDatabase(floor.database).identity().generation
    machine.recovery.recover(now, generation, actor="ada", why="it is a restored backup", now=now)
    floor.transport.known = {one.ref: False for one in claimed}
    sweep(machine.office())

    assert floor.states(launch.id) == {"held": 6}
    assert_promises_kept(floor.database)


def test_a_campaign_that_resends_is_held_too_for_they_are_too_many(database, tmp_path, backup):
    floor = ShopFloor(database, workspace(hello="on_uncertain: resend"))
    add_customers(database, 3)
    machine = Machine(floor, tmp_path / "machine")
    launch = floor.launch()
    machine.permit().ask()
    kept = backup()
    machine.send(launch)
    kept.restore()
    machine.recover()
    sweep(machine.office())

    assert floor.states(launch.id) == {"held": 3}


def test_mail_that_is_due_later_stays_as_it_is(floor, machine, backup):
    launch = floor.launch()
    with floor.database.write() as connection:
        later = floor.clock.now() + timedelta(days=1)
        connection.execute(update(messages).where(messages.c.number > 4).values(next_attempt_at=later))
    machine.permit().ask()
    kept = backup()
    machine.send(launch)
    kept.restore()
    with pytest.raises(Refused):
        machine.send(launch)
    found = machine.outlook()
    machine.recover()

    assert [(at.launch, at.doubtful, at.later) for at in found.launches] == [(launch.id, 4, 2)]
    assert floor.states(launch.id) == {"pending": 2, "uncertain": 4}


def test_a_lost_launchs_number_is_not_given_again(floor, machine, backup):
    """Its mails are in inboxes: their links must not speak for other people's messages."""
    kept = backup()
    lost = floor.launch()
    machine.send(lost)
    kept.restore()
    found = machine.outlook()
    machine.recover()
    anew = floor.launch()
    machine.permit().ask()

    assert list(found.lost_launches) == [lost.id]
    assert anew.id == lost.id + 1


def test_after_a_recovery_all_machines_send_again_and_an_older_copy_is_noticed_again(floor, machine, backup, tmp_path):
    launch = floor.launch()
    machine.permit().ask()
    kept = backup()
    machine.send(launch)
    kept.restore()
    machine.recover()
    machine.permit().ask()
    other = Machine(floor, tmp_path / "other")
    other.permit().ask()
    kept.restore()

    for each in (machine, other):
        with pytest.raises(Refused, match="restored backup"):
            each.permit().ask()


def test_a_database_that_is_well_has_nothing_to_recover(floor, machine):
    machine.permit().ask()

    assert machine.outlook() is None
    assert machine.outlook(anyway=True).until is None


def test_recovering_twice_changes_nothing_more(floor, machine, backup):
    launch = floor.launch()
    machine.permit().ask()
    kept = backup()
    machine.send(launch)
    kept.restore()
    found = machine.outlook()
    counts = [
        recover(found, machine.permit(), machine.recovery, machine.memory, by="ada", now=floor.clock.now()) for _ in range(2)
    ]

    assert counts == [6, 0]
