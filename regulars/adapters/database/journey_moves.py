"""Journeys moved on, with what each of their steps did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Connection, bindparam, update

from regulars.adapters.database.bulk import Row, load
from regulars.adapters.database.schema import journey_steps, journeys
from regulars.journeys.effects import SKIPPED, Advance, Numbered, StepDone
from regulars.journeys.journey import Journey

_MOVED = ("state", "reason", "step", "due_at", "waits_for", "ended_at", "fence")


def write_moves(connection: Connection, advances: Sequence[Advance], numbers: Mapping[tuple[int, str], Numbered]) -> None:
    """`numbers`: of journey and step, the message that was made. A journey that is named twice stands as it is named last."""
    last = {advance.journey.id: advance.journey for advance in advances}
    move = update(journeys).where(journeys.c.id == bindparam("of_id")).values({name: bindparam(f"to_{name}") for name in _MOVED})
    connection.execute(move, [_to(journey) for journey in last.values()])
    load(connection, journey_steps, [row for advance in advances for row in _steps(advance, numbers)])


def _to(journey: Journey) -> Row:
    return {"of_id": journey.id} | {f"to_{name}": getattr(journey, name) for name in _MOVED}


def _steps(advance: Advance, numbers: Mapping[tuple[int, str], Numbered]) -> Iterator[Row]:
    journey, mailed = advance.journey, {mail.step for mail in advance.mails}
    for place, done in enumerate(advance.steps):
        is_mail = done.kind == "send" and done.step in mailed
        made = numbers.get((journey.id, done.step)) if is_mail else None
        told = StepDone(done.step, done.kind, SKIPPED, done.at, "sent before") if is_mail and made is None else done
        yield {
            "journey_id": journey.id, "fence": journey.fence, "place": place, "step": told.step, "kind": told.kind, "outcome": told.outcome,
            "reason": told.reason, "at": told.at, "launch_id": made.launch_id if made else None, "number": made.number if made else None,
        }
