"""What survives the MJML compiler: every construct, every link, Outlook's comments."""

import re
from collections import Counter

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.content.compilation import compile_template
from regulars.content.source import Files
from tests.unit.content.made import (
    COMPILER,
    OCCASION,
    Texts,
    body_of,
    campaign,
    column,
    composed,
    purchase,
    recipient,
    room,
)

MAIL = "mail.mjml"


def compiled(template, **more):
    return compile_template(Files({f"templates/{MAIL}": template, **more}), MAIL, "en", COMPILER)


def html_of(inside):
    result = compiled(column(inside))
    assert [finding for finding in result.findings if finding.is_error] == []
    return result.html


@pytest.mark.parametrize("inside", [
    """<mj-button href="{{ x["a"] }}">go</mj-button>""",
    """<mj-text><a href="{{ x["a"] }}">go</a></mj-text>""",
    """<mj-button href='{{ x["a"] }}'>go</mj-button>""",
    "<mj-text>{% if a < b %}less{% endif %}</mj-text>",
    """<mj-text>{{ "<br>" }}</mj-text>""",
    """<mj-text color="{% if x %}red{% else %}blue{% endif %}">x</mj-text>""",
    """<mj-text><p style="color:{{ c }};font-size:12px">x</p></mj-text>""",
    "<mj-table><tr>{% for x in y %}<td>{{ x }}</td>{% endfor %}</tr></mj-table>",
    "<mj-table>{% for x in y %}<tr><td>{{ x }}</td></tr>{% endfor %}</mj-table>",
    "<mj-raw>{% for x in y %}</mj-raw><mj-text>{{ x }}</mj-text><mj-raw>{% endfor %}</mj-raw>",
    """<mj-social><mj-raw>{% for x in y %}</mj-raw><mj-social-element src="https://a.example/x.png" href="{{ x }}">{{ x }}</mj-social-element>
       <mj-raw>{% endfor %}</mj-raw></mj-social>""",
    """<mj-navbar><mj-raw>{% for x in y %}</mj-raw><mj-navbar-link href="{{ x }}">{{ x }}</mj-navbar-link>
       <mj-raw>{% endfor %}</mj-raw></mj-navbar>""",
    "<mj-raw><!--[if mso]>{{ x }}<![endif]--></mj-raw>",
    "<mj-text>{%- if x -%}  {{- y -}}  {%- endif -%}</mj-text>",
    "<mj-text>{% raw %}{{ not ours }}{% endraw %}</mj-text>",
])
def test_a_construct_comes_back_as_it_was_written(inside):
    html = html_of(inside)

    for construct in re.findall(r"\{\{.*?\}\}|\{%.*?%\}", inside):
        assert construct in html
    assert "jjq" not in html


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_construct_in_text_returns_exactly_once(data):
    parts = data.draw(st.lists(st.sampled_from([
        "<mj-text>{{ v# }}</mj-text>", "<mj-text>a <b>{{ v#|upper }}</b> {% if w# > 1 %}<i>ü</i>{% endif %}</mj-text>",
        "<mj-table><tr><td>{{ v# }}</td></tr></mj-table>", "<mj-button>{{ v# }}</mj-button>",
        "<mj-raw>{% for i in v# %}</mj-raw><mj-text>{{ i }}</mj-text><mj-raw>{% endfor %}</mj-raw>",
        '<mj-image alt="{{ v# }} \\ ş" src="{{ w#["x"] }}" />',
    ]), min_size=1, max_size=6))
    inside = "".join(part.replace("#", str(index)) for index, part in enumerate(parts))
    styled = data.draw(st.booleans())
    head = '<mjml><mj-head><mj-style inline="inline">b { color: red; }</mj-style></mj-head>' if styled else "<mjml>"
    template = head + column(inside).removeprefix("<mjml>")

    html = compiled(template).html
    ours = compiled(head + column("").removeprefix("<mjml>")).html

    expected = Counter(re.findall(r"\{[{%].*?[%}]\}", inside))
    assert {each: html.count(each) - ours.count(each) for each in expected} == dict(expected)


def test_inline_styles_are_written_into_the_elements_and_nothing_is_fetched():
    head = """<mjml><mj-head><mj-font name="Lora" href="https://fonts.example/lora.css" />
        <mj-style>.kept { color: green; }</mj-style><mj-style inline="inline">.x { color: red; }</mj-style></mj-head>"""
    html = compiled(head + column('<mj-text font-family="Lora"><b class="x">b</b></mj-text>').removeprefix("<mjml>")).html

    assert 'style="color: red;"' in html
    assert ".kept { color: green; }" in html
    assert "fonts.example/lora.css" in html
    assert ".x { color" not in html


