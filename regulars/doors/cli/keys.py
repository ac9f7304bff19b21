"""`regulars keys create|list|rotate|revoke`."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import click

from regulars.bootstrap import House
from regulars.doors.cli.console import say, write, write_json, write_table
from regulars.doors.cli.options import as_json, in_house
from regulars.operations.keys import SCOPES


@click.group(epilog="Example: regulars keys create till --scope orders:write --scope customers:write")
def keys() -> None:
    """Keys by which the shop's own programs tell things at /api/v1. They are shown once, and kept as hashes."""


@keys.command(epilog="Example: regulars keys create till --scope orders:write --days 365")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice(SCOPES), help="What it may tell. Repeatable.")
@click.option("--days", type=click.IntRange(1, 3_650), help="How long it works.  [default: for ever]")
@in_house
def create(house: House, name: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Make a key for the program NAME; the key is the only line on stdout."""
    from regulars.operations.keys import create_key

    lasts = timedelta(days=days) if days else None
    write(create_key(house.api_keys, name, scopes, house.clock.now(), key_id=secrets.token_hex(6), secret=secrets.token_urlsafe(32), lasts=lasts))
    say("this is shown once; send it as: Authorization: Bearer …")


@keys.command("list", epilog="Example: regulars keys list --json")
@as_json
@in_house
def list_(house: House, as_json: bool) -> None:
    """All keys, the newest first, without their secrets."""
    now = house.clock.now()
    found = house.api_keys.all()
    if as_json:
        write_json({"keys": [
            {
                "id": key.id, "name": key.name, "scopes": list(key.scopes), "works": key.is_good(now), "created_at": key.created_at.isoformat(),
                "expires_at": _iso(key.expires_at), "revoked_at": _iso(key.revoked_at), "used_at": _iso(key.used_at),
            }
            for key in found
        ]})
        return
    write_table(("name", "id", "scopes", "works", "since", "last used"), (
        (
            key.name, key.id, " ".join(key.scopes), "yes" if key.is_good(now) else "no", f"{key.created_at:%Y-%m-%d}",
            f"{key.used_at:%Y-%m-%d %H:%M}" if key.used_at else "never",
        )
        for key in found
    ))


@keys.command(epilog="Example: regulars keys rotate till --grace 24")
@click.argument("name")
@click.option("--grace", default=24, show_default=True, type=click.IntRange(0, 24 * 90), help="Hours that the old one works longer.")
@in_house
def rotate(house: House, name: str, grace: int) -> None:
    """Make a new key of the same name and scopes; the old one works a while longer."""
    from regulars.operations.keys import rotate_key

    write(rotate_key(
        house.api_keys, name, house.clock.now(), key_id=secrets.token_hex(6), secret=secrets.token_urlsafe(32), grace=timedelta(hours=grace)))
    say(f"this is shown once; the old one works for {grace} more hours")


@keys.command(epilog="Example: regulars keys revoke till")
@click.argument("name")
@in_house
def revoke(house: House, name: str) -> None:
    """NAME (or an id) opens nothing any more."""
    from regulars.operations.keys import revoke_key

    count = revoke_key(house.api_keys, name, house.clock.now())
    say(f"{count} key{'s' * (count != 1)} of {name} revoked; web doors notice within seconds")


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
