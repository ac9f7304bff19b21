"""Whatever bytes stand in a file: no exception, and every finding has a place inside of it."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from regulars.definition.files import decoded
from regulars.definition.nodes import LARGE, MENDS_WHEN_LARGE, compose
from regulars.definition.page import Page
from regulars.definition.reading import read_workspace
from tests.unit.definition.test_cases import SOUND, files_of
from tests.unit.definition.twelve import EXAMPLE, SHOP, TWELVE

CAMPAIGN = """\
# yaml-language-server: $schema=../.regulars/schemas/campaign.json
campaign: letter
topic: news
to: [vip, {orders.count: {between: [1, 5]}}]
except:
  - any:
      - orders: {where: {category: beans}, within: 2 years, spent: {at_least: 500 TRY}}
      - not: {emails.clicked: {campaign: letter, within: 30 days}}
send_at: 2026-12-01 09:00 local
template: letter.mjml
with: {opens_for_all: 2026-12-03, list: [1, 2.5, "x"]}
subject: {tr: "48 saat önce, sana açık", en: 'It''s yours'}
preheader: >
  A text that
  folds
"""
AUTOMATED = [("regulars.yaml", SHOP), *(("campaigns/some.yaml", text) for text in (EXAMPLE, TWELVE["win-back"], TWELVE["bayram"]))]
NASTY = st.sampled_from([*"\"'{}[]:,#&*!|>%@`-?~<= \t\n\r\\0123abcÇşİ\u2028\u0085\ufeff\x07", ": ", " #", "{{ x }}", "<<: ", "---\n", "\n  "])


def assert_places_are_inside(path, text, findings):
    lines = Page.of(path, text).written
    for finding in findings:
        place = finding.location
        if place.path == path:
            assert 1 <= place.line <= len(lines), finding
            assert 1 <= place.column <= len(lines[place.line - 1]) + 1, finding


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_mutilated_file_gives_findings_with_places_and_never_an_exception(data):
    path, sound = data.draw(st.sampled_from([("campaigns/letter.yaml", CAMPAIGN), ("regulars.yaml", SOUND["regulars.yaml"]), *AUTOMATED]))
    text = sound
    for _ in range(data.draw(st.integers(1, 5))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 6)))
        text = text[:start] + data.draw(NASTY) + text[end:]

    _, findings = read_workspace(files_of({path: text}))

    assert_places_are_inside(path, text, findings)


@settings(max_examples=150, deadline=None)
@example('"\\UFFFFFFFF"').via("beyond Unicode")
@example("%YAML 999999999999999999999.1\n---\n").via("a version without end")
@example("a: \ud800").via("half a character")
@given(st.text(st.sampled_from("ab:-,{}[]\"'#&*!|>%@` \n\t\\xUu0?"), max_size=40))
def test_any_text_can_be_composed(text):
    composed = compose("segments/x.yaml", text)

    assert_places_are_inside("segments/x.yaml", text, composed.findings)
    assert composed.node is not None or composed.findings


def test_two_megabytes_are_refused_unread():
    composed = compose("campaigns/letter.yaml", "campaign: letter\n" * 120_000)

    assert [finding.code for finding in composed.findings] == ["D103"]


def test_a_large_broken_file_is_not_read_again_for_each_of_its_many_mistakes():
    sound = "".join(f'key{number}: "a value of some length"\n' for number in range(3_000))
    composed = compose("data/large.yaml", sound + "".join(f"bad{number}: %x\n" for number in range(100)))

    assert len(sound) > LARGE
    assert [finding.code for finding in composed.findings] == ["D110"] * MENDS_WHEN_LARGE


def test_a_small_file_is_told_of_all_its_mistakes():
    composed = compose("data/small.yaml", "".join(f"bad{number}: %x\n" for number in range(30)))

    assert [finding.location.line for finding in composed.findings] == list(range(1, 31))


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 20_000, "- " * 5_000 + "x", "a:\n" + "".join(f"{' ' * n}a:\n" for n in range(1, 200))])
def test_deep_nesting_is_refused_where_it_becomes_too_deep(text):
    composed = compose("segments/deep.yaml", text)

    assert [finding.code for finding in composed.findings] == ["D104"]
    assert composed.node is None


def test_control_characters_are_shown_where_they_stand():
    composed = compose("segments/odd.yaml", "segment: odd\nwhere: {a: \x00}\n")

    finding = composed.findings[0]
    assert (finding.code, finding.location.line, finding.location.column) == ("D102", 2, 12)


@pytest.mark.parametrize(("content", "line", "column", "said"), [
    ("subject: Ankara'da kış".encode("cp1254"), 1, 21, "FD is not UTF-8"),
    ("a: ş\nb: ".encode() + b"\xff", 2, 4, "FF is not UTF-8"),
    ("campaign: x".encode("utf-16"), 1, 1, "UTF-16"),
    (bytes(range(256)), 9, 1, ""),
])
def test_files_that_are_not_utf_8_say_which_byte_is_not(content, line, column, said):
    finding = decoded("campaigns/x.yaml", content)

    assert finding.code == "D102"
    assert said in finding.message
    if said:
        assert (finding.location.line, finding.location.column) == (line, column)


def test_a_byte_order_mark_is_fine():
    assert decoded("x.yaml", b"\xef\xbb\xbfa: 1") == "a: 1"
    assert compose("x.yaml", "\ufeffa: 1").findings == ()


@pytest.mark.parametrize("steps", [
    "  - wait: " + "a" * 200_000 + "!",
    "  - wait: 3 days\n" * 4_000,
    '  - send: {template: letter.mjml, subject: "Hello"}\n' * 2_000,
    "  - stop_mailing: {reason: sunset}\n" * 2_000,
    "  - split: [" + ", ".join(f"{{0.01%: [{{tag: {{add: t{number}}}}}]}}" for number in range(2_000)) + "]",
], ids=["a long word", "waits", "mails", "steps nobody reaches", "parts"])
def test_an_automation_of_any_size_is_read_once(steps):
    _, findings = read_workspace(files_of({"campaigns/long.yaml": f"campaign: long\ntrigger: subscribed\nsteps:\n{steps}\n"}))

    assert len([finding for finding in findings if finding.is_error]) <= 1


def test_branches_end_where_nesting_does():
    steps = "[{tag: {add: x}}]"
    for number in range(30):
        steps = f"[{{if: {{orders.count: {number}}}, then: {steps}}}]"
    _, findings = read_workspace(files_of({"campaigns/deep.yaml": f"campaign: deep\ntrigger: subscribed\nsteps: {steps}\n"}))

    assert [finding.code for finding in findings] == ["D104"]
