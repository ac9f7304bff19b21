"""What House refuses before a single mail leaves."""

from __future__ import annotations

import pytest

from regulars.adapters.smtp import Relay
from regulars.adapters.spool import Spool
from regulars.bootstrap import House
from regulars.errors import Refused
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
