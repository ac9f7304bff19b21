"""`regulars coupons list|show|make|import|export|sync|void`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from regulars.bootstrap import House
from regulars.doors.cli.console import progress, say, write, write_json, write_table
from regulars.doors.cli.csv_source import tell
from regulars.doors.cli.options import as_json, in_house
from regulars.errors import UsageError

if TYPE_CHECKING:
    from regulars.loyalty.coupon_card import CouponCard

SOME_REFUSED = 1


@click.group(epilog="Example: regulars coupons list")
def coupons() -> None:
    """Codes of the offers in regulars.yaml, and what became of each."""


@coupons.command("list", epilog="Example: regulars coupons list --json")
@as_json
@in_house
def list_(house: House, as_json: bool) -> None:
    """Every offer with its codes, counted."""
    from regulars.operations.coupons import offers_with_codes

    rows = offers_with_codes(house.shop, house.coupons)
    if as_json:
        write_json({"offers": [row.as_json() for row in rows]})
        return
    counts = ("free", "unsynced", "reserved", "bound", "redeemed", "void")
    write_table(("offer", "worth", "codes", *counts), (
        (one["offer"], one["words"] or "not in regulars.yaml", one["code"] or (f"made in {one['made_in']}" if one["made_in"] else ""),
         *(f"{one[name]:,}" for name in counts))
        for one in (row.as_json() for row in rows)
    ), numbers=counts)


@coupons.command(epilog="Example: regulars coupons show COME-4XJ7KQ3FRT")
@click.argument("code")
@as_json
@in_house
def show(house: House, code: str, as_json: bool) -> None:
    """All that is known about CODE: whose mail shows it, which orders used it, and its ledger."""
    from regulars.operations.coupons import card_of

    _tell(card_of(code, house.coupons), as_json)


@coupons.command(epilog="Example: regulars coupons make comeback-10 5000")
@click.argument("offer")
@click.argument("count", type=int, metavar="N")
@in_house
def make(house: House, offer: str, count: int) -> None:
    """Make N free codes of OFFER in advance. Codes that are made here need it only for a shop that must know them before."""
    from regulars.operations.coupons import make_codes

    made = make_codes(house.shop, offer, count, house.coupons, house.clock.now())
    then = f"; the shop must know them: regulars coupons sync {offer}" if made.made_in.value in {"shopify", "woocommerce"} else ""
    say(f"{count:,} codes made{then}")


@coupons.command("import", epilog="Example: regulars coupons import spring-15 codes.csv --dry-run")
@click.argument("offer")
@click.argument("file", type=click.Path())
@click.option("--encoding", default="utf-8", show_default=True, help="As in cp1254; a byte order mark is understood.")
@click.option("--dry-run", is_flag=True, help="Read and compare everything, change nothing.")
@as_json
@in_house
def import_(house: House, offer: str, file: str, encoding: str, dry_run: bool, as_json: bool) -> None:
    """Codes of OFFER from a file of the shop: a code a line, or a CSV file with a column called code."""
    from regulars.adapters.csv_files import CsvFile
    from regulars.operations.import_codes import import_codes

    result = import_codes(house.shop, offer, CsvFile(file, encoding), house.coupons, house.clock.now(), dry_run=dry_run)
    tell(result, as_json=as_json, dry_run=dry_run)


@coupons.command(epilog="Example: regulars coupons export comeback-10 --unsynced --mark-synced > codes.csv")
@click.argument("offer")
@click.option("--unsynced", is_flag=True, help="Only those that the shop does not know.")
@click.option("--mark-synced", is_flag=True, help="From now on they count as known to the shop.")
@in_house
def export(house: House, offer: str, unsynced: bool, mark_synced: bool) -> None:
    """The codes of OFFER as CSV on stdout, for a shop that takes files. Void ones are left out."""
    from regulars.operations.coupons import unique_offer

    unique_offer(house.shop, offer)
    write("code")
    for page in house.coupons.codes(offer, unsynced=unsynced):
        write("\n".join(page))
        if mark_synced:
            house.coupons.mark_synced(page, house.clock.now())


@coupons.command(epilog="Example: regulars coupons sync comeback-10")
@click.argument("offer")
@as_json
@in_house
def sync(house: House, offer: str, as_json: bool) -> int:
    """Tell the shop every code of OFFER that it does not know. May be interrupted and said again."""
    from regulars.operations.coupons import unique_offer
    from regulars.operations.sync_codes import sync_codes

    chosen = unique_offer(house.shop, offer)
    if chosen.made_in.value not in {"shopify", "woocommerce"}:
        raise UsageError(
            f'the codes of "{offer}" are not made in a shop',
            hint=f"give it a file: regulars coupons export {offer} --unsynced --mark-synced",
        )
    with progress(f"sync {offer}") as told:
        done = sync_codes(chosen, house.coupons, house.shop_codes(chosen), house.clock.now(), told)
    for code, why in sorted(done.refused.items()):
        say(f"{code}: {why}")
    if as_json:
        write_json(done.as_json())
    else:
        write(f"{done.told:,} codes told to the shop" + (f", {len(done.refused):,} refused and void here" if done.refused else ""))
    return SOME_REFUSED if done.refused else 0


@coupons.command(epilog="Example: regulars coupons void COME-4XJ7KQ3FRT --reason 'printed in a newspaper'")
@click.argument("code")
@click.option("--reason", default="by hand", show_default=True, help="For the ledger.")
@as_json
@in_house
def void(house: House, code: str, reason: str, as_json: bool) -> None:
    """Give CODE to nobody any more. A shop that knows it accepts it until it is deleted there too."""
    from regulars.operations.coupons import void_code

    card = void_code(code, reason, house.coupons, house.clock.now())
    _tell(card, as_json)
    if card.synced_at is not None:
        say("the shop knows this code; delete it there too")


def _tell(card: CouponCard, as_json: bool) -> None:
    if as_json:
        write_json(card.as_json())
        return
    write(f"{card.code}  {card.state.value}, of {card.offer}")
    mail = f"{card.message} of {card.campaign}, to {card.email or 'somebody who is gone'}" if card.message else "none"
    for label, value in (
        ("mail", mail),
        *((("valid until", f"{card.valid_until:%Y-%m-%d %H:%M} UTC"),) if card.valid_until else ()),
        ("known to the shop", f"since {card.synced_at:%Y-%m-%d %H:%M}" if card.synced_at else "no"),
        *(("used by", f"{use.email or 'somebody who is gone'} in {use.order_id}" + (", who is not its customer" if use.by_another else "")) for use in card.uses),
    ):
        write(f"  {label:<18} {value}")
    write_table(("when", "what", "mail", "order", "why"), (
        (f"{one.at:%Y-%m-%d %H:%M}", one.entry.value, one.message or "", one.order_id or "", one.reason or "") for one in card.entries))
