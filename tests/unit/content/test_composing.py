"""One customer's mail: their words harm nothing, their absence is noticed, every link is known."""

import re
from base64 import urlsafe_b64decode
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from html import unescape

import html5lib
import pytest

from regulars.content.bundle import freeze
from regulars.content.email import CannotCompose
from regulars.content.offers import for_show
from regulars.content.recipient import OfferInHand
from regulars.content.tokens import LAYOUT, Purpose, signature
from regulars.definition.quantities import Money
from regulars.definition.workspace import Mailbox, Texts
from tests.unit.content.made import (
    BASE,
    COMPILER,
    OCCASION,
    SHOP,
    OrderTotals,
    campaign,
    column,
    composed,
    english,
    product,
    purchase,
    recipient,
    room,
    workspace,
)

OFFERED = column("""<mj-text>{{ offer.name }} {{ offer.code }} {{ offer.words }} {{ offer.percent | percent }}
{{ offer.minimum | money }} {{ offer.valid_until | date }}{{ offer.amount | default("") }}</mj-text>""")
CARD = column("""<mj-text>{{ customer.greeting }} {{ customer.city|default("") }} {{ customer.loyalty_card|default("") }}
<table><tr><td title="{{ customer.last_name|default("") }}">{{ customer.last_name|default("")|upper }}</td></tr></table></mj-text>
<mj-raw>{% for item in purchases %}</mj-raw><mj-image src="{{ image("hero.jpg") }}" alt="{{ item.name }}" href="{{ item.url }}" />
<mj-text color="{{ item.category|default("red") }}">{{ item.name }}</mj-text><mj-raw>{% endfor %}</mj-raw>""")
SUBJECT = Texts({"": "{{ customer.first_name|default('you') }}, your coffee"})

HOSTILE = [
    'Ann & Co <b>"', "{{ 7*7 }}", "{% for x in range(9) %}", "</td></tr></table>", "<script>alert(1)</script>", "<!-- x",
    "-->", "<![endif]-->", "a\r\nBcc: everybody@shop.example", "\x00\x1b\u2028\u202e", "👩‍👩‍👧‍👦 Ayşe 🎉", "'\"><img src=x onerror=y>",
    "jjq0k jjq1q <!--jjq2k-->", "&amp;&lt;", "x" * 5000, "İIıi", "=?utf-8?q?x?=",
]


def skeleton(html):
    """Tags and attribute names in order: what must be the same for everybody."""
    tree = html5lib.parse(html, namespaceHTMLElements=False)
    return [(node.tag if isinstance(node.tag, str) else "comment", sorted(node.attrib)) for node in tree.iter()]


@pytest.mark.parametrize("words", HOSTILE)
def test_no_customers_words_change_the_structure(words):
    made = room(CARD, made=campaign(subject=SUBJECT))
    tame, wild = (made.compose(recipient(
        first_name=said, last_name=said, city=said, attributes={"taste": "dark", "loyalty_card": said},
        purchases=(purchase(product(said, category=said)),)), OCCASION) for said in ("Ada", words))

    assert skeleton(wild.html) == skeleton(tame.html)
    assert "\n" not in wild.subject + wild.to.name
    assert "\r" not in wild.subject + wild.to.name
    assert "49" not in wild.subject
    assert wild.subject.isprintable()


def test_a_text_part_says_names_as_they_are():
    text = composed(CARD, first_name='Ann & Co <b>"').text

    assert 'Merhaba Ann & Co <b>"' in text


@pytest.mark.parametrize(("expression", "reason"), [
    ("customer.loyalty_card", "customer.loyalty_card is absent"),
    ("customer.loyalty_card|upper", "customer.loyalty_card is absent"),
    ("customer.nickname", 'customer has no field "nickname"'),
    ("nobody.name", "nobody"),
    ("purchases[9].name", "the list has only 1 items"),
    ("purchases", "a whole list is printed where one value should be"),
    ("customer", "a whole customer is printed where one value should be"),
    ("none", "nothing"),
    ("'a' * 100000000", '"*" is for numbers only'),
    ("10 ** 10 ** 10", "power"),
    ("'%s' % customer", '"%" is for numbers only'),
    ("range(100000)|length", "at most 1,000 numbers"),
    ("''.__class__", '"__class__" cannot be read here'),
    ("customer.__class__", 'customer has no field "__class__"'),
    ("customer['value']", 'customer has no field "value"'),
    ("image.__globals__", '"__globals__" cannot be read here'),
    ("'x'.format(1)", '"format" cannot be read here'),
    ("image('../regulars.yaml')", "there is no picture"),
    ("1 / 0", "do not fit"),
    ("shop.name|money", "is not a number"),
    ("self", "a whole list"),
])
def test_what_cannot_be_said_skips_the_mail_with_the_reason(expression, reason):
    with pytest.raises(CannotCompose) as caught:
        print(composed(column("<mj-text>{{ " + expression + " }}</mj-text>")).text)

    assert reason.split()[0] in caught.value.reason
    assert len(caught.value.reason) < 300


