"""Codes are made in the shop by its own API: once each, in spite of lost answers, busy shops and hostile ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from regulars.adapters.shop_calls import MOST_BYTES, MOST_TRIES, ShopCalls
from regulars.adapters.shopify_codes import ShopifyCodes
from regulars.adapters.woocommerce_codes import WooCommerceCodes, basic
from regulars.definition.programme import Made, Reward, RewardKind
from regulars.definition.quantities import Money
from regulars.errors import Refused, RegularsError, Unreachable
from regulars.operations.sync_codes import sync_codes
from tests.integration.launching import NOW
from tests.integration.offering import SHOPIFY, TEN, OfferFloor, offered
from tests.shop_apis import KEY, SECRET, TOKEN, Shopify, WooCommerce, said

WOO = replace(TEN, made_in=Made.WOOCOMMERCE)
SHOP = offered(TEN).shop
CODES = [f"COME-{number}" for number in range(5)]


class Shops:
    """`waits`: what would have been slept."""

    def __init__(self, shop, url, key=None):
        self.shop, self.waits = shop, []
        headers = {"X-Shopify-Access-Token": key or TOKEN} if isinstance(shop, Shopify) else basic(KEY, key or SECRET)
        calls = ShopCalls("Shopify" if isinstance(shop, Shopify) else "WooCommerce", url, headers, "write", self.waits.append)
        self.there = ShopifyCodes(calls, SHOP, NOW) if isinstance(shop, Shopify) else WooCommerceCodes(calls, SHOP, NOW)
        self.offer = SHOPIFY if isinstance(shop, Shopify) else WOO

    def put(self, codes=CODES, offer=None):
        return self.there.put(offer or self.offer, codes)


@pytest.fixture(params=[Shopify, WooCommerce], ids=["shopify", "woocommerce"])
def shops(request):
    shop = request.param()
    with shop.open() as url:
        yield Shops(shop, url)


def known(shop):
    return sorted(code.upper() for code in (shop.codes if isinstance(shop, Shopify) else shop.coupons))


def test_each_code_is_made_once_however_often_it_is_said(shops):
    assert shops.put() == dict.fromkeys(CODES)
    assert shops.put() == dict.fromkeys(CODES)
    assert shops.put([*CODES, "COME-9"]) == dict.fromkeys([*CODES, "COME-9"])

    assert known(shops.shop) == sorted([*CODES, "COME-9"])


def test_a_shop_that_is_asked_too_much_is_given_the_time_it_asks_for(shops):
    shops.shop.instead = [said({}, 429, Retry_After="7"), said({}, 429, Retry_After="100000"), said({}, 503), said({}, 429, Retry_After="soon")]

    assert shops.put() == dict.fromkeys(CODES)
    assert shops.waits[:2] == [7.0, 60.0]


def test_a_lost_answer_is_asked_for_again_and_makes_nothing_twice(shops):
    shops.put(CODES[:2])
    made = shops.shop.own

    def lose_once(method, path, headers, body):
        made(method, path, headers, body)
        shops.shop.own = made
        return 0, {}, b""

    shops.shop.own = lose_once

    assert shops.put() == dict.fromkeys(CODES)
    assert known(shops.shop) == CODES


def test_a_code_that_the_shop_has_for_something_else_is_not_ours(shops):
    other = replace(shops.offer, name="other")
    shops.put(["COME-3"], other)

    answers = shops.put()

    assert answers.pop("COME-3") == "the shop has this code for something else"
    assert set(answers.values()) == {None}


def test_a_wrong_key_is_refused_in_words(shops):
    with type(shops.shop)().open() as url, pytest.raises(Refused, match="does not accept the key") as refused:
        Shops(shops.shop.__class__(), url, "shpat_stale").put()

    assert refused.value.exit_code == 4
    assert "stale" not in str(refused.value)


def test_a_shop_that_never_answers_is_given_up_in_the_end(shops):
    shops.shop.instead = [said({}, 500)] * MOST_TRIES

    with pytest.raises(Unreachable, match="answered 500"):
        shops.put()
    assert len(shops.shop.calls) == MOST_TRIES


@pytest.mark.parametrize("hostile", [
    (200, {}, b"<html>"), (200, {}, b"[" * 100_000), (200, {}, b"null"), (200, {}, b"{}"), (200, {}, b"[]"), (200, {}, b'{"data": []}'),
    (200, {}, b'{"data": {"codeDiscountNodes": 7}}'), (200, {}, b'{"create": 3}'), (200, {}, b'{"create": [1, 2]}'), (200, {}, b'{"create": [{}, {}, {}, {}, {}]}'),
    (302, {"Location": "http://127.0.0.1:1/steal"}, b""), (404, {}, b"x" * 100), (400, {}, b'{"message": "\\u001b[2Jbad\\nthings"}'),
    (200, {}, b" " * (MOST_BYTES + 2)), (200, {}, b'{"errors": [{"message": "no", "extensions": 7}]}'),
    (200, {}, b'{"data": {"discountCodeBasicCreate": {"codeDiscountNode": {"id": null}, "userErrors": "x"}}}'),
])
def test_whatever_a_hostile_shop_says_ends_in_one_sentence(shops, hostile):
    shops.shop.instead = [hostile] * 10

    with pytest.raises(RegularsError) as caught:
        shops.put()

    assert caught.value.message.isprintable()
    assert len(shops.shop.calls) <= 10
    assert "tests" not in caught.value.message  # no key


def test_shopify_is_told_the_terms_of_the_offer():
    shop = Shopify()
    with shop.open() as url:
        Shops(shop, url).put(offer=replace(SHOPIFY, valid_until=date(2026, 12, 31)))

    [discount] = shop.discounts.values()
    assert discount["customerGets"]["value"] == {"percentage": 0.1}
    assert discount["minimumRequirement"] == {"subtotal": {"greaterThanOrEqualToSubtotal": "500"}}
    assert (discount["usageLimit"], discount["startsAt"], discount["endsAt"]) == (1, NOW.isoformat(), "2026-12-31T21:00:00+00:00")


def test_woocommerce_is_told_the_terms_of_the_offer():
    shop = WooCommerce()
    with shop.open() as url:
        Shops(shop, url).put(["A-1"], replace(WOO, valid_until=date(2026, 12, 31), reward=Reward(RewardKind.AMOUNT, "100 TRY", amounts=(Money.of(100, "TRY"),))))

    coupon = shop.coupons["a-1"]
    assert (coupon["discount_type"], coupon["amount"], coupon["minimum_amount"]) == ("fixed_cart", "100", "500")
    assert (coupon["usage_limit"], coupon["date_expires"]) == (1, "2027-01-01T00:00:00")


@pytest.mark.parametrize("reward", [
    Reward(RewardKind.PRODUCT, "250 g of beans"), Reward(RewardKind.AMOUNT, "10 EUR", amounts=(Money.of(10, "EUR"),)),
])
def test_what_no_code_can_be_worth_is_refused_before_the_shop_is_asked(shops, reward):
    with pytest.raises(Refused):
        shops.put(offer=replace(shops.offer, reward=reward))
    assert shops.shop.calls == []


def test_changed_terms_are_a_discount_of_their_own():
    shop = Shopify()
    with shop.open() as url:
        Shops(shop, url).put(["A-1"])
        Shops(shop, url).put(["A-2"], replace(SHOPIFY, minimum=()))
        Shops(shop, url).put(["A-3"])

    assert len(shop.discounts) == 2
    assert shop.codes["A-1"] == shop.codes["A-3"] != shop.codes["A-2"]


def test_shopifys_search_may_lag_behind():
    shop = Shopify()
    shop.finds = False
    with shop.open() as url:
        Shops(shop, url).put(["A-1"])
        assert Shops(shop, url).put(["A-1", "A-2"]) == {"A-1": None, "A-2": None}

    assert len(shop.discounts) == 1


def test_shopifys_own_word_for_too_much_is_understood():
    shop = Shopify()
    with shop.open() as url:
        mine = Shops(shop, url)
        shop.instead = [said({"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]})]
        assert mine.put() == dict.fromkeys(CODES)
    assert mine.waits[0] == 1.0


def test_a_key_without_the_right_is_named():
    shop = Shopify()
    with shop.open() as url:
        shop.instead = [said({"errors": [{"message": "Access denied for codeDiscountNodes field.", "extensions": {"code": "ACCESS_DENIED"}}]})]
        with pytest.raises(Refused, match="Access denied") as refused:
            Shops(shop, url).put()
    assert "write" in refused.value.hint


def test_syncing_marks_batch_by_batch_and_goes_on_where_it_was_interrupted(database, shops):
    floor = OfferFloor(database, shops.offer)
    floor.coupons.make(shops.offer, 250, NOW)
    progress = []

    first = shops.there.put
    asked = []

    def interrupted(offer, codes):
        asked.append(len(codes))
        if len(asked) == 2:
            raise Unreachable("gone")
        return first(offer, codes)

    shops.there.put = interrupted
    with pytest.raises(Unreachable):
        sync_codes(shops.offer, floor.coupons, shops.there, NOW, lambda *told: progress.append(told))
    assert floor.coupons.stock(TEN.name).unsynced == 150

    done = sync_codes(shops.offer, floor.coupons, shops.there, NOW + timedelta(hours=1), lambda *told: progress.append(told))

    assert (done.told, done.refused) == (150, {})
    assert asked == [100, 100, 100, 50]
    assert floor.coupons.stock(TEN.name).unsynced == 0
    assert known(shops.shop) == sorted(row.code for row in floor.rows())


def test_a_code_that_the_shop_does_not_take_is_void(database, shops):
    floor = OfferFloor(database, shops.offer)
    floor.stock("A-1", "A-2")
    shops.put(["A-2"], replace(shops.offer, name="other"))

    done = sync_codes(shops.offer, floor.coupons, shops.there, NOW, lambda *told: None)

    assert (done.told, done.refused) == (1, {"A-2": "the shop has this code for something else"})
    assert floor.code_states() == {"A-1": "free", "A-2": "void"}
