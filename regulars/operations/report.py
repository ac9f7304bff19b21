"""What a campaign brought: sent, opened, clicked, bought, left."""

from __future__ import annotations

from datetime import datetime, timedelta

from regulars.definition.decay import seconds
from regulars.definition.quantities import Money
from regulars.definition.workspace import Shop
from regulars.diagnostics import did_you_mean
from regulars.errors import UsageError
from regulars.measurement.attribution import Sale, credited
from regulars.measurement.results import Results
from regulars.operations.ports import ResultsStore

CHART_HOURS = 48


def report(campaign: str, known: list[str], shop: Shop, store: ResultsStore, now: datetime) -> Results:
    """Everything the launches of `campaign` brought so far; raises UsageError when it was never launched."""
    launches = store.launches(campaign)
    if not launches:
        raise _never_launched(campaign, known)
    ids = [launch for launch, _ in launches]
    first_at = launches[0][1]
    states = store.states(ids)
    clicks, machine_clicks = store.clicks(ids)
    sales = _credited_sales(ids, first_at, shop, store, now)
    return Results(
        campaign=campaign, launches=len(ids), first_at=first_at, sent=states.get("accepted", 0), states=states,
        opens=store.opens(ids), clicks=clicks, machine_clicks=machine_clicks, links=store.links(ids),
        unsubscribes=store.unsubscribes(ids), orders=len(sales),
        revenue=Money(sum(sale.units for sale in sales), shop.compare_in),
        attribution=f"within {shop.attribution.within} of the last {shop.attribution.of}",
        clicks_by_hour=store.clicks_by_hour(ids, first_at, CHART_HOURS),
    )


def _credited_sales(ids: list[int], since: datetime, shop: Shop, store: ResultsStore, now: datetime) -> list[Sale]:
    of = shop.attribution.of
    within = timedelta(seconds=seconds(shop.attribution.within))
    pairs = credited(store.sales(ids, of, since, now), store.touches(ids, of), within)
    return [sale for sale, launch in pairs if launch in ids]


def _never_launched(campaign: str, known: list[str]) -> UsageError:
    if campaign in known:
        return UsageError(f'"{campaign}" was never launched, so there is nothing to report', hint=f"regulars plan {campaign}")
    return UsageError(f'there is no campaign "{campaign}"', hint=did_you_mean(campaign, known))
