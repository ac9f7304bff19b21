"""Machines that look like browsers give themselves away by haste: many links of one mail within seconds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from regulars.content.tokens import MessageRef
from regulars.tracking.hits import Hit, HitKind
from regulars.tracking.verdicts import Answer, Verdict

TRIGGERS = ((2, timedelta(seconds=1)), (3, timedelta(seconds=5)))  # this many different links, within this time
LONGEST = max(within for _, within in TRIGGERS)
_IN_BURST = Verdict(Answer.MACHINE, ("burst",))


@dataclass(frozen=True, slots=True)
class Followed:
    """A link of a message that was followed at a time. `link`: a name that tells the message's links apart."""

    at: datetime
    link: str


@dataclass(frozen=True, slots=True)
class Burst:
    """What was followed in this message from `since` to `until` was followed by a machine."""

    ref: MessageRef
    since: datetime
    until: datetime


def followed(hit: Hit) -> Followed | None:
    """Scanners follow every link they find; the pixel is no link, and a POST is not theirs."""
    if hit.ref is None or hit.kind is HitKind.OPEN or hit.leaves:
        return None
    return Followed(hit.at, link_name(hit.kind, hit.link))


def link_name(kind: str, link: int) -> str:
    return f"{kind}/{link}"


def bursts(hits: Iterable[Hit], earlier: Mapping[MessageRef, Sequence[Followed]]) -> list[Burst]:
    """In these hits, seen together with when each link of their messages was last followed before."""
    by_message: dict[MessageRef, list[Followed]] = defaultdict(list)
    for hit in hits:
        if (each := followed(hit)) is not None and hit.ref is not None:
            by_message[hit.ref].append(each)
    return [
        Burst(ref, since, until)
        for ref, mine in by_message.items()
        for since, until in _merged(_stretches(mine, earlier.get(ref, ())))
    ]


def without_bursts(hits: Sequence[Hit], verdicts: Sequence[Verdict], found: Iterable[Burst]) -> list[Verdict]:
    """The same verdicts, except for what only looked human."""
    stretches: dict[MessageRef, list[Burst]] = defaultdict(list)
    for burst in found:
        stretches[burst.ref].append(burst)
    return [
        _IN_BURST if verdict.answer is Answer.HUMAN and _is_in(hit, stretches) else verdict
        for hit, verdict in zip(hits, verdicts, strict=True)
    ]


def _is_in(hit: Hit, stretches: Mapping[MessageRef, Sequence[Burst]]) -> bool:
    if hit.ref is None or followed(hit) is None:
        return False
    return any(burst.since <= hit.at <= burst.until for burst in stretches.get(hit.ref, ()))


def _stretches(mine: Sequence[Followed], earlier: Sequence[Followed]) -> Iterable[tuple[datetime, datetime]]:
    last = {each.link: each.at for each in earlier}
    for each in sorted(mine, key=lambda one: one.at):
        last[each.link] = each.at
        for many, within in TRIGGERS:
            if sum(abs(each.at - at) <= within for at in last.values()) >= many:
                yield each.at - within, each.at


def _merged(stretches: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    merged: list[tuple[datetime, datetime]] = []
    for since, until in sorted(stretches):
        if merged and since <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(until, merged[-1][1]))
        else:
            merged.append((since, until))
    return merged
