"""`regulars scores`: of one customer, and all anew."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import click

from regulars.bootstrap import House
from regulars.doors.cli.charts import bar
from regulars.doors.cli.console import say, write, write_json, write_table
from regulars.doors.cli.options import as_json, in_house
from regulars.doors.cli.sending import local
from regulars.operations.scores import Score


@click.group()
def scores() -> None:
    """Customers' scores and what they are made of."""


@scores.command(epilog="Example: regulars scores show ayse@kahve.example")
@click.argument("email")
@as_json
@in_house
def show(house: House, email: str, as_json: bool) -> None:
    """Each score of the customer EMAIL, with the events that make it, and their fifths of all who ordered."""
    from regulars.operations.customers import show_customer
    from regulars.operations.scores import show_scores

    customer_id, now = show_customer(house.cards, email, house.shop).customer_id, house.clock.now()
    found = show_scores(customer_id, house.shop.scoring, house.scores, now)
    fifths = house.fifths.of(customer_id, now)
    if as_json:
        write_json({"email": email, "scores": [score.as_json() for score in found], "rfm": dict(fifths)})
        return
    for score in found:
        _show(house, score)
    if all(fifths.values()):
        write("rfm: " + ", ".join(f"{measure} {fifth}" for measure, fifth in fifths.items()) + " (fifths of all who ordered; 5 is best)")


@scores.command(epilog="Example: regulars scores recompute")
@in_house
def recompute(house: House) -> None:
    """Replay every event under the weights that regulars.yaml has now."""
    from regulars.operations.scores import recompute_scores

    scored = recompute_scores(house.shop.scoring, house.scores, house.clock.now())
    say(f"{scored:,} customers have a score; it was computed again from all their events")


def _show(house: House, score: Score) -> None:
    zone = ZoneInfo(house.shop.timezone)
    write(f"{score.name}: {score.value:.2f} at {local(house, score.as_of)}")
    if not score.parts:
        write("  nothing has happened that counts\n")
        return
    top = max(abs(part.value) for part in score.parts)
    write_table(
        ["when", "what", "about", "weight", "now", ""],
        [
            (f"{part.event.at.astimezone(zone):%Y-%m-%d %H:%M}", part.event.kind, part.event.about, f"{part.weight:g}", f"{part.value:.2f}",
             bar(abs(part.value), top, 20))
            for part in score.parts
        ],
        numbers=["weight", "now"],
    )
    write("")
