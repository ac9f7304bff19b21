"""All that a campaign needs, frozen under the hash of its content; workers and web send from nothing else."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from jinja2 import nodes

from regulars.content import canonical
from regulars.content.compilation import Compiled, MailCompiler, compile_template
from regulars.content.links import LinkTarget
from regulars.content.sandbox import Sandbox
from regulars.content.source import Files
from regulars.content.wording import unsubscribe_word
from regulars.definition.workspace import Campaign, Shop, Workspace
from regulars.errors import WorkspaceBroken

IMAGES = "templates/images/"
_PARSER = Sandbox(escaping=False)


@dataclass(frozen=True, slots=True)
class Bundle:
    """`hash`: 64 hex digits over paths and bytes of `files`."""

    hash: str
    files: Mapping[str, bytes]


def freeze(workspace: Workspace, campaign: Campaign, compiler: MailCompiler) -> Bundle:
    """The same workspace gives the same bundle, on every machine. Raises WorkspaceBroken when the template has errors."""
    files = Files(workspace.texts)
    letters = {
        language: compile_template(files, campaign.template, language, compiler)
        for language in workspace.shop.languages
    }
    errors = [finding for letter in letters.values() for finding in letter.findings if finding.is_error]
    if errors:
        raise WorkspaceBroken(sorted(set(errors)))
    return bundled(workspace, campaign, letters)


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
    texts = dict(_texts(workspace.shop, campaign, letters))
    yield "shop.json", canonical.dumped(workspace.shop)
    yield "campaign.json", canonical.dumped(campaign)
    yield from ((path, text.encode()) for path, text in texts.items())
    yield "links.json", canonical.dumped(list(numbered_links(letters)))
    trees = [_PARSER.parse(text) for text in texts.values()]
    used = sorted({name for tree in trees for name in data_names(tree)} & set(workspace.data))
    yield "data.json", canonical.dumped({name: workspace.data[name] for name in used})
    pictures = {name: workspace.images[IMAGES + name] for name in _pictures(trees, workspace.images)}
    addresses = {name: image_address(name, content) for name, content in pictures.items()}
    yield "images.json", canonical.dumped(addresses)
    yield from {f"images/{addresses[name]}": content for name, content in pictures.items()}.items()


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


def data_names(tree: nodes.Template) -> Iterator[str]:
    for dotted in tree.find_all(nodes.Getattr):
        if isinstance(dotted.node, nodes.Name) and dotted.node.name == "data":
            yield dotted.attr
    for item in tree.find_all(nodes.Getitem):
        if isinstance(item.node, nodes.Name) and item.node.name == "data" and isinstance(item.arg, nodes.Const):
            yield str(item.arg.value)


def _pictures(trees: Sequence[nodes.Template], images: Mapping[str, bytes]) -> list[str]:
    """Those named in quotes; all of them when a name is only known for a customer."""
    named: set[str] = set()
    for call in (call for tree in trees for call in tree.find_all(nodes.Call)):
        if isinstance(call.node, nodes.Name) and call.node.name == "image":
            if not (call.args and isinstance(call.args[0], nodes.Const)):
                return sorted(path.removeprefix(IMAGES) for path in images)
            named.add(str(call.args[0].value))
    return sorted(name for name in named if IMAGES + name in images)

