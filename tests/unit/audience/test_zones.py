"""The clock a customer lives by."""

from __future__ import annotations

from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest

from regulars.audience.zones import MAIN_ZONES, zone_of


@pytest.mark.parametrize(("timezone", "country", "expected"), [
    ("Asia/Kolkata", "TR", "Asia/Kolkata"),
    (None, "AZ", "Asia/Baku"),
    (None, "az", "Asia/Baku"),
    (None, "US", "America/New_York"),
    (None, None, "Europe/Istanbul"),
    (None, "Turkey", "Europe/Istanbul"),
    ("Mars/Olympus", "DE", "Europe/Berlin"),
    ("../../etc/passwd", None, "Europe/Istanbul"),
    ("Europe", None, "Europe/Istanbul"),
    ("", "", "Europe/Istanbul"),
])
def test_the_own_zone_comes_before_the_country_and_that_before_the_shop(timezone: str | None, country: str | None, expected: str) -> None:
    assert zone_of(timezone, country, "Europe/Istanbul") == ZoneInfo(expected)


def test_every_country_of_the_tz_database_has_one_of_its_own_zones() -> None:
    rows = [line.split("\t") for line in files("tzdata.zoneinfo").joinpath("zone.tab").read_text().splitlines() if not line.startswith("#")]
    zones: dict[str, set[str]] = {}
    for country, _, zone, *_ in rows:
        zones.setdefault(country, set()).add(zone)

    assert {country: zone for country, zone in MAIN_ZONES.items() if zone not in zones[country]} == {}
    assert zones.keys() == MAIN_ZONES.keys()
