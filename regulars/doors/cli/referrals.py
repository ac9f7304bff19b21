"""`regulars referrals list|show|approve|reject|top`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from regulars.bootstrap import House
from regulars.doors.cli.charts import bar
from regulars.doors.cli.console import say, write, write_json, write_table
from regulars.doors.cli.options import as_json, in_house
from regulars.doors.cli.sending import local, operator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regulars.loyalty.referrals import Referral
    from regulars.operations.referrals import Page

DAY = "%Y-%m-%d"


@click.group(epilog="Example: regulars referrals list --held")
def referrals() -> None:
    """Friends that customers brought: from the order with a code to the reward, and those that look odd."""


@referrals.command("list", epilog="Example: regulars referrals list --held")
@click.option("--held", is_flag=True, help="Only those that wait for approve or reject, each with the reason.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=25, show_default=True, metavar="N", help="The newest N.")
@as_json
@in_house
def list_(house: House, held: bool, limit: int, as_json: bool) -> None:
    """The newest referrals, and how many there are in each state."""
    from regulars.loyalty.referrals import ReferralState

    counts = house.referral_lists.counts()
    found = house.referral_lists.newest({ReferralState.HELD} if held else set(ReferralState), limit)
    if as_json:
        write_json({"counts": {state.value: count for state, count in counts.items()}, "referrals": [one.as_json() for one in found]})
        return
    if found:
        write_table(["no.", "state", "advocate", "friend", "order", "came to", "ordered", "what"], [_row(one) for one in found], numbers=["no."])
    say(", ".join(f"{counts[state]:,} {state.value}" for state in ReferralState if state in counts) or "nobody has brought anybody yet")
    if counts.get(ReferralState.HELD) and not held:
        say("those that are held wait for a word: regulars referrals list --held")


@referrals.command(epilog="\b\nExample: regulars referrals show 7\n         regulars referrals show ada@shop.example")
@click.argument("which", metavar="NUMBER|EMAIL")
@as_json
@in_house
def show(house: House, which: str, as_json: bool) -> None:
    """One referral with its whole way; or a customer: whom they brought, what they have earned, and who brought them or why nobody did."""
    from regulars.operations.referrals import page_of, referral_of

    if which.isdecimal():
        found = referral_of(int(which), house.referral_lists)
        write_json(found.as_json()) if as_json else _show(house, found)
        return
    page = page_of(which, house.referral_lists, house.shop)
    write_json(page.as_json()) if as_json else _show_customer(page)


@referrals.command(epilog='Example: regulars referrals approve 7 8 --why "two sisters"')
@click.argument("numbers", nargs=-1, required=True, type=click.IntRange(1), metavar="NUMBER…")
@click.option("--why", default="", metavar="TEXT", help="Kept with the referral.")
@in_house
def approve(house: House, numbers: tuple[int, ...], why: str) -> None:
    """Let held or rejected referrals pass: they go on as if nothing had been odd."""
    from regulars.operations.referrals import APPROVED, confirmed_on, decide

    done = decide(numbers, APPROVED, house.referral_book, house.referral_lists, by=operator(), why=why, now=house.clock.now())
    for one in done:
        on = confirmed_on(one, house.shop)
        if one.state is APPROVED:
            say(f"referral {one.id} goes on" + (f"; it is confirmed on {on:%Y-%m-%d} unless the order comes back" if on else ""))
        else:
            say(f"referral {one.id} would go on, but it is {one.state.value}: {one.reason}")


@referrals.command(epilog='Example: regulars referrals reject 9 --why "same person, other address"')
@click.argument("numbers", nargs=-1, required=True, type=click.IntRange(1), metavar="NUMBER…")
@click.option("--why", required=True, metavar="TEXT", help="Kept with the referral, and told to the advocate where a mail says so.")
@in_house
def reject(house: House, numbers: tuple[int, ...], why: str) -> None:
    """Say no to referrals; what was earned by them is taken back."""
    from regulars.operations.referrals import REJECTED, decide

    for one in decide(numbers, REJECTED, house.referral_book, house.referral_lists, by=operator(), why=why, now=house.clock.now()):
        say(f"referral {one.id} is rejected" + (f", and {one.reward} taken back" if one.reward else ""))


@referrals.command(epilog="Example: regulars referrals top --limit 10")
@click.option("--limit", type=click.IntRange(1, 1_000), default=10, show_default=True, metavar="N", help="The first N.")
@as_json
@in_house
def top(house: House, limit: int, as_json: bool) -> None:
    """Who brings the most friends, what those friends have spent, and what is left of the rewards."""
    found = house.referral_lists.top(limit, house.shop.compare_in)
    if as_json:
        write_json({"advocates": [one.as_json() for one in found]})
        return
    if not found:
        say("nobody has brought anybody yet")
        return
    most = max(one.friends for one in found)
    write_table(
        ["advocate", "visits", "friends", "confirmed", "", "friends spent", "rewards left"],
        [(one.email, f"{one.visits:,}", f"{one.friends:,}", f"{one.confirmed:,}", bar(one.friends, most, 16), one.spent.rounded,
          ", ".join(one.rewards)) for one in found],
        numbers=["visits", "friends", "confirmed", "friends spent"],
    )


def _row(one: Referral) -> tuple[object, ...]:
    what = one.reason or (f"{one.reward} earned" if one.reward else "")
    return one.id, one.state.value, one.advocate, one.friend, one.order_id, one.total or "", f"{one.ordered_at:{DAY}}", what


def _show(house: House, one: Referral) -> None:
    from regulars.operations.referrals import confirmed_on

    write(f"referral {one.id}: {one.advocate} brought {one.friend}")
    due = confirmed_on(one, house.shop)
    for label, value in (
        ("state", one.state.value + (f": {one.reason}" if one.reason else "")),
        ("code", one.code),
        ("order", f"{one.order_id}, {one.total or 'unknown'}, {local(house, one.ordered_at)}"),
        ("kept long enough on", due and local(house, due)),
        ("confirmed", one.confirmed_at and local(house, one.confirmed_at)),
        ("rewarded", one.rewarded_at and f"{one.reward}, {local(house, one.rewarded_at)}"),
        ("reversed", one.reversed_at and local(house, one.reversed_at)),
        ("decided", one.decided_at and f"by {one.decided_by}, {local(house, one.decided_at)}"),
    ):
        if value:
            write(f"  {label:<22} {value}")


def _show_customer(page: Page) -> None:
    one = page.advocate
    write(one.email)
    ahead = page.milestone and f"at {page.milestone[0]} confirmed friends ({page.milestone[0] - one.confirmed} more): {page.milestone[1]}"
    for label, value in (
        ("code", one.code or "none yet: made when a mail first shows it"),
        ("visits of the code", f"{one.visits:,}"),
        ("friends", f"{one.friends:,}, {one.confirmed:,} confirmed" + (f", {one.waiting:,} held" if one.waiting else "")),
        ("those friends spent", str(one.spent.rounded) if one.friends else None),
        ("rewards left", ", ".join(one.rewards) or "none"),
        ("next milestone", ahead),
        ("came through", page.came_through and f"{page.came_through.advocate} (referral {page.came_through.id}, {page.came_through.state.value})"),
        ("not referred", page.not_referred),
    ):
        if value:
            write(f"  {label:<22} {value}")
    _write_friends(page.friends)


def _write_friends(friends: Sequence[Referral]) -> None:
    if friends:
        write("")
        write_table(["no.", "state", "friend", "order", "came to", "ordered", "what"], [(row[:2] + row[3:]) for row in map(_row, friends)], numbers=["no."])
