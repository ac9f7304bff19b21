"""`regulars suppress add|remove|list|import`."""

from __future__ import annotations

import click

from regulars.audience.suppression import REASONS
from regulars.bootstrap import House
from regulars.doors.cli.console import say, write_json, write_table
from regulars.doors.cli.csv_source import file_options, open_source, tell
from regulars.doors.cli.options import as_json, in_house


@click.group(epilog="Example: regulars suppress add ada@shop.example")
def suppress() -> None:
    """Addresses never to write to. The list keeps keyed hashes and survives every import."""


@suppress.command(epilog="Example: regulars suppress add ada@shop.example --note 'asked on the phone'")
@click.argument("email")
@click.option("--reason", type=click.Choice(REASONS), default="manual", show_default=True, help="Why.")
@click.option("--note", help="For yourself.")
@in_house
def add(house: House, email: str, reason: str, note: str | None) -> None:
    """Never write to EMAIL again."""
    from regulars.operations.suppress import suppress as put

    is_new = put(house.suppressions, email, reason, note, house.clock.now())
    say(f"{email} will not be written to" if is_new else f"{email} is on the list already")


@suppress.command(epilog="Example: regulars suppress remove ada@shop.example")
@click.argument("email")
@in_house
def remove(house: House, email: str) -> None:
    """Take EMAIL off the list; consent is another matter and stays as it is."""
    from regulars.operations.suppress import unsuppress

    unsuppress(house.suppressions, email)
    say(f"{email} is off the list")


@suppress.command("list", epilog="Example: regulars suppress list --json")
@as_json
@in_house
def list_(house: House, as_json: bool) -> None:
    """The list, newest first, half hidden."""
    entries = house.suppressions.all()
    if as_json:
        write_json({"suppressions": [
            {"email": one.masked, "reason": one.reason, "source": one.source, "note": one.note, "added_at": one.added_at.isoformat()}
            for one in entries
        ]})
        return
    write_table(("address", "reason", "since", "from", "note"), (
        (one.masked, one.reason, f"{one.added_at:%Y-%m-%d %H:%M}", one.source, one.note or "") for one in entries))


@suppress.command("import", epilog="Example: regulars suppress import unsubscribed.csv --map email=Address")
@file_options
def import_(house: House, file: str, maps: tuple[str, ...], encoding: str | None, dry_run: bool, as_json: bool) -> None:
    """Addresses from a CSV file: email, and where known reason and note."""
    from regulars.audience.suppression import FIELDS, REQUIRED
    from regulars.operations.reading_files import Shape
    from regulars.operations.suppress import import_suppressions

    with open_source(house, file, encoding, maps, Shape(FIELDS, REQUIRED)) as source:
        result = import_suppressions(source, house.suppressions, dry_run=dry_run)
    tell(result, as_json=as_json, dry_run=dry_run)
