"""The manual's pages that are made from tables: the YAML reference, and the catalogue of findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from regulars.definition import campaign, feed_words, offer_words, relay_words, segment, shop
from regulars.definition.automation_reference import automation_pages
from regulars.definition.condition_words import EMAILS_TABLE, ORDERS_TABLE, WORDS, ConditionWord
from regulars.definition.conditions import Kind, Op
from regulars.definition.facts import OPERATORS
from regulars.definition.reference_rows import cell, rows
from regulars.definition.tables import Table

_GROUPS = {
    "customer": "The customer", "orders": "Orders", "emails": "Reactions", "engagement": "Scores", "rfm": "Scores",
    "others": "Others",
}
_OPERATORS = {
    Op.IS: "equals; a bare value means the same (a bare date: on that day)", Op.IS_NOT: "is there and does not equal", Op.ONE_OF: "equals one of a list",
    Op.NONE_OF: "is there and equals none of a list", Op.CONTAINS: "the text occurs in it", Op.STARTS_WITH: "begins with the text",
    Op.EXISTS: "yes: there is a value; no: there is none", Op.AT_LEAST: "this or more", Op.AT_MOST: "this or less",
    Op.MORE_THAN: "more than this", Op.LESS_THAN: "less than this", Op.BETWEEN: "from the first to the second, both included",
    Op.OLDER_THAN: "that long ago or longer", Op.YOUNGER_THAN: "less long ago than that", Op.ON: "on that day",
    Op.BEFORE: "is earlier than the midnight with which that day begins",
    Op.AFTER: "is later than that midnight",
}

_EXAMPLES = """\
```yaml
# segments/berlin-drinkers.yaml
segment: berlin-drinkers
description: "Buys beans now and then, and has gone quiet for their own rhythm"
where:
  all:
    - customer.country: DE
    - orders: {where: {category: beans}, within: 2 years, count: {at_least: 3}}
    - orders.overdue: {at_least: 1.5}
    - not: {in_segment: vip}
```

```yaml
# campaigns/berlin-letter.yaml
campaign: berlin-letter
topic: offers
to: [berlin-drinkers]
send_at: 2026-12-01 09:00 local
expires_after: 2 days
template: win_back.mjml
with: {coupon: "BERLIN15", discount: 15, until: 2026-12-15}
subject: {en: "We kept your beans", tr: "Kahven burada", az: "Qəhvəniz buradadır"}
```

```yaml
# campaigns/berlin-hello.yaml
campaign: berlin-hello
topic: tips
trigger: {order.placed: {nth: 1}}
when: {customer.country: DE}
leave_when: [order.cancelled, order.refunded]
steps:
  - wait: 3 days, until 10:00 local, on weekdays
  - send: {template: thank_you.mjml, subject: {en: "How was it?", tr: "Nasıldı?", az: "Necə idi?"}, with: {friend_gets: 15, you_get: 100}}
  - wait: {for: order.placed, at_most: 30 days}
  - if: {orders.count: {at_least: 2}}
    then: [{tag: {add: came-back}}]
    else: [{send: {template: win_back.mjml, subject: "{{ customer.first_name | default('Friend') }}, your usual?",
      with: {coupon: "BERLIN15", discount: 15, until: 2026-12-15}}}]
```
""".splitlines()
_VALUES = (
    ("a text", '`"Merhaba, Ayşe"`', "in double quotes whenever people read it: without them YAML takes ` #`, `: ` and `%` for its own signs"),
    ("a name", "`slipping-away`", "of a segment, campaign, topic or attribute; no quotes needed"),
    ("a number", "`3`, `1.5`", "with a point before the fraction and nothing between thousands"),
    ("money", "`500 TRY`, `500`", "without a currency: the one that spending is compared in"),
    ("money in several currencies", '`"500 TRY / 20 AZN"`', "of offers and rewards, always with its currency"),
    ("a share", "`20%`", ""),
    ("a length of time", "`60 days`", "minutes, hours, days, weeks, months or years; months and years are those of the calendar"),
    ("a day", "`2026-12-01`", "its midnight in the shop's zone"),
    ("a moment", "`2026-12-01 09:00`, `2026-12-01 09:00 local`", "on the shop's clock, or on each customer's own"),
    ("a limit", "`3 per 7 days`, `1 per week`", "in any stretch of that length"),
    ("a rate", "`50 per second`, `1000 per hour`", "per second, minute, hour or day; of all workers together"),
    ("yes or no", "`yes`, `no`", ""),
    ("several", "`[gold, vip]`", ""),
)


def yaml_reference() -> str:
    """docs/yaml-reference.md."""
    return "\n".join(line for part in (
        _opening(), _table("regulars.yaml", shop.TABLE), _table("A relay: regulars.yaml, relays", relay_words.RELAY_TABLE),
        _table("A group of domains: relays.NAME.domains", relay_words.GROUP_TABLE),
        _table("An offer: regulars.yaml, offers", offer_words.OFFER_TABLE), _table("A source: regulars.yaml, sources.orders, customers or products", feed_words.FEED_TABLE),
        _table("A segment: segments/*.yaml", segment.TABLE),
        _conditions(), _comparisons(), _table("A campaign sent once: campaigns/*.yaml", campaign.TABLE),
        _table("An automation: campaigns/*.yaml with trigger and steps", campaign.AUTOMATION_TABLE), automation_pages(),
    ) for line in part)


def findings_page(rooms: Mapping[str, Mapping[str, str]]) -> str:
    """docs/findings.md: each room's title with its catalogue of codes."""
    lines = ["# Findings", "", "What `regulars check` can say. Codes are stable: one letter a room, and a retired code is never used again."]
    for title, codes in rooms.items():
        lines += ["", f"## {title}", "", "| code | what is wrong |", "|---|---|"]
        lines += [f"| {code} | {cell(meaning)} |" for code, meaning in sorted(codes.items())]
    return "\n".join([*lines, ""])


