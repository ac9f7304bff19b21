"""What can be read in an automation and cannot be meant, each with the way out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from regulars.definition import nodes
from regulars.definition.automation import (
    WATCHED,
    If,
    OnePer,
    OnStart,
    Split,
    Step,
    StopMailing,
    Trigger,
    Wait,
    WaitFor,
    WaitQuiet,
)
from regulars.definition.conditions import Condition, InSegment, Not
from regulars.definition.impossible import is_impossible
from regulars.definition.mails import all_steps, branches_of, sends_of
from regulars.definition.notebook import Notebook
from regulars.definition.workspace import CampaignKind
from regulars.diagnostics import Location

Said = Mapping[str, Any]
_ALWAYS_MARKETING = ("segment.", "birthday", "replenishment.", "score.", "product.", "cart.", "wishlist.", "referral.")
WAITS = (Wait, WaitFor, WaitQuiet)


def heed_offers(node: nodes.Mapping, read: Said, notes: Notebook) -> None:
    """Of any campaign: what a transactional one may not have."""
    if read.get("kind") is not CampaignKind.TRANSACTIONAL:
        return
    for step in sends_of(read.get("steps", ())):
        if step.offer and step.at:
            notes.error(step.at, "D403", f'a transactional mail carries no offer, and this step carries "{step.offer}"',
                        "take the offer out, or write kind: marketing")
    for word, why in (("offer", "a transactional mail carries no offer"), ("over_limit", "contact limits do not count transactional mails")):
        if (said := node.get(word)) is not None:
            notes.error(said.at, "D403", why, f"take {word} out, or write kind: marketing")


def heed_sense(node: nodes.Mapping, read: Said, notes: Notebook) -> None:
    """Of an automation whose trigger and steps could be read."""
    trigger, steps = read["trigger"], read["steps"]
    _heed_kind(node, read, trigger, notes)
    _heed_entry(node, read, trigger, notes)
    _heed_leaving(node, read, trigger, notes)
    _heed_quiet(steps, trigger, notes)
    _heed_order(steps, notes)
    _heed_idleness(steps, notes)
    _heed_impossible(node, read, notes)
    _heed_conditions(steps, tuple(_known_at_entry(read, trigger)), notes)


def _heed_kind(node: nodes.Mapping, read: Said, trigger: Trigger, notes: Notebook) -> None:
    kind = node.get("kind")
    if kind and read.get("kind") is CampaignKind.TRANSACTIONAL and trigger.event.startswith(_ALWAYS_MARKETING):
        notes.warning(kind.at, "D403", f"nobody asked for a mail when {trigger.event} starts it, so it is hardly transactional",
                      "write kind: marketing, or let an order start it")


def _heed_entry(node: nodes.Mapping, read: Said, trigger: Trigger, notes: Notebook) -> None:
    if trigger.event in {"birthday", "replenishment.due", "schedule"} and node.get("again") is None and trigger.at:
        notes.warning(trigger.at, "D407", "each customer gets this once in their life, as nothing is said about again",
                      "write again: after 300 days, or less; or again: never if it is meant")
    one_per, on_start, again = (node.get(word) for word in ("one_per", "on_start", "again"))
    if one_per and read.get("one_per") is OnePer.ORDER and not trigger.event.startswith("order."):
        notes.error(one_per.at, "D406", f"no order starts this automation, but {trigger.event}", "write one_per: customer, or leave it out")
    if on_start and read.get("on_start") is OnStart.EVERYONE and trigger.event != "segment.entered":
        notes.error(on_start.at, "D406", f"only segments have people in them, and this starts by {trigger.event}",
                    "leave it out; to write to a segment now, make a campaign with to:")
    if again and read.get("again") and trigger.nth:
        notes.warning(again.at, "D406", f"a customer has order number {trigger.nth} only once", "leave it out")
    elif again and read.get("one_per") is OnePer.ORDER:
        notes.warning(again.at, "D406", "with one_per: order every order has a journey of its own, however soon it comes",
                      "leave it out; to let a customer enter only now and then write one_per: customer")


def _heed_leaving(node: nodes.Mapping, read: Said, trigger: Trigger, notes: Notebook) -> None:
    leave = node.get("leave_when")
    words = leave.items if isinstance(leave, nodes.Sequence) else ()
    own = next((word for word in words if isinstance(word, nodes.Scalar) and word.text == trigger.event), None)
    if own and not (trigger.nth or trigger.where or trigger.fields or read.get("again")) and read.get("one_per") is not OnePer.ORDER:
        notes.warning(own.at, "D404", f"the second {trigger.event} ends the journey of the first, and nobody starts again",
                    "leave it if that is meant; to begin anew each time write again: after 1 hour; to wait for the last one, wait: {until_quiet: 4 hours}")
    for step in all_steps(read["steps"]):
        if isinstance(step, (WaitFor, WaitQuiet)) and step.at and (step.event or trigger.event) in (read.get("leave_when") or ()):
            notes.error(step.at, "D404", f"this waits for {step.event or trigger.event}, by which customers leave",
                        "take the event out of leave_when, or wait for another")


def _heed_quiet(steps: Iterable[Step], trigger: Trigger, notes: Notebook) -> None:
    for step in all_steps(steps):
        if isinstance(step, WaitQuiet) and not step.event and trigger.event in WATCHED and step.at:
            notes.error(step.at, "D315", f"nobody tells {trigger.event}: say which event has to be quiet", "add of: cart.updated, or another event")


def _heed_order(steps: Sequence[Step], notes: Notebook) -> bool:
    """Note steps that nobody reaches. Whether everybody stops somewhere in these."""
    for number, step in enumerate(steps):
        branches = [_heed_order(branch, notes) for branch in branches_of(step)]
        if not (isinstance(step, StopMailing) or (branches and all(branches) and _takes_all(step))):
            continue
        for beyond in steps[number + 1:number + 2]:
            if beyond.at:
                notes.error(beyond.at, "D401", "nobody comes here: before it, everybody's mailing is stopped", "put it before stop_mailing, or take it out")
        return True
    return False


def _takes_all(step: Step) -> bool:
    return isinstance(step, If) or (isinstance(step, Split) and (bool(step.rest) or sum(share for share, _ in step.parts) >= 100))


def _heed_idleness(steps: Sequence[Step], notes: Notebook) -> None:
    if steps and isinstance(steps[-1], WAITS) and (at := steps[-1].at):
        only = all(isinstance(step, WAITS) for step in steps)
        notes.warning(at, "D406", "the automation only waits" if only else "nothing comes after this wait", "add a step behind it, or take it out")


def _heed_impossible(node: nodes.Mapping, read: Said, notes: Notebook) -> None:
    asked = [(said.at, read["when"]) for said in (node.get("when"),) if said is not None and "when" in read]
    asked += [(step.at, step.condition) for step in all_steps(read["steps"]) if isinstance(step, If) and step.at]
    for place, condition in asked:
        if is_impossible(condition):
            notes.error(place, "D405", "this is never true, as two of its comparisons exclude each other", "take one of the two out, or write any:")


def _known_at_entry(read: Said, trigger: Trigger) -> Iterator[tuple[Condition, bool]]:
    if "when" in read:
        yield read["when"], True
    if trigger.segment and trigger.event == "segment.entered":
        yield InSegment(trigger.segment), True


def _heed_conditions(steps: Sequence[Step], known: tuple[tuple[Condition, bool], ...], notes: Notebook) -> None:
    """`known`: what was asked right before the first of these steps, or at the entry, and how it was answered."""
    for step in steps:
        if isinstance(step, If):
            _heed_answered(step, known, notes)
            _heed_conditions(step.then, (*known, (step.condition, True)), notes)
            _heed_conditions(step.otherwise, (*known, (step.condition, False)), notes)
        else:
            for branch in branches_of(step):
                _heed_conditions(branch, known, notes)
        known = ()  # whatever a step does, it may change the answer


def _heed_answered(step: If, known: Iterable[tuple[Condition, bool]], notes: Notebook) -> None:
    place = step.at or Location("campaigns")
    for condition, answer in known:
        same, opposite = condition == step.condition, condition == Not(step.condition) or Not(condition) == step.condition
        if same or opposite:
            true = answer is same
            notes.error(place, "D405", f"this is always {'true' if true else 'false'} here, as is known already",
                        f"keep the steps of {'then' if true else 'else'} without the if, or wait in between")
            return
    if step.then == step.otherwise:
        notes.warning(place, "D405", "the same happens whether this is true or not", "write the steps once, without the if")
