"""What a reply means for the mail, its customer and its launch: the first row of the table that fits."""

from __future__ import annotations

import re
from functools import cache

from regulars.delivery.outcomes import Phase
from regulars.delivery.reply_table import TABLE, Advice, Row

LONGEST = 500
_ADDRESS = re.compile(r"<[^<>]{0,320}>|[^\s<>@]{1,256}@[^\s<>@]{1,256}")  # a customer may be called spam@…
_LINK_OR_HOST = re.compile(r"https?:\S+|(?<![\w.-])(?:[\w-]{1,63}\.){2,8}[a-z]{2,10}(?![\w-])")
_ENHANCED = re.compile(r"(?<![\d.])[45]\.(\d{1,3}\.\d{1,3})(?!\.?\d)")


def advice(phase: Phase, code: int | None, enhanced: str | None, reply: str | None) -> Advice:
    return read(phase, code, enhanced, reply).advice


def read(phase: Phase, code: int | None, enhanced: str | None, reply: str | None) -> Row:
    """The row that fits. `code` 450, 550 …, with neither 4 nor 5 in front: later; `enhanced` "5.1.1", or what `reply` holds of that form."""
    kind = "5" if code and code // 100 == 5 else "4"
    text = _ADDRESS.sub(" ", (reply or "")[:LONGEST].lower())
    detail = _detail(enhanced or "") or _detail(text)
    sentence = _LINK_OR_HOST.sub(" ", text)
    return next(row for row in TABLE if row.applies_at(phase) and _fits(row, kind, code, detail, sentence, text))


def _fits(row: Row, kind: str, code: int | None, detail: str, sentence: str, text: str) -> bool:
    return (
        kind in row.kind
        and (not row.codes or code in row.codes)
        and (not row.enhanced or any(_is_in(detail, one) for one in row.enhanced))
        and (not row.says or _said(row.says).search(sentence) is not None)
        and (not row.names or _said(row.names).search(text) is not None)
    )


def _is_in(detail: str, one: str) -> bool:
    return detail.startswith(one) if one.endswith(".") else detail == one


@cache
def _said(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("(?<![a-z0-9])(?:" + "|".join(map(re.escape, phrases)) + ")")


def _detail(text: str) -> str:
    """Subject and detail of the first enhanced code: "1.1" of "5.1.1"; "" without one."""
    found = _ENHANCED.search(text)
    return found[1] if found else ""
