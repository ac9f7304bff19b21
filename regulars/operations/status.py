"""Where launches stand, with nothing hidden: every state, every reason, every held mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from regulars.delivery.dossier import Doubt, doubt
from regulars.delivery.forecast import WARM_UP
from regulars.delivery.launches import Launch, Tally
from regulars.delivery.life import LaunchState, State
from regulars.delivery.roll_out import Stage
from regulars.errors import UsageError
from regulars.operations.flow import Flow
from regulars.operations.ports import Dossiers, Launches

MOST = 50
A_WHILE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """`held`: each mail that waits for a person, and what is known of it."""

    launch: Launch
    tally: Tally
    held: Sequence[Doubt] = ()
    flow: Flow | None = None

    @property
    def has_failures(self) -> bool:
        """Somebody who should have got it did not, and not because they left; or the launch waits for a person."""
        return self.launch.state is LaunchState.PAUSED or self.tally.of(State.REJECTED, State.HELD, State.EXPIRED) > 0 or any(
            reason.startswith("skipped: cannot be composed") for reason in self.tally.reasons
        )

    @property
    def waits_until(self) -> datetime | None:
        """When its next mail is due, while it is sending."""
        if self.launch.state is not LaunchState.SENDING:
            return None
        return self._pauses_until or self.tally.next_due

    @property
    def next_due(self) -> datetime | None:
        """The same, but for the pause of a roll-out, of which more is to be said than a time."""
        return None if self._pauses_until else self.waits_until

    def stands_still(self, now: datetime) -> bool:
        """Mail is due for a while and none leaves, though no limit and nobody's wish for patience says so."""
        if self.flow is None or self.next_due is None or self.flow.per_minute or self.flow.slow or self.flow.ahead.bottleneck == WARM_UP:
            return False
        return now - self.next_due > A_WHILE

    @property
    def _pauses_until(self) -> datetime | None:
        rolls = self.launch.roll_out
        return rolls.goes_on_at if rolls and rolls.stage is Stage.PAUSE else None

    def as_json(self) -> dict[str, Any]:
        launch = self.launch
        return {
            "launch": launch.id, "campaign": launch.campaign, "state": launch.state.value, "state_reason": launch.state_reason,
            "bundle": launch.bundle, "segments": list(launch.segments),
            "counts": {state.value: count for state, count in self.tally.states.items()},
            "reasons": dict(self.tally.reasons), "replies": dict(self.tally.replies),
            "held": [doubt.as_json() for doubt in self.held],
            "roll_out": self._roll_out(), "flow": self.flow.as_json() if self.flow else None,
            "recipients": self.tally.total, "plan": launch.plan, "options": dict(launch.options),
            "created_at": _iso(launch.created_at), "created_by": launch.created_by, "started_at": _iso(launch.started_at),
            "finished_at": _iso(launch.finished_at), "expires_at": _iso(launch.expires_at), "next_due": _iso(self.waits_until),
        }

    def _roll_out(self) -> dict[str, Any] | None:
        rolls = self.launch.roll_out
        if rolls is None:
            return None
        return {
            "first": rolls.first, "rest": self.launch.recipients - rolls.first, "stage": rolls.stage.value,
            "goes_on_at": _iso(rolls.goes_on_at),
        }


def status(name: str, launches: Launches, dossiers: Dossiers) -> Standing:
    """Of one launch, by id or by its campaign's name."""
    launch = launch_named(name, launches)
    tally = launches.tally(launch.id)
    held = [doubt(dossier) for dossier in dossiers.in_states(launch.id, [State.HELD])] if tally.of(State.HELD) else ()
    return Standing(launch, tally, held)


def overview(launches: Launches) -> list[Standing]:
    """The latest launches, newest first."""
    return [Standing(launch, launches.tally(launch.id)) for launch in launches.recent(MOST)]


def launch_named(name: str, launches: Launches) -> Launch:
    """By id, or the latest of a campaign. Raises UsageError."""
    found = launches.find(name)
    if found is None:
        raise UsageError(f'there is no launch "{name}"', hint="regulars status lists all launches; a campaign's name finds its latest")
    return found


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
