"""REGULARS_ONLY_TO: outside of production, the few addresses that mail may go to at all."""

from __future__ import annotations

import re
from dataclasses import dataclass

from regulars.audience.addresses import read_address


@dataclass(frozen=True, slots=True)
class OnlyTo:
    """`patterns`: normalised addresses in which `*` stands for any letters; none of them: everybody is welcome."""

    patterns: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.patterns)

    def __str__(self) -> str:
        return ", ".join(self.patterns)

    def allows(self, email: str) -> bool:
        """Compared as customers are: by the normalised address. What is no address is not welcome."""
        if not self.patterns:
            return True
        try:
            key = read_address(email).key
        except ValueError:
            return False
        return any(re.fullmatch(_expression(pattern), key) for pattern in self.patterns)


EVERYBODY = OnlyTo()


def read_only_to(text: str) -> OnlyTo:
    """From a list with commas: `*@shop.example, ada@posta.example`. Raises ValueError with a sentence."""
    patterns = tuple(part.strip().casefold() for part in text.split(",") if part.strip())
    if not patterns:
        raise ValueError("it is set and names nobody; write addresses like *@shop.example, * for everybody, or unset it")
    for pattern in patterns:
        if pattern != "*" and not re.fullmatch(r"[^\s@]+@[a-z0-9.*-]+", pattern):
            raise ValueError(f'"{pattern}" is no address; write one like *@shop.example or ada@posta.example, the domain in its ASCII letters')
    return OnlyTo(patterns)


def _expression(pattern: str) -> str:
    return ".*".join(re.escape(part) for part in pattern.split("*"))
