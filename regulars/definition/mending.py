"""What stops a YAML parser, in a marketer's words, and the mend after which the rest of the file can be read.

A mend is for the moment only: it lets all problems of a file be told at once. The author's file is never changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from regulars.definition.page import Page, Shift
from regulars.definition.troubles import WELL_QUOTED, quoted, shown, trouble_of, unclosed_brackets
from regulars.diagnostics import Finding, Location

Mark = tuple[int, int]  # line and column from 0, as the parser counts
QUOTED_HINT = "put the text in double quotes: "

_LINE = re.compile(
    r"""^(?P<lead>[ \t]*(?:-[ ]+)*(?:(?P<key>\w[\w./ -]*?|"[^"]*"|'[^']*')[ ]*:[ \t]+)?)(?P<value>\S.*?)?[ \t]*$""")
_GLUED = re.compile(r"^[ \t]*(?:- +)*(?P<key>[A-Za-z_][\w.-]*):(?P<value>[^\s/].*)$")
_FLOW_KEY = re.compile(r"""(?:^[ ]*|[{\[,][ ]*)(?P<key>\w[\w.-]*)[ ]*:[ ]+""")
_WORD_AND_VALUE = re.compile(r"(?:[a-z]+(?:[._][a-z]+)+|birthday|schedule): +\S")  # not a text: what stands behind `trigger:`, for instance
_COMMENT = re.compile(r"[ \t]+#(?:[ \t].*)?$")
_CONFLICT = re.compile(r"^<{7}(?= )", re.MULTILINE)
_LOST_TO_A_COMMENT = re.compile(r"[ \t]#(?=\S)")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FAR_UP = 40  # how many lines above an error its unclosed quote is looked for


@dataclass(frozen=True, slots=True)
class Broken:
    """Where the parser stopped (`reached`), what it said, and where the enclosing thing began (`context`)."""

    problem: str
    reached: Mark
    context: Mark | None = None


def unreadable_text(path: str, text: str, most_bytes: int) -> Finding | None:
    """Why the text is not even looked at: too large, or with characters that no text file has."""
    size = len(text.encode(errors="replace"))
    if size > most_bytes:
        return Finding(Location(path), "D103", f"the file has {size:,} bytes; {most_bytes:,} are the most",
                       "split it into several files; large lists belong in a segment or a CSV import")
    conflict = _CONFLICT.search(text)
    if conflict:
        line = len(Page.of(path, text[:conflict.end()]).lines) - 1
        return Finding(Page.of(path, text).place(line, 0, 7), "D101", "a merge conflict of git begins here",
                       "keep one of the two versions, and delete the lines that begin with <<<<<<<, ======= and >>>>>>>")
    bad = _FORBIDDEN.search(text)
    if bad is None:
        return None
    page = Page.of(path, text)
    line = len(Page.of(path, text[:bad.start()]).lines) - 1
    column = len(Page.of(path, text[:bad.start()]).lines[-1])
    return Finding(page.place(line, column), "D102", f"an invisible control character (U+{ord(bad[0]):04X}) stands here",
                   "delete it; if the whole file looks odd, save it again as UTF-8 text")


def mended_pages(page: Page, broken: Broken) -> Iterator[Page]:
    """Pages on which one suspicious line is mended and its finding noted, the likeliest first."""
    for number in _suspects(page, broken):
        for mend in (_tabs, _escape, _values, _missing_space, _comment_in_braces, _closing, _indentation, _stray_line):
            mended = mend(page, number, broken)
            if mended is not None:
                yield mended


def explained(page: Page, broken: Broken) -> Finding:
    """The finding for what could not be mended."""
    here, problem = broken.reached, broken.problem
    at = page.place(*here)
    if "end of stream" in problem and broken.context:
        return Finding(page.place(*broken.context), "D113", "the quotes that open here are not closed",
                       "end the text with the same kind of quote")
    if "',' or" in problem or "<stream end>" in problem:
        return Finding(page.place(*(broken.context or here)), "D119", "the bracket or brace that opens here is not closed",
                       "close it, and put texts inside it in double quotes")
    if "<block end>" in problem or "mapping values" in problem:
        return Finding(at, "D117", "this does not fit the lines above it",
                       "give the line the same indentation as its neighbours, and put texts in double quotes")
    if "cannot start any token" in problem or "node content" in problem or "not allowed here" in problem:
        sign = page.lines[here[0]][here[1]:here[1] + 1] if here[0] < len(page.lines) else ""
        return Finding(at, "D110", f"a text may not start with {sign}" if sign else "something is missing here",
                       "put the text in double quotes")
    return Finding(at, "D101", "this cannot be read as YAML",
                   "put texts in double quotes, and look at the line above too")


def _suspects(page: Page, broken: Broken) -> list[int]:
    last = min(broken.reached[0], len(page.lines) - 1)
    numbers = [last]
    if broken.context:
        numbers.append(broken.context[0])
    above = [number for number in range(last - 1, max(-1, last - _FAR_UP), -1) if page.lines[number].strip()]
    numbers += above[:1] + [number for number in above[1:] if _opens_a_quote(page.lines[number])]
    return list(dict.fromkeys(numbers))


def _opens_a_quote(line: str) -> bool:
    match = _LINE.match(line)
    value = (match and match["value"]) or ""
    return value[:1] in {'"', "'"} and not WELL_QUOTED.match(value)


def _tabs(page: Page, number: int, _: Broken) -> Page | None:
    line = page.lines[number]
    lead = line[:len(line) - len(line.lstrip())]
    tab = lead.find("\t")
    if tab < 0:
        return None
    shifts = tuple(Shift(column, 1) for column in range(len(lead.replace("\t", "  "))) if column < lead.count("\t"))
    return page.mended(number, lead.replace("\t", "  ") + line.lstrip(), shifts, Finding(
        page.place(number, tab), "D115", "a tab stands where YAML wants spaces",
        "replace the tab by spaces (most editors do it for you: indent with 2 spaces)"))


def _escape(page: Page, number: int, broken: Broken) -> Page | None:
    if "escape" not in broken.problem or number != broken.reached[0]:
        return None
    line = page.lines[number]
    back = line.rfind("\\", 0, broken.reached[1])
    if back < 0:
        return None
    return page.mended(number, line[:back] + "\\" + line[back:], (Shift(back, 1),), Finding(
        page.place(number, back, 2), "D118", f"in double quotes {line[back:back + 2]} means nothing to YAML",
        "write two backslashes for one, or put the text in single quotes"))


def _values(page: Page, number: int, _: Broken) -> Page | None:
    """Put what is ill-quoted on this line in double quotes."""
    line = page.lines[number]
    for key, start, end in _places_of_values(line):
        trouble = trouble_of(line[start:end])
        if trouble is None or (not key and trouble.code == "D112" and trouble.text.endswith(":")):  # a word whose value stands below
            continue
        quote = quoted(trouble.text)
        better = f"{key}: {shown(trouble.text)}" if key else shown(trouble.text)
        hint = f"write {key}: {{{trouble.text}}}" if key and _WORD_AND_VALUE.match(trouble.text) else QUOTED_HINT + better
        finding = Finding(page.place(number, start + trouble.offset, trouble.length), trouble.code, trouble.message, hint)
        inner_start = 0 if line[start] in "\"'" else 1
        shifts = (Shift(start, inner_start), Shift(start + len(quote) - 1, len(quote) - (end - start) - inner_start))
        return page.mended(number, line[:start] + quote + line[end:], shifts, finding)
    return None


def _places_of_values(line: str) -> Iterator[tuple[str, int, int]]:
    """Key, start and end of the line's value, and of the values in its `{…}`."""
    match = _LINE.match(line)
    if match is None or not match["value"]:
        return
    start, end = match.span("value")
    if line[start] not in "\"'":
        end = start + len(_COMMENT.sub("", line[start:end]))
    value, key = line[start:end], match["key"] or ""
    in_flow = value.startswith("{") and not value.startswith(("{{", "{%")) and not _text_after_closing(value)
    if not in_flow and not value.endswith(("}", ",")):
        yield key, start, end
        return
    found = list(_FLOW_KEY.finditer(line, start if in_flow else 0, end))
    for position, inner in enumerate(found):
        stop = found[position + 1].start() if position + 1 < len(found) else end
        yield inner["key"], inner.end(), inner.end() + len(_without_closers(line[inner.end():stop]))
    if not in_flow:
        yield key, start, end


def _text_after_closing(value: str) -> bool:
    return value.count("{") == value.count("}") and not value.endswith("}")


def _without_closers(value: str) -> str:
    value = value.rstrip(" ,")
    while value[-1:] in {"}", "]"} and value.count("}") + value.count("]") > value.count("{") + value.count("["):
        value = value[:-1].rstrip()
    return value


def _missing_space(page: Page, number: int, _: Broken) -> Page | None:
    match = _GLUED.match(page.lines[number])
    if match is None:
        return None
    line, colon = page.lines[number], match.start("value") - 1
    return page.mended(number, line[:colon + 1] + " " + line[colon + 1:], (Shift(colon + 1, 1),), Finding(
        page.place(number, colon), "D116", "the space after this colon is missing",
        f"write {match['key']}: {match['value'].strip()}"))


def _comment_in_braces(page: Page, number: int, _: Broken) -> Page | None:
    """A # takes the closing brace with it."""
    line = page.lines[number]
    match = _LOST_TO_A_COMMENT.search(line)
    if match is None or line.count('"', 0, match.start()) % 2 or not unclosed_brackets(line[:match.start()]) or unclosed_brackets(line):
        return None
    hash_at = match.end() - 1
    return page.mended(number, f"{line[:hash_at]} {line[hash_at + 1:]}", (), Finding(
        page.place(number, hash_at), "D109", "a comment begins at this #, so the rest of the line is lost",
        "put the text that holds it in double quotes"))


def _closing(page: Page, number: int, broken: Broken) -> Page | None:
    if broken.context is None or number != broken.context[0] or not ("',' or" in broken.problem
                                                                     or "<stream end>" in broken.problem):
        return None
    line, column = page.lines[number], broken.context[1]
    opener = line[column:column + 1]
    if opener not in {"{", "["}:
        return None
    body = _COMMENT.sub("", line)
    closers = "".join({"{": "}", "[": "]"}[sign] for sign in reversed(unclosed_brackets(body)))
    return page.mended(number, body + closers, (), Finding(
        page.place(number, column), "D119", f"the {opener} that opens here is not closed",
        f"end it with {closers[-1:] or '}'}")) if closers else None


def _indentation(page: Page, number: int, broken: Broken) -> Page | None:
    """A `key: value` line that stands too far left or right is moved under the line before it."""
    if number != broken.reached[0] or not ("<block end>" in broken.problem or "mapping values" in broken.problem):
        return None
    line = page.lines[number]
    indent = len(line) - len(line.lstrip(" "))
    above = next((text for text in reversed(page.lines[:number]) if text.strip() and text.strip()[0] != "#"), "")
    wanted = len(above) - len(above.lstrip(" "))
    if indent == wanted or not re.match(r"\s*(?:- +)?[\w.-]+:(\s|$)", line):
        return None
    moved = " " * wanted + line.lstrip(" ")
    return page.mended(number, moved, (Shift(-1, wanted - indent),), Finding(
        page.place(number, indent, len(line.strip())), "D117", "the indentation does not fit the lines around it",
        f"begin it in column {wanted + 1}, like the line above, or indent the lines that belong together alike"))


def _stray_line(page: Page, number: int, broken: Broken) -> Page | None:
    if broken.context is None or number != broken.context[0] or "expected ':'" not in broken.problem:
        return None
    line = page.lines[number]
    column = len(line) - len(line.lstrip())
    return page.mended(number, "", (), Finding(
        page.place(number, column, len(line.strip())), "D101", "this line has no colon, so it is neither a word nor its value",
        "write it as word: value, or put a text that runs over several lines in double quotes"))
