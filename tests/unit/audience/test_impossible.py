"""What is called impossible holds for nobody."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from regulars.audience.evaluation import holds
from regulars.audience.frame import Frame
from regulars.definition.conditions import All, Any_, Fact, Kind, Not, Op, Subscribed, Test
from regulars.definition.facts import FACTS
from regulars.definition.impossible import is_impossible
from regulars.definition.quantities import Duration, Money
from tests.people import SHOP
from tests.predicates import NOW, people, several_tests

ASKED = ("orders.count", "orders.spent", "orders.last_at", "orders.usual_gap", "customer.country", "customer.birthday", "customer.created_at")
FACTS_ASKED = st.sampled_from(ASKED).flatmap(
    lambda name: st.builds(Fact, st.just(name), st.just(FACTS[name].kind), several_tests(FACTS[name].kind)))
PAIRS = st.sampled_from(ASKED[:4]).flatmap(lambda name: st.lists(
    st.builds(Fact, st.just(name), st.just(FACTS[name].kind), several_tests(FACTS[name].kind)), min_size=2, max_size=3).map(tuple).map(All))
CONDITIONS = st.recursive(st.one_of(PAIRS, FACTS_ASKED), lambda inner: st.one_of(
    st.builds(All, st.lists(inner, max_size=3).map(tuple)), st.builds(Any_, st.lists(inner, max_size=3).map(tuple)), st.builds(Not, inner)), max_leaves=4)


@settings(deadline=None, max_examples=200)
@given(people(at_most=3), CONDITIONS)
def test_nobody_fulfils_what_is_called_impossible(history, condition):
    impossible = is_impossible(condition)
    event(f"impossible: {impossible}")
    frame = Frame(NOW, SHOP)

    assert not impossible or not [person for person in history if holds(condition, person.view(frame), frame)]


def fact(name, *tests):
    return Fact(name, FACTS[name].kind, tests)


@pytest.mark.parametrize("condition", [
    All((fact("orders.count", Test(Op.AT_LEAST, 3)), fact("orders.count", Test(Op.LESS_THAN, 3)))),
    All((fact("customer.country", Test(Op.IS, "TR")), All((Subscribed(), fact("customer.country", Test(Op.IS, "AZ")))))),
    Any_((All((fact("orders.spent", Test(Op.MORE_THAN, Money.of(5, "TRY"))), fact("orders.spent", Test(Op.AT_MOST, Money.of(5, "TRY"))))),)),
    All((fact("orders.last_at", Test(Op.OLDER_THAN, Duration(months=2))), fact("orders.last_at", Test(Op.YOUNGER_THAN, Duration(months=1))))),
    All((fact("orders.last_at", Test(Op.AFTER, date(2026, 5, 2))), fact("orders.last_at", Test(Op.BEFORE, date(2026, 5, 1))))),
])
def test_what_excludes_itself(condition):
    assert is_impossible(condition)


@pytest.mark.parametrize("condition", [
    All(()),
    Any_(()),
    All((fact("orders.count", Test(Op.AT_LEAST, 3)), fact("orders.count", Test(Op.AT_MOST, 3)))),
    All((fact("customer.country", Test(Op.IS, "İstanbul")), fact("customer.country", Test(Op.IS, "istanbul")))),
    Any_((fact("customer.country", Test(Op.IS, "TR")), fact("customer.country", Test(Op.IS, "AZ")))),
    All((fact("orders.last_at", Test(Op.OLDER_THAN, Duration(months=2))), fact("orders.last_at", Test(Op.YOUNGER_THAN, Duration(seconds=60 * 86_400))))),
    All((Fact("engagement", Kind.NUMBER, (Test(Op.AT_LEAST, Decimal(1)),)), fact("orders.count", Test(Op.AT_MOST, 0)))),
    Not(All((fact("orders.count", Test(Op.IS, 1)), fact("orders.count", Test(Op.IS, 2))))),
])
def test_what_may_be_true_of_somebody(condition):
    assert not is_impossible(condition)
