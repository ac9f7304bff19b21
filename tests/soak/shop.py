"""The shop that everybody is written to from: a workspace, and customers made by counting."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from regulars.adapters.database.engine import Database
from regulars.adapters.database.invariants import violations
from regulars.adapters.database.schema import customers, launches, messages
from regulars.adapters.database.types import EPOCH
from regulars.content.tokens import MessageRef
from regulars.delivery.message_id import message_id
from tests.soak.judgement import Row

ROOT = Path(__file__).parents[2]
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
PATIENCE = 120  # seconds; far more than a command needs, so that a busy machine is no failure
NAMES = ("Ayşe", "Rəşad", "Sophie", "Mehmet", "Günel", "Thomas", "İpek", "Nigar")
DOMAINS = 40    # so that a slow-down of one domain is not one of all
BATCH = 5_000
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
    "campaigns/hello.yaml": """\
campaign: hello
topic: news
to: [all]
template: hello.mjml
subject: {en: "{{ customer.first_name | default('friend') }}, your beans", tr: "{{ customer.first_name | default('dostum') }}, kahven"}
on_uncertain: %s
""",
    "templates/hello.mjml": """\
<mjml><mj-body><mj-section><mj-column>
<mj-text>{{ customer.greeting }} In {{ customer.city | default("your town") }} it is time for coffee.</mj-text>
<mj-button href="https://kahve.example/beans" name="hero">Beans</mj-button>
<mj-text>{{ shop.name }}, {{ shop.address }} <a href="{{ links.unsubscribe }}">Unsubscribe</a></mj-text>
</mj-column></mj-section></mj-body></mjml>
""",
}


@dataclass
class Shop:
    """A workspace's folder and its database; `settings` are REGULARS_* for each of its processes."""

    folder: Path
    database: Database
    settings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def opened(cls, folder: Path, database: Database, people: int, *, on_uncertain: str, **settings: str) -> Shop:
        for name, text in FILES.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text % on_uncertain if "%s" in text else text)
        shop = cls(folder, database, settings)
        shop.welcome(people)
        return shop

    @property
    def environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
        return {
            **own, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "REGULARS_PROJECT": str(self.folder),
            "REGULARS_DATABASE_URL": self.database.engine.url.render_as_string(hide_password=False),
            "REGULARS_SECRET": "a secret of the soak tests", **self.settings,
        }

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "regulars", *words]

    def run(self, *words: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """The command, to its end. `code`: how it must end; None: in any way."""
        done = subprocess.run(
            self.command(*words), cwd=self.folder, env=self.environment, capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False,
        )
        assert code in {None, done.returncode}, f"regulars {' '.join(words)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def start(self, *words: str) -> subprocess.Popen[str]:
        """The command, left running in a process group of its own."""
        return subprocess.Popen(
            self.command(*words), cwd=self.folder, env=self.environment, text=True, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )

    def welcome(self, people: int) -> None:
        for start in range(1, people + 1, BATCH):
            with self.database.write() as connection:
                connection.execute(insert(customers), [_customer(n) for n in range(start, min(start + BATCH, people + 1))])

    def let_leases_run_out(self) -> None:
        with self.database.write() as connection:
            connection.execute(update(messages).where(messages.c.lease_until.is_not(None)).values(lease_until=EPOCH))

    # what the database says

    def launch_state(self) -> tuple[str, str | None]:
        """Of the latest launch, with its reason."""
        with self.database.read() as connection:
            row = connection.execute(
                select(launches.c.state, launches.c.state_reason).order_by(launches.c.id.desc()).limit(1)
            ).one()
        return row.state, row.state_reason

    def rows(self) -> list[Row]:
        """Every message, with the Message-ID that its copies must bear."""
        chosen = select(messages, launches.c.key).join(launches, launches.c.id == messages.c.launch_id)
        with self.database.read() as connection:
            return [_row(row) for row in connection.execute(chosen)]

    def broken_promises(self) -> list[str]:
        with self.database.read() as connection:
            return violations(connection)


def _row(row: Any) -> Row:
    name = message_id(MessageRef(row.launch_id, row.number), row.key, "kahve.example")
    return Row(name, row.email, row.state, row.reason, row.dup_possible, row.content_hash)


def _customer(number: int) -> dict[str, Any]:
    domain = f"posta{number % DOMAINS}.example"
    address = f"c{number}@{domain}"
    return {
        "id": number, "email": address, "email_key": address, "email_domain": domain, "address_hash": f"{number:064x}",
        "first_name": NAMES[number % len(NAMES)], "locale": ("tr", "en")[number % 2], "city": "İzmir" if number % 3 else None,
        "marketing": "granted", "marketing_at": LONG_AGO, "created_at": LONG_AGO - timedelta(days=number % 300),
        "updated_at": LONG_AGO, "attributes": {}, "attributes_folded": {},
    }
