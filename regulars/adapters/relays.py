"""Several relays as one: where one cannot be reached the next takes its mail, and the first gets another chance later."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from regulars.content.tokens import MessageRef
from regulars.delivery.evidence import Sought
from regulars.delivery.outcomes import Outcome, Result
from regulars.delivery.outgoing import Outgoing
from regulars.delivery.routes import rest_after
from regulars.errors import SettingsError, Unreachable
from regulars.operations.ports import Ledger, Transport

log = logging.getLogger("regulars.relays")


class Rests:
    """Relays that could not be reached are left alone for a growing while; one for all launches of a process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[str, int] = {}
        self._until: dict[str, float] = {}

    def failed(self, name: str) -> None:
        self._failures[name] = self._failures.get(name, 0) + 1
        self._until[name] = self._clock() + rest_after(self._failures[name]).total_seconds()

    def worked(self, name: str) -> None:
        if self._failures.pop(name, None):
            self._until.pop(name, None)

    def rests(self, name: str) -> bool:
        return self._until.get(name, 0.0) > self._clock()


class Failover:
    """A transport over relays in order: the first that can be reached has the mail."""

    def __init__(self, relays: Mapping[str, Transport], rests: Rests) -> None:
        self._relays = relays
        self._rests = rests
        self.carrier = self._best(frozenset()) or next(iter(self._relays))
        """The name of the relay that takes mail now: whoever makes batches asks for its pace."""

    def send(self, batches: Iterable[Sequence[Outgoing]], ledger: Ledger, go_on: Callable[[], bool]) -> None:
        """As the port says. Raises what the preferred relay raised when none of them can be reached."""
        hand, failed = _Hand(batches), dict[str, Unreachable | SettingsError]()
        while (name := self._best(failed.keys())) is not None:
            self.carrier = name
            try:
                self._relays[name].send(hand.batches(), hand.ledger(name, ledger, self._rests), self._until_a_better(name, failed, go_on))
            except (Unreachable, SettingsError) as error:
                log.warning("the relay %s takes no mail: %s", name, error)
                self._rests.failed(name)
                failed[name] = error
                continue
            if hand.is_empty or not go_on():
                return
            failed = {other: error for other, error in failed.items() if self._rests.rests(other)}
        raise failed[next(name for name in self._relays if name in failed)]

    @property
    def address(self) -> str:
        """Of the relay that takes mail now."""
        return self._relays[self.carrier].address

    def arrived(self, mails: Sequence[Sought]) -> Mapping[MessageRef, bool]:
        """Each relay denies only what was handed to itself; one that has the mail is right."""
        said = [answer for relay in self._relays.values() for answer in relay.arrived(mails).items()]
        return {**{ref: False for ref, has_it in said if not has_it}, **{ref: True for ref, has_it in said if has_it}}

    def _best(self, failed: Iterable[str]) -> str | None:
        """The first that neither failed nor rests; else the first that did not fail: a rest is no reason to send nothing."""
        possible = [name for name in self._relays if name not in set(failed)]
        return next((name for name in possible if not self._rests.rests(name)), next(iter(possible), None))

    def _until_a_better(self, name: str, failed: Mapping[str, Exception], go_on: Callable[[], bool]) -> Callable[[], bool]:
        names = list(self._relays)
        better = [other for other in names[:names.index(name)] if other in failed]
        return lambda: go_on() and all(self._rests.rests(other) for other in better)


class _Hand:
    """What was taken from the batches and has neither a result nor a mark: another relay may have it."""

    def __init__(self, batches: Iterable[Sequence[Outgoing]]) -> None:
        self._source = iter(batches)
        self._open: dict[MessageRef, Outgoing] = {}
        self._is_drained = False

    @property
    def is_empty(self) -> bool:
        return self._is_drained and not self._open

    def batches(self) -> Iterator[Sequence[Outgoing]]:
        if left := list(self._open.values()):
            yield left
        for batch in self._source:
            self._open |= {mail.ref: mail for mail in batch}
            yield batch
        self._is_drained = True

    def ledger(self, name: str, ledger: Ledger, rests: Rests) -> Ledger:
        return _NamingLedger(name, ledger, rests, self._open)


class _NamingLedger:
    """Writes into each result which relay gave it."""

    def __init__(self, name: str, ledger: Ledger, rests: Rests, unsent: dict[MessageRef, Outgoing]) -> None:
        self._name, self._ledger, self._rests, self._unsent = name, ledger, rests, unsent

    def turn(self, results: Sequence[Result], handoffs: Sequence[MessageRef]) -> set[MessageRef]:
        marked = self._ledger.turn([replace(result, relay=self._name) for result in results], handoffs)
        for ref in (*(result.ref for result in results), *handoffs):
            self._unsent.pop(ref, None)
        if any(result.outcome is Outcome.ACCEPTED for result in results):
            self._rests.worked(self._name)
        return marked
