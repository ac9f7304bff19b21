"""A small shop whose launches the tests follow from the command to the mailbox."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain, count

from sqlalchemy import insert, update

from regulars.adapters.database.bundles import BundlesInDatabase
from regulars.adapters.database.contacts import ContactsInDatabase
from regulars.adapters.database.coupons import CouponsInDatabase
from regulars.adapters.database.dossiers import DossiersInDatabase
from regulars.adapters.database.eligibility import AudiencesInDatabase
from regulars.adapters.database.engine import Database
from regulars.adapters.database.launches import LaunchesInDatabase
from regulars.adapters.database.messages import MessagesInDatabase
from regulars.adapters.database.recipients import RecipientsInDatabase
from regulars.adapters.database.schema import customers, messages
from regulars.adapters.database.types import EPOCH
from regulars.adapters.mjml import MjmlCompiler
from regulars.audience.eligibility import Question
from regulars.content.tokens import KeyRing
from regulars.definition.files import WorkspaceFiles
from regulars.definition.reading import workspace_of
from regulars.definition.workspace import Workspace
from regulars.delivery.composing import composed
from regulars.delivery.launches import Launch
from regulars.delivery.life import State
from regulars.delivery.outcomes import Outcome, Phase, Result
from regulars.delivery.settlement import Handoff, Settlement
from regulars.operations.drain import drain
from regulars.operations.launch import Wishes, launch, prepare
from regulars.operations.office import PostOffice
from regulars.operations.plan import Desk
from regulars.operations.sweep import sweep

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
FILES = {
    "regulars.yaml": """\
shop:
  name: "Kahve"
  url: https://kahve.example
  address: "İcadiye Cd. 12, İstanbul"
  locale: en
  timezone: Europe/Istanbul
  currency: TRY
sender: {from: "Kahve <hello@kahve.example>"}
languages: [en, tr]
consent: required
topics: {news: "News"}
""",
    "segments/all.yaml": "segment: all\nwhere:\n  customer.created_at: {exists: true}\n",
    "segments/izmir.yaml": 'segment: izmir\nwhere:\n  customer.city: "İzmir"\n',
    "campaigns/hello.yaml": """\
campaign: hello
topic: news
to: [all]
template: hello.mjml
subject: {en: "Hello", tr: "Merhaba"}
""",
    "templates/hello.mjml": """\
<mjml><mj-body><mj-section><mj-column>
<mj-text>{{ customer.greeting }}</mj-text>
<mj-button href="https://kahve.example/beans" name="hero">Beans</mj-button>
<mj-text>{{ shop.name }}, {{ shop.address }} <a href="{{ links.unsubscribe }}">Unsubscribe</a></mj-text>
</mj-column></mj-section></mj-body></mjml>
""",
}
_numbers = count(1)


def workspace(**changed: str) -> Workspace:
    """The shop's files; `hello` replaces lines of the campaign: hello="if_past: skip"."""
    files = dict(FILES)
    files["campaigns/hello.yaml"] += changed.get("hello", "") + "\n"
    if "consent" in changed:
        files["regulars.yaml"] = files["regulars.yaml"].replace("consent: required", f"consent: {changed['consent']}")
    if "template" in changed:
        files["templates/hello.mjml"] = changed["template"]
    return workspace_of(WorkspaceFiles(files, {}, (), frozenset(files)))


@dataclass
class FakeTransport:
    """Accepts everything that the ledger allows. `says`: another outcome for some numbers; `mailbox`: what arrived."""

    says: dict[int, Outcome] = field(default_factory=dict)
    mailbox: list = field(default_factory=list)
    known: dict = field(default_factory=dict)
    before_dots: object = None
    address: str = "smtp://fake.example:25"

    def send(self, batches, ledger, go_on):
        for mail in chain.from_iterable(batches):
            if not go_on():
                return
            outcome = self.says.get(mail.ref.number, Outcome.ACCEPTED)
            if outcome is Outcome.LOST_BEFORE_DOT:
                ledger.turn([Result(mail.ref, outcome, Phase.BODY)], [])
                continue
            if mail.ref not in ledger.turn([], [mail.ref]):
                continue
            if self.before_dots:
                self.before_dots(mail)
            if outcome in {Outcome.ACCEPTED, Outcome.LOST_AFTER_DOT}:
                self.mailbox.append(mail)
            ledger.turn([Result(mail.ref, outcome, Phase.DOT, code=CODES.get(outcome), reply="so it said")], [])

    def arrived(self, mails):
        return {mail.ref: self.known[mail.ref] for mail in mails if self.known.get(mail.ref) or (mail.ref in self.known and mail.handed_to == self.address)}


