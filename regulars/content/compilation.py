"""Once per template and language: MJML with Jinja becomes HTML with Jinja, a text part and a table of links."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Protocol

from jinja2.lexer import Lexer
from markupsafe import escape

from regulars.content.assembly import Assembler
from regulars.content.links import LinkSource
from regulars.content.lint import lint
from regulars.content.plaintext import text_of
from regulars.content.sandbox import Sandbox
from regulars.content.source import Files, Piece, Skeleton, Unreadable, skeleton_of
from regulars.content.tokenpass import Prepared, prepare, put_back, unnested
from regulars.content.widths import with_outlook_widths
from regulars.diagnostics import Finding, Location

PIXEL = '<img src="{{ _pixel }}" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0;" />'
LEXER: Lexer = Sandbox(escaping=True).lexer


class MailCompiler(Protocol):
    """The world's part: the MJML engine and the CSS inliner."""

    def compile(self, mjml: str) -> str:
        """HTML of an MJML document. Raises MjmlRefused."""
        ...

    def inline(self, html: str, css: str) -> str:
        """The same HTML with `css` written into style attributes; nothing is fetched, all else stays."""
        ...


class MjmlRefused(Exception):
    """`offset` in characters of the MJML that was given, or None where the engine does not know."""

    def __init__(self, message: str, offset: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Compiled:
    """`html` and `text` are Jinja. `pieces` are what `check` reads; `text_pieces` those of a hand-written text part.
    When `findings` hold an error, `html` may be empty."""

    path: str
    html: str
    text: str
    links: tuple[LinkSource, ...]
    pieces: tuple[Piece, ...]
    text_pieces: tuple[Piece, ...]
    findings: tuple[Finding, ...]


NO_LANGUAGE = 'lang="und"'  # what the engine says of a template that does not tell; screen readers then guess
READERS_LANGUAGE = 'lang="{{ customer.language }}"'

Cache = dict[tuple[tuple[Piece, ...], str], Compiled]


def compile_template(
    files: Files, template: str, language: str, compiler: MailCompiler, cache: Cache | None = None
) -> Compiled:
    """`template` as campaigns name it, below templates/. With a `cache`, languages that share all files share the work."""
    assembler = Assembler(LEXER, files, language)
    path = assembler.choose(template)
    try:
        pieces = assembler.assemble(template)
    except Unreadable as unreadable:
        return Compiled(path, "", "", (), (), (), (*assembler.findings, unreadable.finding))
    key = pieces, assembler.choose(_text_beside(template))
    if cache is not None and key in cache:
        return cache[key]
    compiled = _compiled(path, pieces, assembler, key[1], compiler)
    if cache is not None:
        cache[key] = compiled
    return compiled


def _text_beside(template: str) -> str:
    return template.rpartition(".")[0] + ".txt"


def _compiled(
    path: str, pieces: tuple[Piece, ...], assembler: Assembler, text_path: str, compiler: MailCompiler
) -> Compiled:
    files = assembler.files
    skeleton = skeleton_of(pieces, files)
    findings = [*assembler.findings, *lint(skeleton)]
    if not pieces:
        findings.append(Finding(Location(path), "C127", "the template is empty", "write its MJML, or delete the file"))
    written, text_pieces = _own_text(files, text_path, findings)
    if any(finding.is_error for finding in findings):
        return Compiled(path, "", "", (), pieces, text_pieces, tuple(findings))
    prepared = prepare(skeleton)
    html = _html(prepared, skeleton, compiler, findings)
    text = written if written is not None else text_of(skeleton, prepared.links)
    return Compiled(path, html, text, tuple(prepared.links), pieces, text_pieces, tuple(findings))


def _html(prepared: Prepared, skeleton: Skeleton, compiler: MailCompiler, findings: list[Finding]) -> str:
    try:
        made = compiler.compile(prepared.mjml)
    except MjmlRefused as refused:
        findings.append(_refusal(refused, prepared, skeleton))
        return ""
    compiled = with_outlook_widths(unnested(made, prepared.prefix), prepared.columns)
    if prepared.inline_css.strip():
        compiled = compiler.inline(compiled, prepared.inline_css)
    html, losses = put_back(_with_fonts(compiled, prepared, skeleton), prepared)
    findings.extend(losses)
    html = html.replace(NO_LANGUAGE, READERS_LANGUAGE)
    body, end, rest = html.rpartition("</body>")
    return body + PIXEL + end + rest


def _with_fonts(compiled: str, prepared: Prepared, skeleton: Skeleton) -> str:
    """Declared fonts that only a style names, which the engine does not load."""
    missing = [href for name, href in prepared.fonts if href not in compiled and skeleton.text.count(name) > 1]
    if not missing:
        return compiled
    links = "".join(f'<link href="{escape(href)}" rel="stylesheet" type="text/css">' for href in missing)
    return compiled.replace("</head>", f"<!--[if !mso]><!-->{links}<!--<![endif]--></head>", 1)


def _refusal(refused: MjmlRefused, prepared: Prepared, skeleton: Skeleton) -> Finding:
    if refused.offset is None:
        place = skeleton.place(len(skeleton.text) - len(skeleton.text.lstrip()))
    else:
        place = _written_at(refused.offset, prepared, skeleton)
    return Finding(place, "C127", f"MJML cannot be compiled: {refused.message}", "is a tag closed twice, or a < written as text?")


def _written_at(offset: int, prepared: Prepared, skeleton: Skeleton) -> Location:
    index = max(bisect_right(prepared.origins, (offset, len(skeleton.text))) - 1, 0)
    return skeleton.place(prepared.origins[index][1]) if prepared.origins else skeleton.place(0)


def _own_text(files: Files, path: str, findings: list[Finding]) -> tuple[str | None, tuple[Piece, ...]]:
    """A hand-written `win_back.txt` beside `win_back.mjml`, as it is."""
    if path not in files:
        return None, ()
    try:
        pieces = files.pieces(LEXER, path)
    except Unreadable as unreadable:
        findings.append(unreadable.finding)
        return "", ()
    return "".join(piece.text for piece in pieces), pieces
