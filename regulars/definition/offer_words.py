"""`offers:` in regulars.yaml: what a code is worth, from when until when, and where codes come from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from regulars.definition import nodes, units
from regulars.definition.names import NAME, DefinedKey
from regulars.definition.nodes import Node, Scalar
from regulars.definition.notebook import Name, Notebook
from regulars.definition.programme import Made, Offer, Reward, RewardKind
from regulars.definition.quantities import Money
from regulars.definition.tables import Choice, MapOf, Table, Word
from regulars.definition.text import fold
from regulars.definition.units import Unfit
from regulars.definition.values import DAY, DURATION, LINE, REWARD, YES_NO, One, Schema, quantity
from regulars.diagnostics import nearest

UNIQUE = ""  # what `codes: unique` reads to
_LONGEST_CODE = 64
_LONGEST_PREFIX = 20
_WORTH = ("percent", "amount", "product")
_ONLY_UNIQUE = ("prefix", "made_in", "once")


def amounts(text: str) -> tuple[Money, ...]:
    """`500 TRY / 20 AZN`: one for each currency, each above nothing."""
    found = tuple(units.money(part.strip(), None) for part in text.split("/"))
    for each in found:
        if each.currency == "XXX":
            raise Unfit("D305", f"{each.amount} of which currency?", f"write its three letters: {each.amount} TRY")
        if each.units <= 0:
            raise Unfit("D314", f"{each} is nothing", "write more than 0")
    if len({each.currency for each in found}) < len(found):
        raise Unfit("D315", f'"{text}" names a currency twice', "write one amount for each currency: 500 TRY / 20 AZN")
    return found


def _amount(text: str) -> Reward:
    return Reward(RewardKind.AMOUNT, text, amounts=amounts(text))


def _percent(text: str) -> Reward:
    share: Decimal = units.percent(text if "%" in text else f"{text}%")
    return Reward(RewardKind.PERCENT, f"{share.normalize():f}%", percent=share)


def _codes(text: str) -> str:
    if text == "unique":
        return UNIQUE
    if not re.fullmatch(r"[^\W_][\w.+-]*", text) or len(text) > _LONGEST_CODE:
        raise Unfit("D311", f'"{text[:80]}" cannot be a code', f"letters and digits, with - . + or _ between them, at most {_LONGEST_CODE}: "
                    '"WELCOME-15"; or codes: unique, for one of its own in each mail')
    if text.lower() in {"unique", "static", "one", "single"}:
        raise Unfit("D308", f'"{text}" would be the code itself', 'write codes: unique, or the code that all get: codes: "WELCOME-15"')
    return text


def _prefix(text: str) -> str:
    if not re.fullmatch(r"[A-Z0-9]+(?:-[A-Z0-9]+)*-?", text) or len(text) > _LONGEST_PREFIX:
        raise Unfit("D311", f'"{text}" cannot begin a code', f"capital letters A-Z, digits and hyphens, at most {_LONGEST_PREFIX}: BACK")
    return text


AMOUNTS = One('an amount, or one for each currency: "500 TRY / 20 AZN"', quantity(amounts), text=True)
OFFER_TABLE = Table("the offer", (
    Word("percent", One("a share such as 10", quantity(_percent), {"type": ["number", "string"]}), "so many per cent off", "10"),
    Word("amount", One('an amount, or one for each currency: "100 TRY / 5 AZN"', quantity(_amount), text=True), "so much off", '"100 TRY / 5 AZN"'),
    Word("product", LINE, "something in kind, in words", '"a 250 g bag of this month\'s beans"'),
    Word("minimum", AMOUNTS, "of an order that may use it", '"500 TRY / 20 AZN"'),
    Word("valid_for", DURATION, "so long from the moment at which a mail gets its code", "10 days"),
    Word("valid_until", DAY, "the last day, in the shop's zone", "2027-01-31"),
    Word("codes", One('unique, or a code such as "WELCOME-15"', quantity(_codes), text=True), "one of its own for each mail (the default), or the same for all", "unique"),
    Word("made_in", Choice.of(Made), "who makes unique codes: regulars, somebody whose list is imported, or the shop system; default: here", "shopify"),
    Word("prefix", One("the beginning of codes, such as BACK", quantity(_prefix), text=True), "with which codes that are made begin", "BACK"),
    Word("once", YES_NO, "whether a unique code can be used only once; default: yes", "yes"),
))


@dataclass(frozen=True, slots=True)
class OfferKind:
    """A mapping; or, short, what it is worth: `15%`, `100 TRY`, `"free shipping"`, each with unique codes. Reads to an Offer without its name."""

    words: str = "{percent: 10, valid_for: 10 days, codes: unique}, or short 10%"

    def read(self, node: Node, notes: Notebook) -> Offer | None:
        if isinstance(node, Scalar):
            worth = REWARD.read(node, notes)
            return None if worth is None else Offer("", worth)
        read: dict[str, Any] | None = OFFER_TABLE.read(node, notes)
        if read is None or not isinstance(node, nodes.Mapping):
            return None
        _heed_worth(node, notes)
        _heed_codes(node, read, notes)
        worth = next((_reward(read[word]) for word in _WORTH if word in read), None)
        rest = {word: value for word, value in read.items() if word not in {*_WORTH, "codes"}}
        return None if worth is None else Offer("", worth, code=read.get("codes") or None, **rest)

    def schema(self) -> Schema:
        table = {**OFFER_TABLE.schema(), "oneOf": [{"required": [word]} for word in _WORTH]}
        return {"anyOf": [{"type": "string"}, table]}


def _reward(read: Reward | str) -> Reward:
    return read if isinstance(read, Reward) else Reward(RewardKind.PRODUCT, read)


def _heed_worth(node: nodes.Mapping, notes: Notebook) -> None:
    worth = [key for key, _ in node.entries if key.text in _WORTH]
    if not worth and not any(nearest(key.text, _WORTH) for key, _ in node.entries):
        notes.error(node.at, "D204", "the offer is worth nothing", f"add one of {', '.join(_WORTH)}: percent: 10")
    for key in worth[1:]:
        notes.error(key.at, "D315", f"an offer is worth one thing, and {worth[0].text} stands here already", "make two offers of it, or keep one of the two")


def _heed_codes(node: nodes.Mapping, read: Mapping[str, Any], notes: Notebook) -> None:
    static = bool(read.get("codes"))
    for word in _ONLY_UNIQUE if static else ("prefix",):
        said = node.get(word)
        if said is None or (not static and read.get("made_in") is not Made.IMPORTED):
            continue
        why = f"all get the same code {read['codes']}" if static else "imported codes are what they are"
        notes.error(said.at, "D406", f"{word} has no effect, as {why}", f"take {word} out" + (", or write codes: unique" if static else ""))


@dataclass(frozen=True, slots=True)
class OffersKind:
    """Offers by name. No code stands for two of them."""

    words: str = "a mapping of offers: {comeback-10: {percent: 10, valid_for: 10 days, codes: unique}}"

    def read(self, node: Node, notes: Notebook) -> dict[str, Offer] | None:
        read = _OFFERS.read(node, notes)
        if read is None:
            return None
        _heed_second_codes(node, read, notes)
        return {name: replace(offer, name=name) for name, offer in read.items()}

    def schema(self) -> Schema:
        return _OFFERS.schema()


_OFFERS = MapOf(DefinedKey(Name.OFFER, NAME), OfferKind(), "offers")


def _heed_second_codes(node: Node, read: Mapping[str, Offer], notes: Notebook) -> None:
    owners: dict[str, str] = {}
    for key, value in node.entries if isinstance(node, nodes.Mapping) else ():
        code = read[key.text].code if key.text in read else None
        if code is None:
            continue
        owner = owners.setdefault(fold(code), key.text)
        said = value.get("codes") if isinstance(value, nodes.Mapping) else None
        if owner != key.text and said is not None:
            notes.error(said.at, "D315", f'the code {code} belongs to the offer "{owner}" already', "give each offer a code of its own, or nobody can tell their orders apart")
