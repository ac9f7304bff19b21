"""Offers as a marketer meets them: defined in YAML, launched, looked up, told to the shop, redeemed and reported, by the real commands."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.commands import Regulars, until, workspace_in
from tests.servers import free_port
from tests.shop_apis import KEY, SECRET, TOKEN, Shopify, WooCommerce
from tests.shop_systems import SHOPIFY_SECRET, signed
from tests.telling import at, shopify_customer, shopify_order
from tests.web import SHOP

OFFERS = """\
offers:
  comeback-10: {percent: 10, minimum: "500 TRY", valid_for: 10 days, prefix: COME}
  spring-15: {percent: 15, valid_until: 2027-05-31, made_in: imported}
  thanks: {amount: "100 TRY", made_in: shopify}
  autumn: {percent: 5, made_in: woocommerce}
  summer: {percent: 5, codes: "SUMMER-5"}
"""
CAMPAIGN = """\
campaign: comeback
topic: news
to: [few]
template: comeback.mjml
offer: comeback-10
subject: "{{ offer.words }} for you"
"""
TEMPLATE = """\
<mjml><mj-body><mj-section><mj-column>
<mj-text>{{ customer.greeting }} [{{ offer.code }}] {% if offer.valid_until %}until {{ offer.valid_until | date }}{% endif %}</mj-text>
<mj-text>{{ shop.name }}, {{ shop.address }} <a href="{{ links.unsubscribe }}">Unsubscribe</a></mj-text>
</mj-column></mj-section></mj-body></mjml>
"""


@pytest.fixture
def regulars(tmp_path: Path) -> Regulars:
    typed = Regulars(workspace_in(tmp_path))
    typed.rewrite("regulars.yaml", "\noffers:\n", f"\n{OFFERS}")  # beside those of the sample's own campaigns
    typed.write("segments/few.yaml", 'segment: few\nwhere:\n  customer.city: "Few"\n')
    typed.write("campaigns/comeback.yaml", CAMPAIGN)
    typed.write("templates/comeback.mjml", TEMPLATE)
    rows = "".join(f"few{number}@posta.example,Few,en,TR,yes,2026-01-01\n" for number in range(3))
    typed.write("few.csv", "email,city,locale,country,consent,consent_at\n" + rows)
    typed("import", "customers", "few.csv")
    return typed


def codes_in(regulars: Regulars) -> dict[str, str]:
    return {address: re.search(r"\[(.+?)\]", mail.get_body(("plain",)).get_content())[1] for address, mail in regulars.mails().items()}


def takes(regulars: Regulars, offer: str) -> None:
    regulars.write("campaigns/comeback.yaml", CAMPAIGN.replace("comeback-10", offer))


def test_each_mail_has_a_code_and_the_order_that_uses_it_is_in_the_report(regulars):
    assert "PREVIEW-" in regulars("preview", "comeback").out
    assert "codes: of comeback-10, a new one for each mail" in regulars("plan", "comeback").out
    assert regulars("coupons", "list", "--json").json["offers"][0]["bound"] == 0

    regulars("launch", "comeback", "--yes")
    codes = codes_in(regulars)
    regulars.write("orders.csv", (
        "order_id,ordered_at,email,sku,quantity,unit_price,currency,coupon,discount\n"
        f"A1,2026-11-20 12:05,few0@posta.example,GUJI,1,660,TRY,{codes['few0@posta.example'].lower()},60\n"
        f"A2,2026-11-20 12:05,few1@posta.example,GUJI,1,600,TRY,{codes['few2@posta.example']},\n"
    ))
    regulars("import", "orders", "orders.csv", now="2026-11-20T10:00:00Z")

    assert len(set(codes.values())) == 3
    report = regulars("report", "comeback", "--json", now="2026-11-20T11:00:00Z").json
    assert report["codes"] == {
        "bound": 3, "redeemed": 2, "by_others": 1, "orders": 2,
        "revenue": {"amount": "1200", "currency": "TRY"}, "discount": {"amount": "60", "currency": "TRY"},
    }
    assert "codes: 3 in mails, 2 used (1 by somebody else); 1200 TRY from 2 orders, 60 TRY discount" in regulars("report", "comeback").out
    regulars.write("orders.csv", (
        "order_id,ordered_at,email,sku,quantity,unit_price,currency,coupon,status\n"
        f"A2,2026-11-20 12:05,few1@posta.example,GUJI,1,600,TRY,{codes['few2@posta.example']},cancelled\n"
    ))
    shown = regulars("coupons", "show", codes["few2@posta.example"].lower())
    assert "few1@posta.example in A2, who is not its customer" in shown.out
    assert regulars("coupons", "show", codes["few0@posta.example"], "--json").json["state"] == "redeemed"
    again = regulars("preview", "comeback", "--launch", "comeback", "--customer", "few0@posta.example")
    assert codes["few0@posta.example"] in again.out
    regulars("import", "orders", "orders.csv", now="2026-11-20T11:00:00Z")
    assert "codes: 3 in mails, 1 used; 600 TRY from 1 order, 60 TRY discount" in regulars("report", "comeback").out


def test_imported_codes_are_refused_line_by_line_and_a_launch_that_would_run_out_as_well(regulars):
    takes(regulars, "spring-15")
    refused = regulars("plan", "comeback", code=4)
    assert '3 codes of "spring-15" are missing: 3 are needed and 0 are free' in refused.err
    assert "regulars coupons import spring-15 FILE" in refused.err
    regulars.write("codes.txt", "SPRING-1\n=cmd|calc\nspring-1\nSUMMER-5\n\nSPRING-2\n")

    done = regulars("coupons", "import", "spring-15", "codes.txt", "--json").json

    assert (done["read"], done["imported"], done["unchanged"]) == (5, 2, 0)
    assert [one["line"] for one in done["rejected"]] == [2, 3, 4]
    assert "line 1 already" in done["rejected"][1]["reason"]
    assert '"summer"' in done["rejected"][2]["reason"]
    assert regulars("coupons", "import", "spring-15", "codes.txt", "--json").json["unchanged"] == 2
    assert "1 codes" in regulars("launch", "comeback", "--yes", code=4).err
    regulars.write("more.csv", "id;Coupon Code\n1;SPRING-3\n")
    regulars("coupons", "import", "spring-15", "more.csv")
    assert regulars("plan", "comeback", "--json").json["codes"] == {"offer": "spring-15", "needed": 3, "available": 3}
    regulars("launch", "comeback", "--yes")
    assert sorted(codes_in(regulars).values()) == ["SPRING-1", "SPRING-2", "SPRING-3"]


@pytest.mark.parametrize(("offer", "shop", "setting"), [
    ("thanks", Shopify, f"REGULARS_SHOPIFY_ADMIN=http://{TOKEN}@"), ("autumn", WooCommerce, f"REGULARS_WOOCOMMERCE_API=http://{KEY}:{SECRET}@"),
])
def test_codes_are_made_in_the_shop_before_they_are_sent(regulars, offer, shop, setting):
    takes(regulars, offer)
    regulars("coupons", "make", offer, "5")
    variable, _, address = setting.partition("=")
    there = shop()
    with there.open() as url:
        assert f"{variable} is missing" in regulars("coupons", "sync", offer, code=3).err
        assert "are not known to" in regulars("launch", "comeback", "--yes", code=4).err
        surroundings = {variable: address + url.removeprefix("http://")}
        assert regulars("coupons", "sync", offer, "--json", **surroundings).json == {"synced": 5, "refused": []}
        assert "0 codes told" in regulars("coupons", "sync", offer, **surroundings).out

    regulars("launch", "comeback", "--yes")

    kept = {code.upper() for code in (there.codes if shop is Shopify else there.coupons)}
    assert set(codes_in(regulars).values()) <= kept


def test_a_wrong_setting_is_named_without_its_key(regulars):
    said = regulars("coupons", "list", code=3, REGULARS_SHOPIFY_ADMIN="http://shpat_secret@kahve.example", REGULARS_WOOCOMMERCE_API="https://kahve.example").err

    assert "REGULARS_SHOPIFY_ADMIN is not an https address with a key in it" in said
    assert "REGULARS_WOOCOMMERCE_API is not an https address with a key in it" in said
    assert "shpat_secret" not in said


def test_codes_are_exported_once_and_void_ones_never(regulars):
    regulars("coupons", "make", "comeback-10", "3")
    first = regulars("coupons", "export", "comeback-10", "--unsynced", "--mark-synced").out.split()
    regulars("coupons", "void", first[1], "--reason", "printed in a newspaper")
    regulars("coupons", "make", "comeback-10", "1")

    more = regulars("coupons", "export", "comeback-10", "--unsynced").out.split()

    assert (len(first), len(more)) == (4, 2)
    assert len(regulars("coupons", "export", "comeback-10").out.split()) == 4  # the header, and all but the void one
    assert "printed in a newspaper" in regulars("coupons", "show", first[1]).out


@pytest.mark.parametrize(("words", "said"), [
    (("make", "commeback-10", "5"), 'did you mean "comeback-10"?'), (("make", "spring-15", "5"), "are imported"), (("make", "summer", "5"), "one code for everybody: SUMMER-5"),
    (("make", "comeback-10", "0"), "between 1 and"), (("import", "thanks", "few.csv"), "are not imported"), (("import", "spring-15", "few.csv"), "none of the file's columns is called code"),
    (("show", "NOBODY"), "nobody here knows the code"), (("void", "NOBODY"), "nobody here knows the code"), (("sync", "comeback-10"), "are not made in a shop"),
])
def test_what_cannot_be_done_says_why(regulars, words, said):
    assert said in regulars("coupons", *words, code=2).err


def test_the_list_shows_every_offer_with_its_codes(regulars):
    regulars("coupons", "make", "comeback-10", "2")

    listed = regulars("coupons", "list")

    assert re.search(r"comeback-10 +10% +made in here +2 +2 +0 +0 +0 +0", listed.out)
    assert re.search(r"summer +5% +SUMMER-5", listed.out)


def test_an_automation_gives_each_customer_a_code_and_the_shops_webhook_redeems_it(tmp_path):
    shop = Regulars(tmp_path, {"REGULARS_BASE_URL": f"http://127.0.0.1:{free_port()}", "REGULARS_SHOPIFY_SECRET": SHOPIFY_SECRET})
    shop.write("regulars.yaml", SHOP + 'topics: {news: "News"}\n' + OFFERS)
    shop.write("templates/comeback.mjml", TEMPLATE)
    shop.write("campaigns/after_order.yaml", (
        "campaign: after-order\ntrigger: order.placed\ntopic: news\none_per: customer\n"
        'steps:\n  - send: {template: comeback.mjml, offer: comeback-10, subject: "Come back"}\n'
    ))
    shop("apply", "--yes", now="2026-11-20T08:00:00Z")
    asked = {"state": "subscribed", "opt_in_level": "single_opt_in", "consent_updated_at": at(-60)}
    first = shopify_order(financial_status="paid", customer=shopify_customer(email_marketing_consent=asked))
    with shop.door("up") as door:
        assert told(door, first, "1").status == 200
        until(lambda: shop.outbox, "the mail")
        [code] = codes_in(shop).values()
        second = {**first, "id": 820982911946154509, "name": "#1002", "order_number": 1002, "discount_codes": [
            {"code": "WELCOME", "amount": "5.00", "type": "fixed_amount"}, {"code": code.lower(), "amount": "45.00", "type": "percentage"},
        ]}
        assert told(door, second, "2").status == 200

    later = {"now": "2026-11-20T10:00:00Z"}
    card = shop("coupons", "show", code, "--json", **later).json
    assert (card["state"], card["email"], [use["by_another"] for use in card["uses"]]) == ("redeemed", "ada@mail.example", [False])
    report = shop("report", "after-order", "--json", **later).json
    assert (report["codes"]["bound"], report["codes"]["redeemed"], report["codes"]["discount"]["amount"]) == (1, 1, "50")
    assert code in shop("customers", "show", "ada@mail.example", **later).out


def told(door, order, event):
    body = json.dumps(order).encode()
    return door.post("/hooks/shopify", body, **{
        "Content-Type": "application/json", "X-Shopify-Topic": "orders/create", "X-Shopify-Event-Id": event,
        "X-Shopify-Hmac-Sha256": signed(body, SHOPIFY_SECRET), "X-Shopify-Shop-Domain": "kahve.example", "X-Shopify-API-Version": "2026-07",
        "X-Shopify-Triggered-At": "2026-11-20T08:30:00.877041743Z",
    })
