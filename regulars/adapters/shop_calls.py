"""JSON calls to a shop's admin API: patient with a busy shop, bounded with a hostile one, and never sent on elsewhere."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from regulars.errors import Refused, RegularsError, Unreachable

TIMEOUT = 30          # seconds for one answer
MOST_BYTES = 8 << 20  # of one answer
MOST_TRIES = 6
LONGEST_WAIT = 60.0   # seconds before one further try, whatever the shop asks for


@dataclass(frozen=True, slots=True)
class ShopCalls:
    """`name`: of the shop's program, for errors. `base`: http(s)://host[:port][/path], without credentials; those are in `headers`.

    A call that is lost on the way is repeated, so only calls that may be said twice are made with this.
    """

    name: str
    base: str
    headers: Mapping[str, str] = field(repr=False)
    scope: str                               # what a key must be allowed to, in words
    sleep: Callable[[float], None] = time.sleep

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON. Raises Unreachable, Refused for credentials that are not enough, RegularsError for what the shop refuses."""
        why, wait = "", 0.0
        for attempt in range(MOST_TRIES):
            if attempt:
                self.pause(wait)
            wait = float(2**attempt)
            try:
                status, headers, content = self._ask(method, path, body)
            except (OSError, HTTPException) as error:
                why = str(error) or type(error).__name__
                continue
            if status == 429 or status >= 500:
                why, wait = f"it answered {status}", _asked_for(headers) or wait
                continue
            return self._read(status, content)
        raise Unreachable(f"{self.name} at {self._host} cannot be reached: {why}", hint="what is done stays done; run the command again later")

    def pause(self, seconds: float) -> None:
        self.sleep(min(max(seconds, 0.0), LONGEST_WAIT))

    def failed(self, what: str) -> RegularsError:
        return RegularsError(f"{self.name} at {self._host} {what}", hint="what is done stays done; run the command again")

    def forbidden(self, what: str) -> Refused:
        return Refused(f"{self.name} at {self._host} {what}", hint=f"the key needs the right to {self.scope}")

    @property
    def _host(self) -> str:
        return urlsplit(self.base).netloc

    def _ask(self, method: str, path: str, body: Any) -> tuple[int, Message, bytes]:
        parts = urlsplit(self.base)
        secure = ssl.create_default_context() if parts.scheme == "https" else None
        host = parts.hostname or ""
        connection = (
            HTTPSConnection(host, parts.port, timeout=TIMEOUT, context=secure) if secure else HTTPConnection(host, parts.port, timeout=TIMEOUT)
        )
        sent = None if body is None else json.dumps(body).encode()
        try:
            connection.request(method, parts.path.rstrip("/") + path, sent, {"Content-Type": "application/json", "Accept": "application/json", **self.headers})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read(MOST_BYTES + 1)
        finally:
            connection.close()

    def _read(self, status: int, content: bytes) -> Any:
        if status in {401, 403}:
            raise self.forbidden(f"does not accept the key ({status}){_said(content)}")
        if 300 <= status < 400:
            raise self.failed(f"sends calls elsewhere ({status}); give the address that it answers at itself")
        if status >= 400:
            raise self.failed(f"refused the call ({status}){_said(content)}")
        if len(content) > MOST_BYTES:
            raise self.failed(f"answered with more than {MOST_BYTES >> 20} MB")
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise self.failed("answered with something that is no JSON; is the address right?") from error


def _asked_for(headers: Message) -> float:
    """Retry-After in seconds; a date, and what is no number, count as not said."""
    written = (headers.get("Retry-After") or "").strip()
    try:
        return min(float(written), LONGEST_WAIT) if written[:1].isdigit() else 0.0
    except ValueError:
        return 0.0


def _said(content: bytes) -> str:
    """The shop's own words, as far as they are words."""
    try:
        told = json.loads(content[:20_000])
    except (ValueError, RecursionError):
        return ""
    words = told.get("message") or told.get("errors") if isinstance(told, dict) else None
    return f": {in_words(words)}" if isinstance(words, str) and words else ""


def in_words(text: Any) -> str:
    """One line of at most 200 printable letters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in str(text)[:400]).split())[:200]
