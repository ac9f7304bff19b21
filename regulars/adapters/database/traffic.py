"""What relays answered since somebody looked last, counted by class, phase and group of domains."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import and_, bindparam, func, select

from regulars.adapters.database.engine import Database
from regulars.adapters.database.schema import attempts, messages

Answers = Counter[tuple[str, str, str]]  # (2xx | 4xx | 5xx | none, phase, lane) -> attempts


class Traffic:
    """Counts up while it is asked; each question costs what happened since the one before."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.answers: Answers = Counter()
        self._counted: int | None = None   # attempts up to this id are in `answers`
        self._settled = 0                  # of these even the slowest transaction has ended

    def look(self) -> Answers:
        """Counts begin with the first look. What came since the last one is counted at the next: ids are given before they commit."""
        with self._database.read() as connection:
            newest = connection.scalar(select(func.coalesce(func.max(attempts.c.id), 0))) or 0
            if self._counted is None:
                self._counted = newest
            elif self._settled > self._counted:
                for row in connection.execute(_ANSWERS, {"after": self._counted, "until": self._settled}):
                    replied = "none" if row.hundreds is None else f"{row.hundreds}xx"
                    self.answers[replied, row.phase, row.lane or "other"] += row.attempts
                self._counted = self._settled
        self._settled = newest
        return self.answers


_ANSWERS = (
    select(
        (attempts.c.smtp_code // 100).label("hundreds"), attempts.c.phase, messages.c.lane, func.count().label("attempts"),
    )
    .join(messages, and_(messages.c.launch_id == attempts.c.launch_id, messages.c.number == attempts.c.number))
    .where(attempts.c.id > bindparam("after"), attempts.c.id <= bindparam("until"))
    .group_by("hundreds", attempts.c.phase, messages.c.lane)
)
