"""Case endings and capitals, as a Turkish reader expects them."""

import pytest

from regulars.content.turkish import capitalize, lower, suffix, title, upper


@pytest.mark.parametrize(("name", "to", "object_", "at", "from_", "of", "with_"), [
    ("Ayşe", "'ye", "'yi", "'de", "'den", "'nin", "'yle"),
    ("Can", "'a", "'ı", "'da", "'dan", "'ın", "'la"),
    ("Mehmet", "'e", "'i", "'te", "'ten", "'in", "'le"),
    ("Ali", "'ye", "'yi", "'de", "'den", "'nin", "'yle"),
    ("Fatma", "'ya", "'yı", "'da", "'dan", "'nın", "'yla"),
    ("Burcu", "'ya", "'yu", "'da", "'dan", "'nun", "'yla"),
    ("Ümit", "'e", "'i", "'te", "'ten", "'in", "'le"),
    ("Gül", "'e", "'ü", "'de", "'den", "'ün", "'le"),
    ("Turgut", "'a", "'u", "'ta", "'tan", "'un", "'la"),
    ("Özgür", "'e", "'ü", "'de", "'den", "'ün", "'le"),
    ("Ahmet Hakkı", "'ya", "'yı", "'da", "'dan", "'nın", "'yla"),
    ("Işık", "'a", "'ı", "'ta", "'tan", "'ın", "'la"),
    ("İREM", "'e", "'i", "'de", "'den", "'in", "'le"),
    ("Zeynep", "'e", "'i", "'te", "'ten", "'in", "'le"),
    ("Kerem", "'e", "'i", "'de", "'den", "'in", "'le"),
    ("Aysel Ə.", "'ye", "'yi", "'de", "'den", "'nin", "'yle"),
    ("2026", "'ya", "'yı", "'da", "'dan", "'nın", "'yla"),
    ("100", "'e", "'ü", "'de", "'den", "'ün", "'le"),
    ("40", "'a", "'ı", "'ta", "'tan", "'ın", "'la"),
    ("1000", "'e", "'i", "'de", "'den", "'in", "'le"),
])
def test_names_take_endings_by_vowel_harmony(name, to, object_, at, from_, of, with_):
    expected = {"e": to, "i": object_, "de": at, "den": from_, "in": of, "le": with_}

    assert {ending: suffix(name, ending) for ending in expected} == {key: name + end for key, end in expected.items()}


@pytest.mark.parametrize("name", ["", "   ", "Š", "王", "!!", "0", "x" * 5000])
def test_any_name_gets_some_ending(name):
    assert suffix(name, "e").startswith(name)


def test_an_ending_that_turkish_does_not_have_is_refused():
    with pytest.raises(ValueError, match="known: e, i, de, den, in, le"):
        suffix("Ayşe", "ler")


@pytest.mark.parametrize(("text", "language", "up", "down"), [
    ("İstanbul ılık", "tr", "İSTANBUL ILIK", "istanbul ılık"),
    ("Bakı şəhəri", "az", "BAKI ŞƏHƏRİ", "bakı şəhəri"),
    ("Istanbul mild", "en", "ISTANBUL MILD", "istanbul mild"),
])
def test_capitals_know_both_letters_i(text, language, up, down):
    assert (upper(text, language), lower(up, language)) == (up, down)


def test_each_word_of_a_title_begins_large():
    assert title("ILIK istanbul ayşe'ye", "tr") == "Ilık İstanbul Ayşe'ye"
    assert capitalize("iki şehir", "tr") == "İki şehir"
