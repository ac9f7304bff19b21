"""What a journey does when its turn comes: its steps in one go, until a wait or the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.definition.automation import (
    If,
    Notify,
    Recheck,
    SetAttributes,
    Split,
    StopMailing,
    Tag,
    WaitFor,
    WaitQuiet,
    Webhook,
)
from regulars.definition.conditions import Fact, Kind, Op, Tagged, Test
from regulars.journeys.advancing import advance, share_of
from regulars.journeys.asking import conditions_of, events_of, looks_back_to
from regulars.journeys.effects import Advance, Person, Told
from regulars.journeys.journey import Journey, JourneyState
from regulars.journeys.live import LiveAutomation
from tests.unit.journeys.ways import (
    ADA,
    HOUR,
    NOW,
    after,
    days,
    journey,
    live,
    orders,
    send,
    sight,
    wait,
)


def turned(automation: LiveAutomation, now=NOW, at: Journey | None = None, **seen) -> Advance:
    return advance(automation, at or journey(automation), sight(automation, now, **seen), now)


def outcomes(made: Advance) -> list[tuple[str, str]]:
    return [(done.step, done.outcome) for done in made.steps]


def test_steps_are_done_until_the_next_wait() -> None:
    made = turned(live(send("hello"), Tag("mark", ("met",)), wait("pause"), send("bye")))

    assert outcomes(made) == [("hello", "done"), ("mark", "done"), ("pause", "begun")]
    assert [(mail.step, mail.launch_id, mail.due, mail.email) for mail in made.mails] == [("hello", 100, NOW, "ada@example.com")]
    assert (made.journey.step, made.journey.due_at, made.journey.fence) == ("bye", after(24), 1)


def test_the_last_step_ends_it() -> None:
    made = turned(live(send("hello")))
    assert (made.journey.state, made.journey.reason, made.journey.step, made.journey.ended_at) == (JourneyState.ENDED, "finished", None, NOW)


def test_a_last_wait_is_waited_for() -> None:
    automation = live(send("hello"), wait("pause"))
    waiting = turned(automation).journey
    assert (waiting.state, waiting.step, waiting.due_at) == (JourneyState.WAITING, None, after(24))
    assert turned(automation, after(24), waiting).journey.reason == "finished"


def test_waits_are_counted_from_when_their_step_was_due() -> None:
    """The machine was down for thirty hours: what comes next is not thirty hours late as well."""
    automation = live(wait("pause"), Tag("noted", ("met",)), wait("again"), send("bye"))
    waiting = turned(automation).journey
    late = turned(automation, after(54), waiting)

    assert outcomes(late) == [("noted", "done"), ("again", "begun"), ("bye", "done")]
    assert [mail.due for mail in late.mails] == [after(48)]


def test_after_a_late_mail_the_wait_begins_when_it_leaves() -> None:
    """Else an outage would send both mails of a sequence at once."""
    automation = live(wait("pause"), send("hello"), wait("again"), send("bye"))
    waiting = turned(automation).journey
    late = turned(automation, after(54), waiting)

    assert [mail.due for mail in late.mails] == [after(24)]
    assert (late.journey.step, late.journey.due_at) == ("bye", after(54 + 24))
    barely = turned(automation, after(24.5), waiting)
    assert barely.journey.due_at == after(48)


def test_what_is_later_than_it_may_be_is_skipped_with_that_reason() -> None:
    automation = live(send("hello"), wait("pause"), send("bye"), not_later_than=days(2))
    late = turned(automation, after(60))

    assert outcomes(late) == [("hello", "skipped"), ("pause", "begun"), ("bye", "done")]
    assert late.steps[0].reason == (
        "too late: it was due on 2026-11-20 12:00 (Europe/Istanbul), and not later than 2026-11-22 12:00 (Europe/Istanbul)"
    )
    assert [mail.expires for mail in late.mails] == [after(24 + 48)]


@pytest.mark.parametrize(("count", "expected"), [(1, ["else", "done"]), (2, ["then", "done"])])
def test_a_condition_takes_one_branch_and_the_other_does_nothing(count: int, expected: list[str]) -> None:
    made = turned(live(If("bought", orders(2), (send("regular"),), (send("offer"),)), send("bye")), orders_count=count)

    assert [done.outcome for done in made.steps[:2]] == expected
    assert [mail.step for mail in made.mails] == ["regular" if count == 2 else "offer", "bye"]


def test_an_empty_branch_leads_on() -> None:
    made = turned(live(If("bought", orders(2), (send("regular"),)), send("bye")), orders_count=0)
    assert [mail.step for mail in made.mails] == ["bye"]


def test_out_of_a_branch_in_a_branch_it_goes_on_behind_both() -> None:
    inner = If("inner", orders(1), (wait("pause"),))
    automation = live(If("outer", orders(1), (inner,)), send("bye"))
    waiting = turned(automation, orders_count=1).journey
    assert waiting.step == "bye"


def test_a_condition_sees_what_an_earlier_step_has_changed() -> None:
    stage = Fact("customer.taste", Kind.TEXT, (Test(Op.IS, "fruity"),))
    made = turned(live(
        SetAttributes("set", {"taste": "fruity"}), Tag("mark", ("Nurtured",), ("New",)),
        If("fruity", stage, (If("marked", Tagged((Test(Op.IS, "nurtured"),)), (send("hello"),)),)),
    ), tags=frozenset({"new"}))

    assert [mail.step for mail in made.mails] == ["hello"]
    assert (made.attributes, made.tags, made.untags) == ({"taste": "fruity"}, ("Nurtured",), ("New",))


def test_a_mail_is_not_made_twice_in_one_journey() -> None:
    assert outcomes(turned(live(send("hello")), sent=frozenset({"hello"}))) == [("hello", "skipped")]


def test_who_fits_no_longer_leaves_at_the_next_mail() -> None:
    automation = live(Tag("mark", ("met",)), send("hello"), send("bye"), when=orders(1), recheck=Recheck.EVERY_SEND)
    made = turned(automation, orders_count=0)

    assert (made.mails, made.tags) == ((), ("met",))
    assert (made.journey.state, made.journey.reason) == (JourneyState.ENDED, "left: the entry condition holds no longer")
    assert outcomes(made)[-1] == ("hello", "left")
    assert len(turned(automation, orders_count=1).mails) == 2


@pytest.mark.parametrize(("due", "expected"), [(-1, "done"), (0, "skipped"), (3, "skipped"), (4, "done")])
def test_what_was_due_between_a_backup_and_its_recovery_was_perhaps_sent(due: int, expected: str) -> None:
    automation = live(send("hello"))
    doubt = after(-0.5), after(3.5)
    seen = replace(sight(automation, after(5)), doubt=doubt)
    made = advance(automation, journey(automation, due_at=after(due)), seen, after(5))
    assert outcomes(made) == [("hello", expected)]
    assert expected == "done" or made.steps[0].reason.startswith("perhaps sent before: it was due between a backup and its recovery")


def test_without_recheck_the_condition_is_of_the_entry_only() -> None:
    assert len(turned(live(send("hello"), when=orders(1)), orders_count=0).mails) == 1


def test_a_disabled_automation_lets_nobody_go_on() -> None:
    automation = live(send("hello"), since=None)
    made = turned(automation)
    assert (made.journey.state, made.journey.step, made.journey.due_at, made.steps, made.mails) == (JourneyState.PAUSED, "hello", NOW, (), ())


def test_the_erased_get_nothing() -> None:
    made = turned(live(send("hello")), person=Person(7, None))
    assert (made.mails, made.journey.reason) == ((), "left: the customer is gone")


def test_errands_tell_of_the_journey_its_trigger_and_the_customer() -> None:
    made = turned(live(Webhook("crm", "https://crm.example/hook"), Notify("team", "team@example.com"), StopMailing("stop", "sunset")))

    hook, note = made.errands
    assert (hook.kind, hook.target, note.kind, note.target) == ("webhook", "https://crm.example/hook", "notify", "team@example.com")
    assert hook.payload["automation"] == "welcome"
    assert hook.payload["trigger"]["kind"] == "order.placed"
    assert hook.payload["customer"] == {"email": "ada@example.com", "first_name": "Ada", "last_name": "Yılmaz", "locale": "tr"}
    assert made.suppression == "sunset"


def test_whoever_is_never_written_to_again_has_come_to_the_end() -> None:
    made = turned(live(StopMailing("stop", "sunset"), send("never")))
    assert (made.suppression, made.mails, made.journey.reason) == ("sunset", (), "finished")


def test_a_group_of_domains_keeps_its_lane() -> None:
    [mail] = turned(live(send("hello")), person=replace(ADA, domain="hotmail.com")).mails
    assert mail.lane == "microsoft"


# ---- waiting for events ----

CART = "cart.emptied"


def test_it_waits_for_an_event_at_most_so_long() -> None:
    automation = live(WaitFor("empty", CART, days(14)), send("hello"))
    waiting = turned(automation).journey

    assert (waiting.step, waiting.waits_for, waiting.due_at) == ("empty", CART, after(14 * 24))
    done = turned(automation, after(14 * 24), waiting)
    assert outcomes(done) == [("empty", "elapsed"), ("hello", "done")]


def test_an_event_between_its_turn_and_the_machines_coming_counts() -> None:
    automation = live(WaitFor("empty", CART, days(14)), wait("pause"), send("hello"))
    made = turned(automation, after(5), told=(Told(CART, after(-1)), Told(CART, after(2)), Told(CART, after(3))))

    assert outcomes(made) == [("empty", "happened"), ("pause", "begun")]
    assert made.journey.due_at == after(26)


def test_after_the_longest_wait_an_event_is_too_late() -> None:
    made = turned(live(WaitFor("empty", CART, HOUR), send("hello")), after(5), told=(Told(CART, after(2)),))
    assert outcomes(made) == [("empty", "elapsed"), ("hello", "done")]
    assert made.mails[0].due == after(1)


@pytest.mark.parametrize(("told", "due"), [((), None), ((-10,), None), ((-1,), 3), ((-1, 1), 5)])
def test_it_waits_until_it_is_quiet(told: tuple[int, ...], due: int | None) -> None:
    """Four hours without a touch of the cart."""
    automation = live(WaitQuiet("quiet", "cart.updated", days(4 / 24)), send("hello"))
    made = turned(automation, after(2), told=tuple(Told("cart.updated", after(hours)) for hours in told))

    if due is None:
        assert [mail.due for mail in made.mails] == [NOW]
    else:
        assert (made.journey.step, made.journey.waits_for, made.journey.due_at) == ("quiet", "cart.updated", after(due))


def test_what_is_looked_up_reaches_as_far_back_as_the_quiet_that_is_asked() -> None:
    automation = live(WaitQuiet("quiet", "cart.updated", days(4)), If("bought", orders(2), ()), send("hello"))
    assert events_of(automation) == {"cart.updated"}
    assert looks_back_to(automation, journey(automation), NOW) == after(-96)
    assert conditions_of(automation) is not None
    assert conditions_of(live(send("hello"), when=orders(1))) is None


# ---- divided at random ----


def test_a_split_takes_each_customer_the_same_way_for_ever() -> None:
    split = Split("ab", ((Decimal(50), (send("a"),)),), (send("b"),))
    ways = {step for _ in range(5) for step in [turned(live(split)).mails[0].step]}
    assert len(ways) == 1


def test_the_parts_of_a_split_are_as_large_as_they_say() -> None:
    shares = [share_of("welcome", "ab", customer) for customer in range(20_000)]
    assert all(0 <= share < 100 for share in shares)
    assert 9_700 < sum(share < 50 for share in shares) < 10_300
    assert 1_850 < sum(share < 10 for share in shares) < 2_150
    elsewhere = [share_of("welcome", "cd", customer) for customer in range(20_000)]
    assert 4_700 < sum(a < 50 and b < 50 for a, b in zip(shares, elsewhere, strict=True)) < 5_300, "one split says nothing about another"


# ---- laws ----

steps = st.lists(st.sampled_from([send, wait]), min_size=1, max_size=8).map(
    lambda kinds: tuple(kind(f"step-{place}") for place, kind in enumerate(kinds))
)


@given(steps, st.lists(st.integers(0, 200), min_size=1, max_size=12))
def test_however_late_and_often_the_machine_comes_each_step_is_done_once_or_says_why(kinds, hours: list[int]) -> None:
    automation = live(*kinds)
    now, standing, done = NOW, journey(automation), []
    for pause in [*hours, 24 * 10]:
        now += timedelta(hours=pause)
        if standing.state is JourneyState.WAITING and standing.due_at is not None and standing.due_at <= now:
            made = turned(automation, now, standing)
            assert made.journey.fence == standing.fence + 1
            assert made.journey.due_at is None or made.journey.due_at > now
            standing, done = made.journey, [*done, *made.steps]

    assert [each.step for each in done] == [step.key for step in kinds]
    assert all(each.outcome in {"done", "begun"} or each.reason for each in done)
    assert [each.at for each in done] == sorted(each.at for each in done)
    assert standing.state is JourneyState.ENDED