def test_nested_loops_share_one_allowance():
    template = column("<mj-text>{% for a in range(900) %}{% for b in range(900) %}{% endfor %}{% endfor %}</mj-text>")

    with pytest.raises(CannotCompose, match="at most 1,000 numbers in one mail"):
        composed(template)


def test_absent_is_false_takes_a_default_and_equals_nothing():
    template = column("""<mj-text>{{ customer.loyalty_card|default("no card") }} {% if customer.loyalty_card %}card{% else %}none{% endif %}
        {% if customer.loyalty_card is defined %}card{% else %}undefined{% endif %}
        {% if customer.loyalty_card == "x" %}card{% else %}other{% endif %} {% if with.nothing %}x{% else %}without{% endif %}</mj-text>""")

    assert composed(template).text.split("\n\n")[0] == "no card none undefined other without"


@pytest.mark.parametrize(("locale", "expected"), [
    ("tr", "₺1.260,50 | ₺420 | 22 Kasım 2026 | 09:30 | 22 Kasım | %20 | 1.234,5 | 1.234,50 | DARK IŞIK"),
    ("en-GB", "TRY\xa01,260.50 | TRY\xa0420 | 22 November 2026 | 09:30 | 22 November | 20% | 1,234.5 | 1,234.50 | DARK IŞIK"),
    ("az", "1.260,50\xa0TRY | 420\xa0TRY | 22 noyabr 2026 | 09:30 | 22 noyabr | 20% | 1.234,5 | 1.234,50 | DARK IŞIK"),
])
def test_money_dates_and_numbers_are_said_as_the_customer_says_them(locale, expected):
    template = column("""<mj-text>{{ orders.spent|money }} | {{ usual.price }} | {{ now|date }} | {{ now|date("time") }} | {{ now|date("day") }} |
        {{ 0.2|percent }} | {{ 1234.5|number }} | {{ 1234.5|number(2) }} | {{ customer.taste|upper }} {{ "ışık"|upper }}</mj-text>""")

    assert composed(template, locale=locale).text.split("\n\n")[0] == expected


def test_a_locale_nobody_knows_and_a_zone_nobody_knows_do_no_harm():
    mail = composed(column("<mj-text>{{ now|date('time') }} {{ orders.spent|money }}</mj-text>"), locale="xx_YY", timezone="Mars/North")

    assert mail.language == "en"
    assert mail.text.startswith("09:30 TRY\xa01,260.50")


def test_endings_and_greetings():
    template = column("<mj-text>{{ customer.greeting }}: {{ customer.first_name|suffix('e') }}</mj-text>")

    assert composed(template).text.startswith("Merhaba Ayşe: Ayşe'ye\n")
    assert composed(column("<mj-text>{{ customer.greeting }}!</mj-text>"), first_name=None, locale="az").text.startswith("Salam!\n")


# Links

LINKS = column("""<mj-button href="https://kahve.example/spring?a=1&amp;b=2#beans" name="hero">Spring</mj-button>
    <mj-text><a href="{{ purchases[0].url }}" name="again">again</a> <a href="https://www.kahve.example?utm_source=mine">own</a>
    <a href="https://elsewhere.example/x y">other</a> <a href="mailto:destek@kahve.example">write</a> <a href="tel:+902161234567">call</a>
    <a href="{{ links.view }}">view</a> <a href="{{ links.preferences }}">choose</a> <a href="{{ referral.url }}">share</a></mj-text>
    <mj-raw><!--[if mso]><a href="https://kahve.example/outlook">o</a><![endif]--></mj-raw>""")


