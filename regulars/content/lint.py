"""What MJML would get wrong without a word: tags, attributes, and Jinja in places that the layout fixes."""

from __future__ import annotations

from collections.abc import Iterator

from regulars.content.source import Skeleton
from regulars.diagnostics import Finding


def lint(skeleton: Skeleton) -> Iterator[Finding]:
    yield from ()