def test_only_declared_fonts_are_loaded_also_when_only_css_names_them():
    fonts = """<mjml><mj-head><mj-font name="Lora" href="https://fonts.example/lora.css" />
        <mj-font name="Unused" href="https://fonts.example/unused.css" />
        <mj-style>h1 { font-family: Lora; }</mj-style></mj-head>"""
    html = compiled(fonts + column("<mj-text><h1>x</h1></mj-text>").removeprefix("<mjml>")).html

    assert re.findall(r"https://fonts\.[^\"]*", html) == ["https://fonts.example/lora.css"]
    assert "fonts." not in html_of("<mj-text>x</mj-text>")


@pytest.mark.parametrize(("section", "image", "width"), [
    ("<mj-section><mj-column>", 'width="900px"', "550"),
    ("<mj-section><mj-column>", 'width="900px" padding="0"', "600"),
    ('<mj-section padding="0 20px"><mj-column padding="10px">', 'width="900px" padding="0"', "540"),
    ("<mj-section><mj-column></mj-column><mj-column>", 'width="400" padding="0"', "300"),
    ('<mj-section><mj-column width="25%">', 'width="400px" padding="0"', "150"),
    ('<mj-section padding="0 20px"><mj-column>', 'padding="0"', "560"),
    ("<mj-section><mj-column>", 'width="120.8px"', "120"),
    ("<mj-section><mj-column>", 'width="100px"', "100"),
])
def test_a_picture_is_no_wider_than_its_column(section, image, width):
    template = (f'<mjml><mj-body>{section}<mj-image src="https://a.example/x.png" alt="" {image} /></mj-column></mj-section>'
                f"{column('').removeprefix('<mjml><mj-body>')}")

    assert f'width="{width}"' in re.findall(r"<img[^>]*>", compiled(template).html)[0]


def test_outlook_gets_columns_as_wide_as_they_are():
    columns = ('<mj-section padding="0 20px"><mj-column><mj-text>x</mj-text></mj-column>'
               '<mj-group><mj-column width="30%"><mj-text>x</mj-text></mj-column><mj-column><mj-text>x</mj-text></mj-column></mj-group>'
               '</mj-section><mj-section><mj-column><mj-social><mj-social-element name="web" href="https://a.example">x</mj-social-element>'
               "</mj-social></mj-column></mj-section>")
    html = compiled(f"<mjml><mj-body>{columns}{column('').removeprefix('<mjml><mj-body>')}").html

    assert re.findall(r"<td style=\"(?:vertical-align:top;)?width:([\d.]+)px;\"><!\[endif\]", html) == ["280", "280", "84", "140", "600", "600"]


def test_outlooks_conditional_comments_survive():
    head = '<mjml><mj-head><mj-style inline="inline">b { color: red; }</mj-style></mj-head>'
    body = ("<mj-body><mj-wrapper><mj-raw>{% for p in purchases %}</mj-raw><mj-section><mj-column>"
            "<mj-text><b>{{ p.name }}</b></mj-text></mj-column></mj-section><mj-raw>{% endfor %}</mj-raw></mj-wrapper>"
            '<mj-section><mj-column><mj-text>{{ shop.address }} <a href="{{ links.unsubscribe }}">x</a></mj-text>'
            "</mj-column></mj-section></mj-body></mjml>")
    for count in (0, 1, 3):
        html = composed(head + body, purchases=tuple(purchase() for _ in range(count))).html
        seen_by_outlook = html.replace("<!--[if mso | IE]>", "").replace("<!--[if !mso]><!-->", "")

        assert html.count("<!--[if") == html.count("<![endif]-->")
        assert seen_by_outlook.count("<td") == seen_by_outlook.count("</td>")
        assert seen_by_outlook.count("<table") == seen_by_outlook.count("</table>")
        assert html.count("Yirgacheffe") == count


def test_attributes_that_the_compiler_would_escape_come_back_unharmed():
    html = html_of("""<mj-text font-family='"Helvetica Neue", Arial'><p style="color: red;
        font-size: 12px">x</p></mj-text><mj-image alt='"a" \\ b Çay &amp; ☕' src="https://a.example/x.png" width="287.5px" />""")

    assert 'style="color: red; font-size: 12px"' in html
    assert 'alt="&quot;a&quot; \\ b Çay &amp; ☕"' in html
    assert 'width="287"' in html
    assert "\\u" not in html


