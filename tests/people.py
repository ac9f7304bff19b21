"""People with a history, written straight into the tables, and what plain Python makes of that history at a moment.

The facts here are computed by the sentences of the design, not by the program's code: that is what makes the
comparison of both readings worth something.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, insert

from regulars.adapters.database import schema
from regulars.audience.frame import Frame
from regulars.audience.view import CustomerView, Line, MailEvent, MessageRef, Receipt
from regulars.definition.text import fold
from regulars.definition.workspace import Attribute, Kind, Mailbox, Shop

KINDS_OF_ATTRIBUTES = {
    "taste": Attribute("taste", Kind.TEXT, ("fruity", "dark"), default="dark"),
    "card": Attribute("card", Kind.TEXT),
    "cups": Attribute("cups", Kind.WHOLE),
    "weight": Attribute("weight", Kind.NUMBER),
    "member": Attribute("member", Kind.YES_NO),
    "since": Attribute("since", Kind.DATE),
}
SHOP = Shop(
    name="Mahalle Kahve", url="https://kahve.example", address="İcadiye Cd. 12, İstanbul", locale="tr",
    timezone="Europe/Istanbul", currency="TRY", sender=Mailbox("merhaba@kahve.example"), reply_to=None,
    languages=("tr", "en"), compare_in="TRY", attributes=KINDS_OF_ATTRIBUTES, topics={"news": "News"},
)
CAMPAIGNS = {1: "win-back", 2: "welcome", 3: "win-back", -1: "win-back", -2: "other"}  # of launches; below zero another system's
SEGMENTS_OF_LAUNCHES = (("vip",), ("vip", "new"), ())
FIRST_FRIEND = 1_000_000


@dataclass(frozen=True)
class Bought:
    amount: int
    quantity: int = 1000
    category: str | None = None
    sku: str | None = None


@dataclass(frozen=True)
class Purchase:
    at: datetime
    lines: tuple[Bought, ...]
    is_refund: bool = False
    counts_after: timedelta | None = timedelta(0)
    cancelled_after: timedelta | None = None
    channel: str | None = None
    coupon: str | None = None
    currency: str = "TRY"

    @property
    def counts_from(self) -> datetime | None:
        return None if self.counts_after is None or self.is_refund else self.at + self.counts_after

    @property
    def counts_until(self) -> datetime | None:
        return None if self.cancelled_after is None or self.is_refund else self.at + self.cancelled_after

    def counts_at(self, moment: datetime) -> bool:
        if self.is_refund:
            return self.at <= moment
        begun = self.counts_from is not None and self.counts_from <= moment
        return begun and not (self.counts_until is not None and self.counts_until <= moment)


@dataclass(frozen=True)
class Happened:
    kind: str
    at: datetime
    link: str | None = None
    verdict: str | None = "human"


@dataclass(frozen=True)
class Mail:
    """Of launch 1, 2 or 3, or of another system's -1 or -2: these have no message here, and are one for each customer."""

    launch: int
    accepted_at: datetime | None
    events: tuple[Happened, ...] = ()

    @property
    def receipts(self) -> tuple[Happened, ...]:
        """Of another system's mails they are events."""
        return (Happened("email.received", self.accepted_at, verdict=None),) if self.launch < 0 and self.accepted_at else ()


