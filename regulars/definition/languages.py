"""Texts that a person reads, in one language or in several."""

from __future__ import annotations

from dataclasses import dataclass

from regulars.definition import nodes
from regulars.definition.nodes import Node, Scalar
from regulars.definition.notebook import Notebook
from regulars.definition.values import LINE, Schema, heed_traps
from regulars.definition.workspace import Texts


@dataclass(frozen=True, slots=True)
class TextsKind:
    """One text for all, or one a language. `all_languages`: say which of the shop's languages have none."""

    all_languages: bool = False
    words: str = 'a text in double quotes, or one a language: {en: "…", tr: "…"}'

    def read(self, node: Node, notes: Notebook) -> Texts | None:
        if isinstance(node, Scalar):
            text = LINE.read(node, notes)
            return None if text is None else Texts({"": text}, {"": node.text_at})
        if isinstance(node, nodes.Sequence):
            notes.error(node.at, "D301", "a list stands where a text is expected", f"write {self.words}")
            return None
        texts, places = {}, {}
        for language, value in node.entries:
            self._heed_language(language, notes)
            text = LINE.read(value, notes)
            if text is not None and isinstance(value, Scalar):
                texts[language.text], places[language.text] = text, value.text_at
        missing = [name for name in notes.languages or () if name not in {key.text for key, _ in node.entries}]
        if self.all_languages and missing and node.entries:
            notes.warning(node.at, "D211", f"there is no text in {' and '.join(missing)}",
                          f'customers of that language get another one: add {missing[0]}: "…"')
        if not node.entries:
            notes.error(node.at, "D312", "nothing stands here", f"write {self.words}")
        return Texts(texts, places) if texts else None

    def schema(self) -> Schema:
        return {"oneOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}]}

    @staticmethod
    def _heed_language(key: Scalar, notes: Notebook) -> None:
        heed_traps(key, notes, human=False)
        if notes.languages is not None and key.text not in notes.languages:
            notes.error(key.at, "D212", f'the shop has no language "{key.text}"',
                        f"declared in regulars.yaml: {', '.join(notes.languages)}")
