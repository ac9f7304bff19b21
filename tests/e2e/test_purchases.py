"""From an order told by a shop's system to the mail that it brings: webhooks, keys and the Python call, by the real commands."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.commands import HELLO_TEMPLATE, ROOT, Door, Regulars, until, write_customers, write_orders
from tests.servers import free_port, need
from tests.shop_systems import SHOPIFY_SECRET, WOOCOMMERCE_SECRET, signed
from tests.telling import at, shopify_customer, shopify_fulfillment, shopify_order, woocommerce_order
from tests.web import SHOP

AUTOMATION = """\
campaign: after-order
trigger: order.placed
topic: news
one_per: order
steps:
  - send: {template: hello.mjml, subject: "Thank you"}
"""
ASKED = {"state": "subscribed", "opt_in_level": "single_opt_in", "consent_updated_at": at(-60)}


@pytest.fixture
def regulars(tmp_path: Path) -> Regulars:
    """A shop with one automation put live, and a door that its systems may talk to."""
    shop = Regulars(tmp_path, {
        "REGULARS_BASE_URL": f"http://127.0.0.1:{free_port()}", "REGULARS_SHOPIFY_SECRET": SHOPIFY_SECRET,
        "REGULARS_WOOCOMMERCE_SECRET": WOOCOMMERCE_SECRET,
    })
    shop.write("regulars.yaml", SHOP + 'topics: {news: "News"}\n')
    shop.write("templates/hello.mjml", HELLO_TEMPLATE)
    shop.write("campaigns/after_order.yaml", AUTOMATION)
    shop("apply", "--yes", now="2026-11-20T08:00:00Z")
    return shop


def test_a_webhook_told_three_times_at_once_brings_one_mail(regulars: Regulars) -> None:
    order = json.dumps(shopify_order(financial_status="paid", customer=shopify_customer(email_marketing_consent=ASKED))).encode()
    parcel = json.dumps(shopify_fulfillment(1, 5)).encode()
    with regulars.door("up") as door, ThreadPoolExecutor(3) as threads:
        for topic, body in (("orders/create", order), ("orders/paid", order), ("fulfillments/create", parcel)):
            answers = list(threads.map(lambda _: _shopify(door, topic, body), range(3)))
            assert [answer.status for answer in answers] == [200] * 3
        until(lambda: regulars.outbox, "the mail")
        assert _shopify(door, "orders/create", order).status == 200

    assert list(regulars.mails()) == ["ada@mail.example"]
    assert "Ada" in regulars.mails()["ada@mail.example"].get_body(("plain",)).get_content()
    rows = regulars.rows()
    assert (rows["orders"], rows["journeys"], rows["messages"], rows["intakes"]) == (1, 1, 1, 3)
    assert regulars("customers", "show", "ada@mail.example", "--json").json["orders"]["count"] == 1


def test_a_program_with_a_key_and_a_python_program_bring_mails_too(regulars: Regulars) -> None:
    key = regulars("keys", "create", "till", "--scope", "orders:write", "--scope", "customers:write").out.strip()
    consent = {"consent": "yes", "consent_at": "2026-11-19T10:00:00Z", "consent_source": "till"}
    with regulars.door("up") as door:
        for kind, told in (
            ("customers", [{"email": "can@mail.example", "first_name": "Can", **consent}, {"email": "ece@mail.example", "first_name": "Ece", **consent}]),
            ("orders", _order("T-1", "can@mail.example")),
        ):
            answer = door.post(f"/api/v1/{kind}", json.dumps(told).encode(), **{"Content-Type": "application/json", "Authorization": f"Bearer {key}"})
            assert answer.status == 200, answer.body
        program = f"import regulars; print(regulars.record(orders=[{_order('T-2', 'ece@mail.example')!r}]).recorded)"
        said = subprocess.run(
            [sys.executable, "-c", program], cwd=regulars.folder, env=regulars.surroundings("2026-11-20T09:00:00Z", {}), capture_output=True,
            text=True, check=True)
        assert said.stdout == "1\n"
        until(lambda: len(regulars.outbox) == 2, "both mails")

    assert set(regulars.mails()) == {"can@mail.example", "ece@mail.example"}
    [told] = regulars("keys", "list", "--json").json["keys"]
    assert (told["name"], told["works"], told["used_at"] is not None) == ("till", True, True)
    assert key.rpartition("_")[2] not in regulars("keys", "list").out
    assert regulars("keys", "revoke", "till").code == 0
    assert "no key 'till'" in regulars("keys", "rotate", "till", code=2).err


def test_woocommerce_talks_to_the_door_as_it_does(regulars: Regulars) -> None:
    body = json.dumps(woocommerce_order(status="processing", date_paid_gmt="2026-11-20T08:31:00")).encode()
    with regulars.door("serve") as door:
        assert door.post("/hooks/woocommerce", b"webhook_id=3").status == 200
        answer = door.post("/hooks/woocommerce", body, **{
            "Content-Type": "application/json", "X-WC-Webhook-Topic": "order.updated", "X-WC-Webhook-ID": "3", "X-WC-Webhook-Resource": "order",
            "X-WC-Webhook-Delivery-ID": "36e520ebabc2fa725092ff4a47acedf2", "X-WC-Webhook-Signature": signed(body, WOOCOMMERCE_SECRET),
            "User-Agent": "WooCommerce/9.4.0 Hookshot (WordPress/6.7)", "Expect": "",
        })
        assert (answer.status, json.loads(answer.body)["recorded"]) == (200, 2)
        assert door.get("/api/v1/docs").status == 200


def test_importing_history_starts_nothing_and_telling_it_again_neither(regulars: Regulars) -> None:
    write_customers(regulars.folder / "customers.csv")
    write_orders(regulars.folder / "orders.csv")
    regulars("import", "customers", "customers.csv")
    regulars("import", "orders", "orders.csv")
    old = json.dumps(shopify_order(financial_status="paid", created_at=at(-9_000), processed_at=at(-9_000))).encode()
    with regulars.door("serve") as door:
        assert _shopify(door, "orders/updated", old).status == 200

    assert regulars.rows()["journeys"] == 0


def test_the_signature_script_of_the_documentation_is_believed(regulars: Regulars) -> None:
    need("curl", "openssl")
    page = (ROOT / "docs" / "developers.md").read_text()
    [script] = [block for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL) if "X-Shopify-Hmac-Sha256" in block]
    script = script.replace("https://mail.shop.example", regulars.environment["REGULARS_BASE_URL"])
    with regulars.door("serve"):
        said = subprocess.run(["sh", "-c", script], env=regulars.surroundings("2026-11-20T09:00:00Z", {}), capture_output=True, text=True, check=True)

    assert "a test order" in said.stdout


def _order(order_id: str, email: str) -> dict[str, object]:
    return {
        "id": order_id, "ordered_at": "2026-11-20T08:55:00Z", "email": email, "lines": [{"sku": "COF-1", "product": "Huila", "unit_price": "200.00"}],
    }


def _shopify(door: Door, topic: str, body: bytes):
    return door.post("/hooks/shopify", body, **{
        "Content-Type": "application/json", "X-Shopify-Topic": topic, "X-Shopify-Event-Id": f"98880550-7158-44d4-b7cd-2c97c8a091b5-{topic}",
        "X-Shopify-Hmac-Sha256": signed(body, SHOPIFY_SECRET), "X-Shopify-Shop-Domain": "kahve.example", "X-Shopify-API-Version": "2026-07",
        "X-Shopify-Triggered-At": "2026-11-20T08:30:00.877041743Z",
    })
