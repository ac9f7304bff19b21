"""The preview is the mail: before a launch but for its signatures, after it to the last byte."""

from __future__ import annotations

import email
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from email.policy import default
from pathlib import Path

import pytest
from sqlalchemy import select

from regulars.adapters.database.schema import messages
from regulars.adapters.spool import file_name
from regulars.bootstrap import House
from regulars.content.recipient import Needs
from regulars.content.tokens import MessageRef
from regulars.operations.preview import preview, preview_sent
from regulars.settings import read_settings

ROOT = Path(__file__).parents[2]
PARTS = ("regulars.yaml", "campaigns", "segments", "templates", "data", "samples")
NOW = "2026-11-20T09:00:00Z"
SENT = 120


def typed(folder: Path, *words: str, now: str = NOW, code: int = 0, **more: str) -> subprocess.CompletedProcess:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
    ran = subprocess.run([sys.executable, "-m", "regulars", *words], cwd=folder, capture_output=True, text=True, check=False,
                         env={**environment, "REGULARS_NOW": now, "PYTHONPATH": str(ROOT), **more})
    assert ran.returncode == code, ran.stderr
    return ran


def workspace_in(folder: Path) -> Path:
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, folder / part)
    return folder


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A workspace that no command has touched yet."""
    return workspace_in(tmp_path)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample shop with everything imported."""
    folder = workspace_in(tmp_path_factory.mktemp("kahve"))
    for kind in ("products", "customers", "orders"):
        typed(folder, "import", kind, str(ROOT / "samples" / "shop" / f"{kind}.csv"))
    return folder


