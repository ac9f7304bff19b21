"""How text is compared: after NFC and case folding, with the Turkish dotted and dotless i made one."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """The form in which text is stored for comparison: trimmed, NFC, case folded.

    `İ` folds to `i` + a combining dot in Unicode, which nobody types; the dot is dropped, so that
    "İstanbul" and "istanbul" are one. `ı` is compared as `i`: without asking for the language, nothing
    else makes "Kırmızı" and "KIRMIZI" one, and every catalogue holds both.
    """
    folded = unicodedata.normalize("NFC", text.strip()).casefold().replace("ı", "i").replace("i̇", "i")
    return unicodedata.normalize("NFC", folded)
