"""What contact limits would do to a launch: how many would wait, and until when, and how many would get nothing, by reason."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.journeys.contact import Admission, Dropped, Later


@dataclass(frozen=True, slots=True)
class Wait:
    """`first`, `last`: when the first and the last of them are asked again."""

    count: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Outlook:
    """An estimate: by what is known now, and from a sample of `asked` where the launch has more than so many, `of` in all.
    The most frequent reasons first; counts are of all."""

    of: int
    asked: int
    waits: Mapping[str, Wait]
    dropped: Mapping[str, int]

    @property
    def is_sample(self) -> bool:
        return self.asked < self.of

    def as_json(self) -> dict[str, Any]:
        return {
            "of": self.of, "asked": self.asked,
            "waits": [
                {"reason": reason, "count": wait.count, "first": wait.first.isoformat(), "last": wait.last.isoformat()}
                for reason, wait in self.waits.items()
            ],
            "dropped": [{"reason": reason, "count": count} for reason, count in self.dropped.items()],
        }


def outlook(admissions: Sequence[Admission], of: int) -> Outlook:
    """`admissions`: of all, or of a sample of them."""
    until: defaultdict[str, list[datetime]] = defaultdict(list)
    dropped: Counter[str] = Counter()
    for one in admissions:
        if isinstance(one, Later):
            until[one.reason].append(one.until)
        elif isinstance(one, Dropped):
            dropped[one.reason] += 1
    share = of / max(len(admissions), 1)
    waits = {reason: Wait(round(len(times) * share), min(times), max(times)) for reason, times in until.items()}
    return Outlook(
        of, len(admissions), dict(sorted(waits.items(), key=lambda item: -item[1].count)),
        {reason: round(count * share) for reason, count in dropped.most_common()},
    )
