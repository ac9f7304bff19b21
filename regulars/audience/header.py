"""Which column of a file holds which field: by name, by `--map`, or one message that says what is missing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from regulars.diagnostics import nearest
from regulars.errors import UsageError


@dataclass(frozen=True, slots=True)
class Header:
    """`places`: field -> column number from 0. `others`: (column's name, number) of what no field claims."""

    places: Mapping[str, int]
    others: tuple[tuple[str, int], ...]
    width: int


def match_header(
    columns: Sequence[str], fields: Collection[str], required: Sequence[str], mapped: Mapping[str, str]
) -> Header:
    """`mapped`: field -> column's name, as given by --map. Raises UsageError naming every problem at once."""
    by_name = {plain_name(name): number for number, name in reversed(list(enumerate(columns)))}
    problems = [*_unknown_maps(mapped, fields), *_absent_columns(mapped, columns, by_name)]
    places = {field: by_name[plain_name(column)] for field, column in mapped.items() if field in fields and plain_name(column) in by_name}
    taken = set(places.values())
    places |= {
        field: by_name[field] for field in fields
        if field not in mapped and field in by_name and by_name[field] not in taken
    }
    missing = [field for field in required if field not in places and field not in mapped]
    if missing:
        problems.append(f"the file has no column for {' and '.join(missing)}")
    if problems:
        raise UsageError("; ".join(problems), hint=_way_out(missing, columns, places))
    claimed = set(places.values())
    others = tuple((name.strip(), n) for n, name in enumerate(columns) if n not in claimed and name.strip() and "\0" not in name)
    return Header(places, others, len(columns))


def plain_name(name: str) -> str:
    """As columns are compared: case, spaces and hyphens make no difference."""
    return "_".join(name.replace("-", " ").replace("_", " ").split()).casefold()


def _unknown_maps(mapped: Mapping[str, str], fields: Collection[str]) -> list[str]:
    return [
        f'--map {field}=…: there is no field "{field}"' + (f', did you mean "{near}"?' if (near := nearest(field, fields)) else "")
        for field in mapped if field not in fields
    ]


def _absent_columns(mapped: Mapping[str, str], columns: Sequence[str], by_name: Mapping[str, int]) -> list[str]:
    return [
        f'--map {field}={column}: the file has no column "{column}"'
        + (f', did you mean "{near}"?' if (near := nearest(column, columns)) else "")
        for field, column in mapped.items() if plain_name(column) not in by_name
    ]


def _way_out(missing: Sequence[str], columns: Sequence[str], places: Mapping[str, int]) -> str:
    named = ", ".join(name.strip() or "(no name)" for name in columns[:40])
    free = [name.strip() for number, name in enumerate(columns) if number not in places.values() and name.strip()]
    guesses = " ".join(f"--map {field}={_quoted(nearest(field, free) or 'Column')}" for field in missing)
    return f"its columns: {named}" + (f"; name them with: {guesses}" if guesses else "")


def _quoted(column: str) -> str:
    return f'"{column}"' if " " in column else column
