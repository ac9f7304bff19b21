"""Stores what arrived at the web door, with verdicts and everything that follows from them, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from regulars.content.tokens import MessageRef
from regulars.operations.ports import HitBook, HitPage
from regulars.tracking.bursts import LONGEST, Followed, bursts, followed, without_bursts
from regulars.tracking.hits import Hit
from regulars.tracking.reactions import reactions
from regulars.tracking.verdicts import judge


def record_hits(hits: Sequence[Hit], book: HitBook) -> None:
    """All of them are durable when this returns, and none when it raises."""
    with book.writing() as page:
        hasty = bursts(hits, _followed_before(hits, page))
        page.overturn(hasty)
        messages = page.messages({hit.ref for hit in hits if hit.ref is not None})
        judged = without_bursts(hits, [judge(hit, messages.get(hit.ref) if hit.ref else None) for hit in hits], hasty)
        page.record(hits, judged, reactions(hits, judged, messages))


def _followed_before(hits: Sequence[Hit], page: HitPage) -> Mapping[MessageRef, Sequence[Followed]]:
    links = [hit for hit in hits if followed(hit) is not None]
    if not links:
        return {}
    return page.followed_since({hit.ref for hit in links if hit.ref}, min(hit.at for hit in links) - LONGEST)
