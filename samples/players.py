"""Plays the customers of the demo: reads spooled mails and follows their links over HTTP, some as machines.

Who does what hangs on the address alone, so that every run tells the same story.
"""

from __future__ import annotations

import csv
import hashlib
import html
import http.client
import json
import re
import socket
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from urllib.parse import urlsplit

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
LAPTOP = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
APPLE_PRIVACY = "Mozilla/5.0"
GATEWAY = "Mozilla/5.0 (compatible; Proofpoint URL Defense)"


@dataclass
class Play:
    """What happened: addresses of those who bought, left, or whose friends came; `did` counts every act."""

    buyers: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    advocates: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    did: Counter[str] = field(default_factory=Counter)

    def in_words(self) -> str:
        return "\n".join(f"  {count:>5} {what}" for what, count in self.did.items())

    @staticmethod
    def wait_for(port: int, door: subprocess.Popen) -> None:
        for _ in range(200):
            if door.poll() is not None:
                sys.exit(f"the web door did not open: {door.stderr.read().decode()}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)
        sys.exit(f"the web door did not open on port {port}")


def play(outbox: Path) -> Play:
    """Each mail's reader acts once; returns what they did."""
    story = Play(did=Counter(dict.fromkeys(ACTS, 0)))
    for file in sorted(outbox.rglob("*.eml")):
        mail = message_from_bytes(file.read_bytes(), policy=default)
        read_mail(mail, story)
    return story


ACTS = (
    "mails were fetched by a mail program's privacy proxy, read or not",
    "mails had every link followed by a security gateway",
    "mails were opened by a person",
    "links were clicked by a person",
    "people left (the page asked, they pressed the button)",
    "friends followed somebody's code",
)


def read_mail(mail: EmailMessage, story: Play) -> None:
    address = mail["To"].addresses[0].addr_spec
    dice = int(hashlib.sha256(f"{address} {mail['Subject']}".encode()).hexdigest(), 16)
    links = links_of(mail)
    proxy, gateway, opened, clicked, leaves, buys, shares = (
        dice % 100 < 40, dice // 10**2 % 100 < 15, dice // 10**4 % 100 < 35, dice // 10**6 % 100 < 40,
        dice // 10**8 % 100 < 6, dice // 10**10 % 100 < 60, dice // 10**12 % 100 < 8,
    )
    visit = Visitor(story)
    if proxy:
        visit.get(links.pixel, APPLE_PRIVACY, 0)
    if gateway:
        for link in (links.pixel, *links.clicks):
            visit.get(link, GATEWAY)
        story.did[ACTS[1]] += 1
    if not opened:
        return
    agent = PHONE if dice % 2 else LAPTOP
    visit.get(links.pixel, agent, 2)
    if leaves:
        visit.get(links.unsubscribe, agent)
        visit.post(links.unsubscribe, agent, 4)
        story.left.append(address)
    elif clicked and links.clicks:
        visit.get(links.clicks[dice // 10**14 % len(links.clicks)], agent, 3)
        if buys:
            story.buyers.append(address)
    if shares and links.referral:
        visit.get(links.referral, LAPTOP, 5)
        story.advocates.append(address)
        story.codes.append(links.referral.rpartition("/")[2])


@dataclass
class Links:
    pixel: str
    clicks: list[str]
    unsubscribe: str
    referral: str | None


def links_of(mail: EmailMessage) -> Links:
    body = mail.get_body(("html",)).get_content()
    urls = [html.unescape(url) for url in re.findall(r'(?:href|src)="(http[^"]+)"', body)]
    plain = mail.get_body(("plain",)).get_content()
    paths = {kind: [url for url in urls if urlsplit(url).path.startswith(f"/{kind}/")] for kind in "ocu"}
    codes = re.findall(r"http\S+?/r/[A-Z0-9]+", body + plain)
    return Links(paths["o"][0], list(dict.fromkeys(paths["c"])), paths["u"][0], codes[0] if codes else None)


class Visitor:
    """Somebody's browser: one request, no cookies, and redirects to the shop are as far as it goes."""

    def __init__(self, story: Play) -> None:
        self.story = story

    def get(self, url: str, agent: str, act: int | None = None) -> None:
        self._ask("GET", url, agent, act)

    def post(self, url: str, agent: str, act: int | None = None) -> None:
        self._ask("POST", url, agent, act)

    def _ask(self, method: str, url: str, agent: str, act: int | None) -> None:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
        headers = {"User-Agent": agent, "Content-Type": "application/x-www-form-urlencoded"}
        form = "sure=yes" if method == "POST" else None  # what the page's button sends
        connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), form, headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        if answer.status >= 400:
            sys.exit(f"the web door answered {answer.status} to {method} {parts.path}")
        if act is not None:
            self.story.did[ACTS[act]] += 1


def orders_of(story: Play, products: Path, day: datetime) -> list[dict]:
    """What buyers bought again, and the first orders of friends with a code, as /api/v1/orders takes them."""
    with products.open(encoding="utf-8") as lines:
        beans = [row for row in csv.DictReader(lines) if row["category"] == "beans"]
    codes = dict(friends_of(story))
    made = []
    for number, email in enumerate([*story.buyers, *codes]):
        bag = beans[number % len(beans)]
        line = {"sku": bag["sku"], "product": bag["name"], "category": "beans", "quantity": 1 + number % 2, "unit_price": bag["price"]}
        order = {"id": f"D{number:05}", "ordered_at": (day + timedelta(minutes=5 * number)).isoformat(), "email": email, "currency": "TRY"}
        made.append({**order, "lines": [line], **({"referral_code": codes[email]} if email in codes else {})})
    return made


def friends_of(story: Play) -> list[tuple[str, str]]:
    """The address and the code of each."""
    return [(f"friend{number}@komsu.example", code) for number, code in enumerate(story.codes, 1)]


def tell(port: int, key: str, what: str, told: list[dict]) -> int:
    """The shop's system calls /api/v1; returns how many of them were news."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    recorded = 0
    for start in range(0, len(told), 100):
        connection.request("POST", f"/api/v1/{what}", json.dumps(told[start:start + 100]), headers)
        answer = connection.getresponse()
        said = answer.read().decode()
        if answer.status != 200:
            sys.exit(f"/api/v1/{what} answered {answer.status}: {said}")
        recorded += json.loads(said)["recorded"]
    connection.close()
    return recorded


def free_port(preferred: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", preferred))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
