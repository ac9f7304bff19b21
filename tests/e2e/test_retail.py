"""Real purchases: imported as they are, the same people chosen as by plain Python, and a mail to each of them."""

from __future__ import annotations

import csv
import os
import random
import warnings
from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from regulars.adapters.spool import file_name
from regulars.bootstrap import House
from regulars.content.tokens import MessageRef
from regulars.operations.preview import preview_sent
from regulars.settings import read_settings
from tests.commands import NOW, ROOT, Regulars

LONDON = ZoneInfo("Europe/London")
DAY = datetime(2011, 10, 1, tzinfo=LONDON)
YEAR_BEFORE = datetime(2010, 10, 1, tzinfo=LONDON)
MAPS = ("order_id=InvoiceNo", "ordered_at=InvoiceDate", "email=Address", "sku=StockCode", "product=Description",
        "quantity=Quantity", "unit_price=UnitPrice", "customer_id=CustomerID")
FILES = {
    "regulars.yaml": """\
shop:
  name: "Gifts of London"
  url: https://gifts.example
  address: "1 Example Street, London"
  locale: en_GB
  timezone: Europe/London
  currency: GBP
sender: {from: "Gifts of London <hello@gifts.example>"}
languages: [en]
consent: existing_customers
topics: {news: "News"}
""",
    "segments/quiet.yaml": """\
segment: quiet
where:
  all:
    - orders.count: {at_least: 3}
    - orders.last_at: {older_than: 60 days}
    - orders: {within: 1 year, spent: {at_least: 500 GBP}}
""",
    "segments/everybody.yaml": "segment: everybody\nwhere:\n  customer.created_at: {exists: true}\n",
    "campaigns/catalogue.yaml": """\
campaign: catalogue
topic: news
to: [everybody]
template: catalogue.mjml
subject: {en: "The new catalogue"}
""",
    "templates/catalogue.mjml": """\
<mjml><mj-body><mj-section><mj-column>
<mj-text>{{ customer.greeting }} You ordered {{ orders.count }} times.</mj-text>
{% for item in purchases[:3] %}<mj-text>{{ item.product.name | default("Something nice") }}</mj-text>{% endfor %}
<mj-button href="https://gifts.example/new" name="hero">Have a look</mj-button>
<mj-text>{{ shop.name }}, {{ shop.address }} <a href="{{ links.unsubscribe }}">Unsubscribe</a></mj-text>
</mj-column></mj-section></mj-body></mjml>
""",
}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """The sample's rows with an address; those without a customer number are nobody's, and have none."""
    with sample(tmp_path_factory.mktemp("sample")).open(encoding="utf-8", newline="") as file:
        return [{**row, "Address": address(row["CustomerID"])} for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def known(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return [row for row in rows if row["Address"]]


@pytest.fixture(scope="module")
def regulars(rows: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Regulars:
    regulars = Regulars(tmp_path_factory.mktemp("retail"), {"REGULARS_BASE_URL": "http://127.0.0.1:8000"})
    for path, text in FILES.items():
        regulars.write(path, text)
    with (regulars.folder / "orders.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return regulars


@pytest.fixture(scope="module")
def imported(regulars: Regulars) -> dict:
    maps = [word for field in MAPS for word in ("--map", field)]
    return {"first": regulars("import", "orders", "orders.csv", "--json", *maps).json,
            "second": regulars("import", "orders", "orders.csv", "--json", *maps).json}


@pytest.fixture(scope="module")
def launched(regulars: Regulars, imported: dict) -> dict:
    return regulars("launch", "catalogue", "--yes", "--json").json


def test_everything_comes_in_but_for_rows_that_are_nobodys_and_only_once(rows, known, imported):
    first, second = imported["first"], imported["second"]
    nobodys = [line for line, row in enumerate(rows, 2) if not row["Address"]]

    assert (first["read"], first["imported"]) == (len(rows), len(known))
    assert [row["line"] for row in first["rejected"]] == nobodys
    assert (second["imported"], second["unchanged"]) == (0, len(known))


def test_a_segment_on_a_day_holds_whom_plain_python_finds(regulars, imported, known):
    shown = regulars("segments", "show", "quiet", "--at", "2011-10-01", "--sample", "10000", "--json").json
    found = quiet_on_the_day(known)

    assert {person["email"] for person in shown["sample"]} == found
    assert shown["count"] == len(found) > 10


def test_what_came_after_the_day_is_not_seen(regulars, imported, known):
    """The same question with all that came later is another answer, so the first could not have peeped."""
    before = [row for row in known if local(row) <= DAY]

    assert quiet_on_the_day(before) == quiet_on_the_day(known)
    assert regulars("segments", "show", "quiet", "--json").json["count"] == 0  # years later nobody has spent within one


def test_a_campaign_reaches_every_customer_once(regulars, launched, known):
    addresses = {row["Address"] for row in known}

    assert launched["state"] == "finished"
    assert launched["counts"] == {"accepted": len(addresses)}
    assert len(regulars.outbox) == len(addresses)
    assert {email for email, in regulars.ask("SELECT email FROM messages")} == addresses


def test_for_a_hundred_customers_the_preview_is_the_file_that_left(regulars, launched):
    """Computed in this process, by the operation that the command calls."""
    house = House(read_settings(str(regulars.folder), regulars.surroundings(NOW, {})))
    launch = house.launches.find("catalogue")
    everybody = regulars.ask("SELECT number, email FROM messages ORDER BY number")
    for number, email in random.Random(7).sample(everybody, 100):
        shown = preview_sent(
            launch, email, house.sent_mails, house.bundles, house.recipients, keys=house.settings.keys, base_url=house.settings.base_url)

        assert shown.mail.content == house.spool.read(file_name(MessageRef(launch.id, number)))
        assert shown.matches


def test_one_preview_as_typed_gives_the_same_bytes(regulars, launched):
    [(number, email)] = regulars.ask("SELECT number, email FROM messages ORDER BY number LIMIT 1")
    said = regulars("preview", "--launch", "catalogue", "--customer", email, "--output", "sent.eml")

    assert "these are the bytes" in said.err
    assert (regulars.folder / "sent.eml").read_bytes() == regulars.outbox[number - 1].read_bytes()


def quiet_on_the_day(rows: list[dict[str, str]]) -> set[str]:
    """Three orders or more, the last over sixty days ago, and 500 pounds within the year; refunds lower what was spent."""
    orders: dict[str, dict] = {}
    for row in rows:
        order = orders.setdefault(row["InvoiceNo"], {"who": row["Address"], "at": local(row), "total": Decimal(0)})
        order["at"] = min(order["at"], local(row))
        order["total"] += int(row["Quantity"]) * Decimal(row["UnitPrice"])
    theirs = defaultdict(list)
    for order in orders.values():
        if order["at"] <= DAY:
            theirs[order["who"]].append(order)
    return {who for who, mine in theirs.items() if is_quiet(mine)}


def is_quiet(mine: list[dict]) -> bool:
    bought = [order["at"] for order in mine if order["total"] >= 0]
    spent = sum(order["total"] for order in mine if order["at"] > YEAR_BEFORE)
    return len(bought) >= 3 and max(bought) <= DAY - timedelta(days=60) and spent >= 500


def address(number: str) -> str:
    return f"{int(float(number))}@customers.example" if number else ""


def local(row: dict[str, str]) -> datetime:
    return datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=LONDON)


def sample(folder: Path) -> Path:
    """The public sample if it is there; else, with a warning, invented rows with the same columns and blemishes."""
    named = os.environ.get("REGULARS_RETAIL_CSV")
    places = [Path(named)] if named else [ROOT.parent / "shared" / "data" / "online-retail-sample.csv"]
    for place in places:
        if place.is_file():
            return place
    warnings.warn(f"the retail sample is not at {places[0]}: invented rows instead; REGULARS_RETAIL_CSV names it", stacklevel=2)
    return invented(folder / "retail.csv")


def invented(file: Path) -> Path:
    dice = random.Random(2011)
    goods = [("22423", "REGENCY CAKESTAND 3 TIER", "12.75"), ("84077", "WORLD WAR 2 GLIDERS ASSTD DESIGNS ", "0.29"), ("POST", "POSTAGE", "18.00"),
             ("M", "Manual", "0.00"), ("BANK CHARGES", "Bank Charges", "15.00"), ("23256", "CHILDRENS CUTLERY SPACEBOY ", "4.15")]
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"])
        for invoice in range(2000):
            number = f"{12346 + invoice % 300}.0" if invoice % 5 else ""
            refund = dice.random() < 0.1 or invoice % 300 == 7  # of one customer only returns are known
            at = datetime(2010, 12, 1, 8, 26) + timedelta(minutes=dice.randrange(525_600))
            for sku, name, price in dice.sample(goods, dice.randint(1, 4)):
                quantity = dice.choice([1, 2, 6, 12, 48]) * (-1 if refund else 1)
                writer.writerow([f"{'C' * refund}{536365 + invoice}", sku, name, quantity, at, price, number, "United Kingdom"])
    return file
