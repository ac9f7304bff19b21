"""The mails that wait for a connection, and those that have one."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence

from regulars.content.tokens import MessageRef
from regulars.delivery.lanes import UNLIMITED, Busy
from regulars.delivery.outgoing import Outgoing


class MailQueue:
    """First come, first served; who was put back comes first. A lane that is as busy as it may be lets the others pass,
    and lanes with and without a limit take turns."""

    def __init__(self, busy: Busy = UNLIMITED) -> None:
        self._limits = busy
        self._lanes: dict[str, deque[Outgoing]] = {}
        self._at_work: dict[MessageRef, str] = {}
        self._busy: Counter[str] = Counter()

    def __len__(self) -> int:
        return sum(map(len, self._lanes.values()))

    @property
    def ready(self) -> int:
        """How many a connection could take now."""
        return sum(min(len(waiting), self._room(lane, len(waiting))) for lane, waiting in self._lanes.items())

    def add(self, batch: Sequence[Outgoing]) -> None:
        for mail in batch:
            self._lanes.setdefault(self._limits.lane_of(mail.envelope_to), deque()).append(mail)

    def take(self) -> Outgoing | None:
        """The caller says `done` or `put_back` of each."""
        for lane, waiting in self._lanes.items():
            if waiting and self._room(lane, 1):
                mail = waiting.popleft()
                self._at_work[mail.ref] = lane
                self._busy[lane] += 1
                if len(self._lanes) > 1:
                    self._lanes[lane] = self._lanes.pop(lane)
                return mail
        return None

    def done(self, ref: MessageRef) -> bool:
        """Whether its lane was full, so that somebody may have waited for this."""
        lane = self._at_work.pop(ref, None)
        if lane is None:
            return False
        was_full = not self._room(lane, 1)
        self._busy[lane] -= 1
        return was_full

    def put_back(self, mail: Outgoing) -> None:
        self.done(mail.ref)
        self._lanes.setdefault(self._limits.lane_of(mail.envelope_to), deque()).appendleft(mail)

    def _room(self, lane: str, wanted: int) -> int:
        most = self._limits.most.get(lane)
        return wanted if most is None else max(0, most - self._busy[lane])
