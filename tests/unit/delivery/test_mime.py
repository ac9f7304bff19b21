"""Every mail is read back by the standard library's parser, which shares no line with our builder."""

import email
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.header import decode_header, make_header
from email.policy import default
from email.utils import getaddresses, parsedate_to_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from regulars.content.email import CannotCompose, Email
from regulars.content.tokens import MessageRef
from regulars.definition.workspace import Mailbox
from regulars.delivery.message_id import LAUNCH_KEY_LENGTH, PREVIEW_LAUNCH_KEY, launch_key_and_number
from regulars.delivery.mime import mime_bytes
from regulars.delivery.outgoing import outgoing

REF = MessageRef(7, 42)
KEY = "k3y0fth1slch"
MAIL = Email(
    from_=Mailbox("merhaba@kahve.example", "Mahalle Kahve"),
    to=Mailbox("ayse@posta.example", "Ayşe Yılmaz"),
    reply_to=Mailbox("destek@kahve.example"),
    subject="Sana bir paket ayırdık",
    html="<p>Merhaba Ayşe</p>\n",
    text="Merhaba Ayşe\n",
    language="tr",
    list_id="news.kahve.example",
    one_click_url="https://mail.kahve.example/u/" + "T" * 38,
    composed_at=datetime(2026, 11, 20, 9, 0, 5, 123456, tzinfo=UTC),
)
SINGLE = (
    "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type",
    "Content-Language", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post",
)


def parsed(mail: Email, ref=REF, key=KEY):
    return email.message_from_bytes(mime_bytes(mail, ref, key), policy=default)


def mailboxes(mail: Email, header: str) -> list[tuple[str, str]]:
    """By the parser's older reading: the newer one puts blanks between encoded words of a name."""
    raw = str(email.message_from_bytes(mime_bytes(mail, REF, KEY))[header])
    return [(str(make_header(decode_header(name))), address) for name, address in getaddresses([raw])]


def in_one_line(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text).strip()


def test_text_comes_before_html_and_both_read_as_written():
    parts = list(parsed(MAIL).iter_parts())

    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert [part.get_content() for part in parts] == [MAIL.text.replace("\n", "\r\n"), MAIL.html.replace("\n", "\r\n")]


def test_every_header_is_there_once():
    message = parsed(MAIL)

    assert sorted(message.keys()) == sorted(SINGLE)
    assert message.defects == []


def test_one_click_unsubscribing_is_offered_as_rfc_8058_asks():
    message = parsed(MAIL)

    assert message["List-Unsubscribe"] == f"<{MAIL.one_click_url}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Id"] == "<news.kahve.example>"


def test_without_a_reply_address_there_is_no_such_header():
    assert "Reply-To" not in parsed(replace(MAIL, reply_to=None))


def test_the_date_is_when_the_mail_was_composed_in_utc():
    in_istanbul = MAIL.composed_at.astimezone(timezone(timedelta(hours=3)))

    assert parsedate_to_datetime(parsed(MAIL)["Date"]) == MAIL.composed_at.replace(microsecond=0)
    assert mime_bytes(replace(MAIL, composed_at=in_istanbul), REF, KEY) == mime_bytes(MAIL, REF, KEY)


def test_equal_mails_are_equal_bytes():
    assert mime_bytes(MAIL, REF, KEY) == mime_bytes(replace(MAIL), MessageRef(7, 42), KEY)
    assert outgoing(MAIL, REF, KEY) == outgoing(replace(MAIL), REF, KEY)


@given(number=st.integers(1, 2**32 - 1))
def test_a_preview_is_as_long_as_the_mail_itself(number):
    mail = mime_bytes(MAIL, MessageRef(9, number), KEY)
    preview = mime_bytes(MAIL, MessageRef(0, 0), PREVIEW_LAUNCH_KEY)

    assert len(KEY) == LAUNCH_KEY_LENGTH
    assert len(preview) == len(mail)


@given(number=st.integers(0, 2**32 - 1))
def test_a_message_id_names_its_message(number):
    message = parsed(MAIL, MessageRef(7, number))

    assert launch_key_and_number(message["Message-ID"]) == (KEY, number)


@pytest.mark.parametrize("text", ["", "<abc@kahve.example>", "<42.k3y@kahve.example>", "<0000000042.K3Y@x>"])
def test_the_message_ids_of_others_are_not_ours(text):
    assert launch_key_and_number(text) is None


@given(subject=st.text(max_size=300))
@example("Siparişin #1001 yolda")
@example("a\r\nBcc: all@kahve.example")
@example("=?utf-8?q?not_mine?=")
@example("two  spaces and a tail ")
@example("word " * 40)
@example(("word  " * 40).strip())
@example("w" * 400)
@example("☕" * 120)
def test_any_subject_arrives_as_it_was_written(subject):
    assert parsed(replace(MAIL, subject=subject))["Subject"] == in_one_line(subject)


@given(name=st.text(max_size=150))
@example('Ann & Co <b>"')
@example("Yılmaz, Ayşe (İzmir)")
@example("O'Brien, \\ backslash")
@example("Ann\r\nBcc: all@kahve.example")
@example("a" * 150)
@example("Işıl Gülümser Nazlınur Abdurrahmanoğlu-Kahvecibaşıgil")
@example("=?utf-8?b?QQ==?=")
def test_any_name_arrives_as_it_was_given(name):
    mail = replace(MAIL, to=Mailbox("ayse@posta.example", name), from_=Mailbox("m@kahve.example", name))

    assert mailboxes(mail, "To") == [(in_one_line(name), "ayse@posta.example")]
    assert mailboxes(mail, "From") == [(in_one_line(name), "m@kahve.example")]
    assert [person.addr_spec for person in parsed(mail)["To"].addresses] == ["ayse@posta.example"]


