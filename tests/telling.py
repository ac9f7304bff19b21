"""What shops' systems send, as their public documentation shows it, for the people and shops of reserved domains."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

PLACED = datetime.fromisoformat("2026-11-20T08:30:00+00:00")


def shopify_order(**changes: Any) -> dict[str, Any]:
    """An order as orders/create has it, unpaid; any field can be given otherwise."""
    order = {
        "id": 820982911946154508, "admin_graphql_api_id": "gid://shopify/Order/820982911946154508", "app_id": 580111,
        "browser_ip": "203.0.113.9", "buyer_accepts_marketing": False, "cancel_reason": None, "cancelled_at": None,
        "cart_token": "68778783ad298f1c80c3bafcddeea02f", "checkout_token": "bd5a8aa1ecd019dd3520ff791ee3a24c",
        "client_details": {
            "accept_language": "tr-TR,tr;q=0.9", "browser_height": 714, "browser_ip": "203.0.113.9", "browser_width": 1519,
            "session_hash": None, "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        },
        "confirmed": True, "contact_email": "ada@mail.example", "created_at": at(0), "currency": "TRY",
        "current_subtotal_price": "450.00", "current_total_price": "480.00",
        "customer_locale": "tr", "discount_codes": [{"code": "HOSGELDIN", "amount": "50.00", "type": "fixed_amount"}],
        "email": "ada@mail.example", "estimated_taxes": False, "financial_status": "pending", "fulfillment_status": None,
        "landing_site": "/products/kolombiya?ref=KHV7TMQ4", "name": "#1001", "note": None,
        "note_attributes": [{"name": "gift", "value": "no"}], "number": 1, "order_number": 1001, "phone": None,
        "presentment_currency": "TRY", "processed_at": at(0), "referring_site": "https://kahve.example/", "source_name": "web",
        "subtotal_price": "450.00", "tags": "", "taxes_included": True, "test": False, "total_discounts": "50.00",
        "total_line_items_price": "500.00", "total_price": "480.00", "total_tax": "40.00", "updated_at": at(0), "user_id": None,
        "billing_address": ADDRESS, "shipping_address": ADDRESS,
        "customer": shopify_customer(), "discount_applications": [], "fulfillments": [],
        "line_items": [
            shopify_line(1, "COF-1", "Kolombiya Huila", 2, "200.00", discount="40.00"),
            shopify_line(2, "MUG-1", "Emaye kupa", 1, "100.00", discount="10.00"),
        ],
        "payment_terms": None, "refunds": [], "shipping_lines": [{"id": 1, "code": "Standart", "price": "30.00", "title": "Standart"}],
    }
    return {**deepcopy(order), **changes}


def shopify_line(number: int, sku: str, title: str, quantity: int, price: str, discount: str = "0.00", **changes: Any) -> dict[str, Any]:
    return {
        "id": 466157049 + number, "current_quantity": quantity, "fulfillable_quantity": quantity, "fulfillment_status": None,
        "gift_card": False, "grams": 250, "name": title, "price": price, "price_set": both(price), "product_exists": True,
        "product_id": 7513594 + number, "properties": [], "quantity": quantity, "requires_shipping": True, "sku": sku, "taxable": True,
        "title": title, "total_discount": "0.00", "variant_id": 4264112 + number, "variant_title": "250 g", "vendor": "Mahalle Kahve",
        "tax_lines": [], "duties": [],
        "discount_allocations": [{"amount": discount, "amount_set": both(discount), "discount_application_index": 0}],
        **changes,
    }


def shopify_customer(**changes: Any) -> dict[str, Any]:
    return {
        "id": 115310627314723954, "email": "ada@mail.example", "created_at": at(-1000), "updated_at": at(-1000), "first_name": "Ada",
        "last_name": "Yılmaz", "state": "disabled", "note": None, "verified_email": True, "multipass_identifier": None,
        "tax_exempt": False, "tags": "", "phone": None, "currency": "TRY",
        "email_marketing_consent": {"state": "not_subscribed", "opt_in_level": "single_opt_in", "consent_updated_at": None},
        "default_address": {**ADDRESS, "id": 715243470612851245, "default": True}, **changes,
    }


def shopify_fulfillment(number: int, created: float, updated: float | None = None, **changes: Any) -> dict[str, Any]:
    return {
        "id": 255858046 + number, "order_id": 820982911946154508, "status": "success", "created_at": at(created), "service": "manual",
        "updated_at": at(created if updated is None else updated), "tracking_company": "Kargo", "shipment_status": None,
        "tracking_number": "1Z2345", "line_items": [], "email": "ada@mail.example", **changes,
    }


def shopify_refund(number: int, created: float, amount: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": 509562969 + number, "order_id": 820982911946154508, "created_at": at(created), "note": "", "user_id": 548380009,
        "processed_at": at(created), "restock": True, "duties": [], "refund_line_items": [], "order_adjustments": [],
        "transactions": [{
            "id": 179259969 + number, "order_id": 820982911946154508, "kind": "refund", "gateway": "iyzico", "status": "success",
            "amount": amount, "currency": "TRY", "created_at": at(created), "processed_at": at(created),
        }], **changes,
    }


def shopify_product(**changes: Any) -> dict[str, Any]:
    return {
        "id": 788032119674292922, "title": "Kolombiya Huila", "body_html": "<p>Fıstık, kakao</p>", "vendor": "Mahalle Kahve",
        "product_type": "beans", "created_at": at(-5000), "handle": "kolombiya-huila", "updated_at": at(0), "published_at": at(-5000),
        "status": "active", "tags": "yeni", "options": [{"name": "Boy", "values": ["250 g", "1 kg"]}],
        "variants": [
            {
                "id": 642667041472713922, "title": "250 g", "price": "200.00", "compare_at_price": None, "sku": "COF-1",
                "inventory_item_id": 271878346596884015, "inventory_management": "shopify", "inventory_quantity": 12, "position": 1,
            },
            {
                "id": 757650484644203962, "title": "1 kg", "price": "700.00", "compare_at_price": "760.00", "sku": "COF-1-KG",
                "inventory_item_id": 151016517308016641, "inventory_management": "shopify", "inventory_quantity": 0, "position": 2,
            },
        ],
        "image": {"id": 1, "src": "https://kahve.example/files/huila.jpg"}, "images": [{"id": 1, "src": "https://kahve.example/files/huila.jpg"}],
        **changes,
    }


def shopify_checkout(**changes: Any) -> dict[str, Any]:
    return {
        "id": 981820079255243537, "token": "123123123", "cart_token": "eeafa272cebfd4b22385bc4b645e762c", "email": "ada@mail.example",
        "gateway": None, "buyer_accepts_marketing": False, "created_at": at(-20), "updated_at": at(-10), "completed_at": None,
        "currency": "TRY", "abandoned_checkout_url": "https://kahve.example/checkouts/123123123/recover?key=k", "customer": shopify_customer(),
        "line_items": [{
            "key": "fb", "quantity": 2, "price": "200.00", "sku": "COF-1", "title": "Kolombiya Huila", "variant_id": 4264113, "product_id": 1,
            "presentment_title": "Kolombiya Huila", "line_price": "400.00",
        }], **changes,
    }


def woocommerce_order(**changes: Any) -> dict[str, Any]:
    """An order as order.created has it, unpaid."""
    return {
        "id": 727, "parent_id": 0, "number": "727", "order_key": "wc_order_58d2d042d1d", "created_via": "checkout", "version": "9.4.0",
        "status": "pending", "currency": "TRY", "date_created": "2026-11-20T11:30:00", "date_created_gmt": gmt(0),
        "date_modified": "2026-11-20T11:30:00", "date_modified_gmt": gmt(0), "discount_total": "50.00", "discount_tax": "0.00",
        "shipping_total": "30.00", "total": "480.00", "total_tax": "40.00", "prices_include_tax": True, "customer_id": 26,
        "customer_ip_address": "203.0.113.9", "customer_user_agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "customer_note": "",
        "billing": {
            "first_name": "Ada", "last_name": "Yılmaz", "company": "", "address_1": "İcadiye Cd. 12", "address_2": "", "city": "İstanbul",
            "state": "TR34", "postcode": "34674", "country": "TR", "email": "ada@mail.example", "phone": "(555) 555-5555",
        },
        "shipping": {
            "first_name": "Ada", "last_name": "Yılmaz", "company": "", "address_1": "İcadiye Cd. 12", "address_2": "", "city": "İstanbul",
            "state": "TR34", "postcode": "34674", "country": "TR",
        },
        "payment_method": "iyzico", "payment_method_title": "Kart", "transaction_id": "", "date_paid": None, "date_paid_gmt": None,
        "date_completed": None, "date_completed_gmt": None, "cart_hash": "",
        "meta_data": [{"id": 13106, "key": "_wc_order_attribution_session_entry", "value": "https://kahve.example/?ref=KHV7TMQ4"}],
        "line_items": [
            {
                "id": 315, "name": "Kolombiya Huila - 250 g", "product_id": 93, "variation_id": 94, "quantity": 2, "tax_class": "",
                "subtotal": "363.64", "subtotal_tax": "36.36", "total": "327.27", "total_tax": "32.73", "taxes": [], "meta_data": [],
                "sku": "COF-1", "price": 163.635,
            },
            {
                "id": 316, "name": "Emaye kupa", "product_id": 22, "variation_id": 0, "quantity": 1, "tax_class": "", "subtotal": "90.91",
                "subtotal_tax": "9.09", "total": "81.82", "total_tax": "8.18", "taxes": [], "meta_data": [], "sku": "", "price": 81.82,
            },
        ],
        "tax_lines": [], "shipping_lines": [], "fee_lines": [], "refunds": [],
        "coupon_lines": [{"id": 318, "code": "hosgeldin", "discount": "50", "discount_tax": "0", "meta_data": []}],
        "_links": {"self": [{"href": "https://kahve.example/wp-json/wc/v3/orders/727"}]}, **changes,
    }


def woocommerce_customer(**changes: Any) -> dict[str, Any]:
    return {
        "id": 26, "date_created": "2026-03-21T19:09:28", "date_created_gmt": "2026-03-21T16:09:28", "date_modified": "2026-03-21T19:09:30",
        "date_modified_gmt": "2026-03-21T16:09:30", "email": "ada@mail.example", "first_name": "Ada", "last_name": "Yılmaz",
        "role": "customer", "username": "ada", "billing": {**woocommerce_order()["billing"]}, "shipping": {}, "is_paying_customer": False,
        "avatar_url": "", "meta_data": [], **changes,
    }


def woocommerce_product(**changes: Any) -> dict[str, Any]:
    return {
        "id": 94, "name": "Kolombiya Huila", "slug": "kolombiya-huila", "permalink": "https://kahve.example/urun/kolombiya-huila/",
        "date_created_gmt": "2026-03-23T20:01:14", "date_modified": "2026-11-20T11:30:00", "date_modified_gmt": gmt(0), "type": "simple",
        "status": "publish", "sku": "COF-1", "price": "180.00", "regular_price": "200.00", "sale_price": "180.00", "on_sale": True,
        "manage_stock": True, "stock_quantity": 7, "stock_status": "instock", "categories": [{"id": 9, "name": "Çekirdek", "slug": "cekirdek"}],
        "images": [{"id": 792, "src": "https://kahve.example/wp-content/uploads/huila.jpg", "name": "", "alt": ""}], **changes,
    }


ADDRESS = {
    "first_name": "Ada", "address1": "İcadiye Cd. 12", "phone": None, "city": "İstanbul", "zip": "34674", "province": None,
    "country": "Turkey", "last_name": "Yılmaz", "address2": None, "company": None, "name": "Ada Yılmaz", "country_code": "TR",
}


def both(amount: str, presentment: str | None = None, currency: str = "TRY") -> dict[str, Any]:
    return {
        "shop_money": {"amount": amount, "currency_code": "TRY"},
        "presentment_money": {"amount": presentment or amount, "currency_code": currency},
    }


def at(minutes: float) -> str:
    """So long after the order was placed, as Shopify writes it."""
    return (PLACED + timedelta(minutes=minutes)).astimezone(datetime.fromisoformat("2026-11-20T00:00:00+03:00").tzinfo).isoformat()


def gmt(minutes: float) -> str:
    """The same as WooCommerce writes it."""
    return (PLACED + timedelta(minutes=minutes)).replace(tzinfo=None).isoformat()