def followed(mail):
    """Each click link of a mail: number in the bundle -> target, its signature proven."""
    found = {}
    for token, packed in re.findall(rf"{BASE}/c/([\w-]+)/([\w-]+)", mail.html):
        raw = urlsafe_b64decode(token + "==")
        target = urlsafe_b64decode(packed + "==").decode()
        purpose, key_id, launch, number, link = LAYOUT.unpack(raw[:LAYOUT.size])
        assert raw[LAYOUT.size:] == signature(OCCASION.key, raw[:LAYOUT.size], target)
        assert (purpose, key_id, launch, number) == (Purpose.CLICK, OCCASION.key.id, 7, 12)
        found[link] = target
    return found


def test_links_are_numbered_named_marked_and_signed():
    made = room(LINKS)
    targets = followed(made.compose(recipient(), OCCASION))
    by_name = {link.name: targets[link.number] for link in made.links if link.language == "tr" and link.name}
    marks = "utm_source=email&utm_medium=regulars&utm_campaign=win-back"

    assert by_name == {
        "hero": f"https://kahve.example/spring?a=1&b=2&{marks}#beans", "again": f"https://kahve.example/p/yrg-250?{marks}",
    }
    assert sorted(set(targets.values()) - set(by_name.values())) == [
        "https://elsewhere.example/x%20y",
        f"https://kahve.example/outlook?{marks}",
        "https://www.kahve.example/?utm_source=mine&utm_medium=regulars&utm_campaign=win-back",
    ]


def test_every_address_of_a_mail_is_followed_or_known():
    mail = composed(LINKS)
    addresses = [node.attrib["href"] for node in html5lib.parse(mail.html, namespaceHTMLElements=False).iter("a")]
    known = ("/c/", "/u/", "/v/", "/p/", "/r/")  # an invitation is passed on, so it is not this customer's click

    assert len(addresses) == 10
    for address in addresses:
        assert address.startswith(tuple(BASE + door for door in known)) or address.split(":")[0] in ("mailto", "tel")
    assert 'name="hero"' not in mail.html


def test_text_and_html_share_their_links():
    mail = composed(LINKS)
    in_html = set(re.findall(rf"{BASE}/\w/[\w/-]+", unescape(mail.html)))

    assert set(re.findall(rf"{BASE}/[cuvp]/[\w/-]+", mail.text)) <= in_html


@pytest.mark.parametrize("address", ["javascript:alert(1)", " JavaScript:alert(1)", "java\tscript:x", "data:text/html,x", "vbscript:x",
                                     "//kahve.example", "kahve", "file:///etc/passwd", "https://x.example/\r\nSet-Cookie: a"])
def test_an_address_that_must_not_be_followed_skips_the_mail(address):
    with pytest.raises(CannotCompose):
        composed(LINKS, purchases=(purchase(product(url=address)),))


def test_a_customers_words_stay_one_part_of_an_address():
    template = column('<mj-text><a href="https://kahve.example/?name={{ customer.first_name|urlencode }}">x</a></mj-text>')

    assert next(iter(followed(composed(template, first_name="A&b=c#/İ")).values())).startswith("https://kahve.example/?name=A%26b%3Dc%23/%C4%B0&utm")


def test_a_mail_without_its_unsubscribe_link_does_not_leave():
    hidden = column("<mj-text>x</mj-text>").replace('<a href="{{ links.unsubscribe }}">Unsubscribe</a>',
                                                    '{% if customer.loyalty_card %}<a href="{{ links.unsubscribe }}">x</a>{% endif %}')
    with pytest.raises(CannotCompose, match="no unsubscribe link"):
        composed(hidden)


def test_the_envelope_of_a_mail():
    made = campaign(topic="offers", from_=Mailbox("defne@kahve.example", "Defne"), subject=SUBJECT)
    mail = composed(column("<mj-text>x</mj-text>"), made=made, first_name="Ann\r\nBcc: x", last_name="Lee")

    assert (mail.from_.address, mail.reply_to.address, mail.list_id) == (
        "defne@kahve.example", "destek@kahve.example", "offers.kahve.example")
    assert (mail.to.name, mail.subject) == ("Ann Bcc: x Lee", "Ann Bcc: x, your coffee")
    assert mail.one_click_url in mail.html
    assert mail.composed_at == OCCASION.composed_at


# Bundles

def test_the_same_files_give_the_same_bundle_and_the_same_mail():
    world = workspace(LINKS, data={"quotes": {"en": [{"by": "Ada"}]}})
    first, second = (freeze(world, campaign(), COMPILER) for _ in range(2))

    assert first.hash == second.hash
    assert dict(first.files) == dict(second.files)
    assert freeze(world, campaign(subject=Texts({"": "other"})), COMPILER).hash != first.hash


