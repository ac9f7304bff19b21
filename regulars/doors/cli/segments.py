"""`regulars segments`: their sizes, and who is in one."""

from __future__ import annotations

import click

from regulars.audience.members import Member, Membership
from regulars.bootstrap import House
from regulars.doors.cli.charts import sparkline
from regulars.doors.cli.console import say, write, write_json, write_table
from regulars.doors.cli.options import as_json, in_house
from regulars.operations.segments import SegmentLine


@click.group()
def segments() -> None:
    """Who is in a segment, now or on a day."""


@segments.command("list", epilog="Example: regulars segments list")
@as_json
@in_house
def list_(house: House, as_json: bool) -> None:
    """Every segment with its size now, and how its recipients react."""
    from regulars.operations.segments import list_segments

    now = house.clock.now()
    lines = list_segments(house.workspace, house.segments, house.scores, now)
    if as_json:
        write_json({"as_of": now.isoformat(), "segments": [line.as_json() for line in lines]})
        return
    write_table(
        ["segment", "customers", "react", "", "lately", "description"],
        [(line.segment.name, f"{line.count:,}", *_reaction(line), line.segment.description) for line in lines],
        numbers=["customers", "react"],
    )


@segments.command(epilog="Example: regulars segments show slipping-away --sample 5 --at 2026-10-01")
@click.argument("name")
@click.option("--sample", type=click.IntRange(0, 10_000), default=5, show_default=True, metavar="N", help="Show so many of them.")
@click.option("--at", metavar="DATE", help="As it was on a day, from what had happened by its midnight in the shop's zone.")
@as_json
@in_house
def show(house: House, name: str, sample: int, at: str | None, as_json: bool) -> None:
    """How many customers are in the segment NAME, and some of them."""
    from regulars.operations.segments import show_segment

    found = show_segment(name, house.workspace, house.segments, house.clock.now(), sample=sample, at=at)
    if as_json:
        write_json(found.as_json())
    else:
        _show(found, house.workspace.shop.timezone)


def _show(found: Membership, zone: str) -> None:
    from zoneinfo import ZoneInfo

    people = "1 customer" if found.count == 1 else f"{found.count:,} customers"
    write(f"{found.segment}: {people} on {found.as_of.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})")
    if found.recomputed:
        say("orders, reactions and scores are as they were then; attributes and consent have no history and are as they are now")
    if found.sample:
        write("")
        write_table(
            ["customer", "country", "orders", "spent", "last order", "engagement"], [_row(member) for member in found.sample],
            numbers=["orders", "spent", "engagement"],
        )
    if 0 < len(found.sample) < found.count:
        say(f"{found.count - len(found.sample):,} more; --sample N shows N of them")


def _row(member: Member) -> tuple[str, ...]:
    last = f"{member.last_order_at:%Y-%m-%d}" if member.last_order_at else "never"
    return (
        member.email or "", member.country or "", f"{member.orders_count:,}", str(member.orders_spent.rounded), last,
        f"{member.engagement:.1f}",
    )


def _reaction(line: SegmentLine) -> tuple[str, str, str]:
    if line.response is None:
        return "", "", "never written to"
    return f"{line.response.rate:.1%}", sparkline(line.response.waves), line.response.trend
