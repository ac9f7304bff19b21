"""The real command, typed in the folder of a small shop."""

from __future__ import annotations

import csv
import email
import http.client
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.servers import wait_for_port

ROOT = Path(__file__).parents[1]
PARTS = ("regulars.yaml", "campaigns", "segments", "templates", "data", "samples")
NOW = "2026-11-20T09:00:00Z"
PATIENCE = 60  # seconds; far more than anything here needs, so that a busy machine is no failure
LAPTOP = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

HARD_NAME = 'Ann & Co <b>"'
SLIPPING = 30       # of them one refused, one never said yes, and the two best are "vip"


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@dataclass
class Regulars:
    """A workspace's folder, and `regulars` as typed in it. `environment` is added to each command's."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *words: str, code: int = 0, now: str = NOW, **more: str) -> Ran:
        done = subprocess.run(
            self.command(words), cwd=self.folder, env=self.surroundings(now, more), capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == code, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return Ran(done.returncode, done.stdout, done.stderr)

    def start(self, *words: str, now: str = NOW, **more: str) -> subprocess.Popen[str]:
        """The command, left running."""
        return subprocess.Popen(
            self.command(words), cwd=self.folder, env=self.surroundings(now, more), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )

    @contextmanager
    def door(self, *words: str, now: str = NOW, **more: str) -> Iterator[Door]:
        """`serve` or `up` on the port of REGULARS_BASE_URL, while the block runs."""
        port = urlsplit(self.environment["REGULARS_BASE_URL"]).port
        process = self.start(*(words or ("serve",)), "--port", str(port), now=now, **more)
        try:
            wait_for_port(port)
            yield Door(port)
        finally:
            said = end(process, signal.SIGINT)
            assert "Traceback" not in said, said

    def command(self, words: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "regulars", *words]

    def surroundings(self, now: str, more: dict[str, str]) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
        return {**own, "PYTHONPATH": str(ROOT), "REGULARS_NOW": now, "NO_COLOR": "1", **self.environment, **more}

    def write(self, path: str, text: str | bytes) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return file

    def rewrite(self, path: str, old: str, new: str) -> None:
        text = (self.folder / path).read_text()
        assert old in text
        self.write(path, text.replace(old, new))

    @property
    def outbox(self) -> list[Path]:
        return sorted((self.folder / ".regulars" / "outbox").rglob("*.eml"))

    def mails(self) -> dict[str, EmailMessage]:
        """Address -> its mail, read by the standard library's parser; fails when anybody has two."""
        read = [email.message_from_bytes(file.read_bytes(), policy=default) for file in self.outbox]
        by_address = {mail["To"].addresses[0].addr_spec: mail for mail in read}
        assert len(by_address) == len(read)
        return by_address

    def rows(self) -> dict[str, int]:
        """Table -> how many rows it has."""
        tables = [name for name, in self.ask("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: self.ask(f"SELECT count(*) FROM {table}")[0][0] for table in tables}

    def ask(self, query: str) -> list[tuple]:
        with closing(sqlite3.connect(self.folder / ".regulars" / "regulars.db", timeout=30)) as connection:
            return connection.execute(query).fetchall()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


@dataclass(frozen=True)
class Door:
    """A browser in front of the web door."""

    port: int

    def get(self, url: str, **headers: str) -> Answer:
        return self.ask("GET", url, None, headers)

    def post(self, url: str, body: bytes = b"", **headers: str) -> Answer:
        return self.ask("POST", url, body, {"Content-Type": "application/x-www-form-urlencoded", **headers})

    def ask(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with closing(connection):
            connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body, {"User-Agent": LAPTOP, **headers})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())


def end(process: subprocess.Popen, signal_: signal.Signals) -> str:
    """Tells a process to end; returns what it said on stderr."""
    if process.poll() is None:
        process.send_signal(signal_)
    try:
        return process.communicate(timeout=PATIENCE)[1] or ""
    except subprocess.TimeoutExpired:
        process.kill()
        pytest.fail(f"it did not end: {process.communicate()[1]}")


def until(condition: Callable[[], object], what: str = "it") -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not happen in {PATIENCE} s")
        time.sleep(0.02)


def workspace_in(folder: Path) -> Path:
    """A copy of the workspace that the repository is."""
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("shop", "*.py", "pictures"))
        else:
            shutil.copy(ROOT / part, folder / part)
    return folder


def add_people(regulars: Regulars, count: int) -> None:
    """A segment `many` of so many people and a campaign `hello` to them, small enough to be sent fast."""
    rows = "".join(f"many{number}@posta.example,Many,{number},Many,en,TR,yes,2026-01-01\n" for number in range(count))
    regulars.write("many.csv", "email,first_name,last_name,city,locale,country,consent,consent_at\n" + rows)
    regulars.write("segments/many.yaml", 'segment: many\nwhere:\n  customer.city: "Many"\n')
    regulars.write("templates/hello.mjml", HELLO_TEMPLATE)
    regulars.write("campaigns/hello.yaml", HELLO_CAMPAIGN)
    regulars("import", "customers", "many.csv")


HELLO_CAMPAIGN = """\
campaign: hello
topic: news
to: [many]
template: hello.mjml
subject: {en: "Hello", tr: "Merhaba", az: "Salam"}
"""
HELLO_TEMPLATE = """\
<mjml><mj-body><mj-section><mj-column>
<mj-text>{{ customer.greeting }}</mj-text>
<mj-button href="https://kahve.example/beans" name="hero">Beans</mj-button>
<mj-text>{{ shop.name }}, {{ shop.address }} <a href="{{ links.unsubscribe }}">Unsubscribe</a></mj-text>
</mj-column></mj-section></mj-body></mjml>
"""


def write_customers(file: Path) -> None:
    columns = ["email", "first_name", "last_name", "locale", "timezone", "country", "consent", "consent_at"]
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(columns)
        for number in range(SLIPPING):
            consent = {0: "no", 1: ""}.get(number, "yes")
            first_name = HARD_NAME if number == 2 else f"İpek{number}"
            zone = "Europe/Berlin" if number % 3 == 0 else "Europe/Istanbul"
            writer.writerow([f"slipping{number}@posta.example", first_name, "Öz", "en", zone, "TR", consent, consent and "2025-01-01"])
        for number in range(6):
            writer.writerow([f"new{number}@posta.example", f"Nur{number}", "", "tr", "", "TR", "yes", "2026-11-01"])


def write_orders(file: Path) -> None:
    """Thirty who bought four times and went quiet in July, the last two for much more money; six who have just begun."""
    now = datetime.fromisoformat(NOW).astimezone(UTC)
    columns = ["order_id", "ordered_at", "email", "sku", "product", "category", "quantity", "unit_price", "currency"]
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(columns)
        for number in range(SLIPPING):
            price = "5000.00" if number >= SLIPPING - 2 else "250.00"
            for order in range(4):
                at = now - timedelta(days=120 + 30 * order, hours=number)
                writer.writerow([f"S{number}-{order}", f"{at:%Y-%m-%dT%H:%M:%SZ}", f"slipping{number}@posta.example", "GUJI-250",
                                 "Etiyopya Guji 250 g", "beans", 1, price, "TRY"])
        for number in range(6):
            writer.writerow([f"N{number}", f"{now - timedelta(days=5):%Y-%m-%dT%H:%M:%SZ}", f"new{number}@posta.example", "GUJI-250",
                             "Etiyopya Guji 250 g", "beans", 1, "250.00", "TRY"])
