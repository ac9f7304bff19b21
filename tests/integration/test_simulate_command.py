"""`regulars simulate` as it is typed: a table, a picture, JSON, and what it refuses."""

from __future__ import annotations

from datetime import timedelta
from xml.etree import ElementTree as ET

from sqlalchemy import func, select

from regulars.adapters.database.schema import journeys, messages
from tests.integration.launching import FILES, NOW
from tests.integration.test_launch_commands import Terminal, terminal  # noqa: F401  a fixture
from tests.shops import ShopInDatabase

WELCOME = """\
campaign: welcome
topic: news
trigger: {order.placed: {nth: 1}}
steps:
  - wait: 1 day
  - name: hello
    send: {template: hello.mjml, subject: {en: "Hello", tr: "Merhaba"}}
"""
CART = WELCOME.replace("welcome", "cart").replace("{order.placed: {nth: 1}}", "cart.updated")
DAY = timedelta(days=1)
DAYS = ("--from", "2026-11-01", "--to", "2026-11-20")


def fill(terminal: Terminal) -> None:  # noqa: F811
    (terminal.folder / "regulars.yaml").write_text(FILES["regulars.yaml"] + 'contact_limits: {all: 1 per 7 days, quiet_hours: "21:00-09:00 local"}\n')
    (terminal.folder / "campaigns/welcome.yaml").write_text(WELCOME)
    (terminal.folder / "campaigns/again.yaml").write_text(WELCOME.replace("welcome", "again").replace("1 day", "2 days"))
    (terminal.folder / "campaigns/cart.yaml").write_text(CART)
    shop = ShopInDatabase(terminal.database, now=NOW)
    shop.customers(*({"email": f"c{n}@mail.example", "consent": "yes" if n else "no", "consent_at": "2026-10-01"} for n in range(4)))
    shop.orders(*(
        {"order_id": str(n), "ordered_at": f"2026-11-{5 + n:02} 23:00", "email": f"c{n}@mail.example", "sku": "beans", "quantity": "1",
         "unit_price": "100", "currency": "TRY"} for n in range(4)
    ))


def test_it_tells_who_would_have_got_what_and_writes_nothing(terminal: Terminal):  # noqa: F811
    fill(terminal)

    found = terminal.json("simulate", *DAYS)

    first, second, silent = found["automations"][2], found["automations"][0], found["automations"][1]
    assert (first["campaign"], first["entries"], first["mails"], sum(first["weeks"])) == ("welcome", 4, 3, 3)
    assert first["ended"] == [{"reason": "finished", "count": 4}]
    assert (second["campaign"], second["mails"]) == ("again", 0)
    assert sorted(each["count"] for each in second["skipped"]) == [1, 3]
    assert silent["entries"] == 0
    assert found["not_simulated"] == [{"campaign": "cart", "reason": "no cart.updated is recorded in that time"}]
    assert found["hits"]["quiet_hours"] == {"put_off": 6, "dropped": 0}
    assert found["hits"]["caps"] == {"put_off": 0, "dropped": 3}
    assert found["per_customer_and_week"] == {"mean": 0.25, "up_to_95_percent": 1, "most": 1}
    with terminal.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(journeys)) == 0
        assert connection.scalar(select(func.count()).select_from(messages)) == 0
    assert terminal.mails() == 0


def test_its_picture_and_its_page_stand_alone(terminal: Terminal):  # noqa: F811
    fill(terminal)
    for name in ("chart.svg", "chart.html"):
        code, out, err = terminal("simulate", "welcome", *DAYS, "--output", name)
        assert (code, f"the chart is in {name}" in err) == (0, True)
        assert "4 customers from 2026-11-01 to 2026-11-20: 3 mails" in out
        text = (terminal.folder / name).read_text()
        assert "<script" not in text
        assert "href=" not in text
        assert "src=" not in text
    picture = ET.fromstring((terminal.folder / "chart.svg").read_text())
    bars = [each for each in picture.iter("{http://www.w3.org/2000/svg}rect") if len(each)]
    assert sum(int(each[0].text) for each in bars) == 3


def test_it_refuses_what_it_cannot_do(terminal: Terminal):  # noqa: F811
    fill(terminal)
    for words, said in (
        (("--from", "yesterday", "--to", "2026-11-20"), '"yesterday" is not a day'),
        (("--from", "2026-11-20", "--to", "2026-11-01"), "2026-11-01 is before 2026-11-20"),
        (("welcme", *DAYS), 'there is no automation "welcme"'),
        (("hello", *DAYS), '"hello" is sent once'),
        ((*DAYS, "--output", "chart.png"), "chart.png is neither .svg nor .html"),
    ):
        code, _, err = terminal("simulate", *words)
        assert (code, said in err) == (2, True), err


def test_a_sample_is_of_so_many(terminal: Terminal):  # noqa: F811
    fill(terminal)
    assert terminal.json("simulate", *DAYS, "--customers", "2")["customers"] == 2


def test_mail_that_really_went_before_the_first_day_counts(terminal: Terminal):  # noqa: F811
    fill(terminal)
    terminal("launch", "hello", "--yes")
    assert terminal.mails() == 3
    later = ShopInDatabase(terminal.database, now=NOW + 9 * DAY)
    later.orders(*(
        {"order_id": f"l{n}", "ordered_at": f"2026-11-{day} 12:00", "email": f"c{n}@mail.example", "sku": "beans", "quantity": "1",
         "unit_price": "100", "currency": "TRY"} for n, day in ((1, 22), (2, 27))
    ))
    (terminal.folder / "campaigns/second.yaml").write_text(WELCOME.replace("welcome", "second").replace("nth: 1", "nth: 2"))

    found = terminal.json("simulate", "second", "--from", "2026-11-21", "--to", "2026-11-30")

    own, = found["automations"]
    assert (own["entries"], own["mails"]) == (2, 1)
    assert own["skipped"] == [{"reason": "contact limit reached: 1 per 7 days; over_limit: drop", "count": 1}]