class Here:
    """Composes in this process, which is quicker to begin; what the real one does is in test_composing."""

    def email(self, room, recipient, occasion):
        return room.compose(recipient, occasion)

    def letters(self, room, jobs):
        return (composed(room, job) for job in jobs)


CODES = {Outcome.ACCEPTED: 250, Outcome.REJECTED: 550, Outcome.DEFERRED: 451}


@dataclass
class StoppedClock:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


def add_customers(database: Database, number: int, **values) -> list[int]:
    """Subscribed customers c1@example.com …; `values` are columns."""
    made = [next(_numbers) for _ in range(number)]
    row = {"marketing": "granted", "created_at": NOW - timedelta(days=100), "updated_at": NOW, "locale": "en"}
    with database.write() as connection:
        connection.execute(insert(customers), [
            row | {"id": n, "email": f"c{n}@example.com", "email_key": f"c{n}@example.com", "email_domain": "example.com",
                   "address_hash": f"hash{n}", "first_name": f"Ada{n}"} | values
            for n in made
        ])
    return made


class ShopFloor:
    """Everything a launch needs around one database; `office()` gives a worker of its own."""

    def __init__(self, database: Database, files: Workspace | None = None) -> None:
        self.database = database
        self.workspace = files or workspace()
        self.clock = StoppedClock()
        self.transport = FakeTransport()
        self.composer = Here()
        self.launches = LaunchesInDatabase(database)
        self.messages = MessagesInDatabase(database)
        self.dossiers = DossiersInDatabase(database)
        self.bundles = BundlesInDatabase(database)
        self.keys = KeyRing.of("a secret of the tests")
        self.coupons = CouponsInDatabase(database)
        self.desk = Desk(
            AudiencesInDatabase(database), RecipientsInDatabase(database, b"a secret of the tests"), MjmlCompiler(), self.keys,
            "http://127.0.0.1:8000", coupons=self.coupons, contacts=ContactsInDatabase(database),
        )

    def office(self, owner: str = "worker-1", transport=None) -> PostOffice:
        return PostOffice(
            self.clock, self.launches, self.messages, self.bundles, self.desk.recipients, transport or self.transport,
            self.keys, "http://127.0.0.1:8000", owner, jitter=lambda: 0.0, composer=self.composer, coupons=self.coupons,
            contacts=ContactsInDatabase(self.database),
        )

    def prepare(self, **wishes):
        asked = Wishes(**wishes)
        question = Question(self.workspace.campaigns["hello"], self.workspace, self.clock.now(), asked.again, asked.limit)
        return prepare(question, asked, self.desk, self.launches)

    def launch(self, **wishes) -> Launch:
        return self.start(self.prepare(**wishes), **wishes)

    def start(self, planned, **wishes) -> Launch:
        key = f"key{next(_numbers)}"
        return launch(
            planned, Wishes(**wishes), self.launches, self.bundles, key=key, by="tests", origin=None, now=self.clock.now()
        )

    def mark(self, claimed, owner: str = "worker-1"):
        """What a transport asks just before the dots."""
        handoffs = [Handoff(one.ref, one.fence, "0" * 64, "en") for one in claimed]
        return self.messages.turn([], handoffs, owner=owner, topic="news", seconds=60, now=self.clock.now(), handed_to=self.transport.address)

    def give_up(self, claimed, before: State) -> None:
        given = [Settlement(one.ref, one.fence, before, State.PENDING, next_attempt_at=self.clock.now()) for one in claimed]
        self.messages.turn(given, [], owner="worker-1", topic=None, seconds=60, now=self.clock.now())

    def let_leases_run_out(self) -> None:
        with self.database.write() as connection:
            connection.execute(update(messages).where(messages.c.lease_until.is_not(None)).values(lease_until=EPOCH))

    def drain(self, launch_id: int, office: PostOffice | None = None):
        return drain(launch_id, office or self.office(), go_on=lambda: True)

    def work(self) -> int:
        """One round of `regulars up`, later: sweeps, then drains what is due."""
        return sum(self.drain(launch_id).done for launch_id in self.sweep())

    def sweep(self):
        """When every lease is over: nobody judges an uncertain mail earlier."""
        self.let_leases_run_out()
        return sweep(self.office())

    def states(self, launch_id: int) -> dict[str, int]:
        return {state.value: number for state, number in self.launches.tally(launch_id).states.items()}

    def wait(self, **span) -> None:
        self.clock.at += timedelta(**span)
