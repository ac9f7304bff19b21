"""Findings as people, programs and pull requests read them."""

from __future__ import annotations

import json

from regulars.diagnostics import Finding, Location, Severity
from regulars.doors.cli.finding_formats import formatted, summary

TEXTS = {"campaigns/win_back.yaml": 'campaign: win-back\nto: slippin-away\nsubject: "İşte ☕ 咖啡"\n'}
UNKNOWN = Finding(
    Location("campaigns/win_back.yaml", 2, 5, 12), "D203", 'unknown segment "slippin-away"',
    'did you mean "slipping-away"? it is defined in segments/slipping_away.yaml:1:10')
WARNING = Finding(Location("a.yaml", 1, 1), "D120", "50% of a, b: c", "quote\nit", Severity.WARNING)


def test_the_text_form_is_the_one_of_the_manual():
    assert formatted([UNKNOWN], "text", TEXTS) == (
        'campaigns/win_back.yaml:2:5: error[D203]: unknown segment "slippin-away"\n'
        "    2 | to: slippin-away\n"
        "      |     ^^^^^^^^^^^^\n"
        '   help: did you mean "slipping-away"? it is defined in segments/slipping_away.yaml:1:10'
    )


def test_a_caret_stands_under_its_place_behind_wide_letters():
    line = formatted([Finding(Location("campaigns/win_back.yaml", 3, 19, 1), "D101", "here")], "text", TEXTS).splitlines()

    assert line[1] == '    3 | subject: "İşte ☕ 咖啡"'
    assert line[2] == "      | " + 20 * " " + "^^"


def test_a_finding_without_a_line_to_show_is_still_complete():
    assert formatted([WARNING], "text", {}) == "a.yaml:1:1: warning[D120]: 50% of a, b: c\n   help: quote it"


def test_a_very_long_line_is_cut_around_the_place():
    texts = {"a.yaml": "x" * 5_000}
    shown = formatted([Finding(Location("a.yaml", 1, 2_500, 3), "D101", "here")], "text", texts).splitlines()

    assert max(map(len, shown)) < 160
    assert shown[2].endswith("^^^")


def test_names_in_files_cannot_write_to_the_terminal():
    hostile = Finding(Location("a.yaml", 1, 1), "D201", 'unknown word "\x1b[31mred"\u202e')

    assert "\x1b" not in formatted([hostile], "text", {"a.yaml": "\x1b[31mred: 1"})
    assert "\u202e" not in formatted([hostile], "text", {})


def test_json_has_every_field_in_reading_order():
    told = json.loads(formatted([UNKNOWN, WARNING], "json", TEXTS))

    assert [finding["code"] for finding in told["findings"]] == ["D120", "D203"]
    assert told["findings"][1] == {
        "code": "D203", "severity": "error", "path": "campaigns/win_back.yaml", "line": 2, "column": 5,
        "message": 'unknown segment "slippin-away"', "hint": UNKNOWN.hint,
    }
    assert json.loads(formatted([], "json", {})) == {"findings": []}


def test_github_shows_it_beside_the_line_whatever_signs_it_holds():
    assert formatted([WARNING], "github", {}) == (
        "::warning file=a.yaml,line=1,col=1,endColumn=2,title=D120::50%25 of a, b: c (quote%0Ait)"
    )


def test_the_summary_counts():
    assert summary([UNKNOWN, UNKNOWN, WARNING]) == "2 errors, 1 warning"
    assert summary([]) == "nothing to mend"
