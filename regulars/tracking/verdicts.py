"""Was it a human? A table of rules, read from top to bottom; the first that fits decides.

A verdict changes what is counted and nothing else: pixel and link answer machines like everybody. Raw hits
stay, so that a better table can judge them again; RULES_VERSION says which one judged.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache

from regulars.tracking.hits import Hit, HitKind, SentMessage

RULES_VERSION = 1
TOO_SOON = timedelta(seconds=2)


class Answer(StrEnum):
    HUMAN = "human"
    MACHINE = "machine"
    UNKNOWN = "unknown"  # an image proxy fetched it for somebody: probably a human, nobody can say


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, with the names of the rules that led to it."""

    answer: Answer
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """`fits` sees the hit and, where it is known, the message."""

    name: str
    answer: Answer
    fits: Callable[[Hit, SentMessage | None], bool]


def _agent(pattern: str) -> Callable[[Hit, SentMessage | None], bool]:
    found = lru_cache(maxsize=4096)(re.compile(pattern, re.IGNORECASE).search)  # a launch brings the same agents all day
    return lambda hit, _message: found(hit.user_agent) is not None


def _first_letters(*beginnings: str) -> Callable[[Hit, SentMessage | None], bool]:
    return lambda hit, _message: hit.user_agent.startswith(beginnings)


def _before_delivery(_hit: Hit, message: SentMessage | None) -> bool:
    return message is not None and message.handed_over_at is None and message.accepted_at is None


def _too_soon(hit: Hit, message: SentMessage | None) -> bool:
    if hit.kind is HitKind.OPEN or message is None or message.accepted_at is None:
        return False
    return abs(hit.at - message.accepted_at) < TOO_SOON


_BROWSERS = ("Mozilla/", "Opera/", "Microsoft Office/", "Outlook", "Microsoft Outlook", "Dalvik/", "MobileMail/", "Mail/", "Thunderbird/")

RULES: tuple[Rule, ...] = (
    Rule("asked-to-leave", Answer.HUMAN, lambda hit, _: hit.leaves),  # by hand, or by a mail program for its owner
    Rule("not-a-get", Answer.MACHINE, lambda hit, _: hit.method != "GET"),
    Rule("no-agent", Answer.MACHINE, lambda hit, _: not hit.user_agent),
    Rule("apple-privacy", Answer.MACHINE, lambda hit, _: hit.user_agent == "Mozilla/5.0"),  # fetched whether read or not
    Rule("gmail-prefetch", Answer.MACHINE, _agent(r"Chrome/42\.0\.2311\.135 .*Edge/12\.246 Mozilla/5\.0$")),
    # Proxies of webmail fetch when their user opens, or a moment before. They go before "crawler": one is called Bot.
    Rule("google-image-proxy", Answer.UNKNOWN, _agent(r"GoogleImageProxy")),
    Rule("yahoo-mail-proxy", Answer.UNKNOWN, _agent(r"YahooMailProxy")),
    Rule("yandex-image-proxy", Answer.UNKNOWN, _agent(r"YandexImageResizer")),
    Rule("mailru-image-proxy", Answer.UNKNOWN, _agent(r"Mail\.RU_Bot/Img")),
    Rule("gateway", Answer.MACHINE, _agent(
        r"proofpoint|mimecast|barracuda|safelinks|zscaler|symantec|messagelabs|ironport|fortiguard|fortinet|sophos"
        r"|trend ?micro|mcafee|cloudmark|cyren|vade|hornetsecurity|trustwave|checkpoint|bitdefender")),
    Rule("link-preview", Answer.MACHINE, _agent(
        r"facebookexternalhit|whatsapp/|skypeuripreview|slack-imgproxy|google-safety|googleother|preview|embedly|iframely")),
    Rule("crawler", Answer.MACHINE, _agent(r"(?<!cu)bot\b|crawl|spider|slurp|scanner|monitor|mediapartners")),  # a CUBOT is a telephone
    Rule("headless", Answer.MACHINE, _agent(r"headless|phantomjs|puppeteer|playwright|selenium|electron/.*scan")),
    Rule("program", Answer.MACHINE, _agent(
        r"^(curl|wget|python|java|go-http|okhttp|axios|node|ruby|perl|php|libwww|apache-http|httpclient|httpie|postman|aiohttp|guzzle)"
        r"|python-|urllib|libcurl|winhttp")),
    Rule("not-a-browser", Answer.MACHINE, lambda hit, message: not _first_letters(*_BROWSERS)(hit, message)),
    Rule("before-delivery", Answer.MACHINE, _before_delivery),
    Rule("too-soon", Answer.MACHINE, _too_soon),
)


def judge(hit: Hit, message: SentMessage | None = None) -> Verdict:
    """By the table alone; `tracking/bursts.py` then looks at a message's hits side by side."""
    for rule in RULES:
        if rule.fits(hit, message):
            return Verdict(rule.answer, (rule.name,))
    return Verdict(Answer.HUMAN)