@pytest.fixture(scope="module")
def before(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> House:
    """The shop as it was before its first launch."""
    return house_of(Path(shutil.copytree(shop, tmp_path_factory.mktemp("before") / "kahve")))


@pytest.fixture(scope="module")
def launched(shop: Path, before: House) -> list[tuple[MessageRef, str]]:
    """Launched to the spool; every message that was handed over with its address."""
    typed(shop, "launch", "win-back", "--yes", "--limit", str(SENT))
    with house_of(shop).database.read() as connection:
        rows = connection.execute(select(messages.c.number, messages.c.email).where(messages.c.state == "accepted"))
        return [(MessageRef(1, row.number), row.email) for row in rows]


def house_of(folder: Path) -> House:
    return House(read_settings(str(folder), {"REGULARS_NOW": NOW}))


def shown(house: House, address: str):
    workspace = house.workspace
    customer = house.sent_mails.customer(address)
    recipient = house.recipients.look([customer], Needs(True, True, True), house.clock.now(), workspace.shop)[customer]
    return preview(
        workspace.campaigns["win-back"], workspace, recipient, house.mail_compiler,
        keys=house.settings.keys, base_url=house.settings.base_url, now=house.clock.now())


def read(content: bytes) -> str:
    """All a reader gets, without what no two mails may share: tokens, Message-ID, Date and boundary."""
    message = email.message_from_bytes(content, policy=default)
    headers = [f"{name}: {value}" for name, value in message.items() if name not in {"Message-ID", "Date", "Content-Type"}]
    parts = [f"{part.get_content_type()}\n{part.get_content()}" for part in message.iter_parts()]
    return re.sub(r"(/[ocuvp]/)[\w-]{38}\b", r"\1TOKEN", "\n".join(headers + parts))


def dump(folder: Path) -> list[str]:
    connection = sqlite3.connect(folder / ".regulars" / "regulars.db")
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def test_what_is_shown_before_a_launch_is_what_is_sent(shop, before, launched):
    spool = house_of(shop).spool

    assert len(launched) > 100
    for ref, address in launched:
        assert read(spool.read(file_name(ref))) == read(shown(before, address).mail.content)


def test_a_preview_is_as_long_as_the_mail(shop, before, launched):
    ref, address = launched[0]

    assert len(shown(before, address).mail.content) == len(house_of(shop).spool.read(file_name(ref)))


def test_what_was_sent_can_be_shown_again_to_the_last_byte(shop, launched):
    house = house_of(shop)
    launch = house.launches.find("win-back")

    for ref, address in launched:
        again = preview_sent(
            launch, address, house.sent_mails, house.bundles, house.recipients,
            keys=house.settings.keys, base_url=house.settings.base_url)
        assert again.mail.content == house.spool.read(file_name(ref))
        assert again.matches is True


def test_the_command_gives_the_sent_bytes_also_when_orders_came_since(shop, launched, tmp_path):
    ref, address = launched[0]
    orders = tmp_path / "orders.csv"
    orders.write_text(
        "order_id,ordered_at,email,sku,product,category,quantity,unit_price,currency\n"
        f"99999,2026-11-20 15:00,{address},ETH-GUJI-250,Etiyopya Guji 250 g,beans,1,520.00,TRY\n")
    typed(shop, "import", "orders", str(orders), now="2026-11-21T09:00:00Z")

    said = typed(shop, "preview", "--launch", "win-back", "--customer", address, "--output", str(tmp_path / "sent.eml"),
                 now="2026-11-21T09:00:00Z").stderr

    assert "these are the bytes that launch 1 sent" in said
    assert (tmp_path / "sent.eml").read_bytes() == house_of(shop).spool.read(file_name(ref))


def test_a_mail_that_would_differ_now_says_so(shop, launched, tmp_path):
    address = launched[1][1]
    changed = tmp_path / "customers.csv"
    changed.write_text(f"email,first_name\n{address},Somebody Else\n")
    typed(shop, "import", "customers", str(changed))

    ran = typed(shop, "preview", "--launch", "1", "--customer", address, "--json", code=1)

    assert json.loads(ran.stdout)["matches"] is False
    assert "these are not the bytes that launch 1 sent" in ran.stderr


def test_links_signed_by_a_key_that_was_renewed_are_still_the_same_bytes(shop, launched):
    old = (shop / ".regulars" / "secret").read_text()
    renewed = {"REGULARS_SECRET": f"a-new-key-of-the-ring,{old}"}

    said = typed(shop, "preview", "--launch", "1", "--customer", launched[2][1], "--output", "x.eml", **renewed).stderr

    assert "these are the bytes" in said


@pytest.mark.parametrize("words", [
    ("preview", "win-back"), ("preview", "thank-you", "--language", "az", "--json"),
    ("preview", "--launch", "1", "--customer", "{address}", "--json"), ("preview", "win-back", "--customer", "{address}"),
    ("launch", "win-back", "--test-to", "me@kahve.example"),
])
def test_looking_changes_nothing(shop, launched, words):
    before = dump(shop)

    typed(shop, *(word.format(address=launched[3][1]) for word in words))

    assert dump(shop) == before


def test_a_sample_needs_no_database(bare):
    said = typed(bare, "preview", "win-back").stdout

    assert "To:        Ayşe Yılmaz <ayse.yilmaz@posta.example>" in said
    assert "Subject:   Ayşe'ye bir paket ayırdık" in said
    assert "Merhaba Ayşe," in said
    assert re.search(r"usual +https://kahve\.example/eth-guji-250\S+ +yes", said)
    assert not (bare / ".regulars" / "regulars.db").exists()


@pytest.mark.parametrize(("language", "greeting"), [("en", "Hi Sophie,"), ("tr", "Merhaba Ayşe,"), ("az", "Salam Rəşad,")])
def test_a_language_is_shown_with_somebody_who_reads_it(bare, language, greeting):
    shown = json.loads(typed(bare, "preview", "win-back", "--language", language, "--json").stdout)

    assert shown["language"] == language
    assert greeting in shown["text"]


def test_a_difficult_name_harms_neither_page_nor_header(bare):
    typed(bare, "preview", "thank-you", "--customer", "ann@ofis.example", "--output", "ann.eml")
    message = email.message_from_bytes((bare / "ann.eml").read_bytes(), policy=default)
    html = message.get_body(("html",)).get_content()

    assert message["To"].addresses[0].display_name == 'Ann & Co <b>" O\'Brien <script>'
    assert message["To"].addresses[0].addr_spec == "ann@ofis.example"
    assert "Ann &amp; Co &lt;b&gt;" in html
    assert "<script" not in html


def test_the_page_holds_its_own_pictures(bare):
    typed(bare, "preview", "win-back", "--output", "page.html")
    page = (bare / "page.html").read_text()

    assert "data:image/png;base64," in page
    assert "http://127.0.0.1:8000/i/" not in page


def test_the_text_part_can_be_had_alone(bare):
    typed(bare, "preview", "win-back", "--output", "mail.txt")

    assert "Merhaba Ayşe," in (bare / "mail.txt").read_text()


@pytest.mark.parametrize(("words", "said"), [
    (("preview", "winback"), 'did you mean "win-back"?'),
    (("preview",), "which campaign?"),
    (("preview", "win-back", "--language", "de"), 'the shop does not write in "de"'),
    (("preview", "win-back", "--output", "mail.pdf"), "ends in none of .eml, .html, .txt"),
    (("preview", "win-back", "--customer", "nobody@posta.example"), "nobody has the address nobody@posta.example"),
    (("preview", "win-back", "--customer", "no address"), "is not a mail address"),
    (("preview", "--launch", "1"), "whose mail of that launch?"),
    (("preview", "--launch", "7", "--customer", "can@posta.example"), 'there is no launch "7"'),
])
def test_what_cannot_be_shown_is_said_with_the_way_out(bare, words, said):
    assert said in typed(bare, *words, code=2).stderr


def test_a_broken_workspace_shows_its_findings(bare):
    (bare / "templates" / "win_back.mjml").write_text("<mjml><mj-body>{{ customer.firstname }}</mj-body></mjml>")

    assert "templates/win_back.mjml:1:" in typed(bare, "preview", "win-back", code=1).stderr


def test_a_sample_that_cannot_be_read_is_named(bare):
    (bare / "samples" / "customers.yaml").write_text(
        '- email: "ada@posta.example"\n  purchases:\n    - {order_id: "1", ordered_at: "yesterday", product: "Beans", unit_price: "1", currency: TRY}\n')

    assert "samples/customers.yaml: ada@posta.example cannot be read" in typed(bare, "preview", "win-back", code=2).stderr


def test_a_test_mail_goes_to_the_tester_and_nobody_else(bare):
    typed(bare, "launch", "win-back", "--test-to", "me@kahve.example")

    mails = [email.message_from_bytes(file.read_bytes(), policy=default) for file in (bare / ".regulars" / "outbox").glob("*.eml")]
    assert [mail["To"].addresses[0].addr_spec for mail in mails] == ["me@kahve.example"]
