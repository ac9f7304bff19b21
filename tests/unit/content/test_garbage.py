"""Whatever stands in a template, `check` answers with findings, and a template without errors composes."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.content.bundle import freeze
from regulars.content.checking import check_templates
from regulars.content.codes import CODES
from regulars.content.email import CannotCompose, Email
from regulars.content.mailroom import open_bundle
from tests.unit.content.made import (
    COMPILER,
    FOOT,
    HEAD,
    OCCASION,
    campaign,
    column,
    composed,
    recipient,
    workspace,
)

SHARDS = st.sampled_from([
    "<mj-text>", "</mj-text>", "<mj-text />", "<mj-section>", "</mj-section>", "<mj-column>", "</mj-column>", "<mj-raw>", "</mj-raw>",
    "<mj-image ", "src='", "'", '"', "alt=", "/>", ">", "<", "<b>", "</b>", "<br>", "<!--", "-->", "<![CDATA[", "]]>", "<p", "&", "&amp;",
    "<mj-button href='{{ usual.url|default(shop.url) }}'>", "</mj-button>", "{{", "}}", "{%", "%}", "{#", "#}", "{{ shop.name }}",
    "{{ customer.first_name }}", "{% if usual %}", "{% endif %}", "{% else %}", "{% for x in purchases %}", "{{ x.name }}", "{% endfor %}",
    "{% set a = 1 %}", "{{ a }}", "{% raw %}", "{% endraw %}", "{% with b=usual %}", "{% endwith %}", "{% macro m() %}", "{% endmacro %}",
    "{{ m() }}", "{{ loop.index }}", "<mj-include path='p.mjml' with='x=usual' />", "<mj-include", "<mj-style inline='inline'>", "</mj-style>",
    "<mj-table><tr>", "</tr></mj-table>", "ğ", "\\", "\x00", "\n", " ", "word", "{{ 1 + }}", "{{ image('hero.jpg') }}", "{{ ''|suffix('e') }}",
    "{% block q %}", "{% endblock %}", "{% extends 'mail.mjml' %}", "<mj-head>", "</mj-head>", "<mjml>", "</mjml>", "<mj-social>", "</mj-social>",
    "<mj-accordion>", "</mj-accordion>", "<mj-spacer height='{{ orders.count }}px' />", "<mj-divider border-width='x' />", "jjq0q", "jjq1k",
    "{{ purchases[0].name if purchases }}", "{{ with.a.b }}", "{{ data }}", "{{ now.year }}", "{{ orders.count ** 9 }}", "{{ 'a' ~ 1 }}",
])


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(SHARDS, max_size=14), st.booleans())
def test_no_template_breaks_check(shards, whole):
    inside = "".join(shards)
    world = workspace({"mail.mjml": HEAD + inside + FOOT if whole else inside, "p.mjml": "<mj-text>{{ x.name }}</mj-text>"}, campaigns=(campaign(),))
    findings = check_templates(world, COMPILER)

    assert all(finding.code in CODES and finding.location.path for finding in findings)
    if not any(finding.is_error for finding in findings):
        assert isinstance(_composed(world), Email | CannotCompose)


def _composed(world):
    try:
        return open_bundle(freeze(world, campaign(), COMPILER).files).compose(recipient(), OCCASION)
    except CannotCompose as cannot:
        return cannot


@pytest.mark.parametrize("inside", [
    "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", "{% if usual %}" * 300 + "{% endif %}" * 300, "{{ " + "not " * 5000 + "usual }}",
    "{{ 1" + "+1" * 5000 + " }}", "<b>" * 30_000 + "x" + "</b>" * 30_000, "{% for x in purchases %}" * 21 + "{% endfor %}" * 21,
    "<mj-include path='p.mjml' />" * 30, "{{ shop" + ".name" * 3000 + " }}",
])
def test_bombs_are_findings(inside):
    files = {"mail.mjml": HEAD + f"<mj-text>{inside}</mj-text>" + FOOT, "p.mjml": "<mj-include path='q.mjml' />" * 1000, "q.mjml": "x" * 1000}
    findings = check_templates(workspace(files, campaigns=(campaign(),)), COMPILER)

    assert [finding for finding in findings if finding.is_error]


def test_a_mail_whose_template_nobody_checked_is_skipped_rather_than_a_crash():
    with pytest.raises(CannotCompose, match="cannot be read"):
        composed(column("<mj-text>{{ 1 + }}</mj-text>"))