def _opening() -> Iterator[str]:
    yield "# The words of the files"
    yield ""
    yield ("Every word that `regulars.yaml`, `segments/*.yaml` and `campaigns/*.yaml` know, made from the tables that read them. A word "
           "that is not known is a finding with the nearest known one. A segment, a campaign sent once and an automation look like this:")
    yield from ("", *_EXAMPLES)
    yield from ("", "## How values are written", "", "| value | written | |", "|---|---|---|")
    yield from (f"| {kind} | {written} | {remark} |" for kind, written, remark in _VALUES)


def _table(title: str, table: Table) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    yield from rows(table, "")
    if table.later:
        yield from ("", f"Not in this version yet: {', '.join(f'`{word}`' for word in sorted(table.later))}.")


def _conditions() -> Iterator[str]:
    yield from ("", "## Conditions", "")
    yield ("`all`, `any` and `not` join conditions; a list means `all`, and so do several words in one mapping. A missing value "
           "fails every comparison, and `not` is the exact opposite. `within 60 days` is the time from 60 days ago until now; "
           "months and years are those of the calendar, in the shop's zone. Cancelled, returned and unpaid orders do not count.")
    for title in dict.fromkeys(_GROUPS.values()):
        yield from ("", f"### {title}", "", "| condition | meaning | example |", "|---|---|---|")
        for word in (word for word in WORDS.values() if _GROUPS[word.group] == title):
            yield _condition_row(word)
        yield from _more_rows(title)


def _more_rows(title: str) -> Iterator[str]:
    if title == "The customer":
        yield "| `customer.NAME` | an attribute declared in regulars.yaml | `customer.taste: {one_of: [fruity, dark]}` |"
    if title == "Orders":
        yield from _inner_rows(ORDERS_TABLE, "orders")
    if title == "Reactions":
        yield from _inner_rows(EMAILS_TABLE, "emails.…")


def _condition_row(word: ConditionWord) -> str:
    return f"| `{word.name}` | {cell(word.doc)} | `{word.name}: {cell(word.example)}` |"


def _inner_rows(table: Table, owner: str) -> Iterator[str]:
    for word in table.words_:
        fields = f": {', '.join(f'`{inner.name}`' for inner in word.kind.words_)}" if isinstance(word.kind, Table) else ""
        yield f"| … `{word.name}` in `{owner}` | {cell(word.doc)}{fields} | `{word.name}: {cell(word.example)}` |"


def _comparisons() -> Iterator[str]:
    yield from ("", "### Comparisons", "", "| comparison | true when the value | fits |", "|---|---|---|")
    for operator, meaning in _OPERATORS.items():
        fits = [kind.value for kind in Kind if operator in OPERATORS[kind]]
        yield f"| `{operator}` | {meaning} | {', '.join(fits)} |"

