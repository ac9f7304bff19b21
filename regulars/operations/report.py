"""What a campaign brought: sent, opened, clicked, bought, left."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from regulars.content.offers import offer_of
from regulars.definition.decay import seconds
from regulars.definition.mails import mails_of
from regulars.definition.quantities import Money
from regulars.definition.workspace import Campaign, Shop
from regulars.diagnostics import did_you_mean
from regulars.errors import UsageError
from regulars.measurement.attribution import Sale, credited
from regulars.measurement.results import CodesUsed, Results
from regulars.operations.ports import ResultsStore

CHART_HOURS = 48


def report(campaign: str, known: Mapping[str, Campaign], shop: Shop, store: ResultsStore, now: datetime) -> Results:
    """Everything the launches of `campaign` brought so far; raises UsageError when it was never launched."""
    launches = store.launches(campaign)
    if not launches:
        raise _never_launched(campaign, list(known))
    return _results(campaign, known.get(campaign), [launch for launch, _ in launches], launches[0][1], shop, store, now)


def by_step(campaign: str, known: Mapping[str, Campaign], shop: Shop, store: ResultsStore, now: datetime) -> Mapping[str, Results]:
    """Of an automation what each of its mails brought, over all editions; nothing for a campaign that is sent once."""
    since = min((at for _, at in store.launches(campaign)), default=now)
    file = known.get(campaign)
    mails = {mail.step: mail for mail in mails_of(file)} if file else {}
    return {step: _results(campaign, mails.get(step), list(ids), since, shop, store, now) for step, ids in store.steps(campaign).items()}


def _results(
    campaign: str, file: Campaign | None, ids: list[int], first_at: datetime, shop: Shop, store: ResultsStore, now: datetime
) -> Results:
    states = store.states(ids)
    clicks, machine_clicks = store.clicks(ids)
    sales = _credited_sales(ids, first_at, shop, store, now)
    return Results(
        campaign=campaign, launches=len(ids), first_at=first_at, sent=states.get("accepted", 0), states=states,
        opens=store.opens(ids), clicks=clicks, machine_clicks=machine_clicks, links=store.links(ids),
        unsubscribes=store.unsubscribes(ids), orders=len(sales),
        revenue=Money(sum(sale.units for sale in sales), shop.compare_in),
        attribution=f"within {shop.attribution.within} of the last {shop.attribution.of}",
        clicks_by_hour=store.clicks_by_hour(ids, first_at, CHART_HOURS), codes=_codes(ids, file, shop, store),
    )


def _codes(ids: list[int], campaign: Campaign | None, shop: Shop, store: ResultsStore) -> CodesUsed | None:
    """Unique codes are found by the ledger, also when the file has lost its offer since."""
    offer = offer_of(campaign, shop) if campaign else None
    used = store.codes(ids, offer.code if offer else None, shop.compare_in)
    return used if offer or used.bound else None


def _credited_sales(ids: list[int], since: datetime, shop: Shop, store: ResultsStore, now: datetime) -> list[Sale]:
    of = shop.attribution.of
    within = timedelta(seconds=seconds(shop.attribution.within))
    pairs = credited(store.sales(ids, of, since, now), store.touches(ids, of), within)
    return [sale for sale, launch in pairs if launch in ids]


def _never_launched(campaign: str, known: list[str]) -> UsageError:
    if campaign in known:
        return UsageError(f'"{campaign}" was never launched, so there is nothing to report', hint=f"regulars plan {campaign}")
    return UsageError(f'there is no campaign "{campaign}"', hint=did_you_mean(campaign, known))
