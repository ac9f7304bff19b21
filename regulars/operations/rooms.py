"""The mail rooms of one launch: each message is composed in the one of its edition."""

from __future__ import annotations

from collections.abc import Mapping

from regulars.content.mailroom import MailRoom
from regulars.operations.ports import Bundles, Launches


class Rooms:
    """Looked up when the first message of an edition needs one: the launch may get another while its mail leaves."""

    def __init__(self, launch_id: int, launches: Launches, bundles: Bundles) -> None:
        self._launch_id, self._launches, self._bundles = launch_id, launches, bundles
        self._known: Mapping[int, str] = {}

    def of(self, edition: int) -> MailRoom:
        if edition not in self._known:
            self._known = self._launches.editions(self._launch_id)
        return self._bundles.open(self._known[edition])
