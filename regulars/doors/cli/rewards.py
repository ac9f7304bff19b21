"""`regulars rewards show|use`."""

from __future__ import annotations

import click

from regulars.bootstrap import House
from regulars.doors.cli.console import say, write, write_json, write_table
from regulars.doors.cli.options import as_json, in_house


@click.group(epilog="Example: regulars rewards show ada@shop.example")
def rewards() -> None:
    """Rewards of the referral programme: a ledger, to which entries are added and of which none is changed."""


@rewards.command(epilog="Example: regulars rewards show ada@shop.example")
@click.argument("email")
@as_json
@in_house
def show(house: House, email: str, as_json: bool) -> None:
    """What the customer EMAIL has left, and every entry that makes it."""
    from regulars.operations.referrals import page_of
    from regulars.operations.rewards import ledger_of

    entries = ledger_of(email, house.referral_lists)
    left = page_of(email, house.referral_lists, house.shop).advocate.rewards
    if as_json:
        write_json({"email": email, "rewards": list(left), "entries": [entry.as_json() for entry in entries]})
        return
    write(f"{email}: {', '.join(left) or 'nothing left'}")
    if entries:
        write("")
        write_table(["when", "what", "reward", "until", "why"], [
            (f"{entry.at:%Y-%m-%d}", entry.entry.value, entry.words, f"{entry.expires_at:%Y-%m-%d}" if entry.expires_at else "", entry.why)
            for entry in entries
        ])


@rewards.command(epilog='\b\nExample: regulars rewards use ada@shop.example "100 TRY" --for 1042\n         '
                        'regulars rewards use ada@shop.example "250 g of this month\'s beans" --for 1042')
@click.argument("email")
@click.argument("what", metavar="AMOUNT|WORDS")
@click.option("--for", "order_id", required=True, metavar="ORDER", help="The order that it was paid with or went out with; each can be named once.")
@in_house
def use(house: House, email: str, what: str, order_id: str) -> None:
    """Note that the shop has paid a reward out; never more than there is."""
    from regulars.operations.rewards import use as pay_out

    left = pay_out(email, what, order_id, house.referral_book, house.referral_lists, house.shop, house.clock.now())
    say(f"{what} is used; {', '.join(map(str, left)) or 'nothing'} is left")
