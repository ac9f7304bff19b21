"""What applying would change is told step by step, and whom it moves where."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from decimal import Decimal

import pytest

from regulars.definition.automation import (
    Automation,
    Days,
    If,
    OnChange,
    OnStart,
    Schedule,
    Send,
    Split,
    Tag,
    Trigger,
    Wait,
    WaitFor,
    WaitQuiet,
)
from regulars.definition.conditions import Any_, InSegment, Subscribed
from regulars.definition.quantities import Duration
from regulars.definition.wording import Texts
from regulars.definition.workspace import Campaign, Segment
from regulars.journeys.applying import (
    Effect,
    Turn,
    effect_on,
    most_at_once,
    places,
    segments_used,
    settings_compared,
    steps_compared,
    takes_everyone,
    watches_anew,
)
from regulars.journeys.wording import schedule_in_words, step_in_words, trigger_in_words
from tests.integration.launching import workspace

DAY = Duration(seconds=86_400)
SHOP = workspace().shop


def send(key: str, template: str = "hello.mjml") -> Send:
    return Send(key, template, Texts({"en": key}))


def campaign(*steps, **settings) -> Campaign:
    trigger = settings.pop("trigger", Trigger("subscribed"))
    return Campaign("welcome", Any_(()), "", Texts({}), automation=Automation(trigger, steps, **settings))


def turns(new: Campaign, old: Campaign | None, mails: frozenset[str] = frozenset()) -> dict[str, Turn]:
    return {step.key: step.turn for step in steps_compared(new, old, mails)}


def test_every_step_is_new_changed_gone_or_as_it_was() -> None:
    old = campaign(Wait("wait", DAY), send("hello"), send("bye"))
    new = campaign(Wait("wait", Duration(seconds=3600)), send("hello"), Tag("note", ("x",)))

    assert turns(new, old) == {"wait": Turn.CHANGED, "hello": Turn.KEPT, "note": Turn.ADDED, "bye": Turn.REMOVED}
    assert set(turns(new, None).values()) == {Turn.ADDED}


def test_a_mail_whose_template_changed_is_changed() -> None:
    assert turns(campaign(send("hello")), campaign(send("hello")), frozenset({"hello"})) == {"hello": Turn.CHANGED}


def test_a_step_inside_a_branch_changes_and_the_branching_does_not() -> None:
    old, new = (campaign(If("if", Subscribed(), (send("then", template),), (send("else"),))) for template in ("a.mjml", "b.mjml"))

    assert turns(new, old) == {"if": Turn.KEPT, "then": Turn.CHANGED, "else": Turn.KEPT}


def test_what_differs_besides_the_steps_is_named() -> None:
    old = campaign(send("hello"), again=DAY)
    new = replace(campaign(send("hello"), trigger=Trigger("order.placed", nth=1)), topic="news")
    vip, other = (Segment("vip", Subscribed(topic)) for topic in ("news", "tips"))

    told = settings_compared(new, old, (SHOP, {"vip": vip}), (replace(SHOP, name="Old"), {"vip": other}))

    assert told == ("trigger: order.placed, number 1, was subscribed", "again", "topic", "segment vip", "regulars.yaml: name")
    assert settings_compared(new, new, (SHOP, {}), (SHOP, {})) == ()


def test_only_segments_that_are_asked_for_are_part_of_an_automation() -> None:
    segments = {
        "vip": Segment("vip", InSegment("gold")), "gold": Segment("gold", Subscribed()), "silver": Segment("silver", Subscribed()),
        "iron": Segment("iron", Subscribed()),
    }
    new = campaign(If("if", InSegment("iron"), (send("hello"),)), trigger=Trigger("segment.entered", segment="vip"))

    assert list(segments_used(new, segments)) == ["gold", "iron", "vip"]


def test_who_stands_at_a_step_that_is_gone_goes_on_at_the_next_that_is_there() -> None:
    old = campaign(send("one"), If("if", Subscribed(), (send("two"),)), send("three"), send("four")).automation
    new = campaign(send("one"), send("three")).automation

    assert places(new, old) == {"one": "one", "if": "three", "two": "three", "three": "three", "four": None}


@pytest.mark.parametrize(("on_change", "effect"), [
    (OnChange.FINISH_OLD, Effect(finish=9)), (OnChange.RESTART, Effect(restart=9)), (OnChange.MOVE, Effect(move=7, end=2)),
])
def test_the_effect_counts_everybody_once(on_change, effect) -> None:
    old = campaign(send("one"), send("two")).automation
    new = campaign(send("one"), on_change=on_change).automation

    assert effect_on(new, {1: old}, {(1, "one"): 4, (1, "two"): 2, (1, ""): 3}) == effect


def test_everyone_is_taken_once() -> None:
    only_new, everyone = (campaign(send("one"), on_start=each).automation for each in (OnStart.NEW_MEMBERS, OnStart.EVERYONE))
    elsewhere = campaign(send("one"), on_start=OnStart.EVERYONE, trigger=Trigger("order.paid")).automation

    assert takes_everyone(everyone, None)
    assert takes_everyone(everyone, only_new)
    assert not takes_everyone(everyone, everyone)
    assert takes_everyone(elsewhere, everyone)
    assert not takes_everyone(only_new, None)
    assert watches_anew(elsewhere, everyone)
    assert not watches_anew(everyone, only_new)


def test_five_times_as_many_as_usual_are_held_but_never_a_few() -> None:
    assert [most_at_once(usual) for usual in (0, 1, 4, 10.5)] == [20, 20, 20, 52]


@pytest.mark.parametrize(("step", "words"), [
    (Wait("w", DAY, time(10), True, Days.WEEKDAYS), "wait 1 day, until 10:00 local, on weekdays"),
    (WaitFor("w", "cart.emptied", DAY), "wait for cart.emptied, at most 1 day"),
    (WaitQuiet("w", "cart.updated", DAY), "wait until cart.updated is quiet for 1 day"),
    (replace(send("s"), offer="comeback"), "send hello.mjml with comeback"),
    (Split("s", ((Decimal(50), ()),)), "split 50% / rest"),
    (Tag("t", ("a",), ("b",)), "tag +a, -b"),
])
def test_steps_are_told_as_they_are_written(step, words) -> None:
    assert step_in_words(step) == words


def test_triggers_are_told_as_they_are_written() -> None:
    assert trigger_in_words(Trigger("birthday", before=DAY)) == "birthday, 1 day before"
    assert trigger_in_words(Trigger("segment.entered", segment="vip")) == "segment.entered vip"
    assert schedule_in_words(Schedule(time(10), weekdays=(0, 3))) == "every Monday and Thursday 10:00"
    assert schedule_in_words(Schedule(time(9), occasion="bayram", before=DAY, local=True)) == "1 day before bayram 09:00 local"