def test_a_bundle_holds_what_the_campaign_uses_and_no_more():
    template = column('<mj-text>{{ data.quotes.en[0].by }} {{ with.until|date }}</mj-text><mj-image alt="" src="{{ image("hero.jpg") }}" />')
    world = workspace(template, data={"quotes": {"en": [{"by": "Ada"}]}, "rates": [1]}, images={"hero.jpg": b"1", "b.png": b"2"})
    made = campaign(with_={"until": date(2026, 12, 4), "more": Money.of(5, "TRY")})
    bundle = freeze(world, made, COMPILER)

    assert b"rates" not in bundle.files["data.json"]
    assert [path for path in bundle.files if path.startswith("images/")] == ["images/6b86b273ff34fce19d6b804eff5a3f57.jpg"]


def test_a_bundle_gives_back_the_definitions_it_was_frozen_from():
    made = campaign(with_={"until": date(2026, 12, 4), "list": ["a"]}, topic="news")
    opened = room(LINKS, made=made)

    assert opened.shop == SHOP
    assert replace(opened.campaign, with_={}) == replace(made, with_={})
    assert opened.campaign.with_["until"] == date(2026, 12, 4)


@pytest.mark.parametrize(("text", "expected"), [
    ("{{ shop.name }}", (False, False, False)), ("{% for x in purchases %}{{ x.name }}{% endfor %}", (True, False, False)),
    ("{{ usual.name }}", (False, True, False)), ("{{ referral.code }}", (False, False, True)),
])
def test_a_bundle_knows_what_it_needs_to_be_told(text, expected):
    needs = room(column(f"<mj-text>{text}</mj-text>")).needs

    assert (needs.purchases, needs.usual, needs.referral) == expected


def test_a_subject_can_need_something_too():
    assert room(column("<mj-text>x</mj-text>"), made=campaign(subject=Texts({"": "{{ usual.name }}"}))).needs.usual


def test_a_customer_who_is_new_gets_a_mail():
    mail = composed(CARD, shop=english(), first_name=None, last_name=None, locale=None, timezone=None, city=None, purchases=(),
                    usual=None, referral_code=None, orders=OrderTotals(0, Money(0, "TRY")), attributes={})

    assert mail.text.startswith("Hello")
    assert datetime.now(UTC) > mail.composed_at or mail.composed_at == OCCASION.composed_at


def test_a_mail_tells_screen_readers_its_language():
    mail = composed(column("<mj-text>Merhaba</mj-text>"))

    assert mail.language == "tr"
    assert 'lang="und"' not in mail.html
    assert html5lib.parse(mail.html, namespaceHTMLElements=False).attrib["lang"] == "tr"


TEN = OfferInHand("ten", "COME-4X", "10%", Decimal(10), minimum=Money.of(500, "TRY"), valid_until=datetime(2026, 11, 30, 20, 59, 59, tzinfo=UTC))


def test_a_mail_shows_its_own_code_and_what_it_is_worth():
    email = composed(OFFERED, made=campaign(offer="ten"), offer=TEN)

    assert "ten COME-4X 10% %10 ₺500 30 Kasım 2026" in " ".join(email.text.split())


def test_a_mail_without_an_offer_is_asked_for_none():
    assert "none" in composed(column("<mj-text>{% if offer %}{{ offer.code }}{% else %}none{% endif %}</mj-text>")).text
    with pytest.raises(CannotCompose, match="offer is absent"):
        composed(OFFERED)


def test_what_a_code_says_harms_nothing():
    assert "&lt;b&gt;" in composed(OFFERED, offer=replace(TEN, code="<b>")).html


@pytest.mark.parametrize(("country", "minimum"), [("AZ", "20 AZN"), ("tr", "500 TRY"), ("DE", "500 TRY"), (None, "500 TRY"), ("nowhere", "500 TRY")])
def test_amounts_are_those_of_the_customers_country(country, minimum):
    shown = for_show(campaign(offer="ten"), recipient(country=country), SHOP, OCCASION.composed_at)

    assert str(shown.minimum) == minimum


def test_a_preview_shows_a_code_that_is_none():
    shown = for_show(campaign(offer="ten"), recipient(), SHOP, OCCASION.composed_at)

    assert shown.code.startswith("PREVIEW")
    assert for_show(campaign(), recipient(), SHOP, OCCASION.composed_at) is None
