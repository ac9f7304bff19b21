"""`regulars customers show|add`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from regulars.bootstrap import House
from regulars.doors.cli.console import say, write, write_json
from regulars.doors.cli.options import as_json, in_house
from regulars.errors import UsageError

if TYPE_CHECKING:
    from regulars.audience.card import Card

_OPTIONS = ("first_name", "last_name", "locale", "timezone", "country", "city", "birthday", "consent", "customer_id", "tags")


@click.group(epilog="Example: regulars customers show ada@shop.example")
def customers() -> None:
    """Look at and add customers."""


@customers.command(epilog="Example: regulars customers show ada@shop.example --json")
@click.argument("email")
@as_json
@in_house
def show(house: House, email: str, as_json: bool) -> None:
    """All that is known about the customer who has, or had, the address."""
    from regulars.operations.customers import show_customer

    card = show_customer(house.cards, email, house.shop)
    if as_json:
        write_json(card.as_json())
    else:
        _write_card(card)


@customers.command(epilog="Example: regulars customers add ada@shop.example --first-name Ada --set taste=dark --consent yes")
@click.argument("email")
@click.option("--first-name", help="As mails greet them.")
@click.option("--last-name", help="Their family name.")
@click.option("--locale", help="As in tr, az, en_GB.")
@click.option("--timezone", help="As in Europe/Istanbul.")
@click.option("--country", help="Two letters.")
@click.option("--city", help="Where they live.")
@click.option("--birthday", help="1990-05-17, or 05-17.")
@click.option("--consent", help="yes, no or pending.")
@click.option("--customer-id", help="The shop's own number.")
@click.option("--tags", help="Words separated by commas, for tag conditions.")
@click.option("--set", "settings", multiple=True, metavar="ATTRIBUTE=VALUE", help="An attribute that regulars.yaml declares. Repeatable.")
@in_house
def add(house: House, email: str, settings: tuple[str, ...], **told: str | None) -> None:
    """Add a customer, or tell more about one, by the same rules as an import."""
    from regulars.operations.customers import add_customer

    fields = {"email": email} | {name: value for name in _OPTIONS if (value := told[name]) is not None} | dict(map(_setting, settings))
    if "consent" in fields:
        fields["consent_source"] = "command line"
    changed = add_customer(house.people, fields, house.shop, house.clock.now())
    say(f"{email} is stored" if changed else f"{email} was stored so already")


def _setting(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise UsageError(f"--set {text}: write --set ATTRIBUTE=VALUE", hint="for instance --set taste=dark")
    return name.strip(), value


def _write_card(card: Card) -> None:
    name = " ".join(filter(None, (card.person.get("first_name"), card.person.get("last_name"))))
    write(f"{card.email}" + (f"  {name}" if name else ""))
    about = {key: value for key, value in card.person.items() if value is not None and not key.endswith("_name")}
    for label, value in (
        ("customer since", f"{card.created_at:%Y-%m-%d}"),
        *about.items(), *card.attributes.items(),
        ("may be written to", _consent(card)),
        ("orders", _orders(card)),
        *((f"  {order_id}", f"{at:%Y-%m-%d}  {total}") for order_id, at, total in card.orders),
        *((f"also known by {kind}", value) for kind, value in card.identities),
        ("mails received", card.messages_received),
        *((f"  {at:%Y-%m-%d}", campaign) for campaign, at in card.messages),
        *((f"code of {one.offer}", f"{one.code}, {one.state}" + (f", until {one.valid_until:%Y-%m-%d}" if one.valid_until else "")) for one in card.codes),
        ("referral code", card.referral_code or "none yet: made when a mail first shows it"),
        *((("came through", card.referred_by),) if card.referred_by else ()),
        *((("has brought", card.has_referred),) if card.has_referred else ()),
        *((("rewards left", ", ".join(card.rewards)),) if card.rewards else ()),
    ):
        write(f"  {label:<22} {value}")


def _consent(card: Card) -> str:
    if card.suppressed:
        return f"never: on the suppression list ({card.suppressed})"
    if not card.answers:
        return card.marketing or "never asked"
    last = card.answers[0]
    return f"{card.marketing or last.state} since {last.at:%Y-%m-%d} ({last.source})"


def _orders(card: Card) -> str:
    if not card.orders_count or card.last_at is None:
        return "none"
    return f"{card.orders_count}, {card.spent.rounded} in all, the last on {card.last_at:%Y-%m-%d}"
