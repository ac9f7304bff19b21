"""/hooks/shopify and /hooks/woocommerce: webhooks, believed only with the shop's signature on the bytes as they came."""

from __future__ import annotations

import hmac
import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from types import ModuleType

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from regulars.audience.cells import BadCell
from regulars.doors.web.counter import Counter, hash_of, log
from regulars.doors.web.door import NEVER_KEPT
from regulars.doors.web.following import Endpoint
from regulars.doors.web.guards import body_of
from regulars.doors.web.problems import Problem
from regulars.loyalty import shopify, woocommerce
from regulars.loyalty.calls import Call, Heard, must_be_priced

_PING = re.compile(rb"webhook_id=\d{1,20}")


@dataclass(frozen=True, slots=True)
class Provider:
    """How a shop system signs and names its calls: headers, the first that is there."""

    words: ModuleType
    variable: str
    signature: str
    topic: str
    names: tuple[str, ...]
    sent_at: str = ""


SHOPIFY = Provider(
    shopify, "REGULARS_SHOPIFY_SECRET", "x-shopify-hmac-sha256", "x-shopify-topic", ("x-shopify-event-id", "x-shopify-webhook-id"),
    "x-shopify-triggered-at",
)
WOOCOMMERCE = Provider(
    woocommerce, "REGULARS_WOOCOMMERCE_SECRET", "x-wc-webhook-signature", "x-wc-webhook-topic", ("x-wc-webhook-delivery-id",))


def shopify_hook(counter: Counter) -> Endpoint:
    return _hook(counter, SHOPIFY, counter.door.house.settings.shopify_secrets)


def woocommerce_hook(counter: Counter) -> Endpoint:
    """Its first call, when a webhook is saved, is a form without a signature that tells nothing."""
    hook = _hook(counter, WOOCOMMERCE, counter.door.house.settings.woocommerce_secrets)

    async def answer(request: Request) -> Response:
        if counter.door.house.settings.woocommerce_secrets and _PING.fullmatch(body_of(request)):
            return JSONResponse({"recorded": 0, "unchanged": 0, "ignored": "a ping"}, headers=NEVER_KEPT)
        return await hook(request)

    return answer


def _hook(counter: Counter, provider: Provider, secrets: Sequence[str]) -> Endpoint:
    async def answer(request: Request) -> Response:
        if not secrets:
            log.warning("a webhook came to %s, which is not there: set %s", request.url.path, provider.variable)
            raise Problem(404, "nothing is here")
        body = body_of(request)
        if not is_signed(body, request.headers.get(provider.signature, ""), secrets):
            log.warning("a webhook at %s has no good signature: is %s the shop's own?", request.url.path, provider.variable)
            raise Problem(401, f"the signature in {provider.signature} is not that of this body")
        return await counter.say(await _call(counter, provider, request, body))

    return answer


async def _call(counter: Counter, provider: Provider, request: Request, body: bytes) -> Call:
    """Named by topic and event, and by what it says: one event has several topics, and shops number less finely than they talk."""
    topic = request.headers.get(provider.topic, "")
    if not topic:
        raise Problem(400, f"the header {provider.topic} is missing")
    payload = await counter.read(request)
    if not isinstance(payload, dict):
        raise Problem(400, "the body is not one JSON object")
    terms = counter.terms(request.headers.get(provider.sent_at) if provider.sent_at else None)
    digest = hash_of(body)
    try:
        heard: Heard = provider.words.heard(topic, payload, terms)
        must_be_priced(heard, terms)
    except BadCell as error:
        log.warning("a webhook at %s (%s) cannot be read: %s", request.url.path, topic[:60], str(error).partition('"')[0])
        raise Problem(422, str(error)) from None
    name = next((told for header in provider.names if (told := request.headers.get(header))), "")
    return Call(provider.words.SOURCE, f"{topic} {name} {digest[:32]}"[:400], topic, digest, heard)


def is_signed(body: bytes, signature: str, secrets: Sequence[str]) -> bool:
    """Base64 of the HMAC-SHA256 of the raw body, by any of the secrets; every one is tried, so that time tells nothing."""
    told = signature.encode("latin-1", "replace")
    found = [hmac.compare_digest(b64encode(hmac.new(secret.encode(), body, sha256).digest()), told) for secret in secrets]
    return any(found)
