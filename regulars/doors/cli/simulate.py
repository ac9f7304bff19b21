"""`regulars simulate`."""

from __future__ import annotations

from pathlib import Path

import click

from regulars.bootstrap import House
from regulars.doors.cli.charts import bar, sparkline
from regulars.doors.cli.console import progress, say, write, write_json, write_table
from regulars.doors.cli.options import as_json, in_house
from regulars.errors import UsageError
from regulars.measurement.simulated import REACTIONS, Simulated

CHARTS = (".svg", ".html")
LIMITS = {
    "caps": "contact limits", "quiet_hours": "quiet hours", "closed_days": "closed days", "collisions": "a better class", "on_hold": "on hold",
}


@click.command(epilog="Example: regulars simulate --from 2025-11-01 --to 2026-10-31 --output year.html")
@click.argument("automations", nargs=-1, metavar="[AUTOMATION]...")
@click.option("--from", "first", required=True, metavar="DATE", help="The first day.")
@click.option("--to", "last", required=True, metavar="DATE", help="The last day, which is in it.")
@click.option("--customers", type=click.IntRange(1), metavar="N", help="Only N of them, drawn evenly.")
@click.option("--output", type=click.Path(dir_okay=False), metavar="FILE", help="A chart as .svg or .html, which stands alone.")
@as_json
@in_house
def simulate(house: House, automations: tuple[str, ...], first: str, last: str, customers: int | None, output: str | None, as_json: bool) -> None:
    """What the automations AUTOMATION, or all of the workspace, would have done with the orders and events that are recorded.

    As if their files had been put live on the first day: the steps, waits, conditions and contact limits decide as they do when mail
    is sent. Nothing is written and nothing is sent. Nobody reacts to a mail that was only simulated.
    """
    from regulars.operations.simulate import programme
    from regulars.operations.simulate import simulate as run

    if output and Path(output).suffix not in CHARTS:
        raise UsageError(f"{output} is neither .svg nor .html", hint="name the file chart.svg or chart.html")
    plan = programme(automations, house.workspace, first, last)
    with progress("customers") as bar_:
        found = run(plan, house.lives, house.stage, bar_, customers)
    if output:
        from regulars.doors.cli.simulated_page import page_of, picture_of

        Path(output).write_text(page_of(found) if output.endswith(".html") else picture_of(found), encoding="utf-8")
        say(f"the chart is in {output}")
    if as_json:
        write_json(found.as_json())
    else:
        _show(house, found)


def _show(house: House, found: Simulated) -> None:
    write(f"{found.customers:,} customers from {found.first} to {found.last}: {found.mails:,} mails\n")
    shares = found.automations.items()
    write_table(
        ["automation", "entered", "mails", "not sent", "under way", "by week"],
        [
            (name, f"{share.entries:,}", f"{share.mails:,}", f"{share.skipped.total():,}", f"{share.under_way:,}", sparkline(share.weeks))
            for name, share in shares if name not in found.silent
        ],
        numbers=["entered", "mails", "not sent", "under way"],
    )
    for title, rows in (
        ("not sent", [(name, reason, f"{count:,}") for name, share in shares for reason, count in share.skipped.most_common()]),
        ("ended", [(name, reason, f"{count:,}") for name, share in shares for reason, count in share.ended.most_common()]),
    ):
        if rows:
            write("")
            write_table(["automation", title, ""], rows, numbers=[""])
    _show_weeks(found)
    _show_limits(found)
    _show_codes(house, found)
    for name, reason in found.silent.items():
        write(f"\n{name} is not simulated: {reason}")
    say(f"\n{REACTIONS}")


def _show_weeks(found: Simulated) -> None:
    times = sum(found.per_week.values())
    rows = [(f"{count:,}", f"{often:,}", f"{often / times:.2%}", bar(often, times)) for count, often in sorted(found.per_week.items()) if often]
    write("")
    write_table(["mails a week", "customers' weeks", "", ""], rows, numbers=["mails a week", "customers' weeks", ""])
    write(f"\na customer gets {found.mean:.2f} mails a week, in 95% of the weeks {found.up_to(0.95):,} or fewer, never more than {found.most:,}")


def _show_limits(found: Simulated) -> None:
    rows = [(LIMITS[kind], f"{counts['put_off']:,}", f"{counts['dropped']:,}") for kind, counts in found.hits.items() if any(counts.values())]
    if rows:
        write("")
        write_table(["held back by", "put off", "dropped"], rows, numbers=["put off", "dropped"])


def _show_codes(house: House, found: Simulated) -> None:
    if found.codes:
        stocks = house.coupons.stocks()
        rows = [(offer, f"{count:,}", f"{stocks[offer].free:,}" if offer in stocks else "") for offer, count in found.codes.items()]
        write("")
        write_table(["offer", "codes", "free now"], rows, numbers=["codes", "free now"])
