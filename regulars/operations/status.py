"""Where launches stand, with nothing hidden: every state, every reason, every held mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.delivery.launches import Launch, Tally
from regulars.delivery.life import LaunchState, State
from regulars.errors import UsageError
from regulars.operations.ports import Launches, Messages

MOST = 50


@dataclass(frozen=True, slots=True)
class Standing:
    """`held`: number and address of each mail that waits for a person."""

    launch: Launch
    tally: Tally
    held: Sequence[tuple[int, str]] = ()

    @property
    def has_failures(self) -> bool:
        """Somebody who should have got it did not, and not because they left."""
        return self.tally.of(State.REJECTED, State.HELD, State.EXPIRED) > 0 or any(
            reason.startswith("skipped: cannot be composed") for reason in self.tally.reasons
        )

    @property
    def waits_until(self) -> datetime | None:
        """When its next mail is due, while it is sending."""
        return self.tally.next_due if self.launch.state is LaunchState.SENDING else None

    def as_json(self) -> dict[str, Any]:
        launch = self.launch
        return {
            "launch": launch.id, "campaign": launch.campaign, "state": launch.state.value, "state_reason": launch.state_reason,
            "bundle": launch.bundle, "segments": list(launch.segments),
            "counts": {state.value: count for state, count in self.tally.states.items()},
            "reasons": dict(self.tally.reasons),
            "held": [{"number": number, "email": email} for number, email in self.held],
            "recipients": launch.recipients, "plan": launch.plan, "options": dict(launch.options),
            "created_at": _iso(launch.created_at), "created_by": launch.created_by, "started_at": _iso(launch.started_at),
            "finished_at": _iso(launch.finished_at), "expires_at": _iso(launch.expires_at), "next_due": _iso(self.waits_until),
        }


def status(name: str, launches: Launches, messages: Messages) -> Standing:
    """Of one launch, by id or by its campaign's name."""
    launch = launch_named(name, launches)
    return Standing(launch, launches.tally(launch.id), messages.held(launch.id))


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
