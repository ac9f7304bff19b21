"""The ledger: what is left of each reward, and a reversal takes back exactly what was earned."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.definition.quantities import Money
from regulars.definition.units import reward
from regulars.loyalty.rewards import (
    PIECE,
    Entry,
    EntryKind,
    Purse,
    amount_in,
    earned,
    running_out,
    standing_lot,
    taken_back,
    unused,
)

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


class Book:
    """A ledger of one customer, numbered as the database would."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def add(self, entry: Entry) -> Entry:
        self.entries.append(replace(entry, id=len(self.entries) + 1))
        return self.entries[-1]

    def earn(self, words: str = "100 TRY", days: int | None = None, cause: str | None = None) -> Entry:
        expires_at = None if days is None else NOW + timedelta(days=days)
        chain = [entry for entry in self.entries if cause and entry.source_id.startswith(f"{cause}/")]
        return self.add(earned(
            7, reward(words), ("TRY",), NOW, expires_at, source="referral", cause=cause or f"r{len(self.entries)}", entries_before=len(chain)))

    def use(self, amount: int) -> Entry:
        return self.add(Entry(7, EntryKind.USED, reward("1 TRY").kind, f"{amount} TRY", -amount * 10_000, "TRY", NOW, "order", f"o{len(self.entries)}"))

    def reverse(self, lot: Entry) -> Entry:
        return self.add(taken_back(lot, self.entries, NOW, "the order was returned"))

    def expire(self, days: int) -> None:
        for entry in running_out(self.entries, NOW + timedelta(days=days)):
            self.add(entry)

    @property
    def sum(self) -> int:
        return sum(entry.value for entry in self.entries) // 10_000


def test_an_amount_is_earned_in_the_currency_that_the_customer_pays_in():
    both = reward("100 TRY / 5 AZN")

    assert str(amount_in(both, ("EUR", "AZN"))) == "5 AZN"
    assert str(amount_in(both, ())) == "100 TRY"
    assert amount_in(reward("15%"), ("TRY",)) is None


@pytest.mark.parametrize(("words", "value", "currency"), [("100 TRY", 1_000_000, "TRY"), ("15%", PIECE, None), ("250 g of beans", PIECE, None),
                                                          ("donation of 50 TRY", 500_000, "TRY")])
def test_money_is_counted_as_money_and_all_else_in_pieces(words, value, currency):
    entry = Book().earn(words)

    assert (entry.value, entry.currency) == (value, currency)


@pytest.mark.parametrize(("purse", "said"), [
    (Purse(reward("1 TRY").kind, "", "TRY", 1_505_000), "150.50 TRY"), (Purse(reward("donation of 1 TRY").kind, "", "TRY", 10_000), "donation of 1 TRY"),
    (Purse(reward("beans").kind, "250 g of beans", None, PIECE), "250 g of beans"), (Purse(reward("beans").kind, "250 g of beans", None, 3 * PIECE), "3 x 250 g of beans"),
])
def test_what_is_left_in_words(purse, said):
    assert str(purse) == said


def test_a_reward_that_is_earned_taken_back_and_earned_again_is_one_chain():
    book = Book()
    first = book.earn(cause="r")
    book.reverse(first)
    assert standing_lot(book.entries) is None

    again = book.earn(cause="r")

    assert [entry.source_id for entry in book.entries] == ["r/1", "r/2", "r/3"]
    assert standing_lot(book.entries) == again
    assert book.sum == 100


def test_what_expires_first_is_used_first():
    book = Book()
    late, early, never = book.earn(days=30), book.earn(days=10), book.earn()
    book.use(150)

    assert unused(book.entries) == {late.id: 500_000, early.id: 0, never.id: 1_000_000}


def test_only_what_is_left_expires_and_only_once():
    book = Book()
    lot = book.earn(days=10)
    book.use(60)
    book.expire(days=11)
    book.expire(days=12)

    assert [(entry.entry, entry.value) for entry in book.entries[2:]] == [(EntryKind.EXPIRED, -400_000)]
    assert book.entries[-1].at == lot.expires_at
    assert book.sum == 0


def test_a_reversal_takes_back_what_was_used_and_not_what_had_expired():
    book = Book()
    lot = book.earn(days=10)
    book.use(60)
    book.expire(days=11)
    book.reverse(lot)

    assert book.sum == -60  # they have bought for it
    book.earn()
    assert unused(book.entries) == {5: 400_000}


STEPS = st.lists(st.tuples(st.sampled_from(["earn", "use", "reverse", "expire"]), st.integers(1, 150)), max_size=25)


@given(STEPS)
def test_the_balance_is_what_is_left_of_all_rewards(steps):
    book = Book()
    for what, number in steps:
        lots = unused(book.entries)
        if what == "earn":
            book.earn(days=number if number % 2 else None)
        elif what == "use" and book.sum > 0:
            book.use(min(number, book.sum))
        elif what == "reverse" and lots:
            book.reverse(book.entries[sorted(lots)[number % len(lots)] - 1])
        elif what == "expire":
            book.expire(number)

    left = unused(book.entries)
    assert all(value >= 0 for value in left.values())
    assert sum(left.values()) == max(0, book.sum) * 10_000  # nothing is left while anything is owed


def test_the_money_of_an_entry():
    assert Book().earn().money == Money.of(100, "TRY")
    assert Book().earn("15%").money is None
