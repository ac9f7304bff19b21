"""A shop's systems at the web door: webhooks signed as Shopify and WooCommerce sign them, and programs with a key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from httpx import Response
from sqlalchemy import select
from starlette.testclient import TestClient

from regulars.adapters.database.engine import Database
from regulars.bootstrap import House
from regulars.content.tokens import KeyRing
from regulars.doors.web.app import make_app
from regulars.operations.keys import SCOPES, create_key
from regulars.settings import MailUrl, Settings
from tests.web import SECRET, SHOP, Clock

SHOPIFY_SECRET = "shopify's secret of the tests"
WOOCOMMERCE_SECRET = "woocommerce's secret of the tests"
DECLARED = """\
attributes: {taste: {one_of: [fruity, dark], default: dark}, visits: {whole number: optional}}
"""
_numbers = count(1)


@dataclass
class Systems:
    """The house they talk to, and what they send. `events` are declared on top of those of regulars.yaml."""

    database: Database
    folder: Path
    now: datetime
    yaml: str = SHOP
    house: House = field(init=False)
    clock: Clock = field(init=False)

    def __post_init__(self) -> None:
        (self.folder / "regulars.yaml").write_text(self.yaml)
        self.clock = Clock(self.now)
        self.house = House(Settings(
            str(self.folder), self.database.url, MailUrl("spool", folder=str(self.folder / "outbox")), "http://127.0.0.1:8000",
            KeyRing.of(SECRET), shopify_secrets=(SHOPIFY_SECRET,), woocommerce_secrets=(WOOCOMMERCE_SECRET,),
        ))
        self.house.__dict__.update(database=self.database, clock=self.clock)

    @contextmanager
    def open(self) -> Iterator[Caller]:
        with TestClient(make_app(self.house), "http://127.0.0.1:8000", raise_server_exceptions=False) as client:
            yield Caller(client, self)

    def key(self, name: str = "till", scopes: tuple[str, ...] = SCOPES, **more: Any) -> str:
        number = next(_numbers)
        return create_key(
            self.house.api_keys, name, scopes, self.clock.now(), key_id=f"id{number:010}", secret=f"secret{number:030}", **more)

    def rows(self, table: Any, *columns: str) -> list[Any]:
        """In order of what they say, because ids depend on who came first."""
        with self.database.read() as connection:
            rows = connection.execute(select(*(table.c[name] for name in columns)))
            return sorted(((row[0] if len(columns) == 1 else tuple(row)) for row in rows), key=repr)

    def count(self, table: Any) -> int:
        return len(self.rows(table, next(iter(table.primary_key)).name))


@dataclass(frozen=True)
class Caller:
    client: TestClient
    systems: Systems

    def shopify(self, topic: str, payload: Any, event: str | None = None, **headers: str) -> Response:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return self.client.post("/hooks/shopify", content=body, headers={
            "content-type": "application/json", "x-shopify-topic": topic, "x-shopify-event-id": event or f"event-{next(_numbers)}",
            "x-shopify-hmac-sha256": signed(body, SHOPIFY_SECRET), "x-shopify-shop-domain": "kahve.example", **headers,
        })

    def woocommerce(self, topic: str, payload: Any, **headers: str) -> Response:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return self.client.post("/hooks/woocommerce", content=body, headers={
            "content-type": "application/json", "x-wc-webhook-topic": topic, "x-wc-webhook-id": "3",
            "x-wc-webhook-delivery-id": f"{next(_numbers):032x}", "x-wc-webhook-signature": signed(body, WOOCOMMERCE_SECRET), **headers,
        })

    def api(self, kind: str, told: Any, key: str, **headers: str) -> Response:
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        return self.client.post(f"/api/v1/{kind}", content=body, headers={
            "content-type": "application/json", "authorization": f"Bearer {key}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        })


def signed(body: bytes, secret: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def good(answer: Response) -> Mapping[str, Any]:
    assert answer.status_code == 200, answer.text
    return answer.json()
