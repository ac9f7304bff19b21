"""What the sink's books and the database's rows say together: pure functions, so that the judge can be judged."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.soak.books import Copy, Event

#: Of these the mail was whole and its fate unknown to who sent it, or the dot may have been under way already.
AFTER_THE_DOT = frozenset({"lost_250", "dropped_after_dot", "dropped_in_body"})
SENT = frozenset({"accepted", "held"})
ENDED = frozenset({"accepted", "held", "rejected", "skipped", "cancelled", "expired"})


@dataclass(frozen=True, slots=True)
class Row:
    """A message as the database remembers it at the end."""

    message_id: str
    recipient: str
    state: str
    reason: str | None
    dup_possible: bool
    content_hash: str | None


@dataclass(frozen=True, slots=True)
class Kill:
    """A process that was shot, and how many connections to the sink it had open at that moment."""

    at: float
    pid: int
    connections: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Lists name messages by their Message-ID; all of them are empty when the promises were kept."""

    messages: int
    states: Mapping[str, int]
    copies: int
    twice: int
    flagged: int
    lost: Sequence[str] = field(default=())         # counts as sent, and the sink never had it
    unfinished: Sequence[str] = field(default=())   # neither sent nor ended with a reason
    unflagged: Sequence[str] = field(default=())    # two copies and no mark
    unrecorded: Sequence[str] = field(default=())   # the sink has it, and the database says that it was not sent
    strangers: Sequence[str] = field(default=())    # a copy of no message, or to somebody else
    different: Sequence[str] = field(default=())    # a copy with other bytes than the database vouches for

    @property
    def is_clean(self) -> bool:
        return not any((self.lost, self.unfinished, self.unflagged, self.unrecorded, self.strangers, self.different))

    @property
    def broken(self) -> dict[str, list[str]]:
        """The first of each kind, for a failing test to show."""
        names = ("lost", "unfinished", "unflagged", "unrecorded", "strangers", "different")
        return {name: list(getattr(self, name))[:5] for name in names if getattr(self, name)}


def judge(rows: Iterable[Row], copies: Iterable[Copy]) -> Verdict:
    known = {row.message_id: row for row in rows}
    by_message: dict[str, list[Copy]] = defaultdict(list)
    for copy in copies:
        by_message[copy.message_id].append(copy)
    of = {message_id: by_message.get(message_id, []) for message_id in known}
    return Verdict(
        messages=len(known),
        states=Counter(row.state for row in known.values()),
        copies=sum(map(len, by_message.values())),
        twice=sum(len(each) > 1 for each in by_message.values()),
        flagged=sum(row.dup_possible for row in known.values()),
        lost=[name for name, row in known.items() if row.state == "accepted" and not of[name]],
        unfinished=[
            name for name, row in known.items()
            if row.state not in ENDED or (row.state != "accepted" and not row.reason)
        ],
        unflagged=[name for name, row in known.items() if len(of[name]) > 1 and not row.dup_possible],
        unrecorded=[name for name, row in known.items() if of[name] and row.state not in SENT and not row.dup_possible],
        strangers=[
            name for name, each in by_message.items()
            if name not in known or any(copy.recipient != known[name].recipient for copy in each)
        ],
        different=[
            name for name, row in known.items()
            if row.state in SENT and any(copy.sha256 != row.content_hash for copy in of[name])
        ],
    )


def bound(kills: Iterable[Kill], events: Iterable[Event]) -> int:
    """How many messages may be of unknown fate: one a connection that was open at a kill, and one a loss after the dot."""
    return sum(kill.connections for kill in kills) + sum(event.kind in AFTER_THE_DOT for event in events)


def most_open(events: Iterable[Event]) -> int:
    """The most connections that were open at once."""
    now = most = 0
    for event in sorted(events, key=lambda event: event.at):
        now += (event.kind == "open") - (event.kind == "close")
        most = max(most, now)
    return most
