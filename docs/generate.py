"""Writes the pages of the manual that are made from tables: `python docs/generate.py`. Tests hold them equal."""

from __future__ import annotations

from pathlib import Path

from regulars.content import codes as content_codes
from regulars.definition import codes as definition_codes
from regulars.definition.reference import findings_page, yaml_reference

ROOMS = {
    "D: definitions (YAML files)": definition_codes.CODES,
    "C: content (templates)": content_codes.CODES,
}


def pages() -> dict[str, str]:
    """File name to content."""
    return {"findings.md": findings_page(ROOMS), "yaml-reference.md": yaml_reference() + "\n"}


if __name__ == "__main__":
    for name, content in pages().items():
        (Path(__file__).parent / name).write_text(content, encoding="utf-8")
        print(name)
