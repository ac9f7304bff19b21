"""Which step comes after which."""

from __future__ import annotations

from decimal import Decimal

from regulars.definition.automation import If, Split
from regulars.journeys.program import Program, place_in
from tests.unit.journeys.ways import orders, send, wait

PROGRAM = Program((
    wait("pause"),
    If("bought", orders(2), (send("regular"), wait("rest")), ()),
    Split("ab", ((Decimal(50), (send("a"),)),), (send("b"), If("deep", orders(1), (send("c"),)))),
    send("bye"),
))


def test_a_branch_leads_to_what_follows_the_branching() -> None:
    assert {key: PROGRAM.after(key) for key in PROGRAM.keys} == {
        "pause": "bought", "bought": "ab", "regular": "rest", "rest": "ab", "ab": "bye", "a": "bye", "b": "deep", "deep": "bye", "c": "bye",
        "bye": None,
    }
    assert (PROGRAM.first, PROGRAM.into((), "bought"), PROGRAM.into((send("regular"),), "bought")) == ("pause", "ab", "regular")


def test_steps_are_found_by_their_keys() -> None:
    assert [step.key for step in PROGRAM] == list(PROGRAM.keys)
    assert PROGRAM.step("c") == send("c")
    assert PROGRAM.step("nobody") is None


def test_in_another_edition_one_goes_on_at_the_same_step_or_at_the_next_that_is_left() -> None:
    new = Program((wait("pause"), send("regular"), send("new"), send("bye")))
    assert [place_in(new, key, PROGRAM) for key in ("pause", "regular", "rest", "a", "bye")] == ["pause", "regular", "bye", "bye", "bye"]
    assert place_in(Program((send("new"),)), "rest", PROGRAM) is None
