"""Sets of customers as grouped SELECTs: who bought, who reacted, who carries a tag, who has a score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Float,
    Select,
    Subquery,
    Table,
    and_,
    case,
    cast,
    false,
    func,
    not_,
    or_,
    select,
    union,
)

from regulars.adapters.database.clauses import clause
from regulars.adapters.database.customer_facts import counts
from regulars.adapters.database.functions import list_holds
from regulars.adapters.database.schema import (
    consents,
    customer_tags,
    events,
    launches,
    messages,
    order_lines,
    orders,
    scores,
)
from regulars.adapters.database.scores import score_sums
from regulars.adapters.database.types import micros
from regulars.audience.comparison import Comparisons, in_window, reduced
from regulars.audience.frame import Frame
from regulars.audience.purchases import aggregates_of, filters_of
from regulars.audience.reactions import CLICKED, OPENED, RECEIVED, REPLIED, attribution_span, count_tests
from regulars.definition.conditions import (
    Aggregate,
    Emails,
    Kind,
    LineField,
    Orders,
    Reaction,
    SegmentScore,
    Tagged,
)

Ids = Select[Any]  # one column, customer_id, each once


def carriers(condition: Tagged, frame: Frame) -> Ids:
    """Who carries a tag for which every test holds."""
    tag = customer_tags.c
    query = select(tag.customer_id).where(clause(tag.tag_folded, reduced(Kind.TEXT, condition.tests, frame), nullable=False))
    return (query.where(tag.added_at <= frame.as_of) if frame.recomputed else query).distinct()


# ---- orders -----------------------------------------------------------------------------------------------

_LINE_COLUMNS: Mapping[LineField, ColumnElement[Any]] = {
    LineField.SKU: order_lines.c.sku_folded,
    LineField.PRODUCT: order_lines.c.product_folded,
    LineField.CATEGORY: order_lines.c.category_folded,
    LineField.COUPON: order_lines.c.coupon_folded,
    LineField.CHANNEL: order_lines.c.channel_folded,
    LineField.CURRENCY: func.lower(order_lines.c.currency),
}


def buyers(condition: Orders, frame: Frame, *, negated: bool = False) -> Ids:
    """Whose sums over the matching lines pass the tests; `negated`: who has such lines and fails them."""
    lines = order_lines.c
    wanted = and_(
        counts(order_lines, frame),
        clause(lines.ordered_at, in_window(condition.window, frame), nullable=False),
        *(clause(_LINE_COLUMNS[field], comparisons) for field, comparisons in filters_of(condition, frame)),
    )
    if not condition.aggregates:
        return select(lines.customer_id).where(wanted, lines.is_refund.is_(false())).distinct()
    per_order = (
        select(
            lines.customer_id, lines.is_refund,
            func.sum(lines.amount_compared).label("amount"), func.sum(lines.quantity).label("quantity"),
        )
        .where(wanted).group_by(lines.customer_id, lines.order_key, lines.is_refund).subquery()
    )
    sums = _sums(per_order)
    passed = and_(*(clause(sums[aggregate], comparisons) for aggregate, comparisons in aggregates_of(condition, frame)))
    return _grouped(per_order, not_(passed) if negated else passed)


def _sums(per_order: Subquery) -> Mapping[Aggregate, ColumnElement[Any]]:
    bought = case((per_order.c.is_refund.is_(false()), per_order.c.amount))
    count, spent = func.count(bought), func.sum(per_order.c.amount)
    return {
        Aggregate.COUNT: count,
        Aggregate.SPENT: spent,
        Aggregate.QUANTITY: cast(func.sum(per_order.c.quantity), Float) / 1000.0,
        Aggregate.BIGGEST_ORDER: func.max(bought),
        Aggregate.AVERAGE_ORDER: cast(spent, Float) / cast(func.nullif(count, 0), Float),
    }


# ---- reactions to mails -----------------------------------------------------------------------------------

def reacting(condition: Emails, frame: Frame, *, negated: bool = False) -> Ids:
    """Who reacted to as many messages as the tests ask; `negated`: who reacted at all and fails them."""
    reacted_to = _messages(condition, frame).subquery()
    if not condition.tests:
        return select(reacted_to.c.customer_id).distinct()
    passed = clause(func.count(), count_tests(condition, frame), nullable=False)
    return _grouped(reacted_to, not_(passed) if negated else passed)


def _messages(condition: Emails, frame: Frame) -> CompoundSelect[Any]:
    """customer_id, launch_id and number of each message reacted to, once."""
    window = in_window(condition.window, frame)
    match condition.reaction:
        case Reaction.RECEIVED:
            return union(*_receipts(condition, window))
        case Reaction.OPENED:
            not_a_machine = or_(events.c.verdict.is_(None), events.c.verdict != "machine")
            return union(*_events(condition, window, and_(events.c.kind == OPENED, not_a_machine)))
        case Reaction.CLICKED:
            return union(*_events(condition, window, _clicked()))
        case Reaction.REACTED:
            answered = _events(condition, window, or_(_clicked(), events.c.kind == REPLIED))
            return union(*answered, *_orders_after_receipt(condition, window, frame))


def _receipts(condition: Emails, window: Comparisons) -> Sequence[Select[Any]]:
    """Of mails here and, as events, of those that another system sent."""
    here = select(messages.c.customer_id, messages.c.launch_id, messages.c.number)
    if condition.link is not None:
        return [here.where(false())]
    here = here.where(clause(messages.c.accepted_at, window), _of_campaign(messages.c.launch_id, condition))
    return [here, *_events(condition, window, events.c.kind == RECEIVED)]


def _events(condition: Emails, window: Comparisons, such: ColumnElement[bool]) -> Sequence[Select[Any]]:
    """Apart for launches and for other systems' campaigns: an OR of both would be found by no index."""
    query = select(events.c.customer_id, events.c.launch_id, events.c.number).where(such, clause(events.c.at, window, nullable=False))
    query = query if condition.link is None else query.where(events.c.link == condition.link)
    if condition.campaign is None:
        return [query.where(events.c.launch_id.is_not(None))]
    return [query.where(_of_campaign(events.c.launch_id, condition)), query.where(_of_other_campaign(condition))]


