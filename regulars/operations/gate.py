"""The gate of one turn: claims no more than may leave now, lane by lane where lanes differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from regulars.definition.quantities import Rate
from regulars.definition.relays import Relay, domains_of
from regulars.definition.workspace import Shop
from regulars.delivery.pace import ALL_LANES, Ask, Grant, ask_for, rates_of, shared
from regulars.delivery.settlement import Claimed
from regulars.operations.office import PostOffice
from regulars.operations.pace import Pace, rules

SLICE = 0.5  # seconds between two looks whether the turn is over
SHORTEST = 0.02
SPREAD = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Passed:
    """`claimed`: may leave. `put_off`: of domains that asked for patience, each with when it may be tried again.

    `wait`: with neither, how many seconds until there may be some, and `why`; None when nothing is due."""

    claimed: Sequence[Claimed] = ()
    put_off: Mapping[Claimed, datetime] = field(default_factory=dict)
    wait: float | None = None
    why: str = ""

    @property
    def is_empty(self) -> bool:
        return not self.claimed and not self.put_off


class Gate:
    """`carrier`: the relay that takes mail now; its limits are those that count."""

    def __init__(self, launch_id: int, office: PostOffice, frozen: Shop, carrier: Callable[[], str]) -> None:
        self._launch_id, self._office, self._frozen, self._carrier = launch_id, office, frozen, carrier
        self._dry: set[str] = set()  # lanes of which nothing more was due
        self._quota: dict[tuple[str, date], int] = {}

    def claim(self, most: int) -> Passed:
        pace = self._office.pace
        if pace is None:
            return Passed(self._claim(most))
        now = self._office.clock.now()
        shop = pace.shop_or(self._frozen)
        relay = rules(shop, self._carrier())
        leave, wait = self._of_the_day(relay, shop, most, now, pace)
        if not leave:
            return Passed(wait=wait, why=f"{relay.name} warms up: the limit of the day is reached")
        held = pace.slowdowns.held(relay.name, now)
        rates = rates_of(relay)
        lanes = domains_of(shop.relays) if held or rates else {}
        if held.keys() & lanes.keys() or rates.keys() - {ALL_LANES}:
            passed = self._by_lane(leave, relay.name, rates, [lane for lane in ("", *lanes) if lane not in held], pace)
        else:
            passed = self._by_lane(leave, relay.name, rates, [ALL_LANES], pace) if rates else Passed(self._claim(leave))
        self._give_back_unused(relay.name, leave - len(passed.claimed))
        return self._without(held, passed, now)

    def wait_out(self, seconds: float, go_on: Callable[[], bool]) -> bool:
        """False: it takes longer than a turn has patience for, or the turn is over."""
        pace = self._office.pace
        if pace is None or seconds > pace.patience:
            return False
        seconds = max(seconds, SHORTEST)
        while seconds > 0 and go_on():
            pace.pause(min(SLICE, seconds))
            seconds -= SLICE
        return go_on()

    def close(self, handed_over: int) -> None:
        """Of the day's limit what did not leave goes back; a turn over midnight gives back nothing."""
        if self._office.pace is not None and len(self._quota) == 1:
            (relay, day), taken = self._quota.popitem()
            if taken > handed_over:
                self._office.pace.quotas.give_back(relay, day, taken - handed_over)

    def _claim(self, most: int, lane: str | None = None) -> Sequence[Claimed]:
        office = self._office
        return office.messages.claim(self._launch_id, most, office.owner, office.claim_seconds, office.clock.now(), lane)

    def _of_the_day(self, relay: Relay, shop: Shop, most: int, now: datetime, pace: Pace) -> tuple[int, float]:
        """How many of `most` the warm-up lets out, and the seconds until the next midnight."""
        zone = ZoneInfo(shop.timezone)
        today = now.astimezone(zone).date()
        cap = relay.warm_up.cap(today) if relay.warm_up else None
        if cap is None:
            return most, 0.0
        leave = pace.quotas.take(relay.name, today, _midnight(today, zone), cap, most)
        self._quota[relay.name, today] = self._quota.get((relay.name, today), 0) + leave
        return leave, (_midnight(today + timedelta(days=1), zone) - now).total_seconds()

    def _give_back_unused(self, relay: str, count: int) -> None:
        mine = next((key for key in reversed(self._quota) if key[0] == relay), None)
        if mine and count and self._office.pace:
            self._quota[mine] -= count
            self._office.pace.quotas.give_back(*mine, count)

    def _by_lane(self, most: int, relay: str, rates: Mapping[str, Rate], lanes: Sequence[str], pace: Pace) -> Passed:
        open_ = self._in_turn([lane for lane in lanes if lane not in self._dry])
        if not open_:
            return Passed()
        asks = {lane: ask_for(relay, lane, rates[lane], most) for lane in dict.fromkeys((*open_, ALL_LANES)) if lane in rates}
        grants = dict(zip(asks, pace.buckets.take(list(asks.values())), strict=True)) if asks else {}
        total = grants[ALL_LANES].count if ALL_LANES in grants else most
        shares = shared(total, {lane: grants[lane].count if lane in grants else most for lane in open_})
        claimed = {lane: self._claim(share, None if lane == ALL_LANES else lane) for lane, share in shares.items() if share}
        self._return_tokens(asks, grants, {lane: len(batch) for lane, batch in claimed.items()}, pace)
        self._dry |= {lane for lane, batch in claimed.items() if len(batch) < shares[lane]}
        if found := [one for batch in claimed.values() for one in batch]:
            return Passed(found)
        if claimed:  # what was dealt to lanes that turned out dry is for the others
            return self._by_lane(most, relay, rates, lanes, pace)
        return Passed(wait=self._next_leave(open_, grants), why=f"{relay} is held to its rate")

    def _in_turn(self, lanes: list[str]) -> list[str]:
        """Beginning with another each time, so that a rate of few mails does not all go to the first."""
        start = int(self._office.jitter() * len(lanes))
        return [*lanes[start:], *lanes[:start]]

    def _next_leave(self, lanes: Sequence[str], grants: Mapping[str, Grant]) -> float | None:
        """The earliest at which a lane that may still have mail gets leave."""
        waits = [grants[lane].wait if lane in grants else 0.0 for lane in lanes if lane not in self._dry]
        return max(min(waits), grants[ALL_LANES].wait if ALL_LANES in grants else 0.0) if waits else None

    def _return_tokens(self, asks: Mapping[str, Ask], grants: Mapping[str, Grant], used: Mapping[str, int], pace: Pace) -> None:
        spent = {**used, ALL_LANES: sum(used.values())}
        back = [
            Ask(ask.name, ask.rate, ask.burst, spent.get(lane, 0) - grants[lane].count)
            for lane, ask in asks.items() if spent.get(lane, 0) < grants[lane].count
        ]
        if back:
            pace.buckets.take(back)

    def _without(self, held: Mapping[str, datetime], passed: Passed, now: datetime) -> Passed:
        """Mails to single domains that asked for patience wait until it is over, each a little longer than the other."""
        put_off: dict[Claimed, datetime] = {}
        welcome = []
        for claimed in passed.claimed:
            until = held.get(claimed.email.rpartition("@")[2].lower())
            if until is None:
                welcome.append(claimed)
            else:
                put_off[claimed] = until + SPREAD * self._office.jitter()
        return Passed(welcome, put_off, passed.wait, passed.why)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
