"""One spelling for a delivery address, so that the same place is recognised however it is written."""

from __future__ import annotations

from collections.abc import Sequence


def plain_address(lines: Sequence[str | None]) -> str | None:
    """Street, number, postcode, town, country; None when too little is told to tell two places apart."""
    told = ["".join(letter for letter in line.casefold() if letter.isalnum()) for line in lines if line]
    return "|".join(told) if len(told) >= 3 else None
