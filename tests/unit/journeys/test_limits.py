"""Whose turn it is, and why it is not: every rule of contact limits."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.definition.limits import Calendar, Cap, QuietHours
from regulars.definition.quantities import Duration
from regulars.journeys.contact import Admitted, Contact, Dropped, History, Later, Mail
from regulars.journeys.limits import Limits, decide, in_turn
from regulars.journeys.quiet_hours import is_quiet, over_at

ISTANBUL, KOLKATA, BERLIN, NEW_YORK = (ZoneInfo(name) for name in ("Europe/Istanbul", "Asia/Kolkata", "Europe/Berlin", "America/New_York"))
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)  # a Friday, noon in Istanbul
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
DAYS_2, DAYS_7, MONTH = Duration(seconds=2 * 86_400), Duration(seconds=7 * 86_400), Duration(months=1)
NIGHT = QuietHours(time(21), time(9))
CLASSES = ("receipts", "cart", "news")


def mail(now=NOW, **more):
    return Mail(**{"due": now, "first_due": now} | more)


def history(*ago, **more):
    return History(**{"zone": ISTANBUL, "contacts": [Contact(NOW - span) for span in ago]} | more)


def limits(**more):
    return Limits("Europe/Istanbul", **more)


def at(text, zone=ISTANBUL, fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


# ---- caps

THREE = limits(caps=(Cap("all", 3, DAYS_7),))


def test_below_the_cap_it_goes():
    assert decide(mail(), history(DAY, 2 * DAY), THREE, NOW) == Admitted()


def test_at_the_cap_it_is_dropped_with_the_reason_unless_it_may_wait():
    full = history(DAY, 2 * DAY, 3 * DAY)
    assert decide(mail(), full, THREE, NOW) == Dropped("contact limit reached: 3 per 7 days; over_limit: drop")
    short = mail(over_limit=DAYS_2)
    assert decide(short, full, THREE, NOW) == Dropped("contact limit reached: 3 per 7 days; no chance within 2 days")


def test_it_waits_until_the_window_has_room_and_goes_at_that_very_moment():
    full = history(DAY, 2 * DAY, 6 * DAY)
    patient = mail(over_limit=DAYS_2)
    verdict = decide(patient, full, THREE, NOW)
    assert verdict == Later(NOW + DAY, "contact limit reached: 3 per 7 days")
    assert decide(patient, full, THREE, verdict.until) == Admitted()
    assert isinstance(decide(patient, full, THREE, verdict.until - timedelta(microseconds=1)), Later)


def test_the_wait_counts_from_when_it_was_first_due():
    full = history(DAY, 2 * DAY, 6 * DAY)
    assert isinstance(decide(mail(first_due=NOW - DAY, over_limit=DAYS_2), full, THREE, NOW), Later)
    late = mail(first_due=NOW - DAY - HOUR, over_limit=DAYS_2)
    assert isinstance(decide(late, full, THREE, NOW), Dropped)


def test_a_cap_of_a_topic_or_a_class_counts_its_own_only():
    offers = limits(caps=(Cap("offers", 1, DAYS_7), Cap("cart", 1, DAYS_7)))
    before = history(contacts=[Contact(NOW - DAY, "offers", "news"), Contact(NOW - DAY, "news", "cart")])
    assert decide(mail(topic="tips", class_="news"), before, offers, NOW) == Admitted()
    for more in ({"topic": "offers"}, {"class_": "cart"}):
        assert isinstance(decide(mail(**more), before, offers, NOW), Dropped)
    reason = decide(mail(topic="offers"), before, offers, NOW).reason
    assert reason == "contact limit reached: 1 per 7 days of offers; over_limit: drop"


def test_of_several_full_caps_the_last_to_have_room_decides():
    both = limits(caps=(Cap("all", 1, DAYS_2), Cap("all", 2, DAYS_7)))
    verdict = decide(mail(over_limit=DAYS_7), history(DAY, 3 * DAY), both, NOW)
    assert verdict == Later(NOW + 4 * DAY, "contact limit reached: 2 per 7 days")


def test_a_contact_by_a_clock_that_is_ahead_counts():
    assert isinstance(decide(mail(), history(-HOUR, -HOUR, -HOUR), THREE, NOW), Dropped)


@pytest.mark.parametrize(("sent", "free"), [
    ("2028-01-29T10:00", "2028-02-29T10:00"),  # a leap year has the day
    ("2028-02-29T10:00", "2028-03-29T10:00"),
    ("2026-01-31T10:00", "2026-02-28T10:00"),
    ("2026-01-29T10:00", "2026-02-28T10:00"),  # another year has not
])
def test_a_month_is_one_of_the_shops_calendar(sent, free):
    monthly = limits(caps=(Cap("all", 1, MONTH),))
    before = history(contacts=[Contact(at(sent))])
    now = at(free) - HOUR
    assert decide(mail(now, over_limit=DAYS_2), before, monthly, now) == Later(at(free), "contact limit reached: 1 per 1 month")
    assert decide(mail(now), before, monthly, at(free)) == Admitted()


def test_of_several_to_one_customer_each_that_goes_counts_for_the_next():
    two = limits(caps=(Cap("all", 2, DAYS_7),))
    verdicts = in_turn("abc", {"a": mail(), "b": mail(), "c": mail()}, {}, history(), two, NOW)
    assert [type(verdict) for verdict in verdicts.values()] == [Admitted, Admitted, Dropped]


def test_a_mail_that_asks_again_does_not_stand_in_its_own_way_but_in_others():
    one = limits(caps=(Cap("all", 1, DAYS_7),))
    reserved = {"a": Contact(NOW - HOUR)}
    assert in_turn("a", {"a": mail()}, reserved, history(), one, NOW) == {"a": Admitted()}
    assert isinstance(in_turn("b", {"a": mail(), "b": mail()}, reserved, history(), one, NOW)["b"], Dropped)


# ---- quiet hours

QUIET = limits(quiet_hours=NIGHT)


@pytest.mark.parametrize(("now", "zone", "until"), [
    ("2026-11-20T20:59:59", ISTANBUL, None),
    ("2026-11-20T21:00", ISTANBUL, "2026-11-21T09:00"),
    ("2026-11-21T00:00", ISTANBUL, "2026-11-21T09:00"),
    ("2026-11-21T08:59:59", ISTANBUL, "2026-11-21T09:00"),
    ("2026-11-21T09:00", ISTANBUL, None),
    ("2026-11-20T23:30", KOLKATA, "2026-11-21T09:00"),   # half an hour beside everybody else
    ("2028-02-28T22:00", BERLIN, "2028-02-29T09:00"),    # a leap day is a day
    ("2026-03-28T22:00", BERLIN, "2026-03-29T09:00"),    # the night has eleven hours
    ("2026-10-24T22:00", BERLIN, "2026-10-25T09:00"),    # and thirteen
])
def test_quiet_hours_end_in_the_morning_of_the_customer(now, zone, until):
    moment = at(now, zone)
    expected = Later(at(until, zone), "quiet hours (21:00-09:00)") if until else Admitted()
    assert decide(mail(moment), history(zone=zone), QUIET, moment) == expected


def test_quiet_hours_put_off_what_may_not_wait_for_a_limit_but_never_beyond_its_expiry():
    night = at("2026-11-20T23:00")
    assert isinstance(decide(mail(night), history(), QUIET, night), Later)
    hasty = mail(night, expires_at=at("2026-11-21T09:00"))
    assert decide(hasty, history(), QUIET, night) == Dropped("quiet hours (21:00-09:00); it expires before its turn")
    assert isinstance(decide(replace(hasty, expires_at=at("2026-11-21T09:01")), history(), QUIET, night), Later)


def test_quiet_hours_that_are_not_local_are_the_shops():
    abroad = limits(quiet_hours=replace(NIGHT, local=False))
    evening = at("2026-11-20T22:00")  # afternoon in New York
    assert decide(mail(evening), history(zone=NEW_YORK), abroad, evening).until == at("2026-11-21T09:00")
    assert decide(mail(evening), history(zone=NEW_YORK), QUIET, evening) == Admitted()


def test_quiet_hours_of_one_day():
    siesta = limits(quiet_hours=QuietHours(time(13), time(15, 30)))
    for wall, until in (("12:59", None), ("13:00", "15:30"), ("15:29", "15:30"), ("15:30", None)):
        moment = at(f"2026-11-20T{wall}")
        verdict = decide(mail(moment), history(), siesta, moment)
        assert getattr(verdict, "until", None) == (at(f"2026-11-20T{until}") if until else None)


def test_an_end_that_the_clock_change_skips_comes_after_it_and_one_that_comes_twice_is_not_gone_back_behind():
    early = limits(quiet_hours=QuietHours(time(21), time(2, 30)))
    spring = at("2026-03-29T01:00", BERLIN)
    assert over_at(early.quiet_hours, spring, BERLIN) == at("2026-03-29T03:30", BERLIN)
    assert decide(mail(spring), history(zone=BERLIN), early, spring).until == at("2026-03-29T03:30", BERLIN)
    autumn = at("2026-10-25T01:00", BERLIN)
    assert decide(mail(autumn), history(zone=BERLIN), early, autumn).until == at("2026-10-25T02:30", BERLIN)
    again = at("2026-10-25T02:10", BERLIN, fold=1)
    assert decide(mail(again), history(zone=BERLIN), early, again).until == at("2026-10-25T02:30", BERLIN, fold=1)


def test_room_that_comes_at_night_waits_for_the_morning_and_that_counts():
    night_and_cap = limits(caps=(Cap("all", 1, DAYS_7),), quiet_hours=NIGHT)
    noon = at("2026-11-20T12:00")
    before = history(contacts=[Contact(at("2026-11-13T23:00"))])
    verdict = decide(mail(noon, over_limit=DAYS_2), before, night_and_cap, noon)
    assert verdict == Later(at("2026-11-21T09:00"), "contact limit reached: 1 per 7 days")
    assert isinstance(decide(mail(noon, over_limit=Duration(seconds=12 * 3600)), before, night_and_cap, noon), Dropped)


# ---- closed days

MOURNING = Calendar(closed={"TR": {(11, 10): "mourning", date(2026, 11, 11): "a second day"}, "AZ": {(2, 29): "leap"}})


def test_on_a_closed_day_nothing_goes_there_and_it_waits_for_the_next_open_one():
    closed = limits(calendar=MOURNING)
    moment = at("2026-11-10T12:00")
    verdict = decide(mail(moment), history(country="TR"), closed, moment)
    assert verdict == Later(at("2026-11-12T00:00"), "a closed day: mourning")
    assert decide(mail(moment), history(country="AZ"), closed, moment) == Admitted()
    assert decide(mail(moment), history(country=None), closed, moment) == verdict  # whose clock is in Istanbul
    assert decide(mail(moment), history(country=None, zone=BERLIN), closed, moment) == Admitted()
    next_year = at("2027-11-11T12:00")
    assert decide(mail(next_year), history(country="tr"), closed, next_year) == Admitted()  # that one was of 2026


def test_the_night_before_a_closed_day_leads_to_the_morning_after_it():
    both = limits(calendar=MOURNING, quiet_hours=NIGHT)
    moment = at("2026-11-09T22:00")
    verdict = decide(mail(moment), history(country="TR"), both, moment)
    assert verdict == Later(at("2026-11-12T09:00"), "quiet hours (21:00-09:00)")


def test_a_closed_leap_day_is_one_in_four_years():
    closed = limits(calendar=MOURNING)
    leap = at("2028-02-29T10:00")
    assert decide(mail(leap), history(country="AZ"), closed, leap).until == at("2028-03-01T00:00")


def test_a_day_is_the_customers_own():
    closed = limits(calendar=Calendar(closed={"US": {(11, 10): "closed"}}))
    moment = at("2026-11-10T20:00", NEW_YORK)  # the eleventh in Istanbul
    assert decide(mail(moment), history(country="US", zone=NEW_YORK), closed, moment).until == at("2026-11-11T00:00", NEW_YORK)


def test_a_calendar_that_closes_every_day_does_not_hang():
    never = limits(calendar=Calendar(closed={"TR": {(month, day): "no" for month in range(1, 13) for day in range(1, 32)}}))
    assert isinstance(decide(mail(), history(country="TR"), never, NOW), Later)


# ---- hold_while

HOLD = limits(hold_while=("support.open", "return.open"))


def test_nobody_sells_to_who_complains():
    assert decide(mail(), history(open={"support.open"}), HOLD, NOW) == Dropped("on hold: support.open; over_limit: drop")
    patient = mail(over_limit=DAYS_2)
    assert decide(patient, history(open={"return.open"}), HOLD, NOW) == Later(NOW + HOUR, "on hold: return.open")
    assert decide(patient, history(), HOLD, NOW) == Admitted()


def test_the_last_look_is_at_the_end_of_its_patience():
    patient, angry = mail(over_limit=DAYS_2), history(open={"support.open"})
    end = NOW + 2 * DAY
    assert decide(patient, angry, HOLD, end - HOUR / 2).until == end
    assert decide(patient, angry, HOLD, end) == Dropped("on hold: support.open; no chance within 2 days")


# ---- classes

RANKED = limits(classes=CLASSES)


def test_of_mails_due_on_one_day_the_first_class_wins_and_the_loser_says_so():
    rival = mail(NOW + 5 * HOUR, class_="cart")
    both = history(rivals=[rival])
    assert decide(mail(class_="news"), both, RANKED, NOW) == Dropped("another mail goes first on that day: cart; over_limit: drop")
    assert decide(mail(class_="news", over_limit=DAYS_2), both, RANKED, NOW).until == at("2026-11-21T00:00")
    assert decide(mail(class_="cart"), both, RANKED, NOW) == Admitted()
    assert decide(mail(class_="receipts"), both, RANKED, NOW) == Admitted()
    assert isinstance(decide(mail(), both, RANKED, NOW), Dropped)  # no class comes last


def test_what_is_due_on_another_day_of_the_customers_is_no_rival():
    tomorrow = at("2026-11-21T00:00") - NOW
    assert decide(mail(class_="news"), history(rivals=[mail(NOW + tomorrow, class_="cart")]), RANKED, NOW) == Admitted()
    assert isinstance(decide(mail(class_="news"), history(rivals=[mail(NOW + tomorrow - HOUR, class_="cart")]), RANKED, NOW), Dropped)


def test_who_was_first_written_to_today_stays_the_winner():
    early = at("2026-11-20T00:30")
    sent = history(contacts=[Contact(early, None, "cart")])
    assert isinstance(decide(mail(class_="news"), sent, RANKED, NOW), Dropped)
    assert decide(mail(class_="receipts"), sent, RANKED, NOW) == Admitted()
    yesterday = history(contacts=[Contact(early - HOUR, None, "cart")])
    assert decide(mail(class_="news"), yesterday, RANKED, NOW) == Admitted()


def test_nobody_stands_back_for_a_mail_that_is_not_going_today():
    ranked_and_capped = limits(classes=CLASSES, caps=(Cap("cart", 1, DAYS_7),), quiet_hours=NIGHT)
    sent = [Contact(NOW - 3 * DAY, None, "cart")]
    held_back = history(contacts=sent, rivals=[mail(class_="cart")])
    assert decide(mail(class_="news"), held_back, ranked_and_capped, NOW) == Admitted()
    at_night = history(rivals=[mail(at("2026-11-20T22:00"), class_="cart")])
    assert decide(mail(class_="news"), at_night, ranked_and_capped, NOW) == Admitted()
    gone = history(rivals=[mail(NOW + HOUR, class_="cart", expires_at=NOW + HOUR)])
    assert decide(mail(class_="news"), gone, ranked_and_capped, NOW) == Admitted()


def test_without_classes_nobody_goes_first():
    assert decide(mail(), history(rivals=[mail(class_="cart")]), limits(caps=(Cap("all", 9, DAYS_7),)), NOW) == Admitted()


# ---- the laws

moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(lambda moment: moment.replace(tzinfo=UTC))
zones = st.sampled_from([ISTANBUL, KOLKATA, BERLIN, NEW_YORK, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Africa/Cairo")])
walls = st.integers(0, 24 * 12 - 1).map(lambda steps: time(steps // 12, steps % 12 * 5))
caps = st.lists(st.builds(
    Cap, st.sampled_from(["all", "offers", "cart"]), st.integers(1, 3), st.integers(1, 10).map(lambda days: Duration(seconds=days * 86_400)),
), max_size=3).map(tuple)
rules = st.builds(
    Limits, st.just("Europe/Istanbul"), caps, st.none() | st.builds(QuietHours, walls, walls, st.booleans()),
    st.sampled_from([(), CLASSES]), st.just(("support.open",)), st.sampled_from([Calendar(), MOURNING]),
)
mails = st.lists(st.builds(
    lambda due, topic, class_, over_limit: Mail(due, due, topic, class_, over_limit),
    moments.map(lambda moment: datetime(2026, 11, 1 + moment.day % 20, moment.hour, moment.minute, tzinfo=UTC)),
    st.sampled_from([None, "offers", "news"]), st.sampled_from([None, *CLASSES]),
    st.none() | st.integers(1, 96).map(lambda hours: Duration(seconds=hours * 3600)),
), min_size=1, max_size=14)


@settings(max_examples=300, deadline=None)
@given(rules, mails, zones, st.sampled_from([None, "TR"]), st.sets(st.integers(1, 20), max_size=5))
def test_no_cap_is_ever_exceeded_nobody_is_woken_and_every_loser_has_a_reason(limits, mails, zone, country, angry_days):
    sent, reasons = _played(limits, mails, zone, country, angry_days)
    assert len(sent) + len(reasons) == len(mails)
    assert all(reasons)
    for cap in limits.caps:
        counted = sorted(moment for moment, one in sent if cap.of in {"all", one.topic, one.class_})
        for moment in counted:
            window = [one for one in counted if moment - timedelta(seconds=cap.per.seconds) < one <= moment]
            assert len(window) <= cap.count
    for moment, _ in sent:
        local = moment.astimezone(zone)
        hours = limits.quiet_hours
        assert hours is None or not is_quiet(hours, local.time() if hours.local else moment.astimezone(ISTANBUL).time())
        assert (country is None and zone is not ISTANBUL) or not limits.calendar.closed or (local.month, local.day) not in {(11, 10), (11, 11)}
        assert moment.day not in angry_days
    for moment, one in sent:
        same_day = [other for when, other in sent if when < moment and when.astimezone(zone).date() == moment.astimezone(zone).date()]
        assert all(limits.rank(other.class_) >= limits.rank(one.class_) for other in same_day)


def _played(limits, mails, zone, country, angry_days):
    """Each mail asked whenever it is due, as a beat does it; at most as often as there can be reasons to wait."""
    waiting, sent, reasons = list(mails), [], []
    for _ in range(5_000):
        if not waiting:
            return sent, reasons
        waiting.sort(key=lambda one: one.due)
        one, *waiting = waiting
        now = one.due
        before = History(
            zone, country, [Contact(when, other.topic, other.class_) for when, other in sent],
            waiting, {"support.open"} if now.day in angry_days else (),
        )
        verdict = decide(one, before, limits, now)
        if isinstance(verdict, Later):
            assert verdict.until > now
            waiting.append(replace(one, due=verdict.until))
        elif isinstance(verdict, Dropped):
            reasons.append(verdict.reason)
        else:
            sent.append((now, one))
    pytest.fail("it spins")
