"""A small shop with one launch whose links are followed: rows, signed addresses, and a house around them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import (
    bundles,
    customers,
    events,
    hits,
    launches,
    link_targets,
    messages,
)
from regulars.bootstrap import House
from regulars.content.tokens import KeyRing, MessageRef, Purpose, packed_target, token
from regulars.settings import MailUrl, Settings

SECRET = "a secret of the tests that is long enough"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SHOP = """\
shop:
  name: "Mahalle Kahve"
  url: https://kahve.example/?lang=tr
  address: "İcadiye Cd. 12, İstanbul"
  locale: tr
  timezone: Europe/Istanbul
  currency: TRY
sender: {from: "Mahalle Kahve <merhaba@kahve.example>"}
languages: [en, tr, az]
consent: required
"""


class Clock:
    """Stands where it is put."""

    def __init__(self, now: datetime) -> None:
        self.moment = now

    def now(self) -> datetime:
        return self.moment


class Shop:
    """`links`: number -> target. Messages are numbered from 1, one customer each."""

    def __init__(self, database: Database, folder: Path, now: datetime, languages: Sequence[str] = ("tr", "az", "en")) -> None:
        self.database = database
        self.ring = KeyRing.of(SECRET)
        self.clock = Clock(now)
        (folder / "regulars.yaml").write_text(SHOP)
        outbox = MailUrl("spool", folder=str(folder / "outbox"))
        self.house = House(Settings(str(folder), database.url, outbox, "http://127.0.0.1:8000", self.ring))
        self.house.__dict__.update(database=database, clock=self.clock)
        self.links = {1: "https://kahve.example/?utm_source=email", 2: "https://kahve.example/beans?a=1&b=2", 3: "https://kahve.example/sale"}
        self.launch = self._launched(now - timedelta(hours=1), languages)

    def _launched(self, at: datetime, languages: Sequence[str]) -> int:
        with self.database.write() as connection:
            connection.execute(insert(bundles).values(hash="b" * 64, campaign="win-back", created_at=at))
            connection.execute(insert(link_targets), [
                {"bundle": "b" * 64, "language": "tr", "number": number, "name": f"link-{number}", "target": target}
                for number, target in self.links.items()
            ])
            launch = connection.scalar(insert(launches).returning(launches.c.id).values(
                campaign="win-back", bundle="b" * 64, key="launchkey", state="finished", segments=["slipping-away"],
                created_at=at, created_by="test", on_uncertain="hold", options={},
            ))
            for number, language in enumerate(languages, 1):
                customer = connection.scalar(insert(customers).returning(customers.c.id).values(
                    email=f"ada{number}@shop.example", email_key=f"ada{number}@shop.example", email_domain="shop.example",
                    attributes={}, attributes_folded={}, created_at=at, updated_at=at, marketing="granted", marketing_at=at,
                ))
                connection.execute(insert(messages).values(
                    launch_id=launch, number=number, customer_id=customer, email=f"ada{number}@shop.example",
                    email_domain="shop.example", language=language, state="accepted", next_attempt_at=at, composed_at=at,
                    handoff_at=at, accepted_at=at,
                ))
            assert launch is not None
            return int(launch)

    def ref(self, number: int = 1) -> MessageRef:
        return MessageRef(self.launch, number)

    def pixel(self, number: int = 1) -> str:
        return f"/o/{token(self.ring.newest, Purpose.OPEN, self.ref(number))}.gif"

    def link(self, link: int = 1, number: int = 1) -> str:
        target = self.links[link]
        return f"/c/{token(self.ring.newest, Purpose.CLICK, self.ref(number), link, target)}/{packed_target(target)}"

    def page(self, purpose: Purpose, number: int = 1) -> str:
        letter = {Purpose.UNSUBSCRIBE: "u", Purpose.PREFERENCES: "p", Purpose.VIEW: "v"}[purpose]
        return f"/{letter}/{token(self.ring.newest, purpose, self.ref(number))}"

    def hits(self, *columns: str) -> list[Any]:
        return self._rows(hits, columns)

    def events(self, *columns: str) -> list[Any]:
        return self._rows(events, columns)

    def message(self, number: int = 1) -> Any:
        with self.database.read() as connection:
            return connection.execute(select(messages).where(messages.c.number == number)).one()

    def customer(self, number: int = 1) -> Any:
        with self.database.read() as connection:
            return connection.execute(select(customers).where(customers.c.email == f"ada{number}@shop.example")).one()

    def _rows(self, table: Any, columns: Sequence[str]) -> list[Any]:
        with self.database.read() as connection:
            rows = connection.execute(select(*(table.c[name] for name in columns)).order_by(table.c.id))
            return [row[0] if len(columns) == 1 else tuple(row) for row in rows]
