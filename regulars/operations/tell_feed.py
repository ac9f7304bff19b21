"""What is new in a feed is told as a webhook would tell it: recorded with everything that follows in one transaction a batch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from regulars.audience.cells import BadCell
from regulars.audience.people import PersonRow, merged, read_person
from regulars.audience.suppression import Suppression
from regulars.loyalty.calls import Call, Heard, News, ProductTold, Terms
from regulars.loyalty.products import ProductRow, read_product
from regulars.loyalty.purchases import MOST_LINES, Order, Row, make_order, read_row
from regulars.loyalty.tellings import Telling, states_of
from regulars.operations.importing import Imported, Source, groups, in_lists, read_rows
from regulars.operations.ports import Catalogue, Feeds, IntakeBook, People, Purchases, Stored, SuppressionList
from regulars.operations.take_in import take_in

AT_ONCE = 500  # orders, customers or products of a transaction
_TOO_MANY = "more than {most:,} rows are of {{key}}; is its column the right one?"


@dataclass(slots=True)
class Teller:
    """`source`: the feed, as calls name it. `pull`: this pull, unlike every other one. `begun`: journeys that were started so far."""

    book: IntakeBook
    terms: Terms
    source: str
    pull: str
    begun: int = 0
    calls: int = field(default=0)

    def tell(self, topic: str, news: Iterable[News]) -> list[str]:
        """Returns why some of it was refused."""
        told = tuple(news)
        if not told:
            return []
        self.calls += 1
        name = f"{self.pull}/{self.calls}"
        call = Call(self.source, name, topic, hashlib.sha256(name.encode()).hexdigest(), Heard(told))
        taken = take_in([call], self.book, self.terms)
        self.begun += taken.begun
        answer: dict[str, Any] = json.loads(taken.answers[0].answer)
        return [each["reason"] for each in answer.get("refused", ())]


def tell_orders(source: Source, purchases: Purchases, feeds: Feeds, teller: Teller) -> Imported:
    """An order is new when it stands there neither as an import would store it nor as this feed told it last."""
    currency = source.currency or teller.terms.shop.currency
    result = read_rows(source, lambda record: read_row(record, currency), key=lambda row: row.order_id, pack=Row.packed)
    for batch in in_lists(groups(source, result, MOST_LINES, _TOO_MANY.format(most=MOST_LINES)), AT_ONCE):
        read = [(order, rows) for group in batch if (rows := tuple(Row.unpacked(packed) for _, packed in group))
                and (order := _order(rows, [line for line, _ in group], teller.terms, result)) is not None]
        changed = purchases.changed([order for order, _ in read])
        last = feeds.last_told(changed)
        new = [rows for order, rows in read if order.order_id in changed and last.get(order.order_id) != rows]
        tellings = [Telling(rows[0].order_id, teller.terms.now, rows, states_of(_head_of(rows))) for rows in new]
        _count(result, [len(rows) for _, rows in read], [len(rows) for rows in new], teller.tell("orders", tellings))
        source.progress(result.imported + result.unchanged + result.rejected_count, result.read)
    return result


def tell_customers(source: Source, people: People, suppressions: SuppressionList, teller: Teller) -> Imported:
    attributes = teller.terms.shop.attributes
    result = read_rows(source, lambda record: read_person(record, attributes), key=lambda row: row.key)
    for batch in in_lists(groups(source, result, 1_000, _TOO_MANY.format(most=1_000)), AT_ONCE):
        rows: list[PersonRow] = [merged([row for _, row in group]) for group in batch]
        suppressions.add([Suppression(row.address, row.suppressed, "import") for row in rows if row.suppressed], teller.terms.now)
        outcomes = people.compared(rows, teller.terms.now)
        new = [row for row, outcome in zip(rows, outcomes, strict=True) if outcome is not Stored.UNCHANGED]
        _count(result, [1] * len(rows), [1] * len(new), teller.tell("customers", new))
        source.progress(result.imported + result.unchanged + result.rejected_count, result.read)
    return result


def tell_products(source: Source, catalogue: Catalogue, teller: Teller) -> Imported:
    currency = source.currency or teller.terms.shop.currency
    result = read_rows(source, lambda record: read_product(record, currency), key=lambda product: product.sku)
    for batch in in_lists(groups(source, result, 1_000, _TOO_MANY.format(most=1_000)), AT_ONCE):
        products: list[ProductRow] = [group[-1][1] for group in batch]
        changed = catalogue.changed(products)
        new = [ProductTold(product, teller.terms.now) for product in products if product.sku in changed]
        _count(result, [1] * len(products), [1] * len(new), teller.tell("products", new))
        source.progress(result.imported + result.unchanged + result.rejected_count, result.read)
    return result


def _order(rows: Sequence[Row], lines: Sequence[int], terms: Terms, result: Imported) -> Order | None:
    try:
        return make_order(rows, terms.rates, terms.day_of)
    except BadCell as error:
        for line in lines:
            result.reject(line, str(error))
        return None


def _head_of(rows: Sequence[Row]) -> Any:
    """What any of the rows says of the order; the first that says something wins."""
    head = rows[0].head
    for row in rows[1:]:
        head = head._replace(**{name: value for name, value in row.head._asdict().items() if getattr(head, name) is None and value is not None})
    return head


def _count(result: Imported, of_all: Sequence[int], of_new: Sequence[int], refused: Sequence[str]) -> None:
    """What was refused contradicts something that is stored: it has no line of its own."""
    for reason in refused:
        result.reject(0, reason)
    new = max(sum(of_new) - len(refused), 0)
    result.imported += new
    result.unchanged += sum(of_all) - sum(of_new)
