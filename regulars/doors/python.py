"""The call from Python: `regulars.record(orders=[…])`, by the same table of fields as /api/v1."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from regulars.bootstrap import House, furnish
from regulars.doors.told.fields import MOST_AT_ONCE
from regulars.doors.told.reading import Unreadable, Wrong, heard
from regulars.errors import UsageError
from regulars.loyalty.calls import Call, Terms
from regulars.operations.take_in import take_in


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many were new or different, and how many known so already; `refused`: what contradicts something that is stored, in words."""

    recorded: int
    unchanged: int
    refused: tuple[str, ...] = ()


def record(
    *, orders: Iterable[Mapping[str, Any]] = (), customers: Iterable[Mapping[str, Any]] = (), products: Iterable[Mapping[str, Any]] = (),
    events: Iterable[Mapping[str, Any]] = (), project: str = ".", key: str | None = None,
) -> Recorded:
    """Tells what happened in the shop to the workspace at `project`; everything that follows from it is durable when this returns.

    Each is a mapping with the fields of /api/v1/docs: texts, whole numbers, and amounts as decimal texts ("12.50").
    `key` names the call: told again with the same content it changes nothing, not even for events without an id.
    Raises Unreadable (a UsageError) with the path of everything that does not fit, before anything is recorded;
    Unreachable when the database does not answer, after which the same call may be made again.
    """
    house = _house(str(Path(project).resolve()))
    shop = house.shop
    terms = Terms(shop, house.rates_of(shop), house.clock.now())
    told = {"customers": customers, "products": products, "orders": orders, "events": events}
    calls = [call for kind, things in told.items() for call in _calls(kind, things, terms, key)]
    taken = take_in(calls, house.intake, terms) if calls else None
    if taken is not None and taken.begun:
        house.doorbell.ring_for_journeys()
    return _summed([json.loads(answer.answer) for answer in taken.answers] if taken is not None else [])


def _calls(kind: str, things: Iterable[Mapping[str, Any]], terms: Terms, key: str | None) -> list[Call]:
    rest = iter(things)
    calls: list[Call] = []
    while some := [dict(thing) for thing in islice(rest, MOST_AT_ONCE)]:
        first = len(calls) * MOST_AT_ONCE
        name = f"{kind} {key} {len(calls)}" if key else f"{kind} {secrets.token_hex(16)}"
        try:
            meant = heard(kind, some, terms, f"python:{name}")
        except Unreadable as error:
            raise Unreadable([_moved(wrong, kind, first) for wrong in error.wrongs]) from None
        written = json.dumps(some, sort_keys=True, default=str).encode()
        calls.append(Call("python", name, kind, hashlib.sha256(written).hexdigest(), meant))
    return calls


def _moved(wrong: Wrong, kind: str, first: int) -> Wrong:
    """`[2].email` of the second hundred is `orders[102].email`."""
    number, bracket, rest = wrong.path.removeprefix("[").partition("]")
    return Wrong(f"{kind}[{first + int(number)}]{rest}" if bracket else kind, wrong.problem)


def _summed(answers: Sequence[Mapping[str, Any]]) -> Recorded:
    for answer in answers:
        if "problem" in answer:
            raise UsageError(answer["problem"])
    refused = tuple(each["reason"] for answer in answers for each in answer.get("refused", ()))
    return Recorded(sum(answer["recorded"] for answer in answers), sum(answer["unchanged"] for answer in answers), refused)


@lru_cache(maxsize=4)
def _house(project: str) -> House:
    if not (Path(project) / "regulars.yaml").is_file():
        raise UsageError(f"there is no regulars.yaml in {project}", hint="name the workspace: regulars.record(project=…, orders=[…])")
    return furnish(project)
