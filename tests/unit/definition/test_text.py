"""Texts that people take for the same are the same."""

import unicodedata

import pytest

from regulars.definition.text import fold


@pytest.mark.parametrize("others", [
    ("İstanbul", "istanbul", "ISTANBUL", "İSTANBUL", " istanbul "),
    ("Kırmızı", "KIRMIZI", "kırmızı", "kirmizi"),
    ("Iğdır", "ığdır", "IĞDIR"),
    ("Çanakkale", "çanakkale", unicodedata.normalize("NFD", "ÇANAKKALE")),
    ("Straße", "STRASSE"),
])
def test_capitals_and_dots_make_no_difference(others):
    assert len({fold(text) for text in others}) == 1


def test_letters_do():
    assert len({fold(text) for text in ("kahve", "kahvə", "kähve")}) == 3
