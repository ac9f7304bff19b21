"""Why a customer got a campaign, or did not: the answer with everything it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from regulars.audience.addresses import read_address
from regulars.audience.eligibility import IN_WORDS, Question
from regulars.audience.explanation import Explanation
from regulars.delivery.launches import Launch
from regulars.delivery.life import State
from regulars.delivery.schedule import timetable
from regulars.errors import UsageError
from regulars.operations.ports import Audiences, Launches, Messages, SentMails


class Outcome(StrEnum):
    RECEIVED = "received"                  # the relay took it
    PERHAPS = "perhaps received"           # the line broke at the last moment
    WILL_GET_IT = "will get it"            # it waits for its turn
    NOT_SENT = "not sent"                  # it had a message, and that ended otherwise
    LEFT_OUT = "left out"                  # selected, and then kept from it
    NOT_SELECTED = "not selected"          # the campaign's `to` does not choose them
    NOT_LAUNCHED = "not launched"          # a launch now would write to them; there has been none
    UNKNOWN = "unknown customer"


OF_STATE: Mapping[State, Outcome] = MappingProxyType({
    State.PENDING: Outcome.WILL_GET_IT, State.CLAIMED: Outcome.WILL_GET_IT,
    State.HANDOFF: Outcome.PERHAPS, State.UNCERTAIN: Outcome.PERHAPS, State.HELD: Outcome.PERHAPS,
    State.ACCEPTED: Outcome.RECEIVED,
    State.REJECTED: Outcome.NOT_SENT, State.SKIPPED: Outcome.NOT_SENT, State.CANCELLED: Outcome.NOT_SENT,
    State.EXPIRED: Outcome.NOT_SENT,
})


@dataclass(frozen=True, slots=True)
class Answer:
    """`at`: when it was accepted, ended or is due. `explanation`: of the campaign's `to`, where that is the reason."""

    campaign: str
    email: str
    outcome: Outcome
    reason: str
    launch: int | None = None
    message: int | None = None
    at: datetime | None = None
    explanation: Explanation | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "campaign": self.campaign, "email": self.email, "outcome": self.outcome.value, "reason": self.reason,
            "launch": self.launch, "message": self.message, "at": self.at.isoformat() if self.at else None,
            "conditions": self.explanation.as_json() if self.explanation else None,
        }


def why(
    question: Question, email: str, audiences: Audiences, launches: Launches, messages: Messages, sent: SentMails
) -> Answer:
    """By the newest launch that has something to say about them; without one, by what a launch would do now."""
    answer = Answer(question.campaign.name, email, Outcome.UNKNOWN, "nobody with this address is known")
    customer_id = sent.customer(address_key(email))
    if customer_id is None:
        return answer
    made = launches.of_campaign(question.campaign.name)
    for decide in (_by_message, _by_audience):
        for launch in made:
            if found := decide(launch, customer_id, answer, audiences, messages):
                return found
    return _now(customer_id, question, answer, audiences, launched=bool(made))


def _by_message(launch: Launch, customer_id: int, answer: Answer, _: Audiences, messages: Messages) -> Answer | None:
    row = messages.of_customer(launch.id, customer_id)
    if row is None:
        return None
    state = State(row["state"])
    at = row["accepted_at"] or row["ended_at"] or row["next_attempt_at"]
    found = replace(answer, outcome=OF_STATE[state], launch=launch.id, message=row["number"], at=at)
    return replace(found, reason=_with_the_words(row, state) if row["reason"] else _of_state(state, launch))


def _with_the_words(row: Mapping[str, Any], state: State) -> str:
    reason = str(row["reason"])
    return f"{reason}; the relay said: {row['reply']}" if row["reply"] and state in {State.REJECTED, State.PENDING} else reason


def _of_state(state: State, launch: Launch) -> str:
    return {
        State.ACCEPTED: "the relay took the mail",
        State.PENDING: f"its turn has not come; launch {launch.id} is {launch.state}",
        State.CLAIMED: "it is being composed",
    }.get(state, "the line broke after the last byte; nobody knows whether it arrived")


def _by_audience(launch: Launch, customer_id: int, answer: Answer, audiences: Audiences, _: Messages) -> Answer | None:
    selected, reason = audiences.decided(launch.id, customer_id)
    if not selected or reason is None:
        return None
    return replace(answer, outcome=Outcome.LEFT_OUT, reason=f"{reason}: {IN_WORDS[reason]}", launch=launch.id, at=launch.created_at)


def _now(customer_id: int, question: Question, answer: Answer, audiences: Audiences, *, launched: bool) -> Answer:
    times = timetable(question.campaign, question.workspace.shop.timezone, audiences.zones(), question.as_of)
    selected, reason = audiences.reason_for(customer_id, question, times)
    told = audiences.explained(customer_id, question)
    if not selected:
        when = "now" if launched else "now, and nothing has been launched"
        return replace(answer, outcome=Outcome.NOT_SELECTED, reason=f"the campaign's `to` does not choose them {when}", explanation=told)
    if reason is not None:
        return replace(answer, outcome=Outcome.LEFT_OUT, reason=f"{reason}: {IN_WORDS[reason]}")
    if launched:
        late = "the campaign's `to` chooses them now and did not when it was launched"
        return replace(answer, outcome=Outcome.NOT_SELECTED, reason=late, explanation=told)
    return replace(answer, outcome=Outcome.NOT_LAUNCHED, reason="a launch now would write to them", explanation=told)


def address_key(email: str) -> str:
    """As customers are found by; raises UsageError."""
    try:
        return read_address(email).key
    except ValueError as error:
        raise UsageError(f"{email} is not an address: {error}") from error
