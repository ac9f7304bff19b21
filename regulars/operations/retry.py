"""An operator's word on mails that ended badly: try again, or "it arrived"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from regulars.delivery.dossier import Doubt, doubt
from regulars.delivery.launches import Launch
from regulars.delivery.life import BY_OPERATOR, LaunchState, State
from regulars.errors import Refused, UsageError
from regulars.operations.ports import Dossiers, Launches, Messages
from regulars.operations.status import launch_named


@dataclass(frozen=True, slots=True)
class Word:
    """What the operator decides. `states`: of HELD and REJECTED; `emails`: only these, or all. `arrived`: held ones only."""

    states: Sequence[State] = (State.HELD, State.REJECTED)
    emails: Sequence[str] = ()
    arrived: bool = False
    by: str = ""
    why: str = ""


def decidable(launch: Launch, word: Word, dossiers: Dossiers) -> Sequence[Doubt]:
    """What the word would be about. Raises UsageError for an address that nothing of it went to, Refused where nothing can be done."""
    _refuse_unfit(launch, word)
    found = [doubt(dossier) for dossier in dossiers.in_states(launch.id, word.states, word.emails)]
    known = {one.email.lower() for one in found}
    if missing := [email for email in word.emails if email.lower() not in known]:
        states = " or ".join(word.states)
        raise UsageError(f"launch {launch.id} of {launch.campaign} has nothing {states} for {missing[0]}", hint=f"see: regulars status {launch.id}")
    return found


def retry(name: str, word: Word, launches: Launches, messages: Messages, now: datetime) -> tuple[Launch, int]:
    """The launch, and how many of its mails go out again or count as arrived. A finished launch goes on."""
    launch = launch_named(name, launches)
    _refuse_unfit(launch, word)
    _reopen(launch, word, launches, now)
    target = State.ACCEPTED if word.arrived else State.PENDING
    done = sum(
        messages.decide(launch.id, state, target, actor=word.by, why=word.why, emails=word.emails, now=now)
        for state in word.states if target in BY_OPERATOR[state]
    )
    if not done and launch.state is LaunchState.FINISHED and not word.arrived:
        launches.move(launch.id, LaunchState.FINISHED, None, now)
    return launches.get(launch.id), done


def _refuse_unfit(launch: Launch, word: Word) -> None:
    if launch.state is LaunchState.CANCELLED:
        raise Refused(f"launch {launch.id} of {launch.campaign} was cancelled; nothing of it is sent any more")
    if word.arrived and set(word.states) != {State.HELD}:
        raise UsageError("only a held mail can be said to have arrived", hint="use --only held --arrived")


def _reopen(launch: Launch, word: Word, launches: Launches, now: datetime) -> None:
    if launch.state is not LaunchState.FINISHED or word.arrived:
        return
    other = launches.live(launch.campaign)
    if other is not None:
        raise Refused(
            f"launch {other.id} of {launch.campaign} is {other.state}, and a campaign has one live launch at a time",
            hint=f"wait for it, or end it: regulars cancel {other.id}",
        )
    launches.move(launch.id, LaunchState.SENDING, f"retried by {word.by}", now)
