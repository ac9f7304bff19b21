"""`check`: every problem in every file, at once; needs no database."""

from __future__ import annotations

from regulars.content.checking import check_templates
from regulars.content.compilation import MailCompiler
from regulars.content.mailroom import Compose, MailRoom
from regulars.definition.files import WorkspaceFiles
from regulars.definition.reading import read_workspace
from regulars.diagnostics import Finding, in_reading_order


def check(files: WorkspaceFiles, compiler: MailCompiler, compose: Compose = MailRoom.compose) -> list[Finding]:
    """Findings of definitions and templates in reading order; an empty list means that everything can be launched."""
    workspace, findings = read_workspace(files)
    if workspace is not None:
        findings = findings + check_templates(workspace, compiler, compose)
    return in_reading_order(findings)
