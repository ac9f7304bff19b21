"""Draws the door's own pages; their Jinja is apart from the mails' and knows nothing but what it is given."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from regulars.definition.workspace import Shop
from regulars.doors.web.words import Words

_PAGES = Environment(
    loader=PackageLoader("regulars.doors.web", "pages"), autoescape=True, undefined=StrictUndefined,
    trim_blocks=True, lstrip_blocks=True,
)
_CSS = Markup(_PAGES.get_template("style.css").render())  # noqa: S704  our own file, without a variable in it
_STYLE = "'sha256-" + b64encode(hashlib.sha256(_CSS.encode()).digest()).decode() + "'"
_POLICY = (
    f"default-src 'none'; style-src {_STYLE}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; frame-src 'self'"
)


def page(template: str, *, words: Words, shop: Shop | None, status: int = 200, **values: Any) -> HTMLResponse:
    """One of the files in pages/. Nothing of it is kept by caches, and no script ever runs in it."""
    html = _PAGES.get_template(template).render(css=_CSS, words=words, shop=shop, status=status, **values)
    headers = {"content-security-policy": _POLICY, "cache-control": "no-store", "x-frame-options": "DENY"}
    if status == 503:
        headers["retry-after"] = "60"
    return HTMLResponse(html, status, headers)


def message_page(words: Words, shop: Shop | None, what: str, *, status: int = 200, note: str = "", **names: str) -> HTMLResponse:
    """A heading and a sentence; `what` is the beginning of their names in Words."""
    title = getattr(words, f"{what}_title").format(shop=shop.name if shop else "", **names)
    text = getattr(words, f"{what}_text").format(shop=shop.name if shop else "", **names)
    return page("message.html", words=words, shop=shop, status=status, title=title, text=text, note=note)
