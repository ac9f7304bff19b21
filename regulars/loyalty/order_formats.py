"""Exports of orders: Shopify's, and those of the two plugins that WooCommerce shops use most."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

from regulars.audience.cells import BadCell
from regulars.audience.formats import Format, From, column

_ROUNDED = re.compile(r"\d[.,]?\d*[eE]\+\d+")


def _shopify_order(id_: str, name: str) -> str:
    """The number that Shopify's webhooks tell as well. A spreadsheet that saved the file may have rounded it for good."""
    written = id_.strip().removeprefix("'")
    if _ROUNDED.fullmatch(written):
        raise BadCell(f'Id: a spreadsheet has rounded this number to "{written}"; import the file as Shopify wrote it')
    return written or name


def _cancelled(at: str, other: str, status: str) -> str:
    return "cancelled" if (at or other).strip() else status


SHOPIFY = Format(
    "Shopify's orders export", ("Name", "Email", "Financial Status", "Created at", "Lineitem quantity", "Lineitem name", "Lineitem price"),
    {
        "order_id": From(("Id", "Name"), _shopify_order), "email": column("Email"), "ordered_at": column("Created at"),
        "currency": column("Currency"), "status": From(("Cancelled at", "Canceled at", "Financial Status"), _cancelled),
        "paid_at": column("Paid at"), "shipped_at": column("Fulfilled at"), "cancelled_at": column("Cancelled at", "Canceled at"),
        "refunded": column("Refunded Amount"), "discount": column("Discount Amount"), "coupon": column("Discount Code"),
        "channel": column("Source"), "served_by": column("Employee"), "sku": column("Lineitem sku"), "product": column("Lineitem name"),
        "quantity": column("Lineitem quantity"), "unit_price": column("Lineitem price"),
    },
    kept=("Name", "Tags", "Payment Method", "Shipping Method", "Vendor", "Location"),
    of_one="Name", told_once=("Id", "Email", "Created at", "Currency"),
)

# ---- WooCommerce ----

_LABELS = re.compile(r"^wc-")


def _status(written: str) -> str:
    return _LABELS.sub("", written.strip())


def _minus_free(written: str) -> str:
    return written.strip().removeprefix("-")


# Advanced Order Export: a row for each line, the order's own columns in each or in the first. Its Item Cost is after discounts.
WOOCOMMERCE_LINES = Format(
    "WooCommerce's orders, a row for each line", ("Order Number", "Order Status", "Order Date", "Email (Billing)", "Item Cost"),
    {
        "order_id": column("Order ID", "Order Number"), "email": column("Email (Billing)"), "ordered_at": column("Order Date"),
        "customer_id": column("Customer User ID"), "currency": column("Order Currency", "Currency"), "status": From(("Order Status",), _status),
        "paid_at": column("Paid Date"), "refunded": From(("Order Refund Amount",), _minus_free),
        "coupon": column("Coupon Code", "Coupons Used"), "sku": column("SKU"), "product": column("Item Name", "Name", "Product Name"),
        "category": column("Category"), "quantity": column("Quantity", "Quantity (- Refund)"), "unit_price": column("Item Cost"),
    },
    kept=("Order Number", "Payment Method Title", "Shipping Method Title"),
    of_one="Order Number", told_once=("Order Number", "Order ID", "Email (Billing)", "Order Date", "Customer User ID", "Order Currency", "Currency"),
)

# Order Export & Order Import: a row for each order, each line packed into a column line_item_1, line_item_2 …
_PACKED = ("sku", "product", "quantity", "unit_price", "line_discount")


def _packed_items(row: Mapping[str, str]) -> Sequence[Mapping[str, str]]:
    columns = sorted((name for name in row if re.fullmatch(r"line_item_\d{1,4}", name)), key=lambda name: int(name.rpartition("_")[2]))
    return [_item(row[name]) for name in columns if row[name].strip()]


def _item(cell: str) -> Mapping[str, str]:
    """`name:Guji|sku:G-250|quantity:2|total:40.00|sub_total:50.00`: both amounts are of all pieces together."""
    told = {key.strip(): value.strip() for part in cell.split("|") for key, colon, value in [part.partition(":")] if colon}
    quantity, before, after = told.get("quantity") or "1", told.get("sub_total") or told.get("total") or "0", told.get("total") or "0"
    item = {"sku": told.get("sku", ""), "product": told.get("name", ""), "quantity": quantity}
    try:
        each = Decimal(before) / Decimal(quantity)
        return {**item, "unit_price": f"{each:.4f}", "line_discount": f"{Decimal(before) - Decimal(after):.4f}"}
    except (InvalidOperation, ZeroDivisionError):
        return {**item, "unit_price": before}  # which the reader of cells says what is wrong with


def _coupon(written: str) -> str:
    """`code:welcome10|amount:5.00`."""
    return next((part.partition(":")[2] for part in re.split("[|;]", written) if part.strip().startswith("code:")), "").strip()


WOOCOMMERCE_PACKED = Format(
    "WooCommerce's orders, a row for each order", ("order_id", "order_date", "billing_email", "order_total", "line_item_1"),
    {
        "order_id": column("order_id"), "email": column("billing_email", "customer_email"), "ordered_at": column("order_date"),
        "customer_id": column("customer_id"), "currency": column("order_currency"), "status": From(("status",), _status),
        "paid_at": column("paid_date"), "coupon": From(("coupon_items",), _coupon),
    },
    kept=("order_number", "payment_method_title", "shipping_method"), items=_packed_items, item_fields=_PACKED,
)


FORMATS = (SHOPIFY, WOOCOMMERCE_LINES, WOOCOMMERCE_PACKED)
