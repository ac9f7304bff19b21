"""`regulars report`."""

from __future__ import annotations

from collections.abc import Mapping

import click

from regulars.bootstrap import House
from regulars.doors.cli.charts import bar, sparkline
from regulars.doors.cli.console import write, write_json, write_table
from regulars.doors.cli.options import as_json, in_house
from regulars.doors.cli.sending import local
from regulars.measurement.results import CodesUsed, Results


@click.command(epilog="Example: regulars report win-back")
@click.argument("campaign")
@as_json
@in_house
def report(house: House, campaign: str, as_json: bool) -> None:
    """What CAMPAIGN brought: sent, opened, clicked, bought, left."""
    from regulars.operations.report import by_step
    from regulars.operations.report import report as compute

    workspace = house.workspace
    results = compute(campaign, workspace.campaigns, workspace.shop, house.results, house.clock.now())
    steps = by_step(campaign, workspace.campaigns, workspace.shop, house.results, house.clock.now())
    if as_json:
        write_json(results.as_json() | {"steps": [{"step": step} | found.as_json() for step, found in steps.items()]})
    else:
        _show(house, results)
        _show_steps(steps)


def _show_steps(steps: Mapping[str, Results]) -> None:
    """Of an automation: what each of its mails brought."""
    if not steps:
        return
    most = max(found.sent for found in steps.values())
    rows = [
        (step, f"{found.sent:,}", bar(found.sent, most, 16), f"{found.share(found.clicks):.1%}", f"{found.orders:,}",
         f"{found.unsubscribes:,}", str(found.revenue.rounded))
        for step, found in steps.items()
    ]
    numbers = ["sent", "clicked", "bought", "unsubscribed", "revenue"]
    write("")
    write_table(["step", "sent", "", "clicked", "bought", "unsubscribed", "revenue"], rows, numbers=numbers)


def _show(house: House, results: Results) -> None:
    launches = "1 launch" if results.launches == 1 else f"{results.launches} launches"
    write(f"{results.campaign}: {launches}, first on {local(house, results.first_at)}\n")
    steps = [
        ("sent", results.sent), ("opened", results.opens.human), ("maybe opened", results.opens.unknown),
        ("clicked", results.clicks), ("bought", results.orders), ("unsubscribed", results.unsubscribes),
    ]
    write_table(
        ["", "mails", "", ""],
        [(name, f"{count:,}", f"{results.share(count):.1%}", bar(count, results.sent)) for name, count in steps],
        numbers=["mails"],
    )
    write(f"\nmachines only: {results.opens.machine:,} opens, {results.machine_clicks:,} clicks; they count for nothing above")
    write(f"revenue: {results.revenue.rounded} from {_orders(results.orders)} {results.attribution}")
    if codes := results.codes:
        write(_of_codes(codes))
    if others := {state: count for state, count in results.states.items() if state != "accepted"}:
        write("not sent: " + ", ".join(f"{count:,} {state}" for state, count in others.items()))
    if results.links:
        write("\nclicked links")
        top = max(results.links.values())
        write_table(["link", "mails", ""], [(name, count, bar(count, top, 20)) for name, count in results.links.items()], numbers=["mails"])
    if any(results.clicks_by_hour):
        write(f"\nclicks by hour, the first {len(results.clicks_by_hour)} hours\n{sparkline(results.clicks_by_hour)}")


def _of_codes(codes: CodesUsed) -> str:
    """An order with a code of a mail needs no click to be counted here."""
    bound = "" if codes.bound is None else f"{codes.bound:,} in mails, "
    others = f" ({codes.by_others:,} by somebody else)" if codes.by_others else ""
    return f"codes: {bound}{codes.redeemed:,} used{others}; {codes.revenue.rounded} from {_orders(codes.orders)}, {codes.discount.rounded} discount"


def _orders(number: int) -> str:
    return "1 order" if number == 1 else f"{number:,} orders"
