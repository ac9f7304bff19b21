"""`relays:` and `warm_up:` in regulars.yaml: where mail leaves, and how fast."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from regulars.definition import nodes
from regulars.definition.domain_groups import DOMAIN_GROUPS
from regulars.definition.names import DefinedKey, NameOf
from regulars.definition.nodes import Node, Scalar
from regulars.definition.notebook import Name, Notebook
from regulars.definition.relays import DomainGroup, Relay, WarmUp
from regulars.definition.tables import ListOf, MapOf, Table, Word
from regulars.definition.units import Unfit, whole
from regulars.definition.values import DAY, RATE, YES_NO, One, Schema
from regulars.diagnostics import did_you_mean

RELAY_NAME = NameOf(Name.RELAY, "a relay of regulars.yaml")
_LONGEST = 32


def _key(text: str, _: Notebook) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", text) or len(text) > _LONGEST:
        raise Unfit("D311", f'"{text}" cannot be a name here', f"small letters a-z, digits and hyphens, a letter first, at most {_LONGEST}: bulk")
    return text


def _variable(text: str, _: Notebook) -> str:
    if not re.fullmatch(r"REGULARS_MAIL_URL(?:_[A-Z0-9]+)*", text):
        raise Unfit("D311", f'"{text}" is not a variable that holds a relay\'s address',
                    "addresses and passwords stay out of the files: name a variable that begins with REGULARS_MAIL_URL")
    return text


def _domain(text: str, _: Notebook) -> str:
    if not re.fullmatch(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]{2,}", text.lower()):
        raise Unfit("D309", f'"{text}" is not a domain of mail addresses', "write what stands behind the @, in ASCII: firma.example")
    return text.lower()


def _at_least_one(text: str, _: Notebook) -> int:
    value = whole(text)
    if not 0 < value < 10**9:
        raise Unfit("D314", f"{text} is too {'few' if value < 1 else 'many'}", "write a whole number from 1 on")
    return value


_KEY = One("a name of small letters, such as bulk", _key, text=True)
_COUNT = One("a whole number from 1 on", _at_least_one, {"type": "integer", "minimum": 1})
_DOMAIN = One("a domain such as firma.example", _domain, text=True)

GROUP_TABLE = Table("the group of domains", (
    Word("of", ListOf(_DOMAIN), "its domains, where the group is your own", "[firma.example, ofis.example]"),
    Word("rate", RATE, "the most that all workers together send to them", "20 per second"),
    Word("connections", _COUNT, "the most of a worker's connections that are busy with them", "5"),
), lambda read: DomainGroup(**read))

WARM_UP_TABLE = Table("warm_up", (
    Word("start", DAY, "the first day, in the shop's zone; before it nothing leaves", "2026-12-01", required=True),
    Word("per_day", ListOf(_COUNT), "the most mails of each day; after the last day there is no limit", "[200, 500, 1000, 2500]", required=True),
), lambda read: WarmUp(**read) if {"start", "per_day"} <= set(read) else None)

RELAY_TABLE = Table("the relay", (
    Word("url", One("the name of a variable", _variable, text=True),
         "the variable of the environment with its address and password; default: REGULARS_MAIL_URL_ and its name", "REGULARS_MAIL_URL_BULK"),
    Word("rate", RATE, "the most that all workers together hand to it", "50 per second"),
    Word("domains", MapOf(_KEY, GROUP_TABLE, "domains"),
         f"what mailbox providers bear: {', '.join(DOMAIN_GROUPS)}, or groups of your own", "{gmail: {rate: 20 per second, connections: 5}}"),
    Word("warm_up", WARM_UP_TABLE, "daily limits of a relay that is new", "{start: 2026-12-01, per_day: [200, 500, 1000]}"),
    Word("apart", YES_NO, "takes only the mail of campaigns that name it, and stands in for no other relay", "yes"),
), lambda read: Relay(**read))


_RELAYS = MapOf(DefinedKey(Name.RELAY, _KEY), RELAY_TABLE, "relays")


@dataclass(frozen=True, slots=True)
class RelaysKind:
    """Relays by name; the order in which they stand in for each other."""

    words: str = "a mapping of relays: {bulk: {}, receipts: {apart: yes}}"

    def read(self, node: Node, notes: Notebook) -> dict[str, Relay] | None:
        read = _RELAYS.read(node, notes)
        if read is None:
            return None
        _note_groups(list(_groups(node)), notes)
        return {name: replace(relay, name=name) for name, relay in read.items()}

    def schema(self) -> Schema:
        return _RELAYS.schema()


def _groups(node: Node) -> Iterator[tuple[Scalar, Node]]:
    """Every group that is named, with what is said about it."""
    for _, relay in node.entries if isinstance(node, nodes.Mapping) else ():
        domains = relay.get("domains") if isinstance(relay, nodes.Mapping) else None
        yield from domains.entries if isinstance(domains, nodes.Mapping) else ()


def _note_groups(groups: list[tuple[Scalar, Node]], notes: Notebook) -> None:
    """Each domain belongs to one group, and a group of the shop's own says once what it is of."""
    home = {domain: name for name, domains in DOMAIN_GROUPS.items() for domain in domains}
    said = set(DOMAIN_GROUPS)
    for key, group in groups:
        own: Any = group.get("of") if isinstance(group, nodes.Mapping) else None
        if own is None:
            continue
        if key.text in said:
            where = "is built in" if key.text in DOMAIN_GROUPS else "has its domains already"
            notes.error(key.at, "D315", f'the group "{key.text}" {where}', "leave out `of`, or give your group another name")
            continue
        said.add(key.text)
        for item in own.items if isinstance(own, nodes.Sequence) else ():
            if not isinstance(item, Scalar):
                continue
            first = home.setdefault(item.text.lower(), key.text)
            if first != key.text:
                notes.error(item.at, "D315", f'{item.text} belongs to the group "{first}" already', "a domain is in one group; take it out of one of the two")
    for key, _ in groups:
        if key.text not in said:
            notes.error(key.at, "D218", f'unknown group of domains "{key.text}"',
                        did_you_mean(key.text, sorted(said), "name one that is built in, or say which domains it is `of`"))
