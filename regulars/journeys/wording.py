"""Triggers and steps in the marketer's own words, on one line each."""

from __future__ import annotations

from collections.abc import Iterator

from regulars.audience.wording import condition_in_words
from regulars.definition.automation import (
    Days,
    If,
    Notify,
    Schedule,
    Send,
    SetAttributes,
    Split,
    Step,
    StopMailing,
    Tag,
    Trigger,
    Wait,
    WaitFor,
    WaitQuiet,
    Webhook,
)

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def step_in_words(step: Step) -> str:
    """As it could stand in the file; of branches only what decides."""
    match step:
        case Wait():
            return "wait " + ", ".join(_wait(step))
        case WaitFor():
            return f"wait for {step.event}, at most {step.at_most}"
        case WaitQuiet():
            return f"wait until {step.event} is quiet for {step.quiet}"
        case Send():
            return f"send {step.template}" + (f" with {step.offer}" if step.offer else "")
        case If():
            return f"if {condition_in_words(step.condition)}"
        case Split():
            return "split " + " / ".join([*(f"{share.normalize():f}%" for share, _ in step.parts), "rest"])
        case SetAttributes():
            return "set " + ", ".join(f"{name}: {value}" for name, value in step.values.items())
        case Tag():
            return "tag " + ", ".join([*(f"+{tag}" for tag in step.add), *(f"-{tag}" for tag in step.remove)])
        case Webhook():
            return f"webhook {step.url}"
        case Notify():
            return f"notify {step.address}"
        case StopMailing():
            return f"stop mailing: {step.reason}"


def trigger_in_words(trigger: Trigger) -> str:
    """"order.placed, number 1", "birthday, 3 days before", "every Monday 10:00"."""
    if trigger.schedule is not None:
        return schedule_in_words(trigger.schedule)
    return ", ".join(_trigger(trigger))


def schedule_in_words(schedule: Schedule) -> str:
    clock = f"{schedule.at:%H:%M}" + (" local" if schedule.local else "")
    if schedule.occasion:
        return f"{schedule.before} before {schedule.occasion} {clock}" if schedule.before else f"on {schedule.occasion} {clock}"
    if schedule.day_of_month:
        return f"every month on {schedule.day_of_month} at {clock}"
    days = " and ".join(WEEKDAYS[day] for day in schedule.weekdays) or "day"
    return f"every {days} {clock}"


def _wait(step: Wait) -> Iterator[str]:
    if step.duration is not None:
        yield str(step.duration)
    if step.until is not None:
        yield f"until {step.until:%H:%M}" + (" local" if step.local else "")
    if step.days is not Days.ANY:
        yield f"on {step.days}"


def _trigger(trigger: Trigger) -> Iterator[str]:
    yield f"{trigger.event} {trigger.segment}" if trigger.segment else trigger.event
    if trigger.nth is not None:
        yield f"number {trigger.nth}"
    if trigger.before is not None:
        yield f"{trigger.before} before"
    if trigger.at_least is not None:
        yield f"at least {trigger.at_least.normalize():f}"
    for field, _ in trigger.where:
        yield f"by {field}"
    for name, _ in trigger.fields:
        yield f"by {name}"
