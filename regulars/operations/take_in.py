"""Takes in what a shop's system tells: recorded, told to automations and answered in one transaction, however often it is told."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from regulars.audience.cells import BadCell
from regulars.audience.people import PersonRow
from regulars.journeys.happenings import Happening
from regulars.loyalty.calls import (
    Call,
    CustomerGone,
    EventTold,
    Merged,
    PrivacyAsked,
    ProductGone,
    ProductTold,
    StockTold,
    Terms,
)
from regulars.loyalty.intake import Answered, Live, Recorded, TakenIn
from regulars.loyalty.order_news import happening, how_manieth, moments, unheard
from regulars.loyalty.tellings import Gathered, Telling, gathered, order_of
from regulars.operations.happen import happen
from regulars.operations.ports import IntakeBook, IntakePage, Stored

T = TypeVar("T")
Name = tuple[str, str]
DONE, CONFLICT = 200, 422
OTHER_BODY = "this name was used for another call before; give each call a name of its own"


@dataclass(slots=True)
class Counts:
    """Of one call: what it changed, what was known, and what was refused, with the reason."""

    recorded: int = 0
    unchanged: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        refused = {"refused": self.refused} if self.refused else {}
        return {"recorded": self.recorded, "unchanged": self.unchanged, **refused}


def take_in(calls: Sequence[Call], book: IntakeBook, terms: Terms) -> TakenIn:
    """Everything that follows from the calls is durable when this returns, and nothing when it raises. One told before is
    answered as it was then."""
    return book.write(lambda page: _taken_in(calls, page, terms))


def _taken_in(calls: Sequence[Call], page: IntakePage, terms: Terms) -> TakenIn:
    known = page.claim(calls, terms.now)
    new: dict[Name, Call] = {}
    for call in calls:
        if _name(call) not in known:
            new.setdefault(_name(call), call)
    batch = _Batch(list(new.values()), page, terms)
    happenings = [
        *batch.orders(), *batch.people(), *batch.merges(), *batch.products(), *batch.events(), *batch.privacy(),
    ]
    begun = happen(sorted(happenings, key=lambda each: each.at), page.journeys, terms.now)
    said = {name: Answered(call.body_hash, DONE, batch.answer(call)) for name, call in new.items()}
    page.answer(said)
    page.used({call.key for call in calls if call.key}, terms.now)
    return TakenIn(tuple(_answer(call, {**known, **said}[_name(call)]) for call in calls), begun)


def _answer(call: Call, said: Answered) -> Answered:
    if said.body_hash == call.body_hash:
        return said
    return Answered(said.body_hash, CONFLICT, json.dumps({"problem": OTHER_BODY}))


class _Batch:
    """Calls of one transaction, gone through kind by kind, so that the number of queries does not grow with theirs."""

    def __init__(self, calls: Sequence[Call], page: IntakePage, terms: Terms) -> None:
        self.calls, self.page, self.terms = calls, page, terms
        self.counts: dict[Name, Counts] = defaultdict(Counts)

    def answer(self, call: Call) -> str:
        ignored = {"ignored": call.heard.ignored} if call.heard.ignored else {}
        return json.dumps({**call.answer, **self.counts[_name(call)].as_json(), **ignored})

    def orders(self) -> list[Happening]:
        """Tellings of one order, also of several calls, become one order."""
        told = self._of(Telling)
        if not told:
            return []
        by_order: dict[str, list[tuple[Call, Telling]]] = defaultdict(list)
        secret = self.page.secret
        for call, telling in told:
            by_order[telling.order_id].append((call, replace(telling, hints=telling.hints.hashed(secret))))
        before = self.page.told(by_order)
        stored = self.page.stored(by_order)
        after = {order_id: self._gathered(before[order_id], tellings) for order_id, tellings in by_order.items()}
        live = {order_id: one for order_id, each in after.items() if (one := self._live(order_id, each, by_order)) is not None}
        changed = [
            one for order_id, one in live.items() if after[order_id] != before[order_id] or _is_other(stored.get(order_id), one)]
        referred: list[Happening] = []
        recorded = {**stored, **(self.page.record_orders(changed, self.terms.now, referred) if changed else {})}
        happenings, heard = self._news(before, after, live, stored, recorded)
        kept = {
            order_id: (heard[order_id], recorded[order_id].customer_id if order_id in recorded else None)
            for order_id in after if heard[order_id] != before[order_id]
        }
        self.page.keep(kept)
        differ = {one.order.order_id for one in changed if _is_other(stored.get(one.order.order_id), one)}
        for order_id, tellings in by_order.items():
            for call, _ in tellings:
                self._count(call, is_new=order_id in differ)
        return [*happenings, *referred]

    def _gathered(self, before: Gathered, tellings: Sequence[tuple[Call, Telling]]) -> Gathered:
        for _, telling in tellings:
            before = gathered(before, telling)
        return before

    def _live(self, order_id: str, told: Gathered, by_order: Mapping[str, Sequence[tuple[Call, Telling]]]) -> Live | None:
        try:
            order = order_of(told, self.terms.rates, self.terms.day_of)
        except BadCell as error:
            for call, _ in by_order[order_id]:
                self._refuse(call, f"order {order_id}: {error}")
            return None
        return Live(order, told.told_at, told.hints, moments(told, order)) if order is not None else None

    def _news(
        self, before: Mapping[str, Gathered], after: Mapping[str, Gathered], live: Mapping[str, Live], stored: Mapping[str, Recorded],
        recorded: Mapping[str, Recorded],
    ) -> tuple[list[Happening], dict[str, Gathered]]:
        """What automations have not heard yet, and everything gathered with the note that they have. What an import told before
        anybody told it live is no news."""
        unsaid: dict[str, list[str]] = {}
        heard = dict(after)
        for order_id, one in live.items():
            imported = stored[order_id].moments if order_id in stored and not before[order_id].rows else {}
            announced = {**imported, **after[order_id].announced}
            unsaid[order_id] = unheard(announced, one.moments)
            told = {**announced, **{kind: one.moments[kind] for kind in unsaid[order_id]}}
            heard[order_id] = replace(after[order_id], announced=told)
        placed = {recorded[order_id].customer_id for order_id, kinds in unsaid.items() if "placed" in kinds}
        others = self.page.counted(placed) if placed else {}
        happenings = []
        for order_id, kinds in unsaid.items():
            one, at = live[order_id], recorded[order_id]
            for kind in kinds:
                nth = how_manieth(order_id, one.moments[kind], others.get(at.customer_id, ())) if kind == "placed" else None
                happenings.append(happening(kind, one.moments[kind], one.order, at.customer_id, at.key, nth))
        return happenings, heard

    def people(self) -> list[Happening]:
        told = self._of(PersonRow)
        if not told:
            return []
        outcomes, subscribed = self.page.record_people([row for _, row in told], self.terms.now)
        for (call, _), outcome in zip(told, outcomes, strict=True):
            if isinstance(outcome, str):
                self._refuse(call, outcome)
            else:
                self._count(call, is_new=outcome is Stored.CHANGED)
        return [
            Happening("subscribed", each.customer_id, each.at, "consent", f"{each.customer_id}:{each.at.isoformat()}") for each in subscribed]

    def merges(self) -> list[Happening]:
        merged, gone = self._of(Merged), self._of(CustomerGone)
        if merged:
            self.page.merge([each for _, each in merged], self.terms.now)
        if gone:
            self.page.withdraw([each for _, each in gone], gone[0][0].source, self.terms.now)
        for call, _ in (*merged, *gone):
            self._count(call, is_new=True)
        return []

    def products(self) -> list[Happening]:
        """Changes that concern many customers are noted there, and spread out later."""
        told, gone, stock = self._of(ProductTold), self._of(ProductGone), self._of(StockTold)
        if told:
            self.page.record_products([each for _, each in told], self.terms.now)
        if gone:
            self.page.forget_products([each for _, each in gone], self.terms.now)
        if stock:
            self.page.record_stock([each for _, each in stock], self.terms.now)
        for call, _ in (*told, *gone, *stock):
            self._count(call, is_new=True)
        return []

    def events(self) -> list[Happening]:
        told = self._of(EventTold)
        if not told:
            return []
        ids = self.page.customers([event.who for _, event in told], self.terms.now)
        known = [(call, event, id_) for (call, event), id_ in zip(told, ids, strict=True) if id_ is not None]
        for (call, event), id_ in zip(told, ids, strict=True):
            if id_ is None:
                self._refuse(call, f"{event.kind}: nobody here is customer {event.who.shop_id}; tell an email address as well")
        occurred = self.page.record_events([(event, id_) for _, event, id_ in known])
        new = {(each.source, each.source_id) for each in occurred}
        for call, event, _ in known:
            self._count(call, is_new=(event.source, event.source_id) in new)
        return [
            Happening(each.kind, each.customer_id, each.at, each.source, each.source_id, each.subject, each.data) for each in occurred]

    def privacy(self) -> list[Happening]:
        asked = self._of(PrivacyAsked)
        if asked:
            self.page.note_privacy([(call.source, each) for call, each in asked], self.terms.now)
        for call, _ in asked:
            self._count(call, is_new=True)
        return []

    def _of(self, kind: type[T]) -> list[tuple[Call, T]]:
        return [(call, news) for call in self.calls for news in call.heard.news if isinstance(news, kind)]

    def _count(self, call: Call, *, is_new: bool) -> None:
        counts = self.counts[_name(call)]
        counts.recorded += is_new
        counts.unchanged += not is_new

    def _refuse(self, call: Call, reason: str) -> None:
        self.counts[_name(call)].refused.append({"reason": reason})


def _is_other(stored: Recorded | None, live: Live) -> bool:
    return stored is None or (stored.content_hash, stored.hints) != (live.order.content_hash, live.hints)


def _name(call: Call) -> Name:
    return call.source, call.event_id


