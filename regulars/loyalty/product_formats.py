"""Exports of the catalogue: Shopify's and WooCommerce's."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import quote

from regulars.audience.formats import Format, From, column


def _shopify_name(title: str, *options: str) -> str:
    """As its webhooks name variants, which are products of their own here: `Guji 250 g / whole`."""
    chosen = [option.strip() for option in options if option.strip() and option.strip().casefold() != "default title"]
    return " ".join([title.strip(), *([" / ".join(chosen)] if chosen else [])])


def _last_part(path: str) -> str:
    """`Home > Coffee > Beans` is Beans, and of several categories the first counts."""
    return unescape(re.split(r",\s*", path)[0].rpartition(">")[2].strip())


def _first_address(written: str) -> str:
    return written.partition(",")[0].strip()


def formats(shop_url: str) -> tuple[Format, ...]:
    return _shopify(shop_url.rstrip("/")), WOOCOMMERCE


def _shopify(shop_url: str) -> Format:
    return Format(
        "Shopify's products export", ("Handle", "Title", "Variant SKU", "Variant Price"),
        {
            "sku": From(("Variant SKU",), lambda sku: sku.strip().removeprefix("'")),
            "name": From(("Title", "Option1 Value", "Option2 Value", "Option3 Value"), _shopify_name),
            "url": From(("Handle",), lambda handle: f"{shop_url}/products/{quote(handle.strip())}"),
            "price": column("Variant Price"), "compare_at": column("Variant Compare At Price"), "stock": column("Variant Inventory Qty"),
            "category": From(("Type", "Product Category"), lambda type_, path: type_ or _last_part(path)),
            "image_url": column("Variant Image", "Image Src"),
        },
        kept=("Vendor", "Tags", "Status"), of_one="Handle", told_once=("Title", "Type", "Product Category", "Image Src", "Vendor", "Status"),
        only_with=("Variant SKU", "Variant Price"),
    )


WOOCOMMERCE = Format(
    "WooCommerce's products export", ("ID", "Type", "SKU", "Name", "Published", "Regular price"),
    {
        "sku": From(("SKU", "ID"), lambda sku, id_: sku.strip() or id_.strip()), "name": column("Name"),
        "price": From(("Sale price", "Regular price"), lambda sale, regular: sale if sale.strip() else regular),
        "compare_at": From(("Sale price", "Regular price"), lambda sale, regular: regular if sale.strip() else ""),
        "stock": column("Stock"), "category": From(("Categories",), _last_part), "image_url": From(("Images",), _first_address),
        "url": column("External URL"),
    },
    kept=("Type", "Tags", "Parent"),
)
