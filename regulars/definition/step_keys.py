"""The names of an automation's steps: the author's, or made of what a step does, so that others may come and go around it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from regulars.definition import conditions as c
from regulars.definition.automation import (
    If,
    Notify,
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
from regulars.definition.mails import all_steps, branches_of
from regulars.definition.names import as_slug

LONGEST_KEY = 32
_ROOM_FOR_A_NUMBER = 6


def with_keys(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The same steps, each with a key that no other has. A wait is called after the mail that it is for."""
    given = {step.key for step in all_steps(steps) if step.key}
    return _Keys(given).steps(steps, "")


@dataclass(slots=True)
class _Keys:
    taken: set[str]
    counted: dict[str, int] = field(default_factory=dict)

    def steps(self, steps: Sequence[Step], afterwards: str) -> tuple[Step, ...]:
        """`afterwards`: the stem of the first mail behind all of them."""
        return tuple(self.step(step, ahead) for step, ahead in zip(steps, _mails_ahead(steps, afterwards), strict=True))

    def step(self, step: Step, ahead: str) -> Step:
        step = step if step.key else replace(step, key=self.fresh(_stem(step, ahead)))
        if isinstance(step, If):
            return replace(step, then=self.steps(step.then, ahead), otherwise=self.steps(step.otherwise, ahead))
        if isinstance(step, Split):
            parts = tuple((share, self.steps(steps, ahead)) for share, steps in step.parts)
            return replace(step, parts=parts, rest=self.steps(step.rest, ahead))
        return step

    def fresh(self, stem: str) -> str:
        key = stem[:LONGEST_KEY].rstrip("-")
        base = stem[:LONGEST_KEY - _ROOM_FOR_A_NUMBER].rstrip("-")
        number = self.counted.get(base, 2)
        while key in self.taken:
            key, number = f"{base}-{number}", number + 1
            self.counted[base] = number
        self.taken.add(key)
        return key


def _mails_ahead(steps: Sequence[Step], afterwards: str) -> list[str]:
    """Of each step: the stem of the first mail behind it."""
    ahead = []
    for step in reversed(steps):
        ahead.append(afterwards)
        afterwards = next(_mails_in(step), afterwards)
    return ahead[::-1]


def _mails_in(step: Step) -> Iterator[str]:
    if isinstance(step, Send):
        yield _of_template(step)
    for branch in branches_of(step):
        for inner in branch:
            yield from _mails_in(inner)


def _of_template(send: Send) -> str:
    return as_slug(send.template.removesuffix(".mjml")) or "mail"


def _stem(step: Step, ahead: str) -> str:
    match step:
        case Send():
            words: tuple[str, ...] = ("send", _of_template(step))
        case Wait():
            words = ("wait", ahead)
        case WaitFor(event=event):
            words = ("wait-for", event)
        case WaitQuiet():
            words = ("wait-quiet", ahead)
        case If(condition=condition):
            words = ("if", _asked(condition))
        case Split():
            words = ("split",)
        case SetAttributes(values=values):
            words = ("set", next(iter(values), ""))
        case Tag(add=add, remove=remove):
            words = ("tag", (*add, *remove)[0])
        case Webhook(url=url):
            words = ("webhook", url.partition("://")[2].partition("/")[0])
        case Notify():
            words = ("notify",)
        case StopMailing():
            words = ("stop-mailing",)
    return as_slug(" ".join(words))


def _asked(condition: Condition) -> str:
    """What the condition is about, by the first thing that it asks."""
    match condition:
        case c.All(parts) | c.Any_(parts):
            return _asked(parts[0]) if parts else ""
        case c.Not(part):
            return f"not {_asked(part)}"
        case c.Fact(name=name):
            return name.removeprefix("customer.")
        case c.Emails(reaction=reaction):
            return f"emails {reaction}"
        case c.InSegment(name=name):
            return name
        case c.SegmentScore(segment=segment):
            return f"score in {segment}"
        case c.Tagged():
            return "tag"
        case c.Orders():
            return "orders"
        case c.InTop():
            return "in top"
        case c.Subscribed(topic=topic):
            return topic or "subscribed"
        case c.Referred():
            return "referred"
        case c.HasReferred():
            return "has referred"
