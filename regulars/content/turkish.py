"""Upper and lower case that know İ and ı, and the Turkish case endings that follow a name."""

from __future__ import annotations

import re

_DOTTED = frozenset({"tr", "az"})
_UP = str.maketrans({"i": "İ", "ı": "I"})
_DOWN = str.maketrans({"İ": "i", "I": "ı"})
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")

_VOWELS = "aıoueiöü"
_FRONT = frozenset("eiöü")
_VOICELESS = frozenset("fstkçşhp")
_CLOSE_AFTER = {"a": "ı", "ı": "ı", "o": "u", "u": "u", "e": "i", "i": "i", "ö": "ü", "ü": "ü"}
# Letters that are read by another sound, and how numbers end when spoken.
_READ_AS = str.maketrans({"â": "a", "î": "i", "û": "u", "é": "e", "á": "a", "ä": "e", "ə": "e"})
_DIGITS = {"0": "sıfır", "1": "bir", "2": "iki", "3": "üç", "4": "dört", "5": "beş", "6": "altı", "7": "yedi",
           "8": "sekiz", "9": "dokuz"}
_TENS = {"1": "on", "2": "yirmi", "3": "otuz", "4": "kırk", "5": "elli", "6": "altmış", "7": "yetmiş",
         "8": "seksen", "9": "doksan"}

ENDINGS = ("e", "i", "de", "den", "in", "le")


def upper(text: str, language: str) -> str:
    return (text.translate(_UP) if language in _DOTTED else text).upper()


def lower(text: str, language: str) -> str:
    return (text.translate(_DOWN) if language in _DOTTED else text).lower()


def title(text: str, language: str) -> str:
    """Each word with a capital; what follows an apostrophe stays small, as in Ayşe'ye."""
    return _WORD.sub(lambda word: capitalize(word[0], language), text)


def capitalize(text: str, language: str) -> str:
    return upper(text[:1], language) + lower(text[1:], language)


def suffix(name: str, ending: str) -> str:
    """A proper name with a case ending: `e` to, `i` (object), `de` at, `den` from, `in` of, `le` with.

    Ayşe + e = Ayşe'ye, Can + a = Can'a, Mehmet + de = Mehmet'te. Raises ValueError for another ending.
    """
    if ending not in ENDINGS:
        raise ValueError(f'no such ending "{ending}"; known: {", ".join(ENDINGS)}')
    sounds = _spoken(name)
    vowels = [char for char in sounds if char in _VOWELS]
    if not vowels:
        return f"{name}'{_fitted(ending, 'e', ends_in_vowel=sounds[-1:] not in _VOICELESS, hard=False)}"
    hard = sounds[-1] in _VOICELESS
    return f"{name}'{_fitted(ending, vowels[-1], ends_in_vowel=sounds[-1] in _VOWELS, hard=hard)}"


def _fitted(ending: str, vowel: str, *, ends_in_vowel: bool, hard: bool) -> str:
    open_, close = ("e" if vowel in _FRONT else "a"), _CLOSE_AFTER[vowel]
    stop = "t" if hard else "d"
    buffer = "y" if ends_in_vowel else ""
    return {
        "e": buffer + open_,
        "i": buffer + close,
        "de": stop + open_,
        "den": stop + open_ + "n",
        "in": ("n" if ends_in_vowel else "") + close + "n",
        "le": buffer + "l" + open_,
    }[ending]


def _spoken(name: str) -> str:
    text = lower(name.strip(), "tr").translate(_READ_AS)
    if text[-1:] in _DIGITS:
        return _spoken_number(re.findall(r"\d+$", text)[0])
    return "".join(re.findall(r"[^\W\d_]", text))


def _spoken_number(digits: str) -> str:
    if digits[-1] != "0" or digits == "0":
        return _DIGITS[digits[-1]]
    if len(digits) > 1 and digits[-2] != "0":
        return _TENS[digits[-2]]
    stripped = digits.rstrip("0")
    zeros = len(digits) - len(stripped)
    return "yüz" if zeros == 2 else "bin" if zeros < 6 else "milyon"
