"""What a mail says of the friends that a customer brought: by segment, counted, and never None."""

from __future__ import annotations

from dataclasses import replace

import pytest

from regulars.content.bundle import freeze
from regulars.content.checking import check_templates
from regulars.content.mailroom import open_bundle
from regulars.content.recipient import RewardsEarned
from regulars.definition.conditions import All, Any_, InSegment, Not, Referred
from regulars.definition.quantities import Money
from regulars.definition.units import reward
from regulars.definition.workspace import Segment
from tests.unit.content.made import (
    COMPILER,
    OCCASION,
    SHOP,
    body_of,
    campaign,
    column,
    composed,
    english,
    recipient,
    workspace,
)

PROGRAMME = replace(SHOP.referral, milestones={5: reward("a mug"), 3: reward("250 g of beans")})
SHOP_WITH = english(referral=PROGRAMME)
EARNED = RewardsEarned(2, 1, (Money.of(150, "TRY"),), ("150 TRY", "a poster"), "200 TRY")
ALL_OF_IT = column("""<mj-text>{{ referral.friend }} {{ referral.advocate }} {{ referral.friends }} {{ referral.pending }}
{% if referral.balance %}have {{ referral.balance | money }}{% else %}nothing{% endif %}
{% for one in referral.rewards %}[{{ one }}]{% endfor %}
{% if referral.milestone %}{{ referral.milestone.missing }} more for {{ referral.milestone.words }} at {{ referral.milestone.at }}{% endif %}</mj-text>""")


def said(**person) -> str:
    return " ".join(body_of(composed(ALL_OF_IT, shop=SHOP_WITH, **person)).split())


def test_a_customer_reads_what_they_have_earned():
    text = said(rewards=EARNED)

    assert "15% 200 TRY 2 1" in text
    assert "have TRY 150" in text
    assert "[150 TRY][a poster]" in text
    assert "1 more for 250 g of beans at 3" in text


def test_who_brought_nobody_is_promised_what_all_are():
    text = said(rewards=None)

    assert "15% 100 TRY 0 0" in text
    assert "nothing" in text
    assert "3 more for 250 g of beans at 3" in text


def test_after_the_last_milestone_there_is_none():
    assert "more for" not in said(rewards=replace(EARNED, friends=5))


@pytest.mark.parametrize(("template", "needed"), [
    ("{{ referral.code }}", False), ("{{ referral.friend }}", False), ("{{ referral.advocate }}", True), ("{{ referral['friends'] }}", True),
    ("{% set mine = referral %}{{ mine.pending }}", True), ("{% if referral.milestone %}x{% endif %}", True), ("{{ purchases | length }}", False),
])
def test_friends_and_ledger_are_looked_up_for_mails_that_speak_of_them(template, needed):
    made = freeze(workspace(column(f"<mj-text>{template}</mj-text>"), shop=SHOP_WITH), campaign(), COMPILER)

    assert open_bundle(made.files).needs.rewards is needed


@pytest.mark.parametrize(("template", "code"), [
    ("{{ referral.balance | money }}", "C105"), ("{{ referral.milestone.words }}", "C105"), ("{{ referral.rewards }}", "C106"),
    ("{{ referral.freinds }}", "C104"),
])
def test_what_may_be_absent_or_is_no_word_is_a_finding(template, code):
    files = workspace(column(f"<mj-text>{template}</mj-text>"), shop=SHOP_WITH, campaigns=(campaign(),))

    assert [finding.code for finding in check_templates(files, COMPILER)] == [code]


def test_what_segments_mean_is_frozen_with_the_mail():
    shop = replace(SHOP_WITH, referral=replace(PROGRAMME, by_segment={"vip": reward("200 TRY")}))
    segments = {"vip": Segment("vip", All((InSegment("old"), Not(Any_((Referred(),)))))), "old": Segment("old", Referred(wanted=False))}
    files = replace(workspace(ALL_OF_IT, shop=shop), segments=segments)

    room = open_bundle(freeze(files, campaign(), COMPILER).files)

    assert room.shop.referral.segments == {"vip": All((Referred(wanted=False), Not(Any_((Referred(),)))))}
    assert room.compose(recipient(rewards=EARNED), OCCASION)
    without = replace(files, texts={"templates/mail.mjml": column("<mj-text>{{ referral.code }}</mj-text>")})
    assert open_bundle(freeze(without, campaign(), COMPILER).files).shop.referral.segments == {}
