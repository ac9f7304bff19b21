"""The ledger of rewards: entries are added and never changed; what somebody has is their sum."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, func, insert, select

from regulars.adapters.database.schema import referrals, rewards
from regulars.adapters.database.types import among
from regulars.definition.programme import RewardKind
from regulars.loyalty.codes import PROGRAMME
from regulars.loyalty.confirming import Advocate, milestone_entries
from regulars.loyalty.referrals import KEPT
from regulars.loyalty.rewards import Entry, EntryKind, Purse, standing_lot, taken_back

MILESTONE = "milestone"
T = TypeVar("T")
_COLUMNS = ("customer_id", "entry", "kind", "words", "value", "currency", "at", "source", "source_id", "referral_id", "expires_at", "reason")


def write_entries(connection: Connection, entries: Sequence[Entry]) -> None:
    """In a transaction that holds the customers' rows: of two who reckon at once, the second one's (source, source_id) is refused."""
    if entries:
        connection.execute(insert(rewards), [{name: getattr(entry, name) for name in _COLUMNS} for entry in entries])


def read_entries(connection: Connection, *where: ColumnElement[bool]) -> list[Entry]:
    """In the order in which they were written."""
    return [_entry(row) for row in connection.execute(select(rewards).where(*where).order_by(rewards.c.id))]


def entries_of_referrals(connection: Connection, ids: Collection[int]) -> dict[int, tuple[Entry, ...]]:
    return _grouped((entry.referral_id or 0, entry) for entry in read_entries(connection, among(rewards.c.referral_id, ids))) if ids else {}


def take_back_rewards(connection: Connection, reasons: Mapping[int, str], now: datetime) -> None:
    """Of these referrals, by their ids: what each had earned and still has."""
    chains = entries_of_referrals(connection, reasons.keys())
    lots = {id_: standing_lot(chain) for id_, chain in chains.items()}
    write_entries(connection, [taken_back(lot, chains[id_], now, reasons[id_]) for id_, lot in lots.items() if lot is not None])


def take_back_milestones(connection: Connection, advocates: Collection[int], now: datetime) -> None:
    """Of advocates who have fewer confirmed friends than before."""
    told = milestones_of(connection, advocates)
    if told:
        confirmed = confirmed_friends(connection, told)
        known = [Advocate(id_, confirmed=confirmed.get(id_, 0), milestones=chains) for id_, chains in told.items()]
        write_entries(connection, [entry for one in known for _, entry in milestone_entries(one, None, now, "UTC")])


def milestones_of(connection: Connection, advocates: Collection[int]) -> dict[int, dict[int, tuple[Entry, ...]]]:
    """Advocate -> how many friends -> the milestone's entries, with what expired of it."""
    if not advocates:
        return {}
    entries = read_entries(connection, among(rewards.c.customer_id, advocates), rewards.c.source.in_((MILESTONE, "expiry")),
                           rewards.c.referral_id.is_(None))
    told: dict[int, dict[int, tuple[Entry, ...]]] = defaultdict(dict)
    at: dict[str, int] = {}
    for entry in entries:
        friends = at.get(entry.source_id) if entry.source == "expiry" else _friends(entry)
        if friends is not None:
            at[str(entry.id)] = friends
            told[entry.customer_id][friends] = (*told[entry.customer_id].get(friends, ()), entry)
    return dict(told)


def confirmed_friends(connection: Connection, advocates: Collection[int]) -> dict[int, int]:
    referral = referrals.c
    kept = among(referral.advocate_id, advocates), referral.programme == PROGRAMME, referral.state.in_(KEPT)
    query = select(referral.advocate_id, func.count().label("friends")).where(*kept).group_by(referral.advocate_id)
    return {row.advocate_id: row.friends for row in connection.execute(query)}


def purses_of(connection: Connection, customer_ids: Collection[int], as_of: datetime | None = None) -> dict[int, tuple[Purse, ...]]:
    """What each has left, by one sum over the ledger; an empty purse is left out. `as_of`: nothing later counts."""
    entry = rewards.c
    money = entry.currency.is_not(None)
    by_words = func.max(entry.words)
    query = (
        select(entry.customer_id, entry.kind, entry.currency, by_words.label("words"), func.sum(entry.value).label("value"))
        .where(among(entry.customer_id, customer_ids), *(() if as_of is None else (entry.at <= as_of,)))
        .group_by(entry.customer_id, entry.kind, entry.currency, func.coalesce(entry.currency, entry.words))
        .having(func.sum(entry.value) != 0).order_by(entry.customer_id, money.desc(), entry.kind, entry.currency, by_words)
    )
    return _grouped(
        (row.customer_id, Purse(RewardKind(row.kind), "" if row.currency else row.words, row.currency, int(row.value)))
        for row in connection.execute(query)
    )


def _entry(row: Any) -> Entry:
    told = {name: getattr(row, name) for name in _COLUMNS}
    return Entry(**{**told, "entry": EntryKind(row.entry), "kind": RewardKind(row.kind), "id": row.id})


def _friends(entry: Entry) -> int:
    return int(entry.source_id.partition(":")[2].partition("/")[0])


def _grouped(pairs: Iterable[tuple[int, T]]) -> dict[int, tuple[T, ...]]:
    groups: dict[int, list[T]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return {key: tuple(values) for key, values in groups.items()}
