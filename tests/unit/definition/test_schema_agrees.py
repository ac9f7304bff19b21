"""What an editor underlines by the JSON Schema and what `check` refuses agree, on automations that are sound, mutilated, or both kinds at once."""

from __future__ import annotations

import copy
import json

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.definition import nodes
from regulars.definition.json_schema import json_schemas
from tests.unit.definition.test_automations_read import workspace_with
from tests.unit.definition.test_manual import plain
from tests.unit.definition.twelve import EXAMPLE, SHOP, TWELVE

CAMPAIGN = jsonschema.Draft7Validator(json_schemas()["campaign"])
DURATIONS = st.sampled_from(["3 days", "1 hour", "2 months", "30 minutes"])
CONDITIONS = st.sampled_from([
    {"in_segment": "vip"}, {"orders.count": {"at_least": 2}}, {"not": {"topic": "news"}}, [{"subscribed": "yes"}, {"customer.country": "TR"}],
    {"orders": {"where": {"category": "beans"}, "within": "30 days"}},
])
NAMED = st.fixed_dictionaries({}, optional={"name": st.sampled_from(["one", "two-2"])})
SENDS = st.fixed_dictionaries({"template": st.just("a.mjml"), "subject": st.sampled_from(["Hi", {"tr": "x", "az": "y"}])},
                              optional={"offer": st.just("comeback-10"), "topic": st.just("tips"), "with": st.just({"a": [1]})})
WAITS = st.one_of(
    DURATIONS, st.sampled_from(["until 10:00 local", "3 days, until 9:05, on weekdays", "on weekends"]),
    st.fixed_dictionaries({"for": st.sampled_from(["cart.emptied", "nps.answered"]), "at_most": DURATIONS}),
    st.fixed_dictionaries({"until_quiet": DURATIONS, "of": st.just("cart.updated")}),
)
LEAVES = st.one_of(
    st.fixed_dictionaries({"send": SENDS}), st.fixed_dictionaries({"wait": WAITS}),
    st.sampled_from([{"tag": {"add": "x"}}, {"tag": {"remove": ["y", "z"]}}, {"set": {"stage": "regular"}}, {"notify": "team@kahve.example"},
                     {"webhook": {"url": "https://crm.example/hook"}}, {"stop_mailing": {"reason": "sunset"}}]),
)
STEPS = st.recursive(
    st.lists(st.builds(lambda step, named: step | named, LEAVES, NAMED), min_size=1, max_size=3),
    lambda inner: st.lists(st.one_of(
        LEAVES, st.fixed_dictionaries({"if": CONDITIONS, "then": inner}, optional={"else": inner}),
        st.fixed_dictionaries({"split": st.fixed_dictionaries({"40%": inner}, optional={"12.5%": inner, "rest": inner})}),
    ), min_size=1, max_size=3), max_leaves=6)
TRIGGERS = st.sampled_from([
    "subscribed", "order.placed", {"order.placed": {"nth": 1}}, {"order.paid": {"where": {"category": "beans"}}}, {"segment.entered": "vip"}, "birthday",
    {"birthday": "3 days before"}, {"score.crossed": {"at_least": 20}}, {"schedule": "every Monday 10:00"},
    {"schedule": "7 days before kurban-bayrami 10:00 local"}, "product.price_dropped",
])  # without declared events: a schema of one file cannot know their fields
AUTOMATIONS = st.fixed_dictionaries({"campaign": st.just("some"), "trigger": TRIGGERS, "steps": STEPS}, optional={
    "again": st.sampled_from(["never", "after 180 days"]), "when": CONDITIONS, "class": st.just("cart"), "kind": st.just("marketing"),
    "over_limit": st.sampled_from(["drop", "wait up to 2 days"]), "leave_when": st.just(["order.refunded"]), "recheck": st.just("every send"),
    "on_change": st.sampled_from(["finish_old", "move", "restart"]), "not_later_than": DURATIONS, "offer": st.just("comeback-10"),
})
JUNK = st.sampled_from(["x", "3 days", "birthday", "", [], {}, ["x"], {"x": "y"}, [{}], {"wait": "1 day"}, {"for": "cart.emptied"}])
WORDS = st.sampled_from(["to", "subject", "wait", "then", "nam", "of", "trigger", "schedule", "expires_after", "x"])
# What a schema of one file cannot know: names in other files, and what makes no sense together.
BEYOND = {"D120", "D203", "D205", "D206", "D207", "D208", "D211", "D212", "D220", "D221", "D222", "D223", "D224", "D315", "D401", "D402", "D403", "D404",
          "D405", "D406", "D407"}


def errors(document):
    _, findings = workspace_with({"some": json.dumps(document)})
    return [finding for finding in findings if finding.is_error]


def containers(node):
    """Every mapping and list in it."""
    if isinstance(node, dict | list):
        yield node
        for inner in node.values() if isinstance(node, dict) else node:
            yield from containers(inner)


@st.composite
def mutilated(draw):
    document = copy.deepcopy(draw(AUTOMATIONS))
    for _ in range(draw(st.integers(1, 2))):
        inside = draw(st.sampled_from([one for one in containers(document) if one]))
        place = draw(st.sampled_from(sorted(inside) if isinstance(inside, dict) else range(len(inside))))
        match draw(st.sampled_from(["junk", "drop", "rename"])):
            case "junk":
                inside[place] = draw(JUNK)
            case "drop":
                del inside[place]
            case "rename" if isinstance(inside, dict):
                inside[draw(WORDS)] = inside.pop(place)
    return document


@settings(deadline=None, max_examples=50)
@given(AUTOMATIONS)
def test_what_is_sound_is_sound_to_both(document):
    assert [error.message for error in CAMPAIGN.iter_errors(document)] == []
    assert {error.code for error in errors(document)} <= BEYOND


@settings(deadline=None, max_examples=200)
@given(mutilated())
def test_what_check_lets_pass_is_not_underlined_and_what_is_not_underlined_has_the_right_shape(document):
    underlined = [error.message for error in CAMPAIGN.iter_errors(document)]
    told = errors(document)

    assert not underlined or told, underlined
    assert underlined or {error.code for error in told} <= BEYOND | {"D312", "D314"}, told


@pytest.mark.parametrize("text", [EXAMPLE, *TWELVE.values()], ids=["example", *TWELVE])
def test_the_twelve_are_not_underlined(text):
    assert [error.message for error in CAMPAIGN.iter_errors(plain(nodes.compose("some.yaml", text).node))] == []


def test_the_shop_is_not_underlined():
    validator = jsonschema.Draft7Validator(json_schemas()["shop"])

    assert [error.message for error in validator.iter_errors(plain(nodes.compose("regulars.yaml", SHOP).node))] == []