def test_words_on_two_lines_stay_two_words():
    text = composed(column("<mj-text>{{ shop.name }}\n{{ shop.currency }}\n<b>a</b>\n<i>b</i></mj-text>"))

    shown = "".join(html5lib.parse(text.html, namespaceHTMLElements=False).itertext())
    assert "Mahalle Kahve TRY a b" in " ".join(shown.split())


def test_a_picture_without_alt_shows_no_file_name():
    assert 'alt=""' in html_of('<mj-image src="https://a.example/x.png" />')


def test_notes_to_colleagues_do_not_travel():
    mail = composed(column("<!-- secret --><mj-text>{# secret #}<!-- secret -->x</mj-text>"))

    assert "secret" not in mail.html + mail.text


def test_languages_choose_their_own_files():
    files = {
        "mail.mjml": column('<mj-include path="partials/a.mjml" />'),
        "partials/a.mjml": "<mj-text>good morning</mj-text>",
        "partials/a.tr.mjml": "<mj-text>günaydın</mj-text>",
        "mail.az.mjml": column("<mj-text>sabahınız xeyir</mj-text>"),
    }
    made = room(files)

    texts = {tag: made.compose(recipient(locale=tag), OCCASION).text.split("\n")[0] for tag in ("en", "tr_TR", "az", "de")}
    assert texts == {"en": "good morning", "tr_TR": "günaydın", "az": "sabahınız xeyir", "de": "good morning"}


def test_a_layout_is_filled_and_an_include_sees_its_arguments_only():
    files = {
        "mail.mjml": "{% extends 'layouts/main.mjml' %}{% set n = 2 %}{% block body %}<mj-text>two {{ n }}</mj-text>"
                     "<mj-include path='partials/p.mjml' with=\"item=usual, big='x'\" />"
                     "<mj-text>{{ item is defined }}</mj-text>{% endblock %}",
        "layouts/main.mjml": column("{% block body %}nothing{% endblock %}<mj-text>{% block end %}the end{% endblock %}</mj-text>"),
        "partials/p.mjml": "<mj-text>{{ item.name }} {{ big }}</mj-text>",
    }
    files["mail.mjml"] = files["mail.mjml"].replace("{{ item is defined }}", "{% if item is defined %}leaks{% endif %}")

    assert composed(files).text.split("\n\n")[:3] == ["two 2", "Yirgacheffe x", "the end"]


def test_the_campaigns_preheader_wins_over_the_templates():
    head = "<mjml><mj-head><mj-preview>own {{ shop.name }}</mj-preview></mj-head>"
    template = head + column("<mj-text>x</mj-text>").removeprefix("<mjml>")

    assert ">own Mahalle Kahve</div>" in composed(template).html
    preheader = Texts({"": "for {{ customer.first_name }}"})
    assert ">for Ayşe</div>" in composed(template, made=campaign(preheader=preheader)).html


def test_the_text_part_says_what_the_mail_says():
    mail = composed(column("""
        <mj-image src="{{ image("hero.jpg") }}" alt="Our street" href="https://kahve.example/street" />
        <mj-image src="{{ image("hero.jpg") }}" alt="" />
        <mj-text><h1>Hello&nbsp;&amp; welcome</h1><ul><li>one</li><li>two</li></ul></mj-text>
        <mj-raw>{% for item in purchases %}</mj-raw><mj-button href="{{ item.url }}">Again: {{ item.name }}</mj-button>
        <mj-raw>{% endfor %}</mj-raw>
        <mj-table><tr><td>Espresso</td><td>{{ 250|number }} g</td></tr></mj-table>"""), locale="en")
    text = re.sub(r"https://\S+/(c|u)/\S+", r"<\1>", mail.text)

    assert text == ("Our street <c>\n\nHello\xa0& welcome\n\n- one\n- two\n\nAgain: Yirgacheffe\n<c>\n\n"
                    "Espresso 250 g\n\nİcadiye Cd. 12, 34674 İstanbul Unsubscribe <u>\n")


def test_a_written_text_part_wins_and_gets_the_lines_the_law_wants():
    files = {"mail.mjml": column("<mj-text>x</mj-text>"), "mail.txt": "Dear {{ customer.first_name }} & Co"}

    text = composed(files).text
    assert text.startswith("Dear Ayşe & Co\n\n--\nMahalle Kahve, İcadiye Cd. 12, 34674 İstanbul\nAbonelikten çık: https://")


def test_the_pixel_is_the_last_thing_in_the_body():
    assert re.search(r'<img src="https://mail\.kahve\.example/o/[\w-]{38}\.gif"[^>]*/></body></html>$', body_of(composed(column("<mj-text>x</mj-text>"))))