@given(text=st.text(), html=st.text(), name=st.text(max_size=80), subject=st.text(max_size=120))
@example("." * 3, "\n.\n..\n", "x", "y")
@example("old\rMac and\r\nothers", "a\r", "x", "y")
@example("line with a tail \t", "a" * 3000, "x", "y")
@example("--=_0000000007.0000000042.k3y0fth1slch--", "From nobody", "x", "y")
def test_what_leaves_is_legal_mail(text, html, name, subject):
    mail = replace(MAIL, text=text, html=html, to=replace(MAIL.to, name=name), subject=subject)
    content = mime_bytes(mail, REF, KEY)
    message = email.message_from_bytes(content, policy=default)

    assert content.isascii()
    assert b"\0" not in content
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", content)
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert sorted(message.keys()) == sorted(SINGLE)
    assert [part.get_content() for part in message.iter_parts()] == [
        re.sub("\r\n|\r|\n", "\r\n", part) for part in (text, html)
    ]


AWKWARD = st.lists(st.one_of(st.text(max_size=20), st.sampled_from((
    " style=", ' style="', "\r", "\n", "\r\n", "\n.\n", ".", " ", "\t", "=", "=3D", "ğüşıİ", "Rəşad", "e\u0301", "a\u0308\u0323", "مرحبا", "☕",
    "\u202e", "\x00", "\x7f", "From ", "--=_", "x" * 2000, "ş" * 700,
)))).map("".join)


@given(text=AWKWARD, html=AWKWARD)
@example(text=". \n", html="<p> \r style= \n style=\r\n style=\t")
@example(text="ş" * 12 + "xx \n" + "ş" * 12 + "xx\t", html="=\x80\x80\x80\x80\x800\x80\x80\x80\x80𐀀0000 ")
@example(text="", html="x" * 74 + "  style=" + "x" * 74 + "\t style=")
def test_however_awkward_both_parts_are_read_as_they_were_written_from_lines_of_76(text, html):
    content = mime_bytes(replace(MAIL, text=text, html=html), REF, KEY)
    message = email.message_from_bytes(content, policy=default)
    bodies = content.partition(b"\r\n\r\n")[2]

    assert [part.get_content() for part in message.iter_parts()] == [re.sub("\r\n|\r|\n", "\r\n", part) for part in (text, html)]
    assert max(map(len, bodies.split(b"\r\n"))) <= 76
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|[ \t]\r\n", bodies)


def test_styles_begin_lines_and_the_same_text_is_the_same_bytes_whatever_came_before():
    html = '<p style="color:red">Merhaba Ayşe</p><p style="' + "uzun " * 2000 + '">'
    first = mime_bytes(replace(MAIL, html=html), REF, KEY)
    for number in range(1200):
        mime_bytes(replace(MAIL, html=f'<p style="{number}"'), REF, KEY)

    assert mime_bytes(replace(MAIL, html=html), REF, KEY) == first
    assert b'<p=\r\n style=3D"color:red">Merhaba Ay=C5=9Fe</p><p=\r\n style=3D"uzun' in first


CONTROLS = "\r\n\0\t\v\f\x1b\x1c\x7f\x85\u2028\u2029"
FIELDS = {
    "From": lambda bad: {"from_": Mailbox("m@kahve.example", bad)}, "From address": lambda bad: {"from_": Mailbox(bad)},
    "To": lambda bad: {"to": Mailbox("a@posta.example", bad)}, "To address": lambda bad: {"to": Mailbox(f"{bad}@posta.example")},
    "To domain": lambda bad: {"to": Mailbox(f"a@{bad}")}, "Reply-To": lambda bad: {"reply_to": Mailbox("r@kahve.example", bad)},
    "Subject": lambda bad: {"subject": bad}, "Content-Language": lambda bad: {"language": bad},
    "List-Id": lambda bad: {"list_id": bad}, "List-Unsubscribe": lambda bad: {"one_click_url": f"https://x.example/{bad}"},
}


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("control", CONTROLS, ids=[f"U+{ord(one):04X}" for one in CONTROLS])
def test_no_control_character_in_any_field_makes_another_header(field, control):
    """Twelve of them, alone and in the pair that ends a line: refused, or one header as before."""
    for bad in (f"a{control}Bcc: all@kahve.example", f"a{control}\r\nBcc: all@kahve.example"):
        try:
            message = parsed(replace(MAIL, **FIELDS[field](bad)))
        except (CannotCompose, ValueError):
            continue
        assert sorted(message.keys()) == sorted(SINGLE)


def test_domains_leave_in_ascii_and_local_parts_as_they_are():
    mail = outgoing(replace(MAIL, to=Mailbox("ayşe@çay.example"), from_=Mailbox("merhaba@straße.example")), REF, KEY)

    assert mail.envelope_to == "ayşe@xn--ay-3ia.example"
    assert mail.envelope_from == "merhaba@xn--strae-oqa.example"  # not strasse.example: another domain, another owner
    assert mail.message_id.endswith("@xn--strae-oqa.example>")


@pytest.mark.parametrize("address", [
    "", "ayse", "@posta.example", "ayse@", "ay se@posta.example", "a@b@posta.example", "ayse@posta..example",
    "ayse\r\nBcc: all@posta.example", "<ayse@posta.example>", "ayse@pos ta.example",
])
def test_an_impossible_address_is_a_mail_that_cannot_be_composed(address):
    with pytest.raises(CannotCompose):
        outgoing(replace(MAIL, to=Mailbox(address)), REF, KEY)


def test_a_one_click_address_cannot_carry_another_header():
    with pytest.raises(ValueError, match="not an address for a header"):
        mime_bytes(replace(MAIL, one_click_url="https://x.example/\r\nBcc: all@posta.example"), REF, KEY)
