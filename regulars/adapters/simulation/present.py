"""What is true of one customer at the moment that their world has reached."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from regulars.audience.eligibility import Standing, has_bought
from regulars.audience.people import folded_value
from regulars.audience.suppression import OF_MARKETING
from regulars.audience.view import CustomerView, MessageRef, Receipt
from regulars.definition.decay import Decay, weight_of
from regulars.definition.workspace import CampaignKind, Scoring
from regulars.journeys.effects import Told
from regulars.journeys.recorded import Bought, Life, Noted, Word


class Present:
    """`changed` rises whenever anything does that conditions may ask about. `keeps`: kinds of events that somebody may wait for."""

    def __init__(self, life: Life, scoring: Scoring, keeps: frozenset[str]) -> None:
        self.life, self.changed = life, 0
        self.told: list[Told] = []
        self.support: dict[str, datetime] = {}
        self._scoring, self._decay, self._keeps = scoring, Decay.of(scoring), keeps
        self._marketing = None if any(word.topic is None for word in life.words) else life.marketing
        self._topics: dict[str, str] = {}
        self._tags: set[str] = set()
        self._attributes: Mapping[str, Any] = life.view.attributes
        self._receipts: list[Receipt] = list(life.view.receipts)
        self._suppressed: set[str] = set()
        self._counting: dict[int, Bought] = {}
        self._taken_back = 0
        self._engagement, self._scores = 0.0, defaultdict[str, float](float)
        self._view: CustomerView | None = None
        self._rhythm: tuple[int, tuple[int, str] | None] = (-1, None)

    # ---- what happens ----

    def buys(self, order: Bought) -> None:
        if order.is_refund:
            self._taken_back += order.total
        else:
            self._counting[order.key] = order
            self._weigh("order.placed", order.at, None, (), 1)
        self._changes()

    def undoes(self, order: Bought) -> None:
        if self._counting.pop(order.key, None):
            self._weigh("order.placed", order.at, None, (), -1)
            self._changes()

    def notes(self, note: Noted) -> None:
        self._weigh(note.kind, note.at, note.verdict, note.segments, 1)
        if note.kind.endswith((".opened", ".closed")):
            self.support[note.kind] = note.at
        self._changes()

    def hears(self, kind: str, at: datetime, subject: str) -> None:
        if kind in self._keeps:
            self.told.append(Told(kind, at, subject))

    def says(self, word: Word) -> bool:
        """Whether they agree now and did not before."""
        agreed = self._marketing == "granted"
        if word.topic is None:
            self._marketing = word.state
        else:
            self._topics[word.topic] = word.state
        self._changes()
        return word.topic is None and word.state == "granted" and not agreed

    def is_tagged(self, tag: str) -> None:
        self._tags.add(tag)
        self._changes()

    def loses_tag(self, tag: str) -> None:
        self._tags.discard(tag)
        self._changes()

    def is_set(self, values: Mapping[str, Any]) -> None:
        self._attributes = {**self._attributes, **{name: folded_value(value) for name, value in values.items()}}
        self._changes()

    def is_suppressed(self, reason: str) -> None:
        self._suppressed.add(reason)

    def receives(self, ref: tuple[int, int], campaign: str, at: datetime) -> None:
        self._receipts.append(Receipt(MessageRef(*ref), campaign, at))
        self._changes()

    # ---- what is asked ----

    @property
    def view(self) -> CustomerView:
        if self._view is None:
            times = [order.at for order in self._counting.values()]
            self._view = replace(
                self.life.view, attributes=self._attributes, tags=frozenset(self._tags), marketing=self._marketing, topics=dict(self._topics),
                orders_count=len(times), orders_spent=self._spent, first_at=min(times, default=None), last_at=max(times, default=None),
                engagement=self._engagement, scores=dict(self._scores), receipts=tuple(self._receipts),
            )
        return self._view

    def standing(self, topic: str | None, kind: CampaignKind) -> Standing:
        why = self._suppressed if kind is CampaignKind.MARKETING else self._suppressed - set(OF_MARKETING)
        word = self._topics.get(topic) if topic else None
        return Standing(self._marketing, word, has_bought(len(self._counting), self._spent), bool(why), self.life.address_valid)

    def open(self, words: tuple[str, ...]) -> set[str]:
        """Of `words` ("support.open") those that are."""
        stems = {word: word.rpartition(".")[0] for word in words}
        return {word for word, stem in stems.items() if self._is_open(stem)}

    def runs_out(self) -> tuple[int, str] | None:
        """How many microseconds after 1970 they need more, by their own rhythm or the goods', and the id of their last order."""
        if self._rhythm[0] != self.changed:
            self._rhythm = (self.changed, self._next_need())
        return self._rhythm[1]

    def _next_need(self) -> tuple[int, str] | None:
        if not self._counting:
            return None
        view = self.view
        assert view.first_at is not None
        assert view.last_at is not None
        last = max((order for order in self._counting.values() if order.at == view.last_at), key=lambda order: order.order_id)
        gap: int | None = None
        if view.orders_count > 1 and view.last_at > view.first_at:
            gap = int(_micros(view.last_at - view.first_at) / (view.orders_count - 1))
        elif last.usual_gap is not None:
            gap = last.usual_gap * DAY
        return None if gap is None else (_micros(view.last_at - EPOCH) + gap, last.order_id)

    @property
    def _spent(self) -> int:
        return self._taken_back + sum(order.total for order in self._counting.values())

    def _is_open(self, stem: str) -> bool:
        opened, closed = self.support.get(f"{stem}.opened"), self.support.get(f"{stem}.closed")
        return opened is not None and (closed is None or closed < opened)

    def _weigh(self, kind: str, at: datetime, verdict: str | None, segments: tuple[str, ...], sign: int) -> None:
        if addition := sign * weight_of(kind, verdict, self._scoring) * self._decay.grown(at):
            self._engagement += addition
            for segment in segments:
                self._scores[segment] += addition

    def _changes(self) -> None:
        self.changed += 1
        self._view = None


DAY = 86_400_000_000  # microseconds
EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_MICROSECOND = datetime.resolution


def _micros(span: Any) -> int:
    return int(span // _MICROSECOND)
