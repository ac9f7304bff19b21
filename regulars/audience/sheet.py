"""How one file spells its numbers and dates: every cell is looked at before any is read, and one decision holds for a column."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from regulars.audience.cells import unwrapped
from regulars.audience.header import Header
from regulars.audience.spelling import Proof, currency_in, date_proof, number_proof, plain_date, plain_number
from regulars.errors import UsageError

Speller = Callable[[str], str]
LONGEST = 64  # letters of a number or a date; what is longer is neither, and is not looked at
DAY_FIRST, MONTH_FIRST = "day-first", "month-first"
_ORDERS = {DAY_FIRST: Proof.DAY_FIRST, MONTH_FIRST: Proof.MONTH_FIRST}


@dataclass(frozen=True, slots=True)
class Sheet:
    """`spellers`: by field, for those that do not stand there as cells.py reads them. `currency`: which one the cells name, where no
    column does. `said`: the decisions in words."""

    spellers: Mapping[str, Speller] = field(default_factory=dict)
    currency: str | None = None
    said: tuple[str, ...] = ()


@dataclass(slots=True)
class _Column:
    proofs: set[Proof] = field(default_factory=set)
    odd: bool = False                    # some cell is not as cells.py reads it
    first_open: tuple[int, str] | None = None


def survey(
    rows: Iterator[tuple[int, list[str] | str]], header: Header, numbers: Collection[str], moments: Collection[str], *,
    dates: str | None = None, amounts: Collection[str] = (), file: str = "the file",
) -> Sheet:
    """Reads all rows once. `dates`: day-first or month-first, where somebody has said so. `amounts`: those of `numbers` that are
    money. Raises UsageError where the cells leave open which number of a date is the day."""
    places = header.places
    columns = {name: _Column() for name in (*numbers, *moments) if name in places}
    named: set[str] = set()
    of_numbers = [(places[name], columns[name], name in amounts) for name in numbers if name in places]
    of_moments = [(places[name], columns[name]) for name in moments if name in places]
    for line, row in rows:
        if isinstance(row, str):
            continue
        for place, column, is_amount in of_numbers:
            if place < len(row) and 0 < len(cell := unwrapped(row[place])) <= LONGEST:
                _look(column, number_proof(cell), line, cell)
                if not cell.strip().isascii() or not cell.strip().isdigit():
                    column.odd = column.odd or plain_number(cell, Proof.NONE) != cell.strip() or "," in cell
                    if is_amount and (currency := currency_in(cell)):
                        named.add(currency)
        for place, column in of_moments:
            if place < len(row) and 0 < len(cell := unwrapped(row[place])) <= LONGEST and not (cell[:4].isdigit() and cell[4:5] == "-"):
                _look(column, date_proof(cell), line, cell)
                column.odd = column.odd or plain_date(cell, Proof.NONE) != cell.strip()
    return _decided(columns, numbers, moments, dates, file, _currency(named, header, file))


def _look(column: _Column, proof: Proof, line: int, cell: str) -> None:
    column.proofs.add(proof)
    if proof is Proof.OPEN and column.first_open is None:
        column.first_open = line, cell


def _decided(
    columns: Mapping[str, _Column], numbers: Collection[str], moments: Collection[str], dates: str | None, file: str, currency: str | None,
) -> Sheet:
    of_numbers = {name: column for name, column in columns.items() if name in numbers}
    of_moments = {name: column for name, column in columns.items() if name in moments}
    spellers: dict[str, Speller] = {}
    proofs = {name: _number_proof(column) for name, column in of_numbers.items()}
    elsewhere = {proof for proof in proofs.values() if proof is not Proof.NONE}
    by_comma = []
    for name, column in of_numbers.items():
        proof = proofs[name]
        if proof is Proof.NONE and Proof.OPEN in column.proofs and len(elsewhere) == 1:
            proof = next(iter(elsewhere))
        if proof is Proof.COMMA:
            by_comma.append(name)
        if column.odd or proof is Proof.COMMA:
            spellers[name] = _speller(plain_number, proof)
    order = _date_order(of_moments, dates, file)
    spellers |= {name: _speller(plain_date, order) for name, column in of_moments.items() if column.odd}
    said = [f"a comma before fractions in {', '.join(by_comma)}"] if by_comma else []
    if any({Proof.OPEN, Proof.DAY_FIRST, Proof.MONTH_FIRST} & column.proofs for column in of_moments.values()):
        said.append(f"dates with the {'month' if order is Proof.MONTH_FIRST else 'day'} first")
    if currency:
        said.append(f"amounts in {currency}, as the cells say")
    return Sheet(spellers, currency, tuple(said))


def _speller(plain: Callable[[str, Proof], str], proof: Proof) -> Speller:
    return lambda cell: plain(cell, proof) if len(cell) <= LONGEST else cell


def _number_proof(column: _Column) -> Proof:
    """NONE also where a column contradicts itself: then commas are refused row by row, and points are what they always were."""
    found = column.proofs & {Proof.POINT, Proof.COMMA}
    return found.pop() if len(found) == 1 else Proof.NONE


def _date_order(columns: Mapping[str, _Column], dates: str | None, file: str) -> Proof:
    if dates is not None:
        return _ORDERS[dates]
    proofs = {proof for column in columns.values() for proof in column.proofs if proof in {Proof.DAY_FIRST, Proof.MONTH_FIRST}}
    if len(proofs) == 1:
        return proofs.pop()
    opened = [(column.first_open, name) for name, column in columns.items() if column.first_open]
    if not opened:
        return Proof.DAY_FIRST
    (line, cell), name = min(opened)
    why = "no date in the file shows which number is the day" if not proofs else "some dates of the file have the day first and others the month"
    raise UsageError(
        f'{file}:{line}: {name}: "{cell.strip()[:40]}" can be two days: {why}', hint=f"say which: --dates {DAY_FIRST} or --dates {MONTH_FIRST}")


def _currency(named: set[str], header: Header, file: str) -> str | None:
    if not named or "currency" in header.places:
        return None
    if len(named) > 1:
        raise UsageError(
            f"{file}: its amounts are in {' and '.join(sorted(named))}, and no column says which row is in which",
            hint="add a column currency, or --map currency=Column")
    return next(iter(named))

