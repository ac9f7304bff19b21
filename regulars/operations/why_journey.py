"""Why a customer is where they are in an automation, or never entered it: every journey, every step, every reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from regulars.audience.eligibility import Question
from regulars.audience.explanation import Explanation
from regulars.content.tokens import MessageRef
from regulars.definition.workspace import Workspace
from regulars.delivery.dossier import Dossier
from regulars.delivery.life import IN_WORDS, State
from regulars.journeys.entering import entry_condition
from regulars.journeys.journey import Journey, JourneyState
from regulars.journeys.live import Applied, LiveAutomation
from regulars.journeys.missing import why_not
from regulars.journeys.records import Done
from regulars.operations.apply import Registers
from regulars.operations.ports import Audiences, Dossiers, SentMails
from regulars.operations.why import address_key


class Outcome(StrEnum):
    ON_THE_WAY = "on the way"
    ENDED = "ended"
    NEVER_ENTERED = "never entered"
    UNKNOWN = "unknown customer"


@dataclass(frozen=True, slots=True)
class Step:
    """What one step did; `mail`: what has become of the message that it made."""

    done: Done
    mail: Dossier | None

    def as_json(self) -> dict[str, Any]:
        done, mail = self.done, self.mail
        return {
            "step": done.step, "kind": done.kind, "outcome": done.outcome, "reason": done.reason, "at": done.at.isoformat(),
            "message": str(mail.ref) if mail else None, "mail": mail.state.value if mail else None, "mail_reason": mail.reason if mail else None,
        }


@dataclass(frozen=True, slots=True)
class Told:
    journey: Journey
    steps: tuple[Step, ...]

    def as_json(self) -> dict[str, Any]:
        one = self.journey
        return {
            "journey": one.id, "occurrence": one.occurrence, "edition": one.edition, "entry": one.entry, "state": one.state.value,
            "reason": one.reason, "entered_at": one.entered_at.isoformat(), "ended_at": _iso(one.ended_at), "next_step": one.step,
            "due_at": _iso(one.due_at), "waits_for": one.waits_for, "trigger": dict(one.trigger),
            "steps": [step.as_json() for step in self.steps],
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """`journeys`: the newest first. `explanation`: of the condition that lets customers in, where that may be the reason."""

    campaign: str
    email: str
    outcome: Outcome
    reason: str
    journeys: tuple[Told, ...] = ()
    explanation: Explanation | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "campaign": self.campaign, "email": self.email, "outcome": self.outcome.value, "reason": self.reason,
            "journeys": [one.as_json() for one in self.journeys], "conditions": self.explanation.as_json() if self.explanation else None,
        }


def why_journey(
    name: str, email: str, registers: Registers, audiences: Audiences, dossiers: Dossiers, sent: SentMails, now: datetime
) -> Answer:
    """Of an automation that was put live."""
    applied = next(each for each in registers.automations.applied() if each.campaign == name)
    live = registers.automations.editions([(name, applied.edition)])[name, applied.edition]
    customer_id = sent.customer(address_key(email))
    if customer_id is None:
        return Answer(name, email, Outcome.UNKNOWN, "nobody with this address is known")
    journeys = tuple(
        Told(journey, tuple(Step(done, _mail(done, dossiers)) for done in steps))
        for journey, steps in registers.records.of_customer(name, customer_id)
    )
    if not journeys:
        return _never(name, email, customer_id, applied, live, registers, audiences, now)
    under_way = [told.journey for told in journeys if told.journey.state is not JourneyState.ENDED]
    if under_way:
        return Answer(name, email, Outcome.ON_THE_WAY, _next(under_way, applied), journeys)
    return Answer(name, email, Outcome.ENDED, journeys[0].journey.reason or "finished", journeys)


def _mail(done: Done, dossiers: Dossiers) -> Dossier | None:
    return dossiers.of(MessageRef(done.launch_id, done.number)) if done.launch_id is not None and done.number is not None else None


def mail_in_words(mail: Dossier, words: Callable[[datetime], str]) -> str:
    """With when it left, or when it is asked again; `words`: a moment as the shop reads it."""
    told = f"{mail.state}: {mail.reason or IN_WORDS[mail.state]}"
    if mail.state is State.PENDING:
        return f"{told}, until {words(mail.due_at)}"
    return f"{told}, {words(mail.accepted_at)}" if mail.accepted_at else told


def _next(under_way: Sequence[Journey], applied: Applied) -> str:
    if applied.live_since is None:
        return f"the automation is disabled ({applied.reason}); nothing happens until it is enabled"
    journey = under_way[0]
    if journey.step is None:
        return "only the end is left"
    return f"waits for {journey.waits_for}" if journey.waits_for else f"{journey.step} is next"


def _never(
    name: str, email: str, customer_id: int, applied: Applied, live: LiveAutomation, registers: Registers, audiences: Audiences, now: datetime
) -> Answer:
    condition = entry_condition(live)
    told = None
    if condition is not None:
        workspace = Workspace(live.shop, live.segments, {})
        told = audiences.explained(customer_id, Question(replace(live.campaign, to=condition), workspace, now))
    known = registers.records.known_of(live, customer_id)
    reason = why_not(live, applied, known, may_enter=told is None or told.holds, now=now)
    return Answer(name, email, Outcome.NEVER_ENTERED, reason, explanation=told)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
