"""How findings are written: for people (GNU form with the line and a caret), as JSON, and for GitHub."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence

from regulars.diagnostics import Finding, in_reading_order

_LINE_END = re.compile(r"\r\n|\r|\n")


def formatted(findings: Sequence[Finding], form: str, texts: Mapping[str, str]) -> str:
    """All findings as text, json or github, without a last line break. `texts`: path to content, for the lines shown."""
    ordered = in_reading_order(findings)
    if form == "json":
        return json.dumps({"findings": [finding.as_json() for finding in ordered]}, ensure_ascii=False, indent=2)
    if form == "github":
        return "\n".join(as_github(finding) for finding in ordered)
    lines = {path: _LINE_END.split(texts[path]) for path in {f.location.path for f in ordered} if path in texts}
    return "\n".join(as_text(finding, lines.get(finding.location.path, ())) for finding in ordered)


def summary(findings: Sequence[Finding]) -> str:
    """`2 errors, 1 warning`, or that there is nothing to mend."""
    errors = sum(finding.is_error for finding in findings)
    warnings = len(findings) - errors
    counted = [_counted(errors, "error"), _counted(warnings, "warning")]
    return ", ".join(part for part in counted if part) or "nothing to mend"


def as_text(finding: Finding, lines: Sequence[str]) -> str:
    """GNU form, so that editors jump to it; then the line, a caret under the place, and the way out."""
    place = finding.location
    parts = [f"{place}: {finding.severity}[{finding.code}]: {_on_one_line(finding.message)}"]
    if 0 < place.line <= len(lines) and lines[place.line - 1].strip():
        line = lines[place.line - 1]
        number = str(place.line)
        before, shown = _excerpt(line, place.column - 1)
        marked = line[place.column - 1:place.column - 1 + place.length]
        carets = "^" * max(1, min(_width(marked), _width(shown) - _width(before)))
        parts += [f"    {number} | {shown}", f"    {' ' * len(number)} | {' ' * _width(before)}{carets}"]
    if finding.hint:
        parts.append(f"   help: {_on_one_line(finding.hint)}")
    return "\n".join(parts)


def as_github(finding: Finding) -> str:
    """A workflow command, shown beside the line in a pull request."""
    place = finding.location
    properties = {
        "file": place.path, "line": str(place.line), "col": str(place.column),
        "endColumn": str(place.column + place.length), "title": f"{finding.code}",
    }
    said = finding.message + (f" ({finding.hint})" if finding.hint else "")
    listed = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in properties.items())
    return f"::{finding.severity.value} {listed}::{_escaped(said)}"


_WIDEST = 140


def _excerpt(line: str, column: int) -> tuple[str, str]:
    """The part of the line before the place, and the part shown: a very long line is cut around it."""
    if len(line) <= _WIDEST:
        return _printable(line[:column]), _printable(line).rstrip()
    start = max(0, min(column - _WIDEST // 2, len(line) - _WIDEST))
    lead, tail = "…" if start else "", "…" if start + _WIDEST < len(line) else ""
    return lead + _printable(line[start:column]), lead + _printable(line[start:start + _WIDEST]).rstrip() + tail


def _printable(text: str) -> str:
    return "".join(" " if unicodedata.category(sign) == "Cc" else sign for sign in text)


def _width(text: str) -> int:
    """Columns of a terminal: wide letters take two, combining marks none."""
    return sum(0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _on_one_line(text: str) -> str:
    """Names come from files: control characters in them must not reach the terminal."""
    return "".join(" " if unicodedata.category(sign) in {"Cc", "Cf"} else sign for sign in text)


def _escaped(text: str, more: str = "") -> str:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    for sign in more:
        escaped = escaped.replace(sign, f"%{ord(sign):02X}")
    return escaped


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}" if number else ""
