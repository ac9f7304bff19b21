"""One mailbox, one key."""

from __future__ import annotations

import pytest

from regulars.audience.addresses import address_hash, masked, read_address, same_mailbox


@pytest.mark.parametrize(("written", "key", "domain"), [
    (" Ada@MAIL.Example ", "ada@mail.example", "mail.example"),
    ("ada+news@mail.example", "ada+news@mail.example", "mail.example"),
    ("ada@Müller.example", "ada@xn--mller-kva.example", "xn--mller-kva.example"),
    ("ada@XN--mller-kva.example", "ada@xn--mller-kva.example", "xn--mller-kva.example"),
    ("ada@shop.test", "ada@shop.test", "shop.test"),
])
def test_an_address_is_normalised_once(written, key, domain):
    address = read_address(written)

    assert (address.key, address.domain, address.reachable) == (key, domain, True)


def test_what_is_written_keeps_its_capitals_for_servers_that_mind():
    assert read_address("Ada@MAIL.example").written == "Ada@mail.example"


def test_an_international_name_is_kept_and_known_to_be_out_of_reach():
    assert read_address("ünal@mail.example").reachable is False


@pytest.mark.parametrize("written", ["", "ada", "ada@", "@mail.example", "a b@mail.example", "ada@localhost", "ada@mail.example, ben@mail.example", "a" * 260 + "@mail.example"])
def test_what_is_no_address_gets_a_sentence(written):
    with pytest.raises(ValueError, match="address"):
        read_address(written)


def test_a_hash_tells_nobody_who_it_was_without_the_key():
    assert address_hash("ada@mail.example", b"one") == address_hash("ada@mail.example", b"one")
    assert address_hash("ada@mail.example", b"one") != address_hash("ada@mail.example", b"two")
    assert masked("ada@mail.example") == "a***@mail.example"


@pytest.mark.parametrize(("other", "same"), [("a.d.a+x@mail.example", True), ("ada@posta.example", False), ("adam@mail.example", False)])
def test_other_spellings_of_one_mailbox(other, same):
    assert same_mailbox("ada@mail.example", other) is same
