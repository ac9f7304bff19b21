"""How long a launch takes by its limits, and which limit it is."""

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from regulars.definition.quantities import Rate
from regulars.definition.relays import DomainGroup, Relay, WarmUp
from regulars.delivery.forecast import Forecast, forecast

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)


def of(lanes, zone="UTC", **rules) -> Forecast:
    return forecast(lanes, Relay("bulk", **rules), NOW, zone)


def limits(**rates: int):
    return {name: DomainGroup(rate=Rate(count, "second")) for name, count in rates.items()}


def test_without_limits_nothing_is_foretold():
    assert of({"gmail": 100}).as_json() == {"relay": "bulk", "seconds": None, "bottleneck": None, "lanes": {"gmail": 100}}
    assert of({"": 100}, domains=limits(gmail=5)).seconds is None


def test_the_slowest_limit_is_the_bottleneck():
    lanes = {"gmail": 1_000, "yahoo": 600, "": 50_000}

    assert of(lanes, domains=limits(gmail=20, yahoo=10)) == Forecast("bulk", lanes, 60.0, "yahoo")
    assert of(lanes, rate=Rate(100, "second"), domains=limits(gmail=20)) == Forecast("bulk", lanes, 516.0, "*")
    assert of(lanes, rate=Rate(100_000, "second"), domains=limits(gmail=1)).bottleneck == "gmail"


def test_a_warm_up_takes_days_of_the_shop():
    plan = WarmUp(date(2026, 12, 1), (200, 500, 1_000))

    assert of({"": 150}, warm_up=plan) == Forecast("bulk", {"": 150}, 0.0, None)
    assert of({"": 701}, warm_up=plan).seconds == (15 + 24) * 3_600
    assert of({"": 701}, "Europe/Istanbul", warm_up=plan).seconds == (12 + 24) * 3_600
    assert of({"": 90_000}, warm_up=plan).seconds == (15 + 48) * 3_600
    assert of({"": 1}, warm_up=WarmUp(date(2026, 12, 24), (5,))) == Forecast("bulk", {"": 1}, (15 + 22 * 24) * 3_600, "warm_up")


@given(st.dictionaries(st.sampled_from(["", "gmail", "yahoo"]), st.integers(0, 10**6)), st.integers(1, 1_000), st.integers(1, 1_000))
def test_more_mails_never_take_less_time_and_no_lane_is_faster_than_its_rate(lanes, whole, gmail):
    rules = {"rate": Rate(whole, "second"), "domains": limits(gmail=gmail)}
    before, after = of(lanes, **rules), of({**lanes, "": lanes.get("", 0) + 1}, **rules)

    assert (after.seconds or 0) >= (before.seconds or 0) >= lanes.get("gmail", 0) / gmail - 1e-6
    assert (before.seconds or 0) >= sum(lanes.values()) / whole - 1e-6
