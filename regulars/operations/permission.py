"""Asks before mail leaves whether it may, and keeps the number by which a restored backup is noticed."""

from __future__ import annotations

from datetime import datetime, timedelta

from regulars.delivery.permission import Generation, Identity, is_behind, objection_to_age, objection_to_stamp
from regulars.operations.ports import Clock, Memory, Registry

GOOD_FOR = timedelta(seconds=1)    # an answer; claims of one turn come faster than that
RISES_EVERY = timedelta(seconds=5)


class Permit:
    """To be called before each claim. `named`: this process's environment; `where`: the database as one would type it."""

    def __init__(self, registry: Registry, memory: Memory, clock: Clock, *, named: str, where: str) -> None:
        self._registry = registry
        self._memory = memory
        self._clock = clock
        self.named = named
        self.where = where
        self._known = ""
        self._asked_at: datetime | None = None

    def __call__(self) -> None:
        """Raises Refused when nothing may be sent from here."""
        now = self._clock.now()
        if self._asked_at is not None and timedelta() <= now - self._asked_at < GOOD_FOR:
            return
        self.ask()
        self._asked_at = now

    def ask(self) -> None:
        """The same, asked anew. Raises Refused."""
        self._keep_up(*self._permitted())

    def ask_for_a_test(self) -> None:
        """The same for a mail of which nothing is recorded. Raises Refused."""
        self._permitted()

    def _permitted(self) -> tuple[Identity, Generation | None]:
        identity, remembered = self.look()
        if objection := objection_to_stamp(identity, self.named, self.where):
            raise objection
        if remembered is not None and is_behind(identity, remembered):
            self._registry.notice(remembered)  # so that all machines stop, also those that remember less
            identity = self._registry.identity()
        if objection := objection_to_age(identity, self.where):
            raise objection
        return identity, remembered

    def look(self) -> tuple[Identity, Generation | None]:
        """What the database says and what is remembered of it; changes nothing.

        The memory is read before the database: what it holds was committed by then, so a database that is behind
        it really is.
        """
        while True:
            remembered = self._memory.recall(self._known) if self._known else None
            identity = self._registry.identity()
            if identity.id == self._known:
                return identity, remembered
            self._known = identity.id

    def _keep_up(self, identity: Identity, remembered: Generation | None) -> None:
        """The database's number is committed before it is remembered: a crash in between is no false alarm."""
        generation = identity.generation
        if identity.launch != generation.launch or identity.now - generation.at >= RISES_EVERY:
            generation = self._registry.rise(RISES_EVERY)
        if remembered is None or remembered.number < generation.number:
            self._memory.keep(identity.id, generation)
