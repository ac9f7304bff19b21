"""One template compiled in full, so that a new engine's differences are seen: `python -m tests.unit.content.test_golden`."""

from pathlib import Path

from regulars.content.compilation import compile_template
from regulars.content.source import Files
from tests.unit.content.made import COMPILER

FOLDER = Path("tests/cases/compiled")


def compiled():
    files = Files({"templates/letter.mjml": (FOLDER / "letter.mjml").read_text()})
    return compile_template(files, "letter.mjml", "tr", COMPILER)


def in_lines(html):
    """A line for each tag, so that a difference can be read."""
    return html.replace("><", ">\n<") + "\n"


def test_the_engine_makes_of_it_what_it_made_before():
    assert not compiled().findings
    assert in_lines(compiled().html) == (FOLDER / "letter.html").read_text()
    assert compiled().text == (FOLDER / "letter.txt").read_text()


if __name__ == "__main__":
    (FOLDER / "letter.html").write_text(in_lines(compiled().html))
    (FOLDER / "letter.txt").write_text(compiled().text)
