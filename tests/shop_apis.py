"""Shops of the tests: the admin APIs of Shopify and WooCommerce as far as codes are concerned, on the loopback."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY, SECRET = "ck_tests", "cs_tests"
TOKEN = "shpat_tests"
Said = tuple[int, dict[str, str], bytes]


class Shop:
    """What both have: calls are noted, and `instead` answers the next ones otherwise."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, Any]] = []
        self.instead: list[Said] = []

    def answer(self, method: str, path: str, headers: Any, body: Any) -> Said:
        self.calls.append((method, path, body))
        if self.instead:
            return self.instead.pop(0)
        return self.own(method, path, headers, body)

    def own(self, method: str, path: str, headers: Any, body: Any) -> Said:
        raise NotImplementedError

    @contextmanager
    def open(self) -> Iterator[str]:
        """Its address."""
        shop = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                status, headers, content = shop.answer(self.command, self.path, self.headers, body)
                if status == 0:
                    self.close_connection = True
                    self.connection.close()
                    return
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST

            def log_message(self, *args: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()


def said(value: Any, status: int = 200, **headers: str) -> Said:
    return status, {name.replace("_", "-"): text for name, text in headers.items()}, json.dumps(value).encode()


class WooCommerce(Shop):
    """Codes are kept in small letters, as WooCommerce does."""

    def __init__(self) -> None:
        super().__init__()
        self.coupons: dict[str, dict[str, Any]] = {}

    def own(self, method: str, path: str, headers: Any, body: Any) -> Said:
        if headers.get("Authorization") != "Basic " + b64encode(f"{KEY}:{SECRET}".encode()).decode():
            return said({"code": "woocommerce_rest_cannot_view", "message": "Sorry, you cannot list resources.", "data": {"status": 401}}, 401)
        if method == "GET":
            wanted = parse_qs(urlsplit(path).query)["code"][0].lower()
            return said([self.coupons[wanted]] if wanted in self.coupons else [])
        assert path == "/wp-json/wc/v3/coupons/batch"
        if len(body["create"]) > 100:
            return said({"code": "woocommerce_rest_request_entity_too_large", "message": "Unable to accept more than 100 items"}, 413)
        return said({"create": [self.made(coupon) for coupon in body["create"]]})

    def made(self, coupon: dict[str, Any]) -> dict[str, Any]:
        code = coupon["code"].lower()
        if code in self.coupons:
            error = {"code": "woocommerce_rest_coupon_code_already_exists", "message": "The coupon code already exists", "data": {"status": 400}}
            return {"id": 0, "error": error}
        self.coupons[code] = {"id": len(self.coupons) + 1, **coupon, "code": code}
        return self.coupons[code]


class Shopify(Shop):
    """A creation of many codes is only queued, and done when it has been asked for twice. `finds`: its search has caught up."""

    def __init__(self) -> None:
        super().__init__()
        self.discounts: dict[str, dict[str, Any]] = {}
        self.codes: dict[str, str] = {}       # upper case -> discount
        self.creations: dict[str, list[Any]] = {}
        self.finds = True

    def own(self, method: str, path: str, headers: Any, body: Any) -> Said:
        if headers.get("X-Shopify-Access-Token") != TOKEN:
            return said({"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}, 401)
        assert path.startswith("/admin/api/2026-07/graphql.json")
        query, given = body["query"], body["variables"]
        for name, field in (
            ("discountCodeBasicCreate", self.create), ("discountRedeemCodeBulkAdd", self.add), ("discountRedeemCodeBulkCreation", self.creation),
            ("codeDiscountNodeByCode", self.by_code), ("codeDiscountNodes", self.by_title),
        ):
            if f"{name}(" in query:
                return said({"data": {name: field(given)}})
        return said({"errors": [{"message": "Field doesn't exist"}]})

    def create(self, given: Any) -> Any:
        discount = given["discount"]
        if discount["code"].upper() in self.codes:
            return {"codeDiscountNode": None, "userErrors": [{"field": ["basicCodeDiscount", "code"], "code": "TAKEN", "message": "Code must be unique. Please try a different code."}]}
        new = f"gid://shopify/DiscountCodeNode/{len(self.discounts) + 1}"
        self.discounts[new] = discount
        self.codes[discount["code"].upper()] = new
        return {"codeDiscountNode": {"id": new}, "userErrors": []}

    def add(self, given: Any) -> Any:
        if given["id"] not in self.discounts:
            return {"bulkCreation": None, "userErrors": [{"field": ["discountId"], "code": "INVALID", "message": "Code discount does not exist."}]}
        nodes = []
        for code in (one["code"] for one in given["codes"]):
            taken = code.upper() in self.codes
            errors = [{"code": None, "message": "Code must be unique. Please try a different code."}] if taken else []
            self.codes.setdefault(code.upper(), given["id"])
            nodes.append({"code": code, "discountRedeemCode": None if taken else {"id": f"gid://shopify/DiscountRedeemCode/{code}"}, "errors": errors})
        creation = f"gid://shopify/DiscountRedeemCodeBulkCreation/{len(self.creations) + 1}"
        self.creations[creation] = [0, nodes]
        return {"bulkCreation": {"id": creation}, "userErrors": []}

    def creation(self, given: Any) -> Any:
        kept = self.creations[given["id"]]
        kept[0] += 1
        return {"done": kept[0] > 1, "codes": {"nodes": kept[1] if kept[0] > 1 else []}}

    def by_code(self, given: Any) -> Any:
        found = self.codes.get(given["code"].upper())
        return None if found is None else {"id": found, "codeDiscount": {"title": self.discounts[found]["title"]}}

    def by_title(self, given: Any) -> Any:
        words = given["query"].removeprefix('title:"').removesuffix('"')
        found = [(new, discount) for new, discount in self.discounts.items() if words.split()[0] in discount["title"]] if self.finds else []
        return {"nodes": [{"id": new, "codeDiscount": {"title": discount["title"]}} for new, discount in found]}
