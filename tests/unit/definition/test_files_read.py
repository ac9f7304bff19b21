"""Shop, segments and campaigns as values, and what becomes of them when a file is broken."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from regulars.definition.conditions import Any_, InSegment, Kind
from regulars.definition.quantities import Duration
from regulars.definition.reading import read_workspace, workspace_of
from regulars.definition.units import reward
from regulars.definition.workspace import (
    Attribute,
    Attribution,
    ConsentRule,
    IfPast,
    Mailbox,
    OnUncertain,
    ReferralProgramme,
    Scoring,
    SendAt,
)
from regulars.errors import WorkspaceBroken
from tests.unit.definition.test_cases import SOUND, files_of

SHOP = """\
shop: {name: "Mahalle Kahve", url: https://kahve.example/, address: "İcadiye Cd. 12", locale: tr, timezone: Europe/Istanbul, currency: TRY}
sender: {from: "Mahalle Kahve <merhaba@kahve.example>", reply_to: "destek@kahve.example"}
languages: [tr, az, en]
money: {compare_in: EUR}
utm: {source: email, medium: regulars}
attributes:
  taste: {one_of: [fruity, dark], default: dark}
  loyalty_card: {text: optional}
  points: {whole number: required}
  met_at: date
consent: existing_customers
topics: {news: "News"}
scoring: {half_life: 14 days, click: 4, unsubscribe: -20.5}
attribution: {within: 2 weeks, of: open}
referral: {friend: 15%, advocate: 100 TRY}
"""

CAMPAIGN = """\
campaign: harvest-early
description: "Early access"
topic: news
to: [gold, vip]
except: vip
send_at: 2026-12-01 09:00 local
if_past: skip
expires_after: 36 hours
template: letter.mjml
with: {opens_for_all: 2026-12-03, discount: 15, rate: 0.5, code: "007", open: true, list: [a, 2], nothing: }
subject:
  tr: "48 saat önce"
  en: 'It''s yours'
preheader: >
  one two
from: "Ada <ada@kahve.example>"
reply_to: ada@kahve.example
on_uncertain: resend
"""


def test_the_shop_is_read_with_everything_it_says():
    workspace, findings = read_workspace(files_of({"regulars.yaml": SHOP}))
    shop = workspace.shop

    assert findings == []
    assert (shop.name, shop.url, shop.locale, shop.timezone) == ("Mahalle Kahve", "https://kahve.example", "tr", "Europe/Istanbul")
    assert shop.sender == Mailbox("merhaba@kahve.example", "Mahalle Kahve")
    assert shop.reply_to == Mailbox("destek@kahve.example")
    assert shop.languages == ("tr", "az", "en")
    assert (shop.currency, shop.compare_in) == ("TRY", "EUR")
    assert shop.attributes == {
        "taste": Attribute("taste", Kind.TEXT, ("fruity", "dark"), "dark"),
        "loyalty_card": Attribute("loyalty_card", Kind.TEXT),
        "points": Attribute("points", Kind.WHOLE, required=True),
        "met_at": Attribute("met_at", Kind.DATE),
    }
    assert shop.consent is ConsentRule.EXISTING_CUSTOMERS
    assert shop.scoring == Scoring(Duration(seconds=14 * 86_400), click=Decimal(4), unsubscribe=Decimal("-20.5"))
    assert shop.attribution == Attribution(Duration(seconds=14 * 86_400), "open")
    assert shop.referral == ReferralProgramme(reward("15%"), reward("100 TRY"))


def test_what_the_shop_leaves_out_has_the_manuals_defaults():
    shop = read_workspace(files_of({}))[0].shop

    assert shop.consent is ConsentRule.REQUIRED
    assert shop.compare_in == shop.currency == "TRY"
    assert (shop.scoring, shop.attribution, shop.referral, shop.utm) == (Scoring(), Attribution(), None, {})


def test_a_campaign_is_read_with_everything_it_says():
    gold = "segment: gold\nwhere: {orders.count: 3}\n"
    workspace, findings = read_workspace(files_of({"campaigns/harvest.yaml": CAMPAIGN, "segments/gold.yaml": gold}))
    campaign = workspace.campaigns["harvest-early"]

    assert findings == []
    assert campaign.to == Any_((InSegment("gold"), InSegment("vip")))
    assert campaign.segments == ("gold", "vip")
    assert campaign.excluding == InSegment("vip")
    assert campaign.send_at == SendAt(datetime(2026, 12, 1, 9), local=True)
    assert (campaign.if_past, campaign.on_uncertain) == (IfPast.SKIP, OnUncertain.RESEND)
    assert campaign.expires_after == Duration(seconds=36 * 3600)
    assert campaign.with_ == {"opens_for_all": date(2026, 12, 3), "discount": 15, "rate": Decimal("0.5"), "code": "007",
                              "open": True, "list": ["a", 2]}
    assert campaign.subject.by_language == {"tr": "48 saat önce", "en": "It's yours"}
    assert campaign.preheader.by_language == {"": "one two"}
    assert campaign.from_ == Mailbox("ada@kahve.example", "Ada")


def test_a_text_knows_where_its_first_letter_stands():
    gold = "segment: gold\nwhere: {orders.count: 3}\n"
    workspace, _ = read_workspace(files_of({"campaigns/harvest.yaml": CAMPAIGN, "segments/gold.yaml": gold}))
    campaign = workspace.campaigns["harvest-early"]

    assert str(campaign.subject.at["tr"]) == "campaigns/harvest.yaml:12:8"
    assert str(campaign.preheader.at[""]) == "campaigns/harvest.yaml:15:3"


def test_names_of_segments_that_are_excluded_are_not_credited():
    text = CAMPAIGN.replace("to: [gold, vip]", "to: {all: [gold, {not: vip}]}")
    gold = "segment: gold\nwhere: {orders.count: 3}\n"

    assert read_workspace(files_of({"campaigns/h.yaml": text, "segments/gold.yaml": gold}))[0].campaigns["harvest-early"].segments == ("gold",)


def test_data_files_and_samples_are_read_as_written():
    workspace, findings = read_workspace(files_of({
        "data/testimonials.yaml": 'en:\n  - {quote: "Good", stars: 5}\n',
        "samples/customers.yaml": '- email: "ada@mail.example"\n  country: NO\n',
    }))

    assert workspace.data == {"testimonials": {"en": [{"quote": "Good", "stars": 5}]}}
    assert workspace.samples == ({"email": "ada@mail.example", "country": "NO"},)
    assert [(finding.code, finding.is_error) for finding in findings] == [("D120", False)]


def test_a_broken_workspace_is_never_handed_out_for_sending():
    with pytest.raises(WorkspaceBroken) as caught:
        workspace_of(files_of({"segments/vip.yaml": "segment: vip\nwhere: {in_segment: nobody}\n"}))

    assert [finding.code for finding in caught.value.findings] == ["D203"]


def test_warnings_do_not_keep_anybody_from_sending():
    workspace = workspace_of(files_of({"segments/north.yaml": "segment: north\nwhere: {customer.country: NO}\n"}))

    assert set(workspace.segments) == {"vip", "north"}


def test_a_broken_shop_still_lets_the_other_files_be_checked():
    broken = SOUND["regulars.yaml"].replace("Europe/Istanbul", "Europe/Nowhere")
    workspace, findings = read_workspace(files_of({"regulars.yaml": broken, "campaigns/x.yaml": "campaign: x\nto: vpi\n"}))

    assert workspace is not None
    assert {finding.code for finding in findings} == {"D203", "D204", "D313"}
