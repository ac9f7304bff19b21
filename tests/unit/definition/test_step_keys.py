"""Names of steps: each once, short, and the same when other steps come and go."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.definition.automation import (
    If,
    Notify,
    Send,
    SetAttributes,
    Split,
    StopMailing,
    Tag,
    Wait,
    WaitFor,
    WaitQuiet,
    Webhook,
)
from regulars.definition.conditions import All, Any_, InSegment, Not, Subscribed
from regulars.definition.mails import all_steps
from regulars.definition.quantities import Duration
from regulars.definition.step_keys import with_keys
from regulars.definition.wording import Texts

HOUR = Duration(seconds=3_600)
CONDITIONS = st.sampled_from([InSegment("vip"), Not(InSegment("vip")), All((Subscribed(), InSegment("x"))), Any_(()), Subscribed("news")])
NAMES = st.sampled_from(["", "", "", "send-a", "wait", "tag-2", "one"])
LEAVES = st.one_of(
    st.builds(Send, NAMES, st.sampled_from(["a.mjml", "b/c.mjml", "ğ.mjml", "a_very_long_name_that_goes_on_and_on.mjml", "_.mjml"]), st.just(Texts({}))),
    st.builds(Wait, NAMES, st.just(HOUR)),
    st.builds(WaitFor, NAMES, st.sampled_from(["cart.emptied", "order.placed"]), st.just(HOUR)),
    st.builds(WaitQuiet, NAMES, st.just("cart.updated"), st.just(HOUR)),
    st.builds(Tag, NAMES, st.just(("Vip Müşteri",))),
    st.builds(SetAttributes, NAMES, st.just({"stage": "x"})),
    st.builds(Webhook, NAMES, st.sampled_from(["https://crm.example/hook", "https://a.example"])),
    st.builds(Notify, NAMES, st.just("team@kahve.example")),
    st.builds(StopMailing, NAMES, st.just("sunset")),
)
STEPS = st.recursive(
    st.lists(LEAVES, min_size=1, max_size=6),
    lambda inner: st.lists(st.one_of(
        LEAVES,
        st.builds(If, NAMES, CONDITIONS, inner.map(tuple), inner.map(tuple)),
        st.builds(Split, NAMES, st.lists(st.tuples(st.just(Decimal(20)), inner.map(tuple)), min_size=1, max_size=3).map(tuple), inner.map(tuple)),
    ), min_size=1, max_size=4), max_leaves=12)


def keys(steps):
    return [step.key for step in all_steps(with_keys(steps))]


def only_once(steps):
    """The author's names, each once, as the reader lets them through."""
    seen = {""}

    def kept(step):
        step = replace(step, key="") if step.key in seen and step.key else step
        seen.add(step.key)
        if isinstance(step, If):
            return replace(step, then=tuple(map(kept, step.then)), otherwise=tuple(map(kept, step.otherwise)))
        if isinstance(step, Split):
            return replace(step, parts=tuple((share, tuple(map(kept, inner))) for share, inner in step.parts), rest=tuple(map(kept, step.rest)))
        return step

    return tuple(map(kept, steps))


@settings(deadline=None)
@given(STEPS.map(only_once))
def test_every_step_has_a_short_name_of_its_own_and_the_author_s_stay(steps):
    given_names = [step.key for step in all_steps(steps) if step.key]

    found = keys(steps)

    assert len(set(found)) == len(found) == len(list(all_steps(steps)))
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key) and len(key) <= 32 for key in found)
    assert set(given_names) <= set(found)
    assert keys(with_keys(steps)) == found


@settings(deadline=None)
@given(st.lists(st.sampled_from("abcdefg"), unique=True, min_size=1), st.data())
def test_a_mail_and_the_wait_before_it_keep_their_names_when_others_come(letters, data):
    def with_waits(templates):
        return [step for letter in templates for step in (Wait("", HOUR), Send("", f"{letter}.mjml", Texts({})))]

    fewer = data.draw(st.lists(st.sampled_from(letters), unique=True))
    fewer = [letter for letter in letters if letter in fewer]
    tags = [Tag("", (f"t{number}",)) for number in range(data.draw(st.integers(0, 3)))]

    assert set(keys(with_waits(fewer))) <= set(keys([*tags, *with_waits(letters)]))


def test_a_wait_keeps_its_name_when_it_becomes_longer():
    short, long = (keys([Wait("", Duration(seconds=60 * minutes)), Send("", "a.mjml", Texts({}))]) for minutes in (1, 2))

    assert short == long == ["wait-a", "send-a"]


def test_a_wait_at_the_end_of_a_branch_is_for_the_mail_behind_the_branches():
    branch = If("", Subscribed(), then=(Tag("", ("x",)), Wait("", HOUR)), otherwise=(Send("", "other.mjml", Texts({})),))

    assert keys([branch, Send("", "next.mjml", Texts({}))]) == ["if-subscribed", "tag-x", "wait-next", "send-other", "send-next"]


def test_the_same_again_is_numbered():
    assert keys([Send("", "a.mjml", Texts({})) for _ in range(3)]) == ["send-a", "send-a-2", "send-a-3"]


def test_many_alike_are_named_in_no_time():
    steps = [Send("", f"{'x' * 40}{number}.mjml", Texts({})) for number in range(5_000)]

    assert len(set(keys(steps))) == 5_000