@dataclass(frozen=True)
class Person:
    number: int
    created_at: datetime
    country: str | None = None
    city: str | None = None
    birthday: date | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, datetime] = field(default_factory=dict)
    marketing: str | None = None
    words_on_news: tuple[str, ...] = ()
    purchases: tuple[Purchase, ...] = ()
    mails: tuple[Mail, ...] = ()
    friends_at: tuple[datetime, ...] = ()
    referred_at: datetime | None = None

    # ---- in plain Python ----

    def view(self, frame: Frame) -> CustomerView:
        """As a customer looks at `frame.as_of`, from this history alone."""
        then = frame.as_of
        placed = [each for each in self.purchases if each.counts_at(then) and not each.is_refund]
        times = sorted(each.at for each in placed)
        return CustomerView(
            customer_id=self.number, email=self.email, country=_folded(self.country), city=_folded(self.city),
            birthday=self.birthday, created_at=self.created_at,
            attributes=_folded_attributes(self.attributes), marketing=self.marketing,
            tags=frozenset(fold(tag) for tag, at in self.tags.items() if at <= then),
            topics={"news": self.words_on_news[-1]} if self.words_on_news else {},
            orders_count=len(placed),
            orders_spent=sum(line.amount for each in self.purchases if each.counts_at(then) for line in each.lines),
            first_at=times[0] if times else None, last_at=times[-1] if times else None,
            engagement=self._score(frame, lambda launch: True),
            scores={
                segment: score for segment in ("vip", "new")
                if (score := self._score(frame, lambda launch, s=segment: launch and launch > 0 and s in SEGMENTS_OF_LAUNCHES[launch - 1]))
            },
            is_referred=self.referred_at is not None and self.referred_at <= then,
            has_referred=sum(at <= then for at in self.friends_at),
            lines=self._lines(then), receipts=self._receipts(then), mail_events=self._mail_events(then),
        )

    def was_known(self, moment: datetime) -> bool:
        return self.created_at <= moment or any(each.at <= moment for each in self.purchases)

    @property
    def email(self) -> str:
        return f"person{self.number}@example.com"

    def _score(self, frame: Frame, counts: Any) -> float:
        weights = {"email.clicked": 3.0, "order.placed": 10.0, "email.unsubscribed": -50.0}
        return sum(
            weights.get(event.kind, 0.0) * frame.decay.grown(event.at)
            for launch, event in self._timeline()
            if event.at <= frame.as_of and event.verdict in {None, "human"} and counts(launch)
        )

    def _timeline(self) -> list[tuple[int | None, Happened]]:
        orders = [(None, Happened("order.placed", each.at, verdict=None)) for each in self.purchases if not each.is_refund]
        return orders + [(mail.launch, event) for mail in self.mails for event in mail.events]

    def _lines(self, then: datetime) -> tuple[Line, ...]:
        lines = [
            (each.at, self._key(number), position, Line(
                order=self._key(number), ordered_at=each.at, amount=line.amount, quantity=line.quantity, is_refund=each.is_refund,
                counts_from=each.counts_from, counts_until=each.counts_until, sku=_folded(line.sku),
                category=_folded(line.category), coupon=_folded(each.coupon), channel=_folded(each.channel),
                currency=each.currency.lower(),
            ))
            for number, each in enumerate(self.purchases) for position, line in enumerate(each.lines) if each.at <= then
        ]
        return tuple(line for *_, line in sorted(lines, key=lambda row: row[:3]))

    def _receipts(self, then: datetime) -> tuple[Receipt, ...]:
        receipts = [
            Receipt(self._ref(number), CAMPAIGNS[mail.launch], mail.accepted_at)
            for number, mail in enumerate(self.mails) if mail.accepted_at is not None and mail.accepted_at <= then
        ]
        return tuple(sorted(receipts, key=lambda receipt: (receipt.at, receipt.message)))

    def _mail_events(self, then: datetime) -> tuple[MailEvent, ...]:
        happened = [
            MailEvent(self._ref(number), CAMPAIGNS[mail.launch], event.kind, event.at, event.link, event.verdict)
            for number, mail in enumerate(self.mails) for event in mail.events
            if event.at <= then and event.kind in {"email.opened", "email.clicked", "email.replied"}
        ]
        return tuple(sorted(happened, key=lambda event: event.at))

    def _ref(self, number: int) -> MessageRef:
        launch = self.mails[number].launch
        return MessageRef(launch, self.number * 100 + number if launch > 0 else 0)

    def _key(self, number: int) -> int:
        return self.number * 100 + number

    # ---- in the tables ----

    def rows(self, frame: Frame) -> dict[str, list[dict[str, Any]]]:
        """Table -> rows; the facts on the customer's row are those at `frame.as_of`."""
        now = self.view(frame)
        return {
            "customers": [{
                "id": self.number, "email": self.email, "email_key": self.email, "country": self.country,
                "country_folded": _folded(self.country), "city": self.city, "city_folded": _folded(self.city),
                "birth_date": self.birthday, "attributes": self.attributes, "attributes_folded": now.attributes,
                "created_at": self.created_at, "updated_at": self.created_at, "marketing": self.marketing,
                "orders_count": now.orders_count, "orders_spent": now.orders_spent, "orders_first_at": now.first_at,
                "orders_last_at": now.last_at, "engagement": now.engagement, "has_referred": now.has_referred,
                "referred_by": FIRST_FRIEND if now.is_referred else None,
            }],
            "customer_tags": [
                {"customer_id": self.number, "tag": tag, "tag_folded": fold(tag), "added_at": at} for tag, at in self.tags.items()
            ],
            "consents": [
                {"customer_id": self.number, "channel": "email", "purpose": "marketing", "topic": "news", "state": state,
                 "at": self.created_at, "recorded_at": self.created_at, "source": "test"} for state in self.words_on_news
            ],
            "scores": [
                {"segment": segment, "customer_id": self.number, "value": value, "updated_at": frame.as_of}
                for segment, value in now.scores.items()
            ],
            "orders": [self._order_row(number) for number in range(len(self.purchases))],
            "order_lines": [row for number in range(len(self.purchases)) for row in self._line_rows(number)],
            "messages": [self._message_row(number) for number, mail in enumerate(self.mails) if mail.launch > 0],
            "events": self._event_rows(),
            "referrals": self._referral_rows(),
        }

    def _order_row(self, number: int) -> dict[str, Any]:
        each = self.purchases[number]
        total = sum(line.amount for line in each.lines)
        return {
            "id": self._key(number), "order_id": f"O{self._key(number)}", "customer_id": self.number, "ordered_at": each.at,
            "is_refund": each.is_refund, "counts_from": each.counts_from, "counts_until": each.counts_until,
            "currency": each.currency, "total": total, "total_compared": total, "origin": "imported", "content_hash": "",
            "recorded_at": each.at,
        }

    def _line_rows(self, number: int) -> list[dict[str, Any]]:
        each = self.purchases[number]
        return [
            {
                "order_key": self._key(number), "position": position, "customer_id": self.number, "ordered_at": each.at,
                "is_refund": each.is_refund, "counts_from": each.counts_from, "counts_until": each.counts_until,
                "sku": line.sku, "sku_folded": _folded(line.sku), "category": line.category,
                "category_folded": _folded(line.category), "coupon_folded": _folded(each.coupon),
                "channel_folded": _folded(each.channel), "currency": each.currency, "quantity": line.quantity, "unit_price": 0,
                "amount": line.amount, "amount_compared": line.amount,
            }
            for position, line in enumerate(each.lines)
        ]

    def _message_row(self, number: int) -> dict[str, Any]:
        mail, ref = self.mails[number], self._ref(number)
        return {
            "launch_id": ref.launch, "number": ref.number, "customer_id": self.number, "occurrence": number, "email": self.email,
            "email_domain": "example.com", "state": "accepted" if mail.accepted_at else "rejected",
            "next_attempt_at": self.created_at, "accepted_at": mail.accepted_at,
        }

    def _event_rows(self) -> list[dict[str, Any]]:
        rows = [
            {"customer_id": self.number, "kind": event.kind, "at": event.at, "launch_id": self._ref(number).launch,
             "number": self._ref(number).number, "link": event.link, "verdict": event.verdict,
             "origin": "live" if mail.launch > 0 else "imported", "campaign": CAMPAIGNS[mail.launch]}
            for number, mail in enumerate(self.mails) for event in mail.events + mail.receipts
        ]
        orders = [
            {"customer_id": self.number, "kind": "order.placed", "at": each.at, "launch_id": None, "number": None, "link": None,
             "verdict": None, "origin": "imported", "campaign": None} for each in self.purchases if not each.is_refund
        ]
        return rows + orders

    def _referral_rows(self) -> list[dict[str, Any]]:
        made = [
            {"advocate_id": self.number, "friend_id": FIRST_FRIEND + self._key(number), "ordered_at": at}
            for number, at in enumerate(self.friends_at)
        ]
        was = [] if self.referred_at is None else [
            {"advocate_id": FIRST_FRIEND, "friend_id": self.number, "ordered_at": self.referred_at}
        ]
        return [{"programme": "friends", "code": "ABC", "order_id": "x", "state": "ordered", **row} for row in made + was]


def settle(connection: Connection, people: list[Person], now: Frame) -> None:
    """Writes the people, and the launches that their mails belong to."""
    connection.execute(insert(schema.bundles), {"hash": "b", "campaign": "win-back", "created_at": now.as_of})
    connection.execute(insert(schema.launches), [
        {"id": number, "campaign": campaign, "bundle": "b", "key": str(number), "state": "finished", "segments": list(segments),
         "created_at": now.as_of, "created_by": "test", "on_uncertain": "hold", "options": {}}
        for number, segments in enumerate(SEGMENTS_OF_LAUNCHES, start=1) for campaign in [CAMPAIGNS[number]]
    ])
    rows = [person.rows(now) for person in people]
    for table in rows[0] if rows else ():
        if of_all := [row for of_person in rows for row in of_person[table]]:
            connection.execute(insert(schema.metadata.tables[table]), of_all)


def _folded(text: str | None) -> str | None:
    return None if text is None else fold(text)


def _folded_attributes(attributes: dict[str, Any]) -> dict[str, Any]:
    folded = {name: fold(value) if isinstance(value, str) else value for name, value in attributes.items()}
    return {name: float(value) if isinstance(value, Decimal) else value for name, value in folded.items()}
