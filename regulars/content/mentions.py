"""What a template draws on, read from its words alone: enough to know what to load and what to freeze."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from regulars.content.recipient import Needs
from regulars.content.source import Piece, Word
from regulars.content.vocabulary import EARNED

_EARNED = frozenset(EARNED)


@dataclass(frozen=True, slots=True)
class Mentions:
    """`images` is None when a picture's name is only known for a customer."""

    names: frozenset[str]
    data: frozenset[str]
    images: frozenset[str] | None
    texts: frozenset[str] = frozenset()  # short ones, as in referral["balance"]

    @property
    def needs(self) -> Needs:
        referral = "referral" in self.names
        return Needs(
            "purchases" in self.names or "trigger" in self.names, "usual" in self.names, referral, rewards=referral and not _EARNED.isdisjoint(self.names | self.texts),
            trigger="trigger" in self.names, wishlist="wishlist" in self.names,
        )


def mentions_of(pieces: Iterable[Piece]) -> Mentions:
    names: set[str] = set()
    data: set[str] = set()
    images: set[str] | None = set()
    texts: set[str] = set()
    for piece in pieces:
        words = piece.words
        for index, word in enumerate(words):
            if word.kind == "string":
                texts.add(word.text.strip("'\""))
            if word.kind != "name":
                continue
            names.add(word.text)
            if word.text == "data":
                data.update(_member(words[index + 1:index + 3]))
            elif word.text == "image" and images is not None:
                named = _argument(words[index + 1:index + 4])
                images = images | {named} if named is not None else None
    return Mentions(frozenset(names), frozenset(data), None if images is None else frozenset(images), frozenset(texts))


def _member(following: tuple[Word, ...]) -> Iterable[str]:
    if len(following) == 2 and following[0].text in (".", "["):
        yield following[1].text.strip("'\"")


def _argument(following: tuple[Word, ...]) -> str | None:
    """`("hero.jpg")`."""
    plain = len(following) == 3 and following[1].kind == "string" and following[2].text == ")"
    return following[1].text[1:-1] if plain else None
