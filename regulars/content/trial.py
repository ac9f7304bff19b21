"""The built-in customer of `check`: everything known, long names, many purchases."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from regulars.content.email import Occasion
from regulars.content.recipient import OrderTotals, Product, Purchase, Recipient, RewardsEarned
from regulars.content.tokens import Key, MessageRef
from regulars.definition.conditions import Kind
from regulars.definition.quantities import Money
from regulars.definition.workspace import Attribute, Shop

_WHEN = datetime(2026, 1, 31, 12, tzinfo=UTC)
OCCASION = Occasion(MessageRef(0, 0), "trial", Key(b"trial", 0), "https://mail.shop.example", _WHEN)
_LINES = 40
_LOOP = re.compile(r"\{%-?\s*(?:for\s(.*?)|endfor\s*)-?%\}", re.DOTALL)
_CUT = re.compile(r"\[\s*:\s*(\d+)\s*\]")
_VALUES: dict[Kind, Any] = {
    Kind.NUMBER: Decimal("12.5"), Kind.WHOLE: 12, Kind.DATE: date(2026, 1, 31), Kind.TIME: _WHEN, Kind.YES_NO: True,
}


def large_customer(shop: Shop, language: str) -> Recipient:
    product = Product(
        sku="SKU-000000001", name="Yirgacheffe Konga, washed, 1000 g, whole beans", url=f"{shop.url}/products/yirgacheffe-konga-washed",
        image_url=f"{shop.url}/images/yirgacheffe-konga-washed-1000.jpg", price=Money.of(1249, shop.currency),
        compare_at=Money.of(1499, shop.currency), category="beans",
    )
    amount = Money.of(2498, shop.currency)
    line = Purchase("1000000001", _WHEN, product, Decimal(2), Money.of(1249, shop.currency), amount)
    return Recipient(
        customer_id=0, email="sample@customer.example", first_name="Konstantinopolina", last_name="Çağlayan-Wolfeschlegel",
        locale=language, timezone=shop.timezone, country="TR", city="Afyonkarahisar", birthday="1990-05-17",
        attributes={name: _value(attribute, shop) for name, attribute in shop.attributes.items()},
        orders=OrderTotals(_LINES, Money.of(99_920, shop.compare_in), _WHEN, _WHEN),
        purchases=(line,) * _LINES, usual=product, referral_code="SAMPLE7",
        rewards=RewardsEarned(12, 3, (amount,), (str(amount), "250 g of this month's beans, as whole beans")),
    )


def estimated_size(html: str) -> int:
    """Characters that Jinja's loops make of the template for the large customer, roughly."""
    size, at, times = 0, 0, [1]
    for match in _LOOP.finditer(html):
        size += (match.start() - at) * times[-1]
        at = match.end()
        if match[1] is not None:
            times.append(times[-1] * _repeats(match[1]))
        elif len(times) > 1:
            times.pop()
    return size + (len(html) - at) * times[-1]


def _repeats(over: str) -> int:
    match = _CUT.search(over)
    return min(int(match[1]), _LINES) if match else _LINES


def _value(attribute: Attribute, shop: Shop) -> Any:
    if attribute.kind is Kind.MONEY:
        return Money.of(100, shop.currency)
    return _VALUES.get(attribute.kind) or attribute.default or (attribute.options[0] if attribute.options else "sample")
