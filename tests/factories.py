"""People, products and orders as plain values for all tests; a variant is a subclass, by noun.

`tests/conftest.py` registers them with pytest-factoryboy, so that `customer_factory`, `order_line_factory` … are fixtures.
They make rows as a shop's files hold them; `tests/shops.py` puts such rows into a database by the real import.
"""

from __future__ import annotations

import factory
from pytest_factoryboy import named_model


class CustomerFactory(factory.Factory):
    """A row of a customers file, who said yes."""

    class Meta:
        model = named_model(dict, "Customer")

    email = factory.Sequence(lambda n: f"customer{n}@mail.example")
    first_name = "Ada"
    last_name = "Yılmaz"
    locale = "tr"
    timezone = "Europe/Istanbul"
    country = "TR"
    birthday = ""
    consent = "yes"
    consent_at = "2026-01-01 10:00"
    consent_source = "checkout"


class NeverAskedCustomerFactory(CustomerFactory):
    consent = ""
    consent_at = ""
    consent_source = ""


class UnsubscribedCustomerFactory(CustomerFactory):
    consent = "no"


class BirthdayCustomerFactory(CustomerFactory):
    birthday = "1990-05-17"


class ProductFactory(factory.Factory):
    """A row of a products file."""

    class Meta:
        model = named_model(dict, "Product")

    sku = factory.Sequence(lambda n: f"SKU-{n}")
    name = factory.LazyAttribute(lambda o: f"Product {o.sku}")
    url = factory.LazyAttribute(lambda o: f"https://kahve.example/{o.sku.lower()}")
    image_url = ""
    price = "100.00"
    category = "beans"


class OrderLineFactory(factory.Factory):
    """A row of an orders file: an order of one line, unless `order_id` is given twice."""

    class Meta:
        model = named_model(dict, "OrderLine")

    order_id = factory.Sequence(lambda n: f"order-{n}")
    ordered_at = "2026-05-01 10:00"
    email = "ada@mail.example"
    sku = "SKU-1"
    product = "Guji 250 g"
    category = "beans"
    quantity = "1"
    unit_price = "100.00"
    currency = "TRY"


class RefundLineFactory(OrderLineFactory):
    quantity = "-1"


class CancelledLineFactory(OrderLineFactory):
    status = "cancelled"
    cancelled_at = "2026-05-02 10:00"


class ForeignLineFactory(OrderLineFactory):
    currency = "EUR"
    unit_price = "10.00"


ALL = (
    CustomerFactory, NeverAskedCustomerFactory, UnsubscribedCustomerFactory, BirthdayCustomerFactory, ProductFactory,
    OrderLineFactory, RefundLineFactory, CancelledLineFactory, ForeignLineFactory,
)
