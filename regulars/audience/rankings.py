"""Borders of fifths and top shares as they were at the beginning of each day, from everything that was ever bought."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from regulars.audience.cuts import MEASURED_BY, border_ranks, top_rank
from regulars.audience.facts import EPOCH, MICROSECOND
from regulars.audience.frame import Cuts

Total = tuple[int, datetime, datetime, datetime | None, int, bool]  # customer, ordered at, counts from, until, total, is a refund


@dataclass(slots=True)
class _Sums:
    """Of one customer, of the orders that count."""

    count: int = 0
    spent: int = 0
    last: list[datetime] = field(default_factory=list)

    def value(self, fact: str) -> int:
        match fact:
            case "orders.count":
                return self.count
            case "orders.spent":
                return self.spent
            case _:
                return (max(self.last) - EPOCH) // MICROSECOND


def daily_cuts(
    totals: Iterable[Total], moments: Sequence[datetime], rfm: Collection[str], top: Collection[tuple[str, Decimal]]
) -> Mapping[datetime, Cuts]:
    """At each of `moments`, which are ascending. `rfm`, `top`: as `cuts.cuts_needed` names them."""
    changes = sorted((change for total in totals for change in _changes(total)), key=lambda change: change[0])
    sums: dict[int, _Sums] = {}
    found, place = {}, 0
    for moment in moments:
        while place < len(changes) and changes[place][0] <= moment:
            _apply(changes[place], sums)
            place += 1
        found[moment] = _cuts(sums, rfm, top)
    return found


Change = tuple[datetime, int, int, int, datetime | None]  # when, customer, by how many orders, by how much, when ordered


def _changes(total: Total) -> Iterable[Change]:
    customer, ordered, counts_from, until, amount, is_refund = total
    if is_refund:
        return [(ordered, customer, 0, amount, None)]
    begins = (max(counts_from, ordered), customer, 1, amount, ordered)
    return [begins] if until is None else [begins, (until, customer, -1, -amount, ordered)]


def _apply(change: Change, sums: dict[int, _Sums]) -> None:
    _, customer, count, amount, ordered = change
    own = sums.setdefault(customer, _Sums())
    own.count += count
    own.spent += amount
    if ordered is not None:
        (own.last.append if count > 0 else own.last.remove)(ordered)


def _cuts(sums: Mapping[int, _Sums], rfm: Collection[str], top: Collection[tuple[str, Decimal]]) -> Cuts:
    buyers = [own for own in sums.values() if own.count > 0]
    facts = {MEASURED_BY[measure] for measure in rfm} | {fact for fact, _ in top}
    ranked = {fact: sorted(own.value(fact) for own in buyers) for fact in facts}
    ranks = border_ranks(len(buyers))
    return Cuts(
        {measure: tuple(ranked[MEASURED_BY[measure]][rank - 1] for rank in ranks) for measure in rfm},
        {(fact, percent): ranked[fact][-top_rank(len(buyers), percent)] for fact, percent in top if buyers},
    )
