"""A flood is held until somebody says its number."""

from __future__ import annotations

import pytest

from regulars.errors import Refused
from regulars.journeys.applying import Status
from regulars.operations.apply import Change, Entering, refuse_surge


def change(entering: Entering | None) -> Change:
    return Change("welcome", Status.NEW, 0, is_live=True, entering=entering, draft=object())


@pytest.mark.parametrize(("now", "usual", "allowed"), [(20, 0.0, None), (500, 100.0, None), (501, 100.0, 501), (501, 100.0, 900), (0, 0.0, None)])
def test_as_many_as_usual_and_as_many_as_somebody_said_may_enter(now, usual, allowed) -> None:
    refuse_surge([change(None), change(Entering(now, now, now, usual))], allowed)


@pytest.mark.parametrize(("now", "usual", "allowed"), [(21, 0.0, None), (501, 100.0, None), (501, 100.0, 500)])
def test_more_than_five_times_as_many_are_held(now, usual, allowed) -> None:
    with pytest.raises(Refused, match=f"{now} customers would enter") as refused:
        refuse_surge([change(Entering(now, now, now, usual))], allowed)
    assert f"--yes-enter {now}" in (refused.value.hint or "")
