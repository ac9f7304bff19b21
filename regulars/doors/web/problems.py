"""Problems for programs, as RFC 9457 has them: what is wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import JSONResponse, Response

from regulars.doors.told.reading import Wrong
from regulars.doors.web.door import NEVER_KEPT

TITLES = {
    400: "This is not a call that can be read", 401: "Who is calling?", 403: "This key may not do that", 404: "Nothing is here",
    405: "Not in this way", 413: "That is too much at once", 415: "That is not JSON as it is", 422: "Something in it does not fit",
    429: "Too many calls wait", 500: "Something went wrong here", 503: "Not at this moment",
}
RETRY_AFTER = {429: "2", 503: "10"}  # seconds


class Problem(Exception):
    """`wrongs`: field by field. `headers`: of the answer."""

    def __init__(self, status: int, detail: str, wrongs: Sequence[Wrong] = (), headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.wrongs, self.headers = status, detail, wrongs, headers or {}


def problem(status: int, detail: str, wrongs: Sequence[Wrong] = (), headers: Mapping[str, str] | None = None) -> Response:
    """An answer of application/problem+json; one that may be better later says when to ask again."""
    told: dict[str, Any] = {"type": "about:blank", "title": TITLES.get(status, "It did not work"), "status": status, "detail": detail}
    if wrongs:
        told["errors"] = [{"path": each.path, "problem": each.problem} for each in wrongs]
    again = {"retry-after": RETRY_AFTER[status]} if status in RETRY_AFTER else {}
    return JSONResponse(told, status, {**NEVER_KEPT, **again, **(headers or {})}, media_type="application/problem+json")
