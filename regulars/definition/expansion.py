"""A condition with the segments that it names written out, so that it can be read where there are no files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from regulars.definition.conditions import All, Any_, Condition, InSegment, Not
from regulars.definition.workspace import Segment, Shop


def expanded(condition: Condition, segments: Mapping[str, Segment]) -> Condition:
    match condition:
        case InSegment(name):
            return expanded(segments[name].where, segments)
        case All(parts):
            return All(tuple(expanded(part, segments) for part in parts))
        case Any_(parts):
            return Any_(tuple(expanded(part, segments) for part in parts))
        case Not(part):
            return Not(expanded(part, segments))
        case _:
            return condition


def with_segments(shop: Shop, segments: Mapping[str, Segment]) -> Shop:
    """The shop, with what it takes to know which advocates get more."""
    if shop.referral is None or not shop.referral.by_segment:
        return shop
    known = {name: expanded(segments[name].where, segments) for name in shop.referral.by_segment if name in segments}
    return replace(shop, referral=replace(shop.referral, segments=known))
