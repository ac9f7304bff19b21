"""Numbers and dates come out of every spelling as they went in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from regulars.audience import cells
from regulars.audience.cells import BadCell
from regulars.audience.header import match_header
from regulars.audience.record import Reading
from regulars.audience.sheet import survey
from regulars.audience.spelling import Proof, date_proof, number_proof, plain_date, plain_number

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Istanbul")
AMOUNTS = st.decimals(min_value=-99_999_999, max_value=99_999_999, places=2)
DRESSES = st.sampled_from(["{}", "₺{}", "{} TL", "{} ₺", "TRY {}", " {} ", "\u00a0{}", "$ {}"])
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2026, 11, 19)).map(lambda at: at.replace(microsecond=0))
SPACES = st.sampled_from(["", " ", "\u00a0", "\u202f", "'", "’"])


def written(amount: Decimal, point: str, between: str) -> str:
    return f"{amount:,.2f}".replace(",", "T").replace(".", point).replace("T", between)


def read_all(spelled: list[str], field: str, reader, **options) -> list:
    """The column as a file of it is read: surveyed whole, then cell by cell."""
    header = match_header([field], [field], [], {})
    rows = [(line, [cell]) for line, cell in enumerate(spelled, start=2)]
    kind = {"numbers": (field,), "moments": ()} if reader is cells.number else {"numbers": (), "moments": (field,)}
    sheet = survey(iter(rows), header, **kind, **options)
    reading = Reading(header, ZONE, NOW, sheet.spellers)
    return [reading.record(row).read(field, reader) for _, row in rows]


@given(st.lists(AMOUNTS, min_size=1, max_size=20), DRESSES, SPACES)
def test_amounts_with_a_comma_before_the_fraction(amounts, dress, space):
    for between in (".", space):
        assert read_all([dress.format(written(amount, ",", between)) for amount in amounts], "price", cells.number) == amounts


@given(st.lists(AMOUNTS, min_size=1, max_size=20), DRESSES, SPACES)
def test_amounts_with_a_point_before_the_fraction(amounts, dress, space):
    for between in (",", space):
        assert read_all([dress.format(written(amount, ".", between)) for amount in amounts], "price", cells.number) == amounts


@given(st.lists(st.from_regex(r"[+-]?(\d{1,9}(\.\d{0,4})?|\.\d{1,4})", fullmatch=True), min_size=1, max_size=20))
def test_plain_numbers_are_what_they_ever_were(plain):
    assume(not any(number_proof(cell) is Proof.COMMA for cell in plain))

    assert read_all(plain, "price", cells.number) == [cells.number(cell) for cell in plain]


def at_of(moment: datetime) -> datetime:
    return moment.replace(tzinfo=ZONE).astimezone(UTC)


def moment_of(cell: str) -> datetime:
    return cells.moment(cell, ZONE)


@given(st.lists(MOMENTS, min_size=1, max_size=20), st.sampled_from(["{0.day:02}.{0.month:02}.{0.year} {0:%H:%M:%S}", "{0.day}.{0.month}.{0.year} {0:%H:%M:%S}",
                                                                    "{0.year}/{0.month:02}/{0.day:02} {0:%H:%M:%S}", "{0:%d.%m.%Y %I:%M:%S %p}", "{0:%Y-%m-%dT%H:%M:%S}"]))
def test_moments_that_can_only_mean_one(moments, spelling):
    assert read_all([spelling.format(at) for at in moments], "at", moment_of) == [at_of(at) for at in moments]


@given(st.lists(MOMENTS, min_size=1, max_size=20), st.sampled_from(["/", "-"]), st.booleans())
def test_moments_with_slashes_need_a_proof_or_a_word(moments, mark, day_first):
    first, second, word = ("%d", "%m", "day-first") if day_first else ("%m", "%d", "month-first")
    spelled = [f"{at:{first}{mark}{second}{mark}%Y %H:%M:%S}" for at in moments]

    assert read_all(spelled, "at", moment_of, dates=word) == [at_of(at) for at in moments]
    if any(at.day > 12 for at in moments):
        assert read_all(spelled, "at", moment_of) == [at_of(at) for at in moments]


@given(MOMENTS, st.integers(-12, 14))
def test_a_zone_in_the_cell_is_kept(at, hours):
    spelled = f"{at:%d.%m.%Y %H:%M:%S} {'-' if hours < 0 else '+'}{abs(hours):02}:00"

    assert read_all([spelled], "at", moment_of) == [at.replace(tzinfo=UTC) - timedelta(hours=hours)]


@given(st.text(max_size=40))
def test_whatever_stands_in_a_cell_is_read_or_refused(cell):
    for proof in Proof:
        for plain in (plain_number(cell, proof), plain_date(cell, proof)):
            assert isinstance(plain, str)
    assert {number_proof(cell), date_proof(cell)} <= set(Proof)


@pytest.mark.parametrize(("cell", "proof"), [
    ("1.234,50", Proof.COMMA), ("12,5", Proof.COMMA), ("1.234.567", Proof.COMMA), ("1,234.5", Proof.POINT), ("0.500", Proof.POINT), ("1,234,567", Proof.POINT),
    ("1.234", Proof.OPEN), ("1,234", Proof.OPEN), ("-1,234", Proof.OPEN), ("1234", Proof.NONE), ("Guji, 250 g", Proof.NONE), ("1,2,3", Proof.NONE), ("", Proof.NONE),
])
def test_what_a_number_proves(cell, proof):
    assert number_proof(cell) is proof


@pytest.mark.parametrize(("column", "read"), [
    (["1.234", "12,50"], [Decimal(1234), Decimal("12.50")]), (["1,234", "12.50"], [Decimal(1234), Decimal("12.50")]), (["1.234"], [Decimal("1.234")]),
])
def test_one_decision_holds_for_a_column(column, read):
    assert read_all(column, "price", cells.number) == read


@pytest.mark.parametrize("column", [["1,234"], ["1.2,3"], ["1.23,4.5"], ["12,34,56.7"]])
def test_what_proves_nothing_is_refused(column):
    with pytest.raises(BadCell, match="is not a number"):
        read_all(column, "price", cells.number)


@pytest.mark.parametrize("reader", [cells.number, moment_of])
def test_a_cell_of_any_length_costs_next_to_nothing(reader):
    for hostile in ("+" + " " * 900_000 + "x", "1 " * 400_000, "1." * 400_000):
        with pytest.raises(BadCell):
            read_all([hostile], "price", reader)
