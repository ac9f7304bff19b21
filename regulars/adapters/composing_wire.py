"""What a worker and its composing child say to each other, as bytes on a private pipe.

Jobs travel as tuples of plain values, a quarter of the work of the values themselves. Answers are marshalled, for
a template that broke out of its sandbox must not be able to say more than bytes, texts and numbers.
"""

from __future__ import annotations

import marshal
import pickle
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regulars.content.email import Email, Occasion
from regulars.content.recipient import OfferInHand, OrderTotals, Product, Purchase, Recipient, RewardsEarned
from regulars.content.tokens import MessageRef
from regulars.definition.quantities import Money
from regulars.definition.workspace import Mailbox
from regulars.delivery.composing import Composed, Job, Trouble
from regulars.delivery.outgoing import Outgoing

LENGTH = struct.Struct(">I")
READY, MAIL, EMAIL, TROUBLE, BEYOND, BUG = range(6)  # kinds of answers
MEMORY = 192 << 20  # bytes that one mail may take, beyond what the program itself does
SECONDS = 1.0       # of CPU for one mail
MOST_ROOMS = 16     # that the child keeps open; both sides forget the oldest
TOO_SLOW = f"one mail takes more than {SECONDS:.0f} s to compose"
TOO_LARGE = f"one mail takes more than {MEMORY >> 20} MB of memory"


@dataclass(frozen=True, slots=True)
class Request:
    """Jobs in a room of this number; `texts` open it, once. `whole`: the emails are wanted, not their bytes."""

    room: int
    texts: Mapping[str, bytes] | None
    jobs: Sequence[Job]
    whole: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """`cpu`: seconds that the child has had so far. `values`: a trouble's or a bug's text, or what a mail is made of."""

    kind: int
    cpu: float
    values: tuple[Any, ...] = ()


def framed(payload: bytes) -> bytes:
    return LENGTH.pack(len(payload)) + payload


def packed_request(request: Request) -> bytes:
    known: dict[int, Any] = {}
    jobs = [_flat_job(job, known) for job in request.jobs]
    return pickle.dumps((request.room, request.texts, request.whole, jobs), protocol=5)


def read_request(payload: bytes) -> Request:
    room, texts, whole, jobs = pickle.loads(payload)  # noqa: S301  our own parent's, on a pipe that nobody else holds
    known: dict[int, Any] = {}
    return Request(room, texts, [_job(flat, known) for flat in jobs], whole)


def packed_answer(answer: Answer) -> bytes:
    return framed(marshal.dumps((answer.kind, answer.cpu, *answer.values)))


def read_answer(payload: bytes) -> Answer:
    kind, cpu, *values = marshal.loads(payload)  # noqa: S302  plain values only, whatever the bytes are
    return Answer(kind, cpu, tuple(values))


def of_composed(composed: Composed, cpu: float) -> Answer:
    mail = composed.mail
    return Answer(MAIL, cpu, (mail.message_id, mail.envelope_from, mail.envelope_to, mail.content, mail.sha256, composed.language))


def composed_of(answer: Answer, job: Job) -> Composed | Trouble:
    if answer.kind != MAIL:
        return Trouble(answer.values[0], answer.kind == BEYOND)
    *mail, language = answer.values
    return Composed(Outgoing(job.occasion.ref, *mail), language)


def of_email(email: Email, cpu: float) -> Answer:
    boxes = [None if box is None else (box.address, box.name) for box in (email.from_, email.to, email.reply_to)]
    return Answer(EMAIL, cpu, (*boxes, email.subject, email.html, email.text, email.language, email.list_id, email.one_click_url))


def email_of(answer: Answer, occasion: Occasion) -> Email | Trouble:
    if answer.kind != EMAIL:
        return Trouble(answer.values[0], answer.kind == BEYOND)
    from_, to, reply_to, subject, html, text, language, list_id, one_click_url = answer.values
    return Email(
        Mailbox(*from_), Mailbox(*to), Mailbox(*reply_to) if reply_to else None, subject, html, text, language, list_id,
        one_click_url, occasion.composed_at,
    )


def of_trouble(trouble: Trouble, cpu: float) -> Answer:
    return Answer(BEYOND if trouble.beyond_limits else TROUBLE, cpu, (trouble.reason,))


