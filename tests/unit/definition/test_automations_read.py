"""What marketers write for automations, and the values that it is read to."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

import pytest

from regulars.definition import conditions as c
from regulars.definition.automation import (
    Automation,
    Days,
    If,
    Notify,
    OnePer,
    OnStart,
    Recheck,
    Schedule,
    Send,
    SetAttributes,
    Split,
    StopMailing,
    Tag,
    Trigger,
    Wait,
    WaitFor,
    WaitQuiet,
    Webhook,
)
from regulars.definition.conditions import Kind, Op, Test
from regulars.definition.feeds import Feed
from regulars.definition.files import WorkspaceFiles
from regulars.definition.limits import Calendar, Cap, ContactLimits, QuietHours
from regulars.definition.programme import Made, Offer, ReferralProgramme, Reward, RewardKind
from regulars.definition.quantities import Duration, Money
from regulars.definition.reading import read_workspace
from regulars.definition.wording import Texts
from regulars.definition.workspace import EventField
from tests.unit.definition.twelve import EXAMPLE, SEGMENTS, SHOP, TEMPLATES, TWELVE

DAY = Duration(seconds=86_400)
ANY = Texts({"": "…"})


def days(number):
    return Duration(seconds=number * 86_400)


def hours(number):
    return Duration(seconds=number * 3_600)


def send(name, key=None, subject=ANY, **more):
    return Send(key or f"send-{name.replace('_', '-')}", f"{name}.mjml", subject, **more)


def workspace_with(campaigns, shop=SHOP):
    texts = {
        "regulars.yaml": shop,
        **{f"segments/{name}.yaml": f"segment: {name}\nwhere: {{orders.count: {{at_least: 3}}}}\n" for name in SEGMENTS},
        **{f"templates/{name}.mjml": "<mjml></mjml>" for name in TEMPLATES},
        **{f"campaigns/{name}.yaml": text for name, text in campaigns.items()},
    }
    return read_workspace(WorkspaceFiles(texts, present=frozenset({*texts, "data/rates.csv"})))


def automation_with(*, trigger="subscribed", steps='[{send: {template: letter.mjml, subject: "…"}}]', more=""):
    """What is read of it, and what is found."""
    text = f"campaign: some\ntrigger: {trigger}\n{more}steps: {steps}\n".replace("letter.mjml", "a.mjml")
    workspace, findings = workspace_with({"some": text})
    campaign = workspace.campaigns.get("some")
    return campaign and campaign.automation, [f"{finding.code} {finding.message}" for finding in findings]


@pytest.fixture(scope="module")
def all_of_them():
    workspace, findings = workspace_with({**TWELVE, "after-first-order": EXAMPLE})
    return workspace, findings


def test_all_of_them_are_read_without_a_finding(all_of_them):
    workspace, findings = all_of_them

    assert findings == []
    assert set(workspace.campaigns) == {*TWELVE, "after-first-order"}


def test_the_shop_promises_what_its_file_says(all_of_them):
    shop = all_of_them[0].shop

    assert shop.events["nps.answered"] == {"score": EventField.WHOLE}
    assert shop.events["cart.updated"] == {"items": EventField.ITEMS, "url": EventField.URL}
    assert {"support.opened", "support.closed", "return.opened", "return.closed"} <= set(shop.events)
    assert shop.classes == ("receipts", "cart", "review", "replenish", "win-back", "news")
    assert shop.contact_limits == ContactLimits((Cap("all", 3, days(7)), Cap("offers", 1, days(7))), QuietHours(time(21), time(9), local=True))
    assert shop.hold_while == ("support.open", "return.open")
    assert shop.calendar == Calendar({"kurban-bayrami": (date(2027, 5, 16),)}, {"TR": {(11, 10): "mourning"}, "AZ": {(1, 20): "mourning"}})
    assert shop.offers["comeback-10"] == Offer(
        "comeback-10", Reward(RewardKind.PERCENT, "10%", percent=Decimal(10)), minimum=(Money.of(500, "TRY"), Money.of(20, "AZN")), valid_for=days(10))
    assert shop.offers["comeback-20"].made_in is Made.SHOPIFY
    assert shop.offers["birthday-gift"].reward == Reward(RewardKind.PRODUCT, "a 250 g bag of this month's beans")
    assert shop.referral == ReferralProgramme(
        Reward(RewardKind.PERCENT, "15%", percent=Decimal(15)), Reward(RewardKind.AMOUNT, "100 TRY", amounts=(Money.of(100, "TRY"),)),
        milestones={5: Reward(RewardKind.PRODUCT, "250 g of this month's beans")})
    assert shop.sources == {"orders": Feed("orders", "https://kahve.example/orders.csv", hours(1), "REGULARS_FEED_TOKEN")}


def test_the_example_of_an_automation_means_all_that_it_says(all_of_them):
    campaign = all_of_them[0].campaigns["after-first-order"]

    assert campaign.automation == Automation(
        Trigger("order.placed", nth=1),
        (
            Wait("wait-how-was-it", days(3), time(10), local=True, days=Days.WEEKDAYS),
            send("how_was_it"),
            WaitFor("wait-for-cart-emptied", "cart.emptied", days(14)),
            If("if-orders", c.Orders(aggregates=((c.Aggregate.COUNT, (Test(Op.AT_LEAST, 2),)),)),
               then=(SetAttributes("set-stage", {"stage": "regular"}), send("welcome_regular")),
               otherwise=(send("offer", offer="comeback-10"),)),
            Split("split", ((Decimal(50), (send("a"),)),), rest=(send("b"),)),
            Tag("tag-nurtured", add=("nurtured",)),
            Webhook("webhook-crm-example", "https://crm.example/hook"),
            Notify("notify", "team@kahve.example"),
            StopMailing("stop-mailing", "sunset"),
        ),
        recheck=Recheck.EVERY_SEND, leave_when=("order.placed", "order.refunded"))
    assert (campaign.class_, campaign.over_limit, campaign.offer) == ("win-back", days(2), None)


MEANT = {
    "welcome": Automation(
        Trigger("subscribed"),
        (send("welcome", subject=Texts({"tr": "Hoş geldin", "az": "Xoş gəldin"})), Wait("wait-our-story", days(2), time(10), local=True),
         send("our_story", topic="tips")),
        leave_when=("order.placed",)),
    "how-to": Automation(
        Trigger("order.delivered", where=((c.LineField.CATEGORY, (Test(Op.IS, "machines"),)),)),
        (Wait("wait-how-to", DAY, time(9), local=True, days=Days.WEEKDAYS), send("how_to", with_={"machine": "moka"})),
        one_per=OnePer.ORDER),
    "replenish": Automation(
        Trigger("replenishment.due", before=days(3)), (send("replenish"),), again=days(14), recheck=Recheck.EVERY_SEND, leave_when=("order.placed",)),
    "win-back": Automation(
        Trigger("segment.entered", segment="slipping-away"),
        (send("win_back"), Wait("wait-win-back-offer", days(7), time(10), local=True), send("win_back_offer", offer="comeback-10"),
         Wait("wait-win-back-offer-2", days(7), time(10), local=True), send("win_back_offer", "last-call", offer="comeback-20")),
        again=days(180), on_start=OnStart.EVERYONE, leave_when=("order.placed",)),
    "birthday": Automation(
        Trigger("birthday", before=days(3)), (Wait("wait-birthday", until=time(10), local=True), send("birthday")), again=days(300)),
    "bring-a-friend": Automation(
        Trigger("nps.answered", fields=(("score", (Test(Op.AT_LEAST, 9),)),)), (Wait("wait-refer", hours(1)), send("refer")), again=days(180)),
    "review": Automation(
        Trigger("order.delivered"), (Wait("wait-review", days(7), time(18), local=True), send("review")), one_per=OnePer.ORDER,
        leave_when=("order.refunded",)),
    "abandoned-cart": Automation(
        Trigger("cart.updated"), (WaitQuiet("wait-quiet-cart", "cart.updated", hours(4)), send("cart")), again=days(3),
        leave_when=("order.placed", "cart.emptied")),
    "price-drop": Automation(
        Trigger("product.price_dropped"), (send("price_drop"),), again=DAY, entry_window=hours(6), not_later_than=DAY),
    "bayram": Automation(
        Trigger("schedule", schedule=Schedule(time(10), occasion="kurban-bayrami", before=days(7))),
        (send("bayram", subject=Texts({"tr": "Bayramın kutlu olsun", "az": "Bayramınız mübarək"})),),
        when=c.Not(c.Any_((c.InSegment("bought-harvest"), c.Fact("customer.country", Kind.TEXT, (Test(Op.IS, "DE"),))))), again=days(300)),
    "sunset": Automation(
        Trigger("segment.entered", segment="sleepers"),
        (send("still_there"), Wait("wait", days(14)),
         If("if-emails-clicked", c.Emails(c.Reaction.CLICKED, "sunset", window=c.Window(within=days(14))),
            then=(Tag("tag-sleeping", remove=("sleeping",)),), otherwise=(StopMailing("stop-mailing", "sunset"),))),
        leave_when=("order.placed",)),
}


@pytest.mark.parametrize("name", TWELVE)
def test_each_of_the_twelve_means_what_it_says(all_of_them, name):
    campaign = all_of_them[0].campaigns[name]

    assert campaign.automation == MEANT.get(name)
    assert (campaign.template == "harvest.mjml") is (name == "early-access")


@pytest.mark.parametrize(("written", "meant"), [
    ("order.placed", Trigger("order.placed")),
    ("{order.placed: {}}", Trigger("order.placed")),
    ("{order.refunded: {where: {sku: {one_of: [A, B]}}}}", Trigger("order.refunded", where=((c.LineField.SKU, (Test(Op.ONE_OF, ("A", "B")),)),))),
    ("{score.crossed: {at_least: 20}}", Trigger("score.crossed", at_least=Decimal(20))),
    ("{score.crossed: {at_least: 2.5, segment: vip}}", Trigger("score.crossed", at_least=Decimal("2.5"), segment="vip")),
    ("product.back_in_stock", Trigger("product.back_in_stock")),
    ("referral.milestone", Trigger("referral.milestone")),
    ("support.closed", Trigger("support.closed")),
    ("{cart.updated: {url: {contains: kahve}}}", Trigger("cart.updated", fields=(("url", (Test(Op.CONTAINS, "kahve"),)),))),
])
def test_triggers(written, meant):
    automation, findings = automation_with(trigger=written)

    assert findings == []
    assert automation.trigger == meant


@pytest.mark.parametrize(("written", "meant"), [
    ("every Monday 10:00", Schedule(time(10), (0,))),
    ("every monday and Thursday at 9:30 local", Schedule(time(9, 30), (0, 3), local=True)),
    ("every Tuesday, Friday and Sunday 10:00", Schedule(time(10), (1, 4, 6))),
    ("every day 00:00", Schedule(time(0))),
    ("every weekday 10:00", Schedule(time(10), (0, 1, 2, 3, 4))),
    ("every weekday and weekend 10:00", Schedule(time(10))),
    ("every month on 1 at 10:00", Schedule(time(10), day_of_month=1)),
    ("7 days before kurban-bayrami 10:00 local", Schedule(time(10), occasion="kurban-bayrami", before=days(7), local=True)),
    ("1 month before kurban-bayrami at 10:00", Schedule(time(10), occasion="kurban-bayrami", before=Duration(months=1))),
    ("on kurban-bayrami 08:00", Schedule(time(8), occasion="kurban-bayrami")),
])
def test_schedules(written, meant):
    automation, findings = automation_with(trigger=f'{{schedule: "{written}"}}', more="again: after 1 day\n")

    assert findings == []
    assert automation.trigger.schedule == meant


@pytest.mark.parametrize(("written", "meant"), [
    ("3 days", Wait("wait-a", days(3))),
    ("until 10:00", Wait("wait-a", until=time(10))),
    ("on weekends", Wait("wait-a", days=Days.WEEKENDS)),
    ('"on weekdays, until 9:05 local, 1 month"', Wait("wait-a", Duration(months=1), time(9, 5), local=True, days=Days.WEEKDAYS)),
    ("{until_quiet: 30 minutes, of: wishlist.added}", WaitQuiet("wait-quiet-a", "wishlist.added", Duration(seconds=1800))),
    ("{for: nps.answered, at_most: 1 week}", WaitFor("wait-for-nps-answered", "nps.answered", days(7))),
])
def test_waits(written, meant):
    automation, findings = automation_with(steps=f'[{{wait: {written}}}, {{send: {{template: letter.mjml, subject: "…"}}}}]')

    assert findings == []
    assert automation.steps[0] == meant


@pytest.mark.parametrize(("written", "meant"), [
    ("again: never\n", None), ("again: after 180 days\n", days(180)), ("", None), ("again: after 1 year\n", Duration(months=12)),
])
def test_entering_again(written, meant):
    automation, findings = automation_with(more=written)

    assert (automation.again, findings) == (meant, [])


def test_values_of_attributes_are_what_json_holds():
    shop = SHOP.replace("stage: text", "stage: text, cups: whole number, grams: number, guild: yes/no, since: date")
    steps = "[{set: {stage: regular, cups: 3, grams: 2.5, guild: yes, since: 2026-05-01, taste: dark}}]"
    workspace, findings = workspace_with({"some": f"campaign: some\ntrigger: subscribed\nsteps: {steps}\n"}, shop)

    assert findings == []
    step = workspace.campaigns["some"].automation.steps[0]
    assert step.values == {"stage": "regular", "cups": 3, "grams": 2.5, "guild": True, "since": "2026-05-01", "taste": "dark"}


def test_equal_parts_are_a_list():
    steps = "[{split: [{33%: [{tag: {add: a}}]}, {33%: [{tag: {add: b}}]}, {rest: [{tag: {add: c}}]}]}]"
    automation, findings = automation_with(steps=steps)

    assert findings == []
    assert [share for share, _ in automation.steps[0].parts] == [33, 33]
    assert automation.steps[0].rest == (Tag("tag-c", add=("c",)),)


@pytest.mark.parametrize(("written", "meant"), [
    ("15%", Offer("x", Reward(RewardKind.PERCENT, "15%", percent=Decimal(15)))),
    ('"free shipping"', Offer("x", Reward(RewardKind.PRODUCT, "free shipping"))),
    ('{amount: "100 TRY / 5 AZN", codes: "HOŞGELDIN-15"}',
     Offer("x", Reward(RewardKind.AMOUNT, "100 TRY / 5 AZN", amounts=(Money.of(100, "TRY"), Money.of(5, "AZN"))), code="HOŞGELDIN-15")),
    ("{percent: 12.50%, once: no, valid_until: 2027-01-31}",
     Offer("x", Reward(RewardKind.PERCENT, "12.5%", percent=Decimal("12.50")), once=False, valid_until=date(2027, 1, 31))),
    ("{percent: 10, made_in: imported}", Offer("x", Reward(RewardKind.PERCENT, "10%", percent=Decimal(10)), made_in=Made.IMPORTED)),
])
def test_offers(written, meant):
    workspace, findings = workspace_with({}, SHOP.replace("offers:  ", f"offers:\n  x: {written}\n "))

    assert findings == []
    assert workspace.shop.offers["x"] == meant


def test_advocates_of_a_segment_may_earn_more():
    written = '{friend: 10%, advocate: {vip: 200 TRY, gold: 150 TRY, rest: 100 TRY}, cap: 5 per 30 days, confirmed_after: 30 days, minimum: "500 TRY"}'
    workspace, findings = workspace_with({}, SHOP.replace("{friend: 15%, advocate: 100 TRY, after: first order, milestones: {5: \"250 g of this month's beans\"}}", written))

    assert findings == []
    programme = workspace.shop.referral
    assert [(name, str(reward)) for name, reward in programme.by_segment.items()] == [("vip", "200 TRY"), ("gold", "150 TRY")]
    assert (str(programme.advocate), programme.cap, programme.cap_per, programme.minimum) == ("100 TRY", 5, days(30), (Money.of(500, "TRY"),))
