"""regulars.yaml: the shop, its sender, languages and attributes, and the rules that hold for all campaigns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from regulars.definition import nodes
from regulars.definition.attribute_words import AttributesKind
from regulars.definition.calendar_words import CalendarKind
from regulars.definition.event_words import EVENTS
from regulars.definition.feed_words import SourcesKind
from regulars.definition.limit_words import (
    ClassesKind,
    ContactLimitsKind,
    HoldKind,
    events_of_holds,
    heed_caps,
)
from regulars.definition.names import RATES_FILE, DefinedKey
from regulars.definition.nodes import Node
from regulars.definition.notebook import Name, Notebook
from regulars.definition.offer_words import OffersKind
from regulars.definition.referral_words import REFERRAL_TABLE
from regulars.definition.relay_words import WARM_UP_TABLE, RelaysKind
from regulars.definition.tables import Choice, ListOf, MapOf, Table, Word
from regulars.definition.units import Unfit
from regulars.definition.values import (
    DURATION,
    HALF_LIFE,
    LINE,
    MAILBOX,
    NUMBER,
    TEXT,
    WORD,
    One,
)
from regulars.definition.workspace import (
    Attribution,
    ConsentRule,
    EventField,
    Mailbox,
    Scoring,
    Shop,
)
from regulars.definition.world import CURRENCY, LOCALE, URL, ZONE
from regulars.diagnostics import Location


def _topic_key(text: str, _: Notebook) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", text):
        raise Unfit("D311", f'"{text}" cannot be a topic\'s name', "small letters a-z, digits and hyphens, a letter first: news")
    return text


_TOPIC_KEY = One("a name of small letters, such as news", _topic_key, text=True)

SHOP_TABLE = Table("shop", (
    Word("name", LINE, "as customers know it", '"Mahalle Kahve"', required=True),
    Word("url", URL, "the shop's front page; links to its domain get the utm parameters", "https://kahve.example", required=True),
    Word("address", TEXT, "the postal address, printed in every commercial mail", '"İcadiye Cd. 12, İstanbul"', required=True),
    Word("locale", LOCALE, "for customers who never told theirs", "tr", required=True),
    Word("timezone", ZONE, "the zone of dates and times in these files", "Europe/Istanbul", required=True),
    Word("currency", CURRENCY, "what a bare amount means, unless `money.compare_in` says otherwise", "TRY", required=True),
))

TABLE = Table("regulars.yaml", (
    Word("shop", SHOP_TABLE, "the shop itself", '{name: "…", url: https://…, address: "…", locale: …, timezone: …, currency: …}',
         required=True),
    Word("sender", Table("sender", (
        Word("from", MAILBOX, "what customers see as sender", '"Mahalle Kahve <merhaba@kahve.example>"', required=True),
        Word("reply_to", MAILBOX, "where answers go, if elsewhere", '"destek@kahve.example"'),
    )), "who writes", '{from: "Mahalle Kahve <merhaba@kahve.example>"}', required=True),
    Word("languages", ListOf(LOCALE), "what templates and subjects exist in; the first is the fallback; default: the locale's",
         "[tr, az, en]"),
    Word("money", Table("money", (
        Word("compare_in", CURRENCY, "in which spending is compared; default: the shop's currency", "TRY"),
        Word("rates", RATES_FILE, "day,currency,rate: other currencies count at the rate of their day", "data/rates.csv"),
    )), "how amounts in several currencies are compared", "{compare_in: TRY, rates: data/rates.csv}"),
    Word("utm", Table("utm", (
        Word("source", WORD, "utm_source", "email"), Word("medium", WORD, "utm_medium", "regulars"),
        Word("content", WORD, "utm_content", "letter"), Word("term", WORD, "utm_term", "coffee"),
    )), "added to links to the shop's own domain; the campaign's name is utm_campaign", "{source: email, medium: regulars}"),
    Word("attributes", AttributesKind(), "what is known about customers beyond name and address",
         "{taste: {one_of: [fruity, dark], default: dark}, loyalty_card: {text: optional}}"),
    Word("events", EVENTS, f"what the shop tells beyond orders, with the fields of each; kinds: {', '.join(EventField)}", "{nps.answered: {score: whole number}}"),
    Word("consent", Choice.of(ConsentRule), "who may be written to: who said yes, or also who ordered", "required"),
    Word("topics", MapOf(DefinedKey(Name.TOPIC, _TOPIC_KEY), LINE, "topics"), "what a customer may choose to hear about", '{news: "New coffees"}'),
    Word("scoring", Table("scoring", (
        Word("half_life", HALF_LIFE, "after this time half of a reaction is forgotten", "30 days"),
        Word("open", NUMBER, "weight of an opened mail; machines open half of them", "0"),
        Word("click", NUMBER, "weight of a click", "3"), Word("order", NUMBER, "weight of an order", "10"),
        Word("unsubscribe", NUMBER, "weight of an unsubscribe", "-50"),
    ), lambda read: Scoring(**read)), "how reactions add up to the engagement score", "{half_life: 30 days, click: 3, order: 10}"),
    Word("attribution", Table("attribution", (
        Word("within", DURATION, "how long after the reaction an order still counts", "7 days"),
        Word("of", Choice({word: word for word in ("click", "open", "receipt")}), "the reaction that counts", "click"),
    ), lambda read: Attribution(**read)), "which mail an order belongs to", "{within: 7 days, of: click}"),
    Word("classes", ClassesKind(), "of campaigns; of mails that are due on one day the first class wins", "[receipts, cart, win-back, news]"),
    Word("contact_limits", ContactLimitsKind(), "the most mails to one customer in any stretch of time: of `all`, of a topic or of a class; and the hours in which none leaves",
         '{all: 3 per 7 days, offers: 1 per 7 days, quiet_hours: "21:00-09:00 local"}'),
    Word("hold_while", HoldKind(), "nobody sells to a customer from the event support.opened until support.closed", "[support.open, return.open]"),
    Word("calendar", CalendarKind(), "days with names for schedules, and, by country, days without marketing mail: of every year (11-10) or of one (2027-11-10)",
         "{kurban-bayrami: 2027-05-16, mourning: {TR: [11-10], AZ: [01-20]}}"),
    Word("offers", OffersKind(), "what codes are worth", '{comeback-10: {percent: 10, minimum: "500 TRY / 20 AZN", valid_for: 10 days, codes: unique}}'),
    Word("referral", REFERRAL_TABLE, "what a referral code promises", "{friend: 15%, advocate: 100 TRY, after: first order}"),
    Word("sources", SourcesKind(), "files that are pulled on a schedule", "{orders: {url: https://shop.example/orders.csv, every: 1 hour}}"),
    Word("relays", RelaysKind(), "where mail leaves; a campaign takes the first or names another, and the next stands in for one that cannot be reached",
         "{bulk: {rate: 50 per second}, receipts: {apart: yes}}"),
    Word("warm_up", WARM_UP_TABLE, "daily limits while a relay is new, for each relay that has none of its own", "{start: 2026-12-01, per_day: [200, 500, 1000]}"),
), later=("markets",))

_AS_READ = ("utm", "attributes", "events", "consent", "topics", "scoring", "attribution", "classes", "contact_limits", "hold_while", "calendar", "offers",
            "referral", "sources", "relays", "warm_up")
_PLACEHOLDER = Mailbox("shop@shop.invalid")


def read_shop(node: Node, notes: Notebook) -> Shop | None:
    """The shop, and what the other files are held against. Where a required value is broken something harmless stands
    in for it, so that the other files can be checked too; the finding keeps anything from being sent."""
    read = TABLE.read(node, notes)
    if read is None:
        return None
    own, sender, money = read.get("shop") or {}, read.get("sender") or {}, read.get("money") or {}
    locale = own.get("locale", "en")
    currency = own.get("currency", "XXX")
    languages = tuple(dict.fromkeys(read.get("languages") or (re.split("[-_]", locale)[0],)))
    notes.currency = money.get("compare_in", own.get("currency"))
    notes.languages = languages if (own.get("locale") or read.get("languages")) and _languages_are_known(node, read) else None
    notes.attributes = read.get("attributes", {}) if _attributes_are_known(node, read) else None
    notes.events = read["events"] = _with_holds(read)
    notes.defined[Name.EVENT] |= dict.fromkeys(notes.events, Location("regulars.yaml"))
    heed_caps(node.get("contact_limits") if isinstance(node, nodes.Mapping) else None, notes)
    rest = {word: read[word] for word in _AS_READ if word in read}
    return Shop(
        name=own.get("name", ""), url=own.get("url", "https://shop.invalid"), address=own.get("address", ""), locale=locale,
        timezone=own.get("timezone", "UTC"), currency=currency, sender=sender.get("from", _PLACEHOLDER),
        reply_to=sender.get("reply_to"), languages=languages, compare_in=money.get("compare_in", currency),
        rates_file=money.get("rates"), **rest)


def _with_holds(read: dict[str, Any]) -> dict[str, Mapping[str, EventField]]:
    """The declared events, and those by which `hold_while` opens and closes: who names them there has declared them."""
    implied: dict[str, Mapping[str, EventField]] = {event: {} for event in events_of_holds(read.get("hold_while", ()))}
    declared: dict[str, Mapping[str, EventField]] = read.get("events", {})
    return implied | declared


def _languages_are_known(node: Node, read: dict[str, Any]) -> bool:
    written = node.get("languages") if isinstance(node, nodes.Mapping) else None
    count = len(written.items) if isinstance(written, nodes.Sequence) else 0
    return written is None or (count > 0 and len(read.get("languages") or ()) == count)


def _attributes_are_known(node: Node, read: dict[str, Any]) -> bool:
    written = node.get("attributes") if isinstance(node, nodes.Mapping) else None
    count = len(written.entries) if isinstance(written, nodes.Mapping) else 0
    return written is None or (count > 0 and len(read.get("attributes") or {}) == count)