# A product or price that many share becomes one tuple, which pickle knows again by its identity; on the other side it is
# one value again. `known` holds them by identity while the request lives.

def _flat_job(job: Job, known: dict[int, Any]) -> tuple[Any, ...]:
    one, occasion, orders = job.recipient, job.occasion, job.recipient.orders
    return (
        (one.customer_id, one.email, one.first_name, one.last_name, one.locale, one.timezone, one.country, one.city, one.birthday,
         one.attributes),
        (orders.count, orders.spent.units, orders.spent.currency, orders.first_at, orders.last_at),
        [
            (line.order_id, line.ordered_at, known.get(id(line.product)) or _flat_product(line.product, known), line.quantity,
             known.get(id(line.unit_price)) or _flat_money(line.unit_price, known),
             known.get(id(line.amount)) or _flat_money(line.amount, known))
            for line in one.purchases
        ],
        None if one.usual is None else _flat_product(one.usual, known),
        one.referral_code,
        None if one.offer is None else _flat_offer(one.offer),
        None if one.rewards is None else _flat_rewards(one.rewards),
        (one.wishlist, one.trigger),  # few mails have them
        (occasion.ref.launch, occasion.ref.number),
        (occasion.launch_key, occasion.key, occasion.base_url, occasion.composed_at),
    )


def _flat_product(product: Product, known: dict[int, Any]) -> tuple[Any, ...]:
    price, compare_at = (None if money is None else (money.units, money.currency) for money in (product.price, product.compare_at))
    flat = known[id(product)] = (product.sku, product.name, product.url, product.image_url, price, compare_at, product.category)
    return flat


def _flat_offer(offer: OfferInHand) -> tuple[Any, ...]:
    amount, minimum = (None if money is None else (money.units, money.currency) for money in (offer.amount, offer.minimum))
    return offer.name, offer.code, offer.words, offer.percent, amount, minimum, offer.valid_until


def _offer(name: str, code: str, words: str, percent: Any, amount: Any, minimum: Any, valid_until: Any) -> OfferInHand:
    return OfferInHand(name, code, words, percent, Money(*amount) if amount else None, Money(*minimum) if minimum else None, valid_until)


def _flat_rewards(rewards: RewardsEarned) -> tuple[Any, ...]:
    balances = [(money.units, money.currency) for money in rewards.balances]
    return rewards.friends, rewards.pending, balances, rewards.words, rewards.advocate


def _flat_money(money: Money, known: dict[int, Any]) -> tuple[int, str]:
    flat = known[id(money)] = money.units, money.currency
    return flat


def _job(flat: tuple[Any, ...], known: dict[int, Any]) -> Job:
    own, orders, lines, usual, code, offer, rewards, (wishlist, trigger), ref, occasion = flat
    customer_id, email, first_name, last_name, locale, timezone, country, city, birthday, attributes = own
    count, spent, currency, first_at, last_at = orders
    purchases = tuple([
        Purchase(
            order_id, ordered_at, known.get(id(product)) or _product(product, known), quantity,
            known.get(id(price)) or _money(price, known), known.get(id(amount)) or _money(amount, known),
        )
        for order_id, ordered_at, product, quantity, price, amount in lines
    ])
    recipient = Recipient(
        customer_id, email, first_name, last_name, locale, timezone, country, city, birthday, attributes,
        OrderTotals(count, Money(spent, currency), first_at, last_at), purchases,
        None if usual is None else _product(usual, known), code, offer=None if offer is None else _offer(*offer),
        rewards=None if rewards is None else _rewards(*rewards), wishlist=wishlist, trigger=trigger,
    )
    return Job(recipient, Occasion(MessageRef(*ref), *occasion))


def _rewards(friends: int, pending: int, balances: Sequence[tuple[int, str]], words: tuple[str, ...], advocate: str | None) -> RewardsEarned:
    return RewardsEarned(friends, pending, tuple(Money(*money) for money in balances), words, advocate)


def _product(flat: tuple[Any, ...], known: dict[int, Any]) -> Product:
    sku, name, url, image_url, price, compare_at, category = flat
    product = known[id(flat)] = Product(
        sku, name, url, image_url, Money(*price) if price else None, Money(*compare_at) if compare_at else None, category
    )
    return product


def _money(flat: tuple[int, str], known: dict[int, Any]) -> Money:
    money = known[id(flat)] = Money(*flat)
    return money
