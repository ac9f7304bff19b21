"""`check` tells what is wrong with definitions and with templates in one list."""

from __future__ import annotations

from regulars.operations.check import check
from tests.unit.definition.test_cases import files_of


class Compiler:
    """Takes any MJML for HTML."""

    def compile(self, mjml):
        return mjml

    def inline(self, html, css):
        return html


BROKEN_TEMPLATE = "<mjml><mj-body><mj-section><mj-column><mj-text>{{ customer.frist_name }}</mj-text></mj-column></mj-section></mj-body></mjml>"
CAMPAIGN = 'campaign: letter\nto: nobody\ntemplate: letter.mjml\nsubject: "Hello {{ customer.frist_name }}"\n'


def test_files_and_templates_are_told_of_together_in_reading_order():
    findings = check(files_of({"campaigns/letter.yaml": CAMPAIGN, "templates/letter.mjml": BROKEN_TEMPLATE}), Compiler())

    told = [(finding.location.path, finding.location.line, finding.code) for finding in findings]
    assert ("campaigns/letter.yaml", 2, "D203") in told
    assert ("campaigns/letter.yaml", 4, "C104") in told
    assert ("templates/letter.mjml", 1, "C104") in told
    assert [place[:2] for place in told] == sorted(place[:2] for place in told)


def test_without_a_shop_the_templates_are_not_guessed_at():
    findings = check(files_of({"regulars.yaml": "(absent)\n"}), Compiler())

    assert [finding.code for finding in findings] == ["D215"]


def test_a_missing_template_is_told_once():
    findings = check(files_of({"campaigns/letter.yaml": CAMPAIGN.replace("letter.mjml", "lost.mjml").replace("nobody", "vip")
                               .replace(" {{ customer.frist_name }}", "")}), Compiler())

    assert [finding.code for finding in findings if finding.location.path.startswith("campaigns")] == ["D208"]


AUTOMATION = """\
campaign: hello
trigger: subscribed
with: {known: 1}
steps:
  - send: {template: letter.mjml, subject: "Hi {{ customer.frist_name }}", with: {own: 2}}
  - if: {emails.clicked: {link: hreo}}
    then: [{send: {template: letter.mjml, subject: "Hi", preheader: "{{ now }", with: {own: 3}}}]
    else: [{send: {template: other.mjml, subject: "{{ with.known }} {{ with.own }}"}}]
"""
LETTER = ('<mjml><mj-body><mj-section><mj-column><mj-text><a href="https://kahve.example" name="hero">x</a> {{ with.own }} {{ with.known }}</mj-text>'
          '<mj-text>{{ shop.address }} <a href="{{ links.unsubscribe }}">Unsubscribe</a></mj-text></mj-column></mj-section></mj-body></mjml>')


def test_the_mails_of_an_automation_are_checked_like_those_of_letters():
    files = {"campaigns/hello.yaml": AUTOMATION, "templates/letter.mjml": LETTER, "templates/other.mjml": LETTER.replace(" {{ with.own }}", "")}

    findings = check(files_of(files), Compiler())

    assert [f"{finding.location} {finding.code}" for finding in findings] == [
        "campaigns/hello.yaml:5:60 C104", "campaigns/hello.yaml:6:10 C162", "campaigns/hello.yaml:7:77 C101", "campaigns/hello.yaml:8:77 C104",
    ]


def test_what_a_step_does_not_give_its_template_is_told():
    lacking = AUTOMATION.replace(", with: {own: 3}", "").replace('"{{ now }"', '"x"').replace("frist_name", "first_name")
    files = {"campaigns/hello.yaml": lacking, "templates/letter.mjml": LETTER, "templates/other.mjml": LETTER}

    told = [finding.message for finding in check(files_of(files), Compiler())]

    assert 'campaign "hello" gives no "own" under with:' in told
