"""The full soak: `python -m tests.soak [PEOPLE [KILLS]]`; prints the figures, and ends with 1 when a promise is broken."""

from __future__ import annotations

import sys
import tempfile
import time
import uuid
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from regulars.adapters.database.engine import Database
from regulars.adapters.database.migrations import upgrade
from tests.servers import RedisServer, postgres_server
from tests.soak.faults import BAD_DAY
from tests.soak.fleet import Fleet
from tests.soak.shop import Shop
from tests.soak.siege import Account, besiege
from tests.soak.sink import running_sink

PEOPLE, KILLS, WORKERS = 100_000, 60, 4
PATIENCE = 1_800  # seconds for one of the two
RESEND, RELAY_LOG = "on_uncertain: resend", "evidence: relay log"
RELAY = {"connections": 8, "dot_timeout": 5, "lease": 10}


def main(people: int, kills: int) -> int:
    with tempfile.TemporaryDirectory(prefix="regulars-soak-") as folder:
        server = postgres_server(Path(f"/tmp/regulars-soak-{uuid.uuid4().hex[:8]}"))
        redis = RedisServer(Path(folder))
        try:
            accounts = [soak(Path(folder), server, redis, people, kills, name) for name in (RESEND, RELAY_LOG)]
        finally:
            redis.stop()
    return 0 if all(is_kept(one) and one.kills >= kills for one in accounts) else 1


def soak(folder: Path, server: str, redis: RedisServer, people: int, kills: int, name: str) -> Account:
    """One launch under fire on a database of its own; its figures are printed as soon as they are there."""
    place = folder / name.replace(": ", "-").replace(" ", "-")
    with running_sink(place / "sink", BAD_DAY) as sink:
        settings = {"REGULARS_BROKER_URL": redis.url, "REGULARS_MAIL_URL": sink.url(**RELAY)}
        if name == RELAY_LOG:
            settings["REGULARS_RELAY_LOG"] = str(sink.relay_log)
        database = Database(_created(server))
        upgrade(database)
        shop = Shop.opened(place, database, people, on_uncertain="resend" if name == RESEND else "hold", **settings)
        with Fleet(shop, sink.port, WORKERS) as fleet:
            account = besiege(shop, fleet, sink, kills=kills, seconds=PATIENCE, name=name)
        database.close()
    print(report(account), flush=True)
    return account


def is_kept(account: Account) -> bool:
    """The promises: nobody lost, no second copy without a mark, and with evidence no second copy at all."""
    verdict = account.verdict
    exact = account.name != RELAY_LOG or not (verdict.twice or verdict.flagged or account.held)
    return (
        verdict.is_clean and exact and verdict.flagged <= account.bound and not account.broken_promises and not account.left_over
    )


def report(account: Account) -> str:
    verdict = account.verdict
    figures = {
        "seconds": f"{account.seconds:.0f}", "mails a second": f"{account.rate:,.0f}", "kill -9": account.kills,
        "most connections at once": account.most_open, "messages": f"{verdict.messages:,}",
        "states": ", ".join(f"{count:,} {state}" for state, count in sorted(verdict.states.items())),
        "copies": f"{verdict.copies:,}", "lost": len(verdict.lost), "recipients with two copies": verdict.twice,
        "of them unflagged": len(verdict.unflagged), "flagged": verdict.flagged,
        "bound: open connections at kills + losses after the dot": account.bound, "held": account.held,
        "promises": "kept" if is_kept(account) else f"BROKEN {verdict.broken} {account.broken_promises} {account.left_over}",
    }
    width = max(map(len, figures))
    return "\n".join([f"\n{account.name}, {time.strftime('%Y-%m-%d')}", *(f"  {name:<{width}}  {value}" for name, value in figures.items())])


def _created(server: str) -> str:
    """A fresh database; PostgreSQL must sync as it does in production, or the proof is none."""
    name = f"soak_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server.replace("postgresql+psycopg://", "postgresql://"), autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert connection.execute(f"SHOW {setting}").fetchone() == ("on",), f"{setting} is off"
        connection.execute(f'CREATE DATABASE "{name}"')
    return make_url(server).set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    sys.exit(main(*given, *(PEOPLE, KILLS)[len(given):]))
