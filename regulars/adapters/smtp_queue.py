"""The mails that wait for a connection."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from regulars.delivery.outgoing import Outgoing


class MailQueue:
    """First come, first served; who was put back comes first."""

    def __init__(self) -> None:
        self._mails: deque[Outgoing] = deque()

    def __len__(self) -> int:
        return len(self._mails)

    def add(self, batch: Sequence[Outgoing]) -> None:
        self._mails.extend(batch)

    def take(self) -> Outgoing | None:
        return self._mails.popleft() if self._mails else None

    def put_back(self, mail: Outgoing) -> None:
        self._mails.appendleft(mail)
