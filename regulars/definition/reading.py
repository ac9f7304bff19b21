"""From the texts of a workspace's files to its definitions, with everything that is wrong with them at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from regulars.definition.campaign import read_campaign
from regulars.definition.files import WorkspaceFiles
from regulars.definition.free import FREE
from regulars.definition.linking import link
from regulars.definition.nodes import Node, compose
from regulars.definition.notebook import Name, Notebook
from regulars.definition.segment import read_segment
from regulars.definition.shop import read_shop
from regulars.definition.workspace import Campaign, Segment, Shop, Workspace
from regulars.diagnostics import Finding, Location, in_reading_order
from regulars.errors import WorkspaceBroken

SHOP_FILE = "regulars.yaml"
SAMPLES_FILE = "samples/customers.yaml"
_NAME_IN_BROKEN_FILE = re.compile(r"""^(segment|campaign):\s*["']?([\w-]+)""", re.MULTILINE)


def read_workspace(files: WorkspaceFiles) -> tuple[Workspace | None, list[Finding]]:
    """All definitions that could be read, and all findings in reading order.

    None only when there is no readable regulars.yaml. With an error among the findings the workspace is good for
    further checks, and not for sending: use `workspace_of` for that.
    """
    notes = Notebook(findings=list(files.refused))
    shop = _shop(files, notes)
    segments = {segment.name: segment for segment in _read_all(files, notes, "segments/", read_segment)}
    campaigns = {campaign.name: campaign for campaign in _read_all(files, notes, "campaigns/", read_campaign)}
    data = {path[len("data/"):-len(".yaml")]: _free(path, files, notes) for path in _yaml_files(files, "data/")}
    samples = _samples(files, notes)
    _note_other_names(files, notes)
    link(notes, shop, files.present | frozenset(files.texts))
    findings = in_reading_order(notes.findings)
    if shop is None:
        return None, findings
    texts = {path: text for path, text in files.texts.items() if path.startswith(("templates/", "data/"))}
    images = {path: content for path, content in files.binaries.items() if path.startswith("templates/images/")}
    return Workspace(shop, segments, campaigns, data, texts, images, samples), findings


def workspace_of(files: WorkspaceFiles) -> Workspace:
    """The definitions, ready to be used. Raises WorkspaceBroken when anything in the files is an error."""
    workspace, findings = read_workspace(files)
    if workspace is None or any(finding.is_error for finding in findings):
        raise WorkspaceBroken(findings)
    return workspace


def shop_of(files: WorkspaceFiles) -> Shop:
    """regulars.yaml alone, whatever the other files are like; the names in it that they define are not looked up.
    Raises WorkspaceBroken when anything in it is an error."""
    notes = Notebook(findings=[finding for finding in files.refused if finding.location.path == SHOP_FILE])
    shop = _shop(files, notes)
    notes.references = [each for each in notes.references if each.of is not Name.SEGMENT]
    link(notes, shop, files.present | frozenset(files.texts))
    if shop is None or any(finding.is_error for finding in notes.findings):
        raise WorkspaceBroken(in_reading_order(notes.findings))
    return shop


def _shop(files: WorkspaceFiles, notes: Notebook) -> Shop | None:
    if SHOP_FILE not in files.texts:
        if not any(finding.location.path == SHOP_FILE for finding in files.refused):
            notes.error(Location(SHOP_FILE), "D215", "there is no regulars.yaml", "regulars init makes a workspace to start from")
        return None
    node = _node(SHOP_FILE, files, notes)
    return None if node is None else read_shop(node, notes)


def _read_all(files: WorkspaceFiles, notes: Notebook, folder: str,
              read: Callable[[Node, Notebook], Any]) -> Iterator[Any]:
    """Values of the folder's files; of two with one name the first counts."""
    seen = set()
    for path in _yaml_files(files, folder):
        node = _node(path, files, notes)
        value: Segment | Campaign | None = None if node is None else read(node, notes)
        if node is None:
            _note_name_in_broken_file(path, files.texts[path], notes)
        if value is not None and value.name not in seen:
            seen.add(value.name)
            yield value


def _yaml_files(files: WorkspaceFiles, folder: str) -> list[str]:
    return sorted(path for path in files.texts if path.startswith(folder) and path.endswith(".yaml"))


def _node(path: str, files: WorkspaceFiles, notes: Notebook) -> Node | None:
    composed = compose(path, files.texts[path])
    notes.findings.extend(composed.findings)
    return composed.node


def _note_name_in_broken_file(path: str, text: str, notes: Notebook) -> None:
    """So that a file which cannot be read is not also reported as unknown wherever it is named."""
    match = _NAME_IN_BROKEN_FILE.search(text[:100_000])
    if match:
        notes.defined[Name(match[1])].setdefault(match[2], Location(path))


def _free(path: str, files: WorkspaceFiles, notes: Notebook) -> Any:
    node = _node(path, files, notes)
    return None if node is None else FREE.read(node, notes)


def _samples(files: WorkspaceFiles, notes: Notebook) -> tuple[dict[str, Any], ...]:
    if SAMPLES_FILE not in files.texts:
        return ()
    people = _free(SAMPLES_FILE, files, notes)
    if not isinstance(people, list) or not all(isinstance(person, dict) for person in people):
        if people is not None:
            notes.error(Location(SAMPLES_FILE), "D301", "the sample customers are a list of mappings",
                        'begin each with - email: "ada@shop.example"')
        return ()
    return tuple(people)


def _note_other_names(files: WorkspaceFiles, notes: Notebook) -> None:
    for path in sorted(files.present):
        if path.endswith((".yml", ".YAML", ".YML")):
            notes.warning(Location(path), "D216", "the file is not read because of its name", "let its name end in .yaml")

