"""What House refuses before a single mail leaves."""

from __future__ import annotations

import pytest

from regulars.adapters.smtp import Relay
from regulars.adapters.spool import Spool
from regulars.bootstrap import House
from regulars.errors import Refused, SettingsError
from regulars.settings import read_settings

PUBLIC = "https://mail.kahve.example"
SECRET = "a-secret-of-some-length"


def house(tmp_path, mail: str, base: str = "") -> House:
    env = {"REGULARS_MAIL_URL": mail, "REGULARS_BASE_URL": base, "REGULARS_SECRET": SECRET}
    return House(read_settings(str(tmp_path), env))


@pytest.mark.parametrize("base", ["", "http://127.0.0.1:8000", "http://mail.kahve.example", "https://localhost"])
def test_no_public_relay_while_links_lead_nowhere(tmp_path, base):
    with pytest.raises(Refused, match="with links to") as refused:
        _ = house(tmp_path, "smtp://relay.example:587", base).transport

    assert "REGULARS_BASE_URL" in refused.value.hint
    assert refused.value.exit_code == 4


def test_no_public_relay_without_encryption(tmp_path):
    with pytest.raises(Refused, match="unencrypted"):
        _ = house(tmp_path, "smtp://relay.example:25?tls=none", PUBLIC).transport


@pytest.mark.parametrize("mail", ["smtp://relay.example", "smtps://relay.example", "smtp://localhost:1025", "smtp://127.0.0.1"])
def test_a_relay_that_is_safe_is_used(tmp_path, mail):
    assert isinstance(house(tmp_path, mail, PUBLIC).transport, Relay)


def test_a_spool_needs_no_guard(tmp_path):
    assert isinstance(house(tmp_path, "").transport, Spool)


def test_a_password_is_in_no_guards_words(tmp_path):
    with pytest.raises(Refused) as refused:
        _ = house(tmp_path, "smtp://shop:sesame@relay.example:587").transport

    assert "sesame" not in str(refused.value) + refused.value.hint


RELAYS = """\
shop: {name: "Kahve", url: https://kahve.example, address: "Cadde 1", locale: tr, timezone: Europe/Istanbul, currency: TRY}
sender: {from: "Kahve <merhaba@kahve.example>"}
relays: {bulk: {}, spare: {url: REGULARS_MAIL_URL_OTHER}, receipts: {apart: yes}}
"""


def house_with_relays(tmp_path, **addresses: str) -> House:
    (tmp_path / "regulars.yaml").write_text(RELAYS)
    env = {"REGULARS_BASE_URL": PUBLIC, "REGULARS_SECRET": SECRET}
    return House(read_settings(str(tmp_path), env | {f"REGULARS_MAIL_URL{name}": url for name, url in addresses.items()}))


def test_every_relay_without_an_address_is_named_at_once(tmp_path):
    with pytest.raises(SettingsError) as caught:
        _ = house_with_relays(tmp_path, _RECEIPTS="smtp://receipts.example").transport

    assert [problem.partition(" has no address: set ")[0::2] for problem in caught.value.problems] == [
        ("the relay 'bulk' of regulars.yaml", "REGULARS_MAIL_URL_BULK, or REGULARS_MAIL_URL for all that have none of their own"),
        ("the relay 'spare' of regulars.yaml", "REGULARS_MAIL_URL_OTHER, or REGULARS_MAIL_URL for all that have none of their own"),
    ]


def test_the_guard_looks_at_every_relay(tmp_path):
    with pytest.raises(Refused, match=r"receipts\.example:25 unencrypted"):
        _ = house_with_relays(tmp_path, **{"": "smtp://relay.example", "_RECEIPTS": "smtp://receipts.example?tls=none"}).transport


def test_a_campaign_leaves_by_the_relay_that_it_names_and_others_by_the_first(tmp_path):
    house = house_with_relays(tmp_path, **{"": "smtp://relay.example", "_RECEIPTS": "smtp://receipts.example", "_OTHER": "smtp://other.example"})

    assert [house.way(house.shop, name).carrier() for name in (None, "receipts", "spare")] == ["bulk", "receipts", "spare"]
    assert {name: mail.host for name, mail in house.relays().items()} == {
        "bulk": "relay.example", "spare": "other.example", "receipts": "receipts.example",
    }


def test_relays_without_any_address_all_write_into_the_spool(tmp_path):
    house = house_with_relays(tmp_path)

    assert {str(mail) for mail in house.relays().values()} == {f"spool:{tmp_path}/.regulars/outbox"}
    assert house.spool is not None


def test_an_address_for_a_relay_that_no_file_names_is_no_reason_to_fill_the_spool(tmp_path):
    (tmp_path / "regulars.yaml").write_text(RELAYS.partition("relays:")[0])
    house = House(read_settings(str(tmp_path), {"REGULARS_SECRET": SECRET, "REGULARS_MAIL_URL_BULK": "smtp://127.0.0.1"}))

    with pytest.raises(SettingsError, match=r"REGULARS_MAIL_URL_BULK would be .* it names none"):
        _ = house.transport
