"""Does the steps of a journey whose turn has come: as many as are due in one go, until the next wait or the end."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from regulars.audience.evaluation import holds
from regulars.audience.people import folded_value
from regulars.audience.zones import zone_of
from regulars.definition.automation import (
    If,
    Notify,
    Recheck,
    Send,
    SetAttributes,
    Split,
    Step,
    StopMailing,
    Tag,
    Wait,
    WaitFor,
    WaitQuiet,
    Webhook,
)
from regulars.definition.conditions import Condition
from regulars.definition.relays import domains_of
from regulars.definition.spans import plus
from regulars.definition.text import fold
from regulars.journeys.effects import (
    BEGUN,
    DONE,
    ELAPSED,
    HAPPENED,
    LEFT,
    SKIPPED,
    TOOK_ELSE,
    TOOK_THEN,
    Advance,
    Errand,
    MailDue,
    Sight,
    StepDone,
    Told,
)
from regulars.journeys.entering import entry_condition
from regulars.journeys.journey import Journey, JourneyState
from regulars.journeys.leaving import concerns
from regulars.journeys.live import LiveAutomation
from regulars.journeys.program import Program, program_of
from regulars.journeys.waits import over

FINISHED = "finished"
LATE = timedelta(hours=1)


def advance(live: LiveAutomation, journey: Journey, sight: Sight, now: datetime) -> Advance:
    """Waits are counted from when their step was due, however late the machine comes; after a mail that is late, from when it left.
    Branches not taken do nothing."""
    if live.live_since is None:
        return Advance(replace(journey, state=JourneyState.PAUSED))
    if sight.person.email is None:
        return _Walk(live, journey, sight, now).ended(journey.due_at or now, LEFT, "the customer is gone")
    return _Walk(live, journey, sight, now).go()


def share_of(campaign: str, split: str, customer_id: int) -> Decimal:
    """Where a customer stands in a split, from 0 to 100 per cent: for good, and in each split anew."""
    digest = hashlib.sha256(f"{campaign}\n{split}\n{customer_id}".encode()).digest()
    return Decimal(int.from_bytes(digest[:8])) * 100 / 2**64


class _Walk:
    """One journey's steps at one turn. `moment`: when the present step's turn was."""

    def __init__(self, live: LiveAutomation, journey: Journey, sight: Sight, now: datetime) -> None:
        self.live, self.journey, self.sight, self.now = live, journey, sight, now
        self.program: Program = program_of(live.automation)
        self.shop = ZoneInfo(live.shop.timezone)
        self.own = zone_of(sight.person.timezone, sight.person.country, live.shop.timezone)
        self.moment = journey.due_at or now
        self.view = sight.view
        self.done: list[StepDone] = []
        self.mails: list[MailDue] = []
        self.errands: list[Errand] = []
        self.attributes: dict[str, Any] = {}
        self.tags: dict[str, bool] = {}
        self.suppression: str | None = None

    def go(self) -> Advance:
        key = self._out_of_wait()
        while key is not None:
            step = self.program.step(key)
            if step is None:
                return self.ended(self.moment, LEFT, "its step is gone")
            parked = self._do(step)
            if isinstance(parked, Advance):
                return parked
            key = parked
        return self.ended(self.moment, FINISHED, None)

    def ended(self, at: datetime, outcome: str, why: str | None) -> Advance:
        if outcome == LEFT:
            self.done.append(StepDone(self.done[-1].step if self.done else self.journey.step or "", "leave", LEFT, at, why))
        reason = FINISHED if why is None else f"{outcome}: {why}"
        return self._advance(state=JourneyState.ENDED, reason=reason, step=None, due_at=None, waits_for=None, ended_at=self.now)

    def _advance(self, **changed: Any) -> Advance:
        journey = replace(self.journey, fence=self.journey.fence + 1, **changed)
        added, removed = (tuple(tag for tag, carried in self.tags.items() if carried is wanted) for wanted in (True, False))
        return Advance(
            journey, tuple(self.done), tuple(self.mails), self.attributes, added, removed, self.suppression, tuple(self.errands),
        )

    def _out_of_wait(self) -> str | None:
        """Who waited for an event until now has waited long enough; None: nothing is left but the end."""
        key = self.journey.step
        waited = self.program.step(key) if key and self.journey.waits_for else None
        if key is None or not isinstance(waited, WaitFor | WaitQuiet):
            return key
        self._note(waited, ELAPSED, f"no {waited.event}" if isinstance(waited, WaitFor) else f"quiet for {waited.quiet}")
        return self.program.after(key)

    def _do(self, step: Step) -> str | Advance | None:
        """The key of the step that comes next, or how the journey stands until its time."""
        after = self.program.after(step.key)
        match step:
            case Wait():
                return self._wait(step, after)
            case WaitFor():
                return self._wait_for(step, after)
            case WaitQuiet():
                return self._wait_quiet(step, after)
            case Send():
                return self._send(step, after)
            case If():
                taken = self._holds(step.condition)
                self._note(step, TOOK_THEN if taken else TOOK_ELSE)
                return self.program.into(step.then if taken else step.otherwise, step.key)
            case Split():
                return self._split(step)
            case SetAttributes():
                self._set(step)
            case Tag():
                self._tag(step)
            case Webhook():
                self._errand(step, "webhook", step.url)
            case Notify():
                self._errand(step, "notify", step.address)
            case StopMailing():
                self.suppression = step.reason
                self._note(step, DONE, step.reason)
                return self.ended(self.moment, FINISHED, None)
        return after

    def _note(self, step: Step, outcome: str, reason: str | None = None) -> None:
        self.done.append(StepDone(step.key, KINDS[type(step)], outcome, self.moment, reason))

    def _words(self, moment: datetime) -> str:
        """As the shop reads it."""
        return f"{moment.astimezone(self.shop):%Y-%m-%d %H:%M} ({self.shop.key})"

    # ---- waits ----

    def _wait(self, step: Wait, after: str | None) -> str | Advance | None:
        until = over(step, self.moment, self.shop, self.own)
        self._note(step, BEGUN, f"until {self._words(until)}")
        self.moment = until
        return after if until <= self.now else self._advance(step=after, due_at=until, waits_for=None)

    def _wait_for(self, step: WaitFor, after: str | None) -> str | Advance | None:
        """What happened between its turn and the machine's coming counts as well."""
        until = plus(self.moment, step.at_most, self.live.shop.timezone)
        since = [told.at for told in self._told(step.event) if self.moment < told.at <= min(until, self.now)]
        if since:
            self._note(step, HAPPENED, step.event)
            self.moment = since[0]
            return after
        if until > self.now:
            self._note(step, BEGUN, f"for {step.event}, until {self._words(until)}")
            return self._advance(step=step.key, due_at=until, waits_for=step.event)
        self._note(step, ELAPSED, f"no {step.event}")
        self.moment = until
        return after

    def _wait_quiet(self, step: WaitQuiet, after: str | None) -> str | Advance | None:
        last = max((told.at for told in self._told(step.event) if told.at <= self.now), default=None)
        quiet = plus(last, step.quiet, self.live.shop.timezone) if last else self.moment
        if quiet > self.now:
            self._note(step, BEGUN, f"for {step.quiet} without {step.event}")
            return self._advance(step=step.key, due_at=quiet, waits_for=step.event)
        self._note(step, ELAPSED, f"quiet for {step.quiet}")
        self.moment = max(self.moment, quiet)
        return after

    def _told(self, event: str) -> list[Told]:
        return [told for told in self.sight.told if told.kind == event and concerns(self.live, self.journey.subject, told.kind, told.subject)]

    # ---- mail ----

    def _send(self, step: Send, after: str | None) -> str | Advance | None:
        expires = plus(self.moment, self.live.automation.not_later_than, self.live.shop.timezone)
        asked = entry_condition(self.live) if self.live.automation.recheck is Recheck.EVERY_SEND else None
        if asked is not None and not self._holds(asked):
            self._note(step, SKIPPED, "the entry condition holds no longer")
            return self.ended(self.moment, LEFT, "the entry condition holds no longer")
        if step.key in self.sight.sent:
            self._note(step, SKIPPED, "sent before")
        elif self.sight.doubt and self.sight.doubt[0] < self.moment <= self.sight.doubt[1]:
            self._note(step, SKIPPED, f"perhaps sent before: it was due between a backup and its recovery on {self._words(self.sight.doubt[1])}")
        elif expires <= self.now:
            self._note(step, SKIPPED, f"too late: it was due on {self._words(self.moment)}, and not later than {self._words(expires)}")
        else:
            self._note(step, DONE)
            self.mails.append(self._mail(step, expires))
            if self.now - self.moment > LATE:
                self.moment = self.now  # a day between two mails is a day after the first has left: an outage must not send both at once
        return after

    def _mail(self, step: Send, expires: datetime) -> MailDue:
        person, relays = self.sight.person, self.live.shop.relays
        lane = next((lane for lane, domains in domains_of(relays).items() if person.domain in domains), "")
        return MailDue(step.key, self.live.mails[step.key], person.email or "", person.domain, lane, self.moment, expires)

    # ---- branches ----

    def _split(self, step: Split) -> str | None:
        share, upper = share_of(self.live.name, step.key, self.journey.customer_id), Decimal(0)
        for place, (percent, steps) in enumerate(step.parts, start=1):
            upper += percent
            if share < upper:
                self._note(step, f"part {place}", f"{percent.normalize():f}%")
                return self.program.into(steps, step.key)
        self._note(step, "rest")
        return self.program.into(step.rest, step.key)

    def _holds(self, condition: Condition) -> bool:
        return self.view is not None and holds(condition, self.view, self.sight.frame)

    # ---- what is changed; conditions further on see it ----

    def _set(self, step: SetAttributes) -> None:
        self.attributes |= step.values
        if self.view:
            folded = {name: folded_value(value) for name, value in step.values.items()}
            self.view = replace(self.view, attributes={**self.view.attributes, **folded})
        self._note(step, DONE)

    def _tag(self, step: Tag) -> None:
        for carried, tags in ((True, step.add), (False, step.remove)):
            self.tags |= dict.fromkeys(tags, carried)
        if self.view:
            kept = (self.view.tags | {fold(tag) for tag in step.add}) - {fold(tag) for tag in step.remove}
            self.view = replace(self.view, tags=frozenset(kept))
        self._note(step, DONE)

    def _errand(self, step: Webhook | Notify, kind: str, target: str) -> None:
        self.errands.append(Errand(step.key, kind, target, self._payload(step.key)))
        self._note(step, DONE)

    def _payload(self, step: str) -> Mapping[str, Any]:
        person, journey = self.sight.person, self.journey
        return {
            "automation": journey.campaign, "step": step, "journey": journey.id, "occurrence": journey.occurrence,
            "entered_at": journey.entered_at.isoformat(), "at": self.moment.isoformat(), "trigger": dict(journey.trigger),
            "customer": {
                "email": person.email, "first_name": person.first_name, "last_name": person.last_name, "locale": person.locale,
            },
        }


KINDS: Mapping[type, str] = {
    Wait: "wait", WaitFor: "wait", WaitQuiet: "wait", Send: "send", If: "if", Split: "split", SetAttributes: "set", Tag: "tag",
    Webhook: "webhook", Notify: "notify", StopMailing: "stop_mailing",
}