def _orders_after_receipt(condition: Emails, window: Comparisons, frame: Frame) -> Sequence[Select[Any]]:
    if condition.link is not None:
        return []
    here = and_(messages.c.accepted_at.is_not(None), _of_campaign(messages.c.launch_id, condition))
    elsewhere = and_(events.c.kind == RECEIVED, _of_other_campaign(condition))
    return [
        _orders_after(messages, messages.c.accepted_at, window, frame).where(here),
        _orders_after(events, events.c.at, window, frame).where(elsewhere),
    ]


def _orders_after(mails: Table, received_at: ColumnElement[Any], window: Comparisons, frame: Frame) -> Select[Any]:
    since_receipt = micros(orders.c.ordered_at) - micros(received_at)
    span = attribution_span(frame)
    return select(mails.c.customer_id, mails.c.launch_id, mails.c.number).join(orders, orders.c.customer_id == mails.c.customer_id).where(
        orders.c.is_refund.is_(false()), counts(orders, frame), clause(orders.c.ordered_at, window, nullable=False),
        orders.c.ordered_at >= received_at, since_receipt < int(span.total_seconds()) * 1_000_000,
    )


def _clicked() -> ColumnElement[bool]:
    return and_(events.c.kind == CLICKED, or_(events.c.verdict.is_(None), events.c.verdict == "human"))


def _of_campaign(launch: ColumnElement[Any], condition: Emails) -> ColumnElement[bool]:
    if condition.campaign is None:
        return launch.is_not(None)
    return launch.in_(select(launches.c.id).where(launches.c.campaign == condition.campaign))


def _of_other_campaign(condition: Emails) -> ColumnElement[bool]:
    """A mail of another system, of its campaign of that name."""
    is_other = events.c.launch_id < 0
    return is_other if condition.campaign is None else and_(is_other, events.c.campaign == condition.campaign)


# ---- scores and consent -----------------------------------------------------------------------------------

def scored(condition: SegmentScore, comparisons: Comparisons, frame: Frame, *, negated: bool = False) -> Ids:
    """Whose stored score in the segment passes; `negated`: who has one and fails."""
    rows = score_rows(condition.segment, frame).subquery()
    passed = clause(rows.c.total, comparisons, nullable=False)
    return select(rows.c.customer_id).where(not_(passed) if negated else passed)


def score_rows(segment: str, frame: Frame) -> Select[Any]:
    if not frame.recomputed:
        return select(scores.c.customer_id, scores.c.value.label("total")).where(scores.c.segment == segment)
    launched_for_it = select(launches.c.id).where(list_holds(launches.c.segments, segment))
    return score_sums(frame.shop.scoring, frame.decay).where(
        events.c.at <= frame.as_of, events.c.launch_id.in_(launched_for_it)
    )


def who_left(topic: str) -> Ids:
    """Whose last word about the topic was no."""
    newest_first = func.row_number().over(
        partition_by=consents.c.customer_id, order_by=(consents.c.at.desc(), consents.c.id.desc())
    )
    words = select(consents.c.customer_id, consents.c.state, newest_first.label("place")).where(
        consents.c.channel == "email", consents.c.purpose == "marketing", consents.c.topic == topic
    ).subquery()
    return select(words.c.customer_id).where(words.c.place == 1, words.c.state == "withdrawn")


def _grouped(rows: Subquery, having: ColumnElement[bool]) -> Ids:
    return select(rows.c.customer_id).group_by(rows.c.customer_id).having(having)
