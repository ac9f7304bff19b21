"""All that a campaign needs, frozen under the hash of its content; workers and web send from nothing else."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType

from regulars.content import canonical
from regulars.content.compilation import LEXER, Cache, Compiled, MailCompiler, compile_template
from regulars.content.links import LinkTarget
from regulars.content.mentions import Mentions, mentions_of
from regulars.content.source import Files, Piece, Unreadable
from regulars.content.wording import unsubscribe_word
from regulars.definition.expansion import with_segments
from regulars.definition.workspace import Campaign, Shop, Workspace
from regulars.errors import WorkspaceBroken

IMAGES = "templates/images/"


@dataclass(frozen=True, slots=True)
class Bundle:
    """`hash`: 64 hex digits over paths and bytes of `files`."""

    hash: str
    files: Mapping[str, bytes]


def freeze(workspace: Workspace, campaign: Campaign, compiler: MailCompiler, cache: Cache | None = None) -> Bundle:
    """The same workspace gives the same bundle, on every machine. Raises WorkspaceBroken when the template has errors."""
    files = Files(workspace.texts)
    cache = {} if cache is None else cache
    letters = {
        language: compile_template(files, campaign.template, language, compiler, cache)
        for language in workspace.shop.languages
    }
    errors = [finding for letter in letters.values() for finding in letter.findings if finding.is_error]
    if errors:
        raise WorkspaceBroken(sorted(set(errors)))
    try:
        return bundled(workspace, campaign, letters)
    except Unreadable as unreadable:
        raise WorkspaceBroken([unreadable.finding]) from unreadable


def bundled(workspace: Workspace, campaign: Campaign, letters: Mapping[str, Compiled]) -> Bundle:
    """From templates that are compiled already, by language."""
    files = dict(_contents(workspace, campaign, letters))
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path}\0{len(files[path])}\0".encode())
        digest.update(files[path])
    return Bundle(digest.hexdigest(), MappingProxyType(dict(sorted(files.items()))))


def _contents(
    workspace: Workspace, campaign: Campaign, letters: Mapping[str, Compiled]
) -> Iterator[tuple[str, bytes]]:
    mentioned = mentions_of(_pieces(campaign, letters))
    shop = with_segments(workspace.shop, workspace.segments) if mentioned.needs.rewards else workspace.shop
    yield "shop.json", canonical.dumped(shop)
    yield "campaign.json", canonical.dumped(campaign)
    yield from ((path, text.encode()) for path, text in _texts(workspace.shop, campaign, letters))
    yield "links.json", canonical.dumped(list(numbered_links(letters)))
    yield "needs.json", canonical.dumped(asdict(mentioned.needs))
    used = sorted(mentioned.data & set(workspace.data))
    yield "data.json", canonical.dumped({name: workspace.data[name] for name in used})
    yield from _pictures(mentioned, workspace.images)


def _pieces(campaign: Campaign, letters: Mapping[str, Compiled]) -> Iterator[Piece]:
    for letter in letters.values():
        yield from letter.pieces
        yield from letter.text_pieces
    for texts in (campaign.subject, campaign.preheader):
        for language, text in (texts.by_language if texts else {}).items():
            if "{" in text:
                yield from Files({language: text}).pieces(LEXER, language)


def _pictures(mentioned: Mentions, images: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    lying = {path.removeprefix(IMAGES): content for path, content in images.items()}
    named = lying.keys() if mentioned.images is None else mentioned.images & lying.keys()
    addresses = {name: image_address(name, lying[name]) for name in sorted(named)}
    yield "images.json", canonical.dumped(addresses)
    yield from {f"images/{address}": lying[name] for name, address in addresses.items()}.items()


def _texts(shop: Shop, campaign: Campaign, letters: Mapping[str, Compiled]) -> Iterator[tuple[str, str]]:
    fallback = shop.languages[0]
    for language, letter in letters.items():
        yield f"mail/{language}.html", letter.html
        yield f"mail/{language}.txt", with_legal_lines(letter.text, language)
        yield f"mail/{language}.subject", campaign.subject.in_language(language, fallback)
        preheader = campaign.preheader.in_language(language, fallback) if campaign.preheader else ""
        yield f"mail/{language}.preheader", preheader


def with_legal_lines(text: str, language: str) -> str:
    """A text part names the sender's address and the way out, also when its author forgot them."""
    lines = []
    if "shop.address" not in text:
        lines.append("{{ shop.name }}, {{ shop.address }}")
    if "links.unsubscribe" not in text:
        lines.append(unsubscribe_word(language) + ": {{ links.unsubscribe }}")
    return text if not lines else text.rstrip() + "\n\n-- \n" + "\n".join(lines) + "\n"


def numbered_links(letters: Mapping[str, Compiled]) -> Iterator[list[str | int]]:
    """[number, name, target, language, number within the language's template], numbers unique over all languages."""
    number = 0
    for language, letter in letters.items():
        for link in letter.links:
            number += 1
            if link.followed:
                yield [number, link.name, link.target, language, link.number]


def link_targets(rows: Sequence[Sequence[str | int]]) -> list[LinkTarget]:
    return [LinkTarget(int(row[0]), str(row[1]), str(row[2]), str(row[3])) for row in rows]


def image_address(name: str, content: bytes) -> str:
    """The last part of `/i/…`: from the content, so that it never shows another picture."""
    ending = re.sub(r"[^a-z0-9]", "", name.rpartition(".")[2].lower()) or "bin"
    return f"{hashlib.sha256(content).hexdigest()[:32]}.{ending}"
