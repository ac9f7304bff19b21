"""Names: what a file defines, and what it names in other files."""

from __future__ import annotations

import re
from dataclasses import dataclass

from regulars.definition.nodes import Node, Scalar
from regulars.definition.notebook import Name, Notebook
from regulars.definition.units import Unfit
from regulars.definition.values import One, Schema, heed_traps, single

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_TURKISH = str.maketrans("çğıöşüəÇĞİÖŞÜƏ", "cgiosueCGIOSUE")


def _slug(text: str, _: Notebook) -> str:
    if len(text) > 64:
        raise Unfit("D311", f"the name has {len(text)} characters", "64 are the most")
    if _SLUG.fullmatch(text):
        return text
    raise Unfit("D311", f'"{text}" cannot be a name', f"small letters a-z, digits and hyphens: {as_slug(text) or 'my-name'}")


def as_slug(text: str) -> str:
    """The nearest name of small letters, digits and hyphens; "" where nothing of the text fits."""
    return re.sub(r"[^a-z0-9]+", "-", text.translate(_TURKISH).lower()).strip("-")


NAME = One("a name of small letters, digits and hyphens", _slug, {"type": "string", "pattern": f"^{_SLUG.pattern}$"}, text=True)


@dataclass(frozen=True, slots=True)
class DefinedName:
    """The name by which other files call this one."""

    of: Name
    words: str = NAME.words

    def read(self, node: Node, notes: Notebook) -> str | None:
        name: str | None = NAME.read(node, notes)
        if isinstance(node, Scalar) and node.text:
            notes.define(self.of, node.text, node.at)
        return name

    def schema(self) -> Schema:
        return NAME.schema()


@dataclass(frozen=True, slots=True)
class DefinedKey:
    """A key of regulars.yaml that other files call by its name, noted as defined."""

    of: Name
    key: One

    @property
    def words(self) -> str:
        return self.key.words

    def read(self, node: Node, notes: Notebook) -> str | None:
        key: str | None = self.key.read(node, notes)
        if isinstance(node, Scalar):
            notes.defined[self.of][node.text] = node.at
        return key

    def schema(self) -> Schema:
        return self.key.schema()


@dataclass(frozen=True, slots=True)
class NameOf:
    """A name that another file defines; resolved when all files are read."""

    of: Name
    words: str
    contained: bool = False  # the file being read is made of what is named, so names must not go in circles

    def read(self, node: Node, notes: Notebook) -> str | None:
        scalar = single(node, notes, self.words)
        if scalar is None:
            return None
        heed_traps(scalar, notes, human=False)
        notes.refer(self.of, scalar.text, scalar.at, contained=self.contained)
        return scalar.text

    def schema(self) -> Schema:
        return {"type": "string"}


SEGMENT_NAME = NameOf(Name.SEGMENT, "the name of a segment", contained=True)
SCORED_SEGMENT = NameOf(Name.SEGMENT, "the name of a segment")
CAMPAIGN_NAME = NameOf(Name.CAMPAIGN, "the name of a campaign")
TOPIC_NAME = NameOf(Name.TOPIC, "a topic of regulars.yaml")
OFFER_NAME = NameOf(Name.OFFER, "an offer of regulars.yaml")
CLASS_NAME = NameOf(Name.CLASS, "a class of regulars.yaml")


@dataclass(frozen=True, slots=True)
class FileOf:
    """A file of the workspace whose path fits `form` and climbs nowhere."""

    of: Name
    form: re.Pattern[str]
    words: str

    def read(self, node: Node, notes: Notebook) -> str | None:
        scalar = single(node, notes, self.words)
        if scalar is None:
            return None
        heed_traps(scalar, notes, human=False)
        if not self.form.fullmatch(scalar.text) or ".." in scalar.text.split("/"):
            notes.error(scalar.at, "D311", f'"{scalar.text}" is not a usable name of a {self.of}', f"name {self.words}")
            return None
        notes.refer(self.of, scalar.text, scalar.at)
        return scalar.text

    def schema(self) -> Schema:
        return {"type": "string", "pattern": f"^{self.form.pattern}$"}


TEMPLATE = FileOf(Name.TEMPLATE, re.compile(r"(?!templates/)[\w.-][\w./-]*\.mjml"), "a file of templates/, such as win_back.mjml")
RATES_FILE = FileOf(Name.RATES, re.compile(r"data/[\w.-]+\.csv"), "a CSV file of data/, such as data/rates.csv")
