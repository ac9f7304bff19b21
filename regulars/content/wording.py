"""The few words that we say ourselves in a customer's language."""

from __future__ import annotations

from collections.abc import Mapping

_GREETINGS: Mapping[str, tuple[str, str]] = {
    "en": ("Hi {}", "Hello"),
    "tr": ("Merhaba {}", "Merhaba"),
    "az": ("Salam {}", "Salam"),
    "de": ("Hallo {}", "Hallo"),
    "fr": ("Bonjour {}", "Bonjour"),
    "es": ("Hola {}", "Hola"),
    "it": ("Ciao {}", "Ciao"),
    "nl": ("Hallo {}", "Hallo"),
    "pl": ("Cześć {}", "Cześć"),
    "pt": ("Olá {}", "Olá"),
    "ru": ("Здравствуйте, {}", "Здравствуйте"),
    "ka": ("გამარჯობა, {}", "გამარჯობა"),
}
_UNSUBSCRIBE: Mapping[str, str] = {
    "en": "Unsubscribe", "tr": "Abonelikten çık", "az": "Abunəlikdən çıx", "de": "Abmelden", "fr": "Se désabonner",
    "es": "Darse de baja", "it": "Annulla l'iscrizione", "nl": "Afmelden", "pl": "Wypisz się",
    "pt": "Cancelar inscrição", "ru": "Отписаться", "ka": "გამოწერის გაუქმება",
}


def greeting(first_name: str | None, language: str) -> str:
    """With the name, or without one when it is not known."""
    named, plain = _GREETINGS.get(_base(language), _GREETINGS["en"])
    name = " ".join((first_name or "").split())
    return named.format(name) if name else plain


def unsubscribe_word(language: str) -> str:
    return _UNSUBSCRIBE.get(_base(language), _UNSUBSCRIBE["en"])


def _base(language: str) -> str:
    return language.replace("_", "-").partition("-")[0]
