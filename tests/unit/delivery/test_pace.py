"""Fair shares, routes, rests and slow-downs as pure decisions."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from regulars.definition.domain_groups import DOMAIN_GROUPS
from regulars.definition.quantities import Rate
from regulars.definition.relays import DomainGroup, Relay, WarmUp
from regulars.delivery.lanes import Lanes
from regulars.delivery.pace import ALL_LANES, ask_for, rates_of, shared
from regulars.delivery.routes import relays_of, rest_after, route
from regulars.delivery.slowdowns import CALM, slower

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
TODAY = NOW.date()


@given(st.integers(0, 1_000), st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 300)))
def test_shares_add_up_and_nobody_gets_more_for_wanting_more(total, wanted):
    dealt = shared(total, wanted)

    assert sum(dealt.values()) == min(total, sum(wanted.values()))
    assert all(0 <= dealt[lane] <= wanted[lane] for lane in wanted)
    hungry = [dealt[lane] for lane in wanted if dealt[lane] < wanted[lane]]
    assert max(hungry, default=0) - min(hungry, default=0) <= 1
    assert not hungry or max(dealt.values()) <= max(hungry) + 1


def test_every_domain_is_in_one_group():
    domains = [domain for group in DOMAIN_GROUPS.values() for domain in group]

    assert len(domains) == len(set(domains))
    assert all(domain == domain.lower() and domain.isascii() for domain in domains)


def test_lanes_know_built_in_and_own_groups():
    lanes = Lanes({"bulk": Relay("bulk", domains={"firms": DomainGroup(of=("firma.example",))})})

    assert [lanes.of(domain) for domain in ("GMail.com", "firma.example", "other.example", "")] == ["gmail", "firms", "", ""]
    assert lanes.of_address("ada@icloud.com") == "apple"
    assert (lanes.patience_of("googlemail.com"), lanes.patience_of("Other.Example")) == ("gmail", "other.example")


def test_a_bucket_holds_what_a_second_brings():
    assert ask_for("bulk", "gmail", Rate(600, "minute"), 200).burst == 10
    assert ask_for("bulk", "gmail", Rate(100, "hour"), 200).burst == 1
    assert rates_of(Relay(rate=Rate(50, "second"), domains={"gmail": DomainGroup(rate=Rate(2, "second")), "yahoo": DomainGroup()})) == {
        ALL_LANES: Rate(50, "second"), "gmail": Rate(2, "second"),
    }


def relays(**options) -> dict[str, Relay]:
    return {name: Relay(name, **options.get(name, {})) for name in ("bulk", "spare", "receipts")}


def test_the_next_in_order_stands_in_and_after_the_last_the_first():
    assert route(relays(), None, TODAY) == ("bulk", "spare", "receipts")
    assert route(relays(), "spare", TODAY) == ("spare", "receipts", "bulk")
    assert route(relays(), "gone", TODAY) == ("bulk", "spare", "receipts")


def test_a_relay_kept_apart_stands_in_for_nobody_but_others_for_it():
    shop = relays(receipts={"apart": True})

    assert route(shop, None, TODAY) == ("bulk", "spare")
    assert route(shop, "receipts", TODAY) == ("receipts", "bulk", "spare")


def test_a_relay_that_warms_up_stands_in_for_nobody_until_it_is_warm():
    shop = relays_of(relays(), None) | {"spare": Relay("spare", warm_up=WarmUp(TODAY, (10, 20)))}

    assert route(shop, None, TODAY) == ("bulk", "receipts")
    assert route(shop, None, TODAY + timedelta(days=2)) == ("bulk", "spare", "receipts")
    assert route(shop, "spare", TODAY)[0] == "spare"


def test_a_warm_up_of_the_shop_is_that_of_every_relay_without_its_own():
    ours, own = WarmUp(TODAY, (10,)), WarmUp(TODAY, (20,))

    assert [relay.warm_up for relay in relays_of(relays(spare={"warm_up": own}), ours).values()] == [ours, own, ours]
    assert relays_of({}, ours)["default"].warm_up == ours


def test_a_warm_up_day_by_day():
    plan = WarmUp(date(2026, 12, 1), (200, 500))

    assert [plan.cap(date(2026, 11, 30) + timedelta(days=n)) for n in range(4)] == [0, 200, 500, None]


def test_rests_grow_to_ten_minutes():
    assert [rest_after(n).total_seconds() for n in (1, 2, 3, 7, 50)] == [10, 20, 40, 600, 600]


def test_slow_downs_double_up_to_an_hour_and_are_forgotten_after_calm():
    first = slower(None, "bulk", "gmail", "421 4.7.0", NOW)
    again = slower(first, "bulk", "gmail", "421 4.7.0", NOW + timedelta(seconds=30))
    lengths, last, now = [], first, NOW
    for _ in range(8):
        lengths.append((last.until - now) // timedelta(minutes=1))
        now = last.until + timedelta(seconds=1)
        last = slower(last, "bulk", "gmail", "x" * 900, now)

    assert again is first
    assert lengths == [1, 2, 4, 8, 16, 32, 60, 60]
    assert len(last.reason) == 500
    assert slower(last, "bulk", "gmail", "later", last.until + CALM).step == 0
