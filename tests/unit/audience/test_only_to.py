"""REGULARS_ONLY_TO: who may be written to from a staging environment, and what is no such list."""

import pytest

from regulars.audience.only_to import EVERYBODY, read_only_to


@pytest.mark.parametrize(("text", "email", "allowed"), [
    ("*@shop.example", "ada@shop.example", True),
    ("*@shop.example", "Ada@SHOP.example", True),
    ("*@shop.example", "ada@mail.shop.example", False),
    ("*@shop.example", "ada@shop.example.test", False),
    ("*@shop.example", "shop.example@posta.example", False),
    ("*@*.shop.example", "ada@mail.shop.example", True),
    ("ada@posta.example, *@shop.example", "ada@posta.example", True),
    ("ada@posta.example, *@shop.example", "bela@posta.example", False),
    ("ada+*@posta.example", "ada+staging@posta.example", True),
    ("a.a@posta.example", "aXa@posta.example", False),
    ("*", "anybody@posta.example", True),
    ("*@shop.example", "not an address@shop.example", False),
])
def test_only_named_addresses_are_welcome(text, email, allowed):
    assert read_only_to(text).allows(email) is allowed


def test_without_the_setting_everybody_is():
    assert EVERYBODY.allows("anybody@posta.example")


@pytest.mark.parametrize("text", ["", " , ", "shop.example", "@shop.example", "ada@", "a b@shop.example", "*@kahveşop.example"])
def test_what_names_nobody_or_makes_no_sense_is_refused(text):
    with pytest.raises(ValueError, match=r"write|is no address"):
        read_only_to(text)
