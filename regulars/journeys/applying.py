"""What applying a file would change: step by step, and for those who are on their way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from regulars.definition.automation import Automation, If, OnChange, OnStart, Split, Step
from regulars.definition.conditions import InSegment, SegmentScore
from regulars.definition.workspace import Campaign, Segment, Shop
from regulars.journeys.program import place_in, program_of
from regulars.journeys.wording import step_in_words, trigger_in_words

SURGE = 5          # times as many as on a usual day are held until somebody says yes to the number
FEW = 20           # so many are never held: nobody is flooded by them
USUAL_DAYS = 28    # days that a usual day is taken from


class Status(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    GONE = "gone"        # it is live, and no file has it any more


class Turn(StrEnum):
    """What becomes of a step."""

    ADDED = "new"
    REMOVED = "gone"
    CHANGED = "changed"
    KEPT = "unchanged"


@dataclass(frozen=True, slots=True)
class StepChange:
    """`was` and `becomes`: in words; empty where there is none."""

    key: str
    turn: Turn
    was: str
    becomes: str

    def as_json(self) -> dict[str, str | None]:
        return {"step": self.key, "change": self.turn.value, "was": self.was or None, "becomes": self.becomes or None}


def steps_compared(new: Campaign, old: Campaign | None, mails_changed: frozenset[str] = frozenset()) -> tuple[StepChange, ...]:
    """In the new file's order, what is gone at its end. `mails_changed`: keys of Sends whose frozen files differ."""
    after = {step.key: step for step in program_of(_automation(new))}
    before = {step.key: step for step in program_of(_automation(old))} if old else {}
    compared = [_compared(key, step, before.get(key), mails_changed) for key, step in after.items()]
    gone = [StepChange(key, Turn.REMOVED, step_in_words(step), "") for key, step in before.items() if key not in after]
    return *compared, *gone


def _compared(key: str, step: Step, before: Step | None, mails_changed: frozenset[str]) -> StepChange:
    words = step_in_words(step)
    if before is None:
        return StepChange(key, Turn.ADDED, "", words)
    same = _alone(step) == _alone(before) and key not in mails_changed
    return StepChange(key, Turn.KEPT if same else Turn.CHANGED, step_in_words(before), words)


def _alone(step: Step) -> Step:
    """Without the steps of its branches, which are compared themselves."""
    if isinstance(step, If):
        return replace(step, then=(), otherwise=())
    if isinstance(step, Split):
        return replace(step, parts=tuple((share, ()) for share, _ in step.parts), rest=())
    return step


def settings_compared(
    new: Campaign, old: Campaign, now: tuple[Shop, Mapping[str, Segment]], before: tuple[Shop, Mapping[str, Segment]]
) -> tuple[str, ...]:
    """What differs besides the steps, in words: "trigger: subscribed, was order.placed", "segment vip"."""
    return tuple(_settings(new, old, now, before))


def _settings(
    new: Campaign, old: Campaign, now: tuple[Shop, Mapping[str, Segment]], before: tuple[Shop, Mapping[str, Segment]]
) -> Iterator[str]:
    after, automation = _automation(new), _automation(old)
    if after.trigger != automation.trigger:
        yield f"trigger: {trigger_in_words(after.trigger)}, was {trigger_in_words(automation.trigger)}"
    for name in _differing(after, automation, leave_out=("trigger", "steps")):
        yield _setting(name, getattr(after, name), getattr(automation, name))
    for name in _differing(new, old, leave_out=("automation",)):
        yield _setting(name.rstrip("_"), getattr(new, name), getattr(old, name))
    (shop, segments), (old_shop, old_segments) = now, before
    for name in sorted(segments.keys() | old_segments.keys()):
        if segments.get(name) != old_segments.get(name):
            yield f"segment {name}"
    if shop != old_shop:
        yield "regulars.yaml: " + ", ".join(_differing(shop, old_shop))


def _differing(new: Any, old: Any, leave_out: tuple[str, ...] = ()) -> list[str]:
    return [
        each.name for each in fields(new)
        if each.compare and each.name not in leave_out and getattr(new, each.name) != getattr(old, each.name)
    ]


def _setting(name: str, value: Any, before: Any) -> str:
    return f"{name}: {value}, was {before}" if isinstance(value, str) and isinstance(before, str) else name


def segments_used(campaign: Campaign, segments: Mapping[str, Segment]) -> Mapping[str, Segment]:
    """Those that deciding about anybody may ask for, and those that these are made of."""
    automation = _automation(campaign)
    wanted = [*_named(automation), *([automation.trigger.segment] if automation.trigger.segment else [])]
    found: dict[str, Segment] = {}
    while wanted:
        name = wanted.pop()
        if name in segments and name not in found:
            found[name] = segments[name]
            wanted.extend(_named(segments[name].where))
    return MappingProxyType(dict(sorted(found.items())))


def _named(value: Any) -> Iterator[str]:
    """Every segment that is named anywhere in a value of `definition`."""
    match value:
        case InSegment(name) | SegmentScore(name):
            yield name
        case tuple():
            for item in value:
                yield from _named(item)
        case _ if is_dataclass(value):
            for each in fields(value):
                yield from _named(getattr(value, each.name))


def places(new: Automation, old: Automation) -> dict[str, str | None]:
    """For each step of an older edition, where those who stand there go on in the new one; None: they end."""
    program, before = program_of(new), program_of(old)
    return {key: place_in(program, key, before) for key in before.keys}


@dataclass(frozen=True, slots=True)
class Effect:
    """What applying does to those on their way: how many finish as they began, go on by the new file, end for want of a step, begin again."""

    finish: int = 0
    move: int = 0
    end: int = 0
    restart: int = 0

    def as_json(self) -> dict[str, int]:
        return {"finish_old": self.finish, "move": self.move, "end": self.end, "restart": self.restart}


def turn_of(new: Automation, older: Mapping[int, Automation]) -> OnChange:
    """What `on_change` comes to: nobody begins again for the sake of a word in regulars.yaml or in a template."""
    if new.on_change is OnChange.RESTART and all(old == new for old in older.values()):
        return OnChange.MOVE
    return new.on_change


def effect_on(new: Automation, older: Mapping[int, Automation], standing: Mapping[tuple[int, str], int]) -> Effect:
    """`standing`: (edition, step, "" for who is only to end) -> how many are there."""
    total = sum(standing.values())
    match turn_of(new, older):
        case OnChange.FINISH_OLD:
            return Effect(finish=total)
        case OnChange.RESTART:
            return Effect(restart=total)
        case OnChange.MOVE:
            moves = {edition: places(new, old) for edition, old in older.items()}
            ends = sum(count for (edition, step), count in standing.items() if step and moves.get(edition, {}).get(step) is None)
            return Effect(move=total - ends, end=ends)


def watches_anew(new: Automation, old: Automation | None) -> bool:
    """Does it look for other customers or moments than before?"""
    return old is None or new.trigger != old.trigger


def takes_everyone(new: Automation, old: Automation | None) -> bool:
    """Those who are in it now enter: asked for, and not done by an earlier edition."""
    return new.on_start is OnStart.EVERYONE and (watches_anew(new, old) or (old is not None and old.on_start is not OnStart.EVERYONE))


def most_at_once(usual: float) -> int:
    """So many may enter at once without a question. `usual`: a day."""
    return max(FEW, int(usual * SURGE))


def _automation(campaign: Campaign) -> Automation:
    assert campaign.automation is not None
    return campaign.automation
