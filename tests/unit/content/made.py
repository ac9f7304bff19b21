"""A small coffee shop by hand, for mails that tests compose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from regulars.adapters.mjml import MjmlCompiler
from regulars.content.bundle import freeze
from regulars.content.email import Email, Occasion
from regulars.content.mailroom import MailRoom, open_bundle
from regulars.content.recipient import OrderTotals, Product, Purchase, Recipient
from regulars.content.tokens import Key, MessageRef
from regulars.definition.conditions import All, Kind
from regulars.definition.programme import Offer
from regulars.definition.quantities import Money
from regulars.definition.units import reward
from regulars.definition.workspace import (
    Attribute,
    Campaign,
    EventField,
    Mailbox,
    ReferralProgramme,
    Shop,
    Texts,
    Workspace,
)

BASE = "https://mail.kahve.example"
NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
COMPILER = MjmlCompiler()
PNG = b"\x89PNG\r\n\x1a\n not really"
OCCASION = Occasion(MessageRef(7, 12), "k3y", Key.of("secret of the tests"), BASE, NOW)

SHOP = Shop(
    name="Mahalle Kahve", url="https://kahve.example", address="İcadiye Cd. 12, 34674 İstanbul", locale="tr",
    timezone="Europe/Istanbul", currency="TRY", sender=Mailbox("merhaba@kahve.example", "Mahalle Kahve"),
    reply_to=Mailbox("destek@kahve.example"), languages=("en", "tr", "az"), compare_in="TRY",
    utm={"source": "email", "medium": "regulars"},
    attributes={
        "taste": Attribute("taste", Kind.TEXT, ("fruity", "dark"), default="dark"),
        "loyalty_card": Attribute("loyalty_card", Kind.TEXT),
    },
    referral=ReferralProgramme(friend=reward("15%"), advocate=reward("100 TRY")),
    events={"nps.answered": {"score": EventField.WHOLE, "words": EventField.TEXT}},
    offers={"ten": Offer("ten", reward("10%"), minimum=(Money.of(500, "TRY"), Money.of(20, "AZN")))},
)

HEAD = "<mjml><mj-body><mj-section><mj-column>"
FOOT = ('<mj-text>{{ shop.address }} <a href="{{ links.unsubscribe }}">Unsubscribe</a></mj-text>'
        '</mj-column></mj-section></mj-body></mjml>')


def column(mjml: str) -> str:
    """A whole template around what stands in its only column."""
    return HEAD + mjml + FOOT


def product(name: str = "Yirgacheffe", price: str = "420", **more: object) -> Product:
    values = {"sku": "yrg-250", "url": "https://kahve.example/p/yrg-250", "price": Money.of(price, "TRY"), **more}
    return Product(name=name, **values)  # type: ignore[arg-type]


def purchase(item: Product | None = None, quantity: int = 1) -> Purchase:
    bought = item or product()
    unit = bought.price or Money(0, "TRY")
    when = datetime(2026, 9, 1, 10, tzinfo=UTC)
    return Purchase("1001", when, bought, Decimal(quantity), unit, Money(unit.units * quantity, "TRY"))


def recipient(**values: object) -> Recipient:
    given: dict[str, object] = {
        "customer_id": 1, "email": "ayse@posta.example", "first_name": "Ayşe", "last_name": "Yılmaz", "locale": "tr",
        "timezone": "Europe/Istanbul", "attributes": {"taste": "dark", "loyalty_card": None},
        "orders": OrderTotals(3, Money.of("1260.50", "TRY"), NOW, NOW), "purchases": (purchase(),),
        "usual": product(), "referral_code": "KAHVE7",
    }
    return Recipient(**{**given, **values})  # type: ignore[arg-type]


def campaign(**values: object) -> Campaign:
    given: dict[str, object] = {
        "name": "win-back", "to": All(()), "template": "mail.mjml", "subject": Texts({"": "Your coffee"}),
    }
    return Campaign(**{**given, **values})  # type: ignore[arg-type]


def workspace(
    template: str | Mapping[str, str], *, images: Mapping[str, bytes] | None = None, data: Mapping[str, object] | None = None,
    shop: Shop = SHOP, campaigns: tuple[Campaign, ...] = (),
) -> Workspace:
    """`template` is `mail.mjml`, or several files by their path below templates/."""
    texts = {"mail.mjml": template} if isinstance(template, str) else template
    pictures = {"hero.jpg": PNG} if images is None else images
    return Workspace(
        shop, {}, {made.name: made for made in campaigns}, data or {},
        {f"templates/{path}": text for path, text in texts.items()},
        {f"templates/images/{name}": content for name, content in pictures.items()},
    )


def room(template: str | Mapping[str, str], *, made: Campaign | None = None, **world: object) -> MailRoom:
    return open_bundle(freeze(workspace(template, **world), made or campaign(), COMPILER).files)  # type: ignore[arg-type]


def composed(template: str | Mapping[str, str], *, made: Campaign | None = None, shop: Shop = SHOP,
             data: Mapping[str, object] | None = None, **person: object) -> Email:
    """The mail that a recipient with these values gets."""
    return room(template, made=made, shop=shop, data=data).compose(recipient(**person), OCCASION)


def body_of(email: Email) -> str:
    return email.html[email.html.index("<body"):]


def english(**values: object) -> Shop:
    return replace(SHOP, languages=("en",), **values)  # type: ignore[arg-type]
