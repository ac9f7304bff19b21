"""What a simulation comes to: by automation, by week, and by customer and week."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from regulars.definition.automation import WATCHED
from regulars.journeys.recorded import Life
from regulars.journeys.simulation import Outcome, Posted, Programme

WEEK = 7  # days
# How the reasons of journeys/limits.py begin, and what they are called here.
HITS = {
    "contact limit reached": "caps", "quiet hours": "quiet_hours", "a closed day": "closed_days", "another mail goes first": "collisions",
    "on hold": "on_hold",
}
REACTIONS = (
    "people's opens and clicks are those that are recorded: nobody reacts to a mail that was only simulated; "
    "attributes and referrals are as they are now; segments are looked at once a day and at everything that a customer does"
)


@dataclass(slots=True)
class Share:
    """Of one automation. `weeks`: mails of each week."""

    weeks: list[int]
    entries: int = 0
    mails: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    under_way: int = 0

    def as_json(self) -> dict[str, Any]:
        return {
            "entries": self.entries, "mails": self.mails, "under_way": self.under_way, "weeks": list(self.weeks),
            "skipped": [{"reason": reason, "count": count} for reason, count in self.skipped.most_common()],
            "ended": [{"reason": reason, "count": count} for reason, count in self.ended.most_common()],
        }


@dataclass(frozen=True, slots=True)
class Simulated:
    """`weeks`: the first days of the weeks that are counted. `per_week`: mails that a customer got in a week -> how often that was so,
    over all customers and weeks. `hits`: mails that a limit put off or dropped, by kind. `silent`: automation -> why nothing starts it."""

    first: date
    last: date
    customers: int
    weeks: tuple[date, ...]
    automations: Mapping[str, Share]
    per_week: Mapping[int, int]
    hits: Mapping[str, Mapping[str, int]]
    codes: Mapping[str, int]
    silent: Mapping[str, str]
    waiting: int

    @property
    def mails(self) -> int:
        return sum(share.mails for share in self.automations.values())

    @property
    def mean(self) -> float:
        return self.mails / max(sum(self.per_week.values()), 1)

    def up_to(self, share: float) -> int:
        """So many mails, or fewer, in that share of all customers' weeks."""
        wanted, seen = share * sum(self.per_week.values()), 0
        for count, times in sorted(self.per_week.items()):
            seen += times
            if seen >= wanted:
                return count
        return 0

    @property
    def most(self) -> int:
        return max((count for count, times in self.per_week.items() if times), default=0)

    def as_json(self) -> dict[str, Any]:
        return {
            "from": self.first.isoformat(), "to": self.last.isoformat(), "customers": self.customers, "mails": self.mails,
            "weeks": [day.isoformat() for day in self.weeks],
            "automations": [{"campaign": name, **share.as_json()} for name, share in self.automations.items()],
            "per_customer_and_week": {"mean": round(self.mean, 4), "up_to_95_percent": self.up_to(0.95), "most": self.most},
            "hits": {kind: dict(counts) for kind, counts in self.hits.items()}, "waiting": self.waiting,
            "codes": [{"offer": offer, "count": count} for offer, count in self.codes.items()],
            "not_simulated": [{"campaign": name, "reason": reason} for name, reason in self.silent.items()], "assumes": REACTIONS,
        }


class Tally:
    """Adds up outcomes; what it holds does not grow with their number."""

    def __init__(self, plan: Programme) -> None:
        self._plan, self._zone = plan, ZoneInfo(plan.workspace.shop.timezone)
        self._first = plan.since.astimezone(self._zone).date()
        self._last = (plan.until - timedelta(microseconds=1)).astimezone(self._zone).date()
        self._weeks = tuple(self._first + timedelta(days=start) for start in range(0, (self._last - self._first).days + 1, WEEK))
        self._shares = {name: Share([0] * len(self._weeks)) for name in plan.automations}
        self._customers, self._waiting = 0, 0
        self._per_week: Counter[int] = Counter()
        self._hits = {kind: Counter[str]() for kind in HITS.values()}
        self._codes: Counter[str] = Counter()
        self._told: set[str] = set()

    def add(self, life: Life, outcome: Outcome) -> None:
        self._customers += 1
        self._waiting += outcome.waiting
        for begun in outcome.begun:
            self._shares[begun.campaign].entries += 1
        for name, reason in outcome.skipped:
            self._shares[name].skipped[reason] += 1
        for name, reason in outcome.ended:
            self._shares[name].ended[reason] += 1
        for name in outcome.under_way:
            self._shares[name].under_way += 1
        self._add_mails(outcome.posted)
        self._told |= _kinds(life, self._plan.since, self._plan.until)

    def _add_mails(self, posted: Sequence[Posted]) -> None:
        own: Counter[int] = Counter()
        for one in posted:
            self._hit(one)
            share = self._shares[one.mail.campaign.name]
            if one.reason is not None:
                share.skipped[one.reason] += 1
                continue
            week = (one.at.astimezone(self._zone).date() - self._first).days // WEEK
            own[week] += 1
            share.mails += 1
            share.weeks[week] += 1
            if one.mail.campaign.offer:
                self._codes[one.mail.campaign.offer] += 1
        self._per_week.update(own.values())

    def _hit(self, one: Posted) -> None:
        """Once for each kind, however often it was asked again."""
        for kind in {hit_of(reason) for reason in one.held} - {None}:
            self._hits[str(kind)]["put_off"] += 1
        if one.reason is not None and (kind := hit_of(one.reason)):
            self._hits[kind]["dropped"] += 1

    def result(self) -> Simulated:
        idle = self._customers * len(self._weeks) - sum(self._per_week.values())
        hits = {kind: {"put_off": counts["put_off"], "dropped": counts["dropped"]} for kind, counts in self._hits.items()}
        return Simulated(
            self._first, self._last, self._customers, self._weeks, self._shares, {0: idle, **self._per_week}, hits,
            dict(self._codes.most_common()), self._silent(), self._waiting,
        )

    def _silent(self) -> dict[str, str]:
        events = {name: live.automation.trigger.event for name, live in self._plan.automations.items()}
        return {name: f"no {event} is recorded in that time" for name, event in events.items() if event not in WATCHED and event not in self._told}


def hit_of(reason: str) -> str | None:
    """Which limit it was."""
    return next((kind for words, kind in HITS.items() if reason.startswith(words)), None)


def _kinds(life: Life, since: datetime, until: datetime) -> set[str]:
    """Kinds of events that happened to them between the two moments."""
    news = {f"order.{kind}" for order in life.bought for kind, at in order.moments.items() if since <= at < until}
    noted = {note.kind for note in life.noted if since <= note.at < until}
    said = {"subscribed" for word in life.words if word.state == "granted" and word.topic is None and since <= word.at < until}
    return news | noted | said
