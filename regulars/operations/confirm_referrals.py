"""Confirms referrals whose order can no longer come back, and writes off rewards that nobody used in time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from regulars.definition.programme import ReferralProgramme
from regulars.definition.workspace import Segment, Shop, Workspace
from regulars.journeys.happenings import Happening
from regulars.loyalty.confirming import Advocate, Case, Decision, after, decision, milestone_entries
from regulars.loyalty.referral_news import news_of, news_of_milestone
from regulars.loyalty.rewards import Entry
from regulars.operations.happen import happen
from regulars.operations.ports import Clock, ReferralBook, ReferralPage

BATCH = 200


def confirm_referrals(
    shop: Shop, segments: Callable[[], Mapping[str, Segment]], book: ReferralBook, clock: Clock, go_on: Callable[[], bool]
) -> int:
    """How many referrals were decided. `segments`: asked only when there is work, and advocates of some get more.

    Any number of these may run at once; who finds everything taken leaves it to the others.
    """
    decided = 0
    while go_on() and book.has_work(shop, now := clock.now()):
        workspace = Workspace(shop, segments() if shop.referral and shop.referral.by_segment else {}, {})
        with book.writing() as page:
            found = _confirm(workspace, shop.referral, page, now) if shop.referral else 0
            written_off = page.expire(now, BATCH)
        decided += found
        if not found and not written_off:
            break
    return decided


def _confirm(workspace: Workspace, programme: ReferralProgramme, page: ReferralPage, now: datetime) -> int:
    zone = workspace.shop.timezone
    cases = page.due(workspace.shop, now, BATCH)
    if not cases:
        return 0
    decisions, advocates = _decided(cases, page.advocates(cases, workspace, now), programme, zone)
    entries, news = _milestones(decisions, advocates, programme, zone)
    told = page.record(decisions, entries, [*(one for each in decisions for one in news_of(each)), *news], now)
    happen(told, page.journeys, now)
    return len(decisions)


def _decided(
    cases: Sequence[Case], known: Mapping[int, Advocate], programme: ReferralProgramme, zone: str
) -> tuple[list[Decision], Mapping[int, Advocate]]:
    """One after the other: each friend counts for the next one's cap. Also the advocates as they stand then."""
    advocates, decisions = dict(known), []
    for case in cases:
        decisions.append(decision(case, advocates[case.advocate_id], programme, zone))
        advocates[case.advocate_id] = after(advocates[case.advocate_id], decisions[-1])
    return decisions, advocates


def _milestones(
    decisions: Sequence[Decision], advocates: Mapping[int, Advocate], programme: ReferralProgramme, zone: str
) -> tuple[list[Entry], list[Happening]]:
    entries: list[Entry] = []
    news: list[Happening] = []
    latest = {each.case.advocate_id: each for each in decisions if each.friends}
    for id_, last in latest.items():
        for friends, entry in milestone_entries(advocates[id_], programme, last.at, zone):
            entries.append(entry)
            news.extend(news_of_milestone(friends, entry, live=last.case.is_live))
    return entries, news
