"""What tells whether an uncertain mail arrived, and which word counts when several speak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from regulars.content.tokens import MessageRef


class Kind(StrEnum):
    """In the order in which they are asked."""

    LOG = "log"      # the relay's own log, by Message-ID
    FILE = "file"    # the spool's folder, or what else the transport keeps
    EVENT = "event"  # a bounce, an open or a click: whoever reacted has it, human or machine


class Sought(NamedTuple):
    """A mail of unknown fate. `handed_to`: the address that its mark noted, as transports give theirs; None: nobody noted one."""

    ref: MessageRef
    message_id: str
    handed_to: str | None


@dataclass(frozen=True, slots=True)
class Evidence:
    arrived: bool
    kind: Kind

    @property
    def in_words(self) -> str:
        return _WORDS[self.arrived, self.kind]


def weighed(said: Mapping[Kind, bool | None]) -> Evidence | None:
    """The first that has seen the mail; else the first that is certain it never came; else nobody knows."""
    for arrived in (True, False):
        for kind in Kind:
            if said.get(kind) is arrived:
                return Evidence(arrived, kind)
    return None


_WORDS = {
    (True, Kind.LOG): "the relay's log has its Message-ID",
    (False, Kind.LOG): "the relay's log covers the time and has no such Message-ID",
    (True, Kind.FILE): "the transport has it",
    (False, Kind.FILE): "the transport never got it",
    (True, Kind.EVENT): "somebody or some machine reacted to it",
    (False, Kind.EVENT): "",
}
