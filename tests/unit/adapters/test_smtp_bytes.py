"""What is read from a relay and what is written to it, without one."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.adapters.smtp_envelope import Letter, letter, stuffed
from regulars.adapters.smtp_replies import Nonsense, ReplyReader
from regulars.delivery.outcomes import Outcome, Phase
from tests.ports.transports import mail_to

SAID = b"250-2.1.0 one\r\n250 2.1.0 two\r\n354 go\r\n250\r\n550 5.1.1 nobody\n"
MEANT = [(250, "2.1.0 one\n2.1.0 two"), (354, "go"), (250, ""), (550, "5.1.1 nobody")]


@given(cuts=st.sets(st.integers(0, len(SAID))))
def test_replies_are_the_same_however_the_network_cuts_them(cuts):
    reader, places = ReplyReader(), [0, *sorted(cuts), len(SAID)]

    heard = [reply for start, end in pairwise(places) for reply in reader.feed(SAID[start:end])]

    assert heard == MEANT
    assert reader.is_between


@pytest.mark.parametrize("said", [
    b"hello\r\n", b"25 ok\r\n", b"2500 ok\r\n", b"999 ok\r\n", b"150 ok\r\n", b"250_ok\r\n", b"250-a\r\n251 b\r\n", b"\r\n", b"\xff\xfe\r\n",
    b"250 " + b"x" * 5000 + b"\r\n", b"x" * 5000, b"250-more\r\n" * 5000,
])
def test_what_is_no_reply_ends_the_reading(said):
    reader = ReplyReader()
    with pytest.raises(Nonsense):
        list(reader.feed(said))


def test_replies_before_the_nonsense_count():
    replies = ReplyReader().feed(b"250 ok\r\nwhat\r\n")

    assert next(replies) == (250, "ok")
    with pytest.raises(Nonsense):
        next(replies)


BAD_ADDRESSES = [
    '"ayse"@posta.example', '"a b"@posta.example', "ay se@posta.example", " ayse@posta.example", "ayse@posta.example ", "ayse@pos ta.example",
    "ayse@posta.example\r\nRCPT TO:<eve@posta.example>", "ayse@posta.example\nDATA", "ayse@posta.example\r", "ay\0se@posta.example",
    "ayse%posta.example@relay.example", "@relay.example:ayse@posta.example", "@a.example,@b.example:ayse@posta.example",
    "ayse@posta.example,eve@posta.example", "ayse@posta.example> SIZE=1 <eve@posta.example", "ayse@posta.example@relay.example",
    "<ayse@posta.example>", "ayse@posta.example;eve", "ayse(eve)@posta.example", "ayse\\@posta.example", "ayse", "@posta.example", "ayse@", "",
    "ayse@[127.0.0.1]", "ay\tse@posta.example", "ay\x85se@posta.example", "ay\u2028se@posta.example", "ay\u00a0se@posta.example", "ayse@\u0131stanbul.example",
    "ay\ud800se@posta.example", "a" * 400 + "@posta.example", "ayse@-posta.example", "ayse@posta.example-",
]


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_an_address_that_could_be_a_command_is_refused_before_anything_is_written(address):
    mail = mail_to(address, content=b"Subject: x\r\n\r\nMerhaba\r\n")

    result = letter(mail, smtputf8=True)

    assert (result.outcome, result.phase, result.code, result.enhanced) == (Outcome.REJECTED, Phase.MAIL, 553, "5.1.3")


@pytest.mark.parametrize("address", ["ayse@posta.example", "a.b+c-d_e=f'g@x.posta.example", "ayşe@posta.example", "हिन्दी@posta.example", "x@localhost"])
def test_ordinary_addresses_are_written_as_they_are(address):
    said = letter(mail_to(address, content=b"Subject: x\r\n\r\nMerhaba\r\n"), smtputf8=True)

    assert isinstance(said, Letter)
    assert said.to == f"RCPT TO:<{address}>\r\n".encode()
    assert said.from_ == (b"MAIL FROM:<shop@shop.example>\r\n" if address.isascii() else b"MAIL FROM:<shop@shop.example> SMTPUTF8\r\n")


@pytest.mark.parametrize("content", [
    b"x\n", b"x\r", b"x", b"x\r\ny\nz\r\n", b"x\r\ny\rz\r\n", b"x\r\r\n", b"x\n\r\n", b"x\n\r", b"x\r\n.\r", b"x\0\r\n", b"\n.\n", b"x\r\n\n.\r\n",
])
def test_a_content_with_a_lone_cr_or_lf_or_a_nul_is_never_written(content):
    result = letter(mail_to("ayse@posta.example", content=content), smtputf8=False)

    assert stuffed(content) is None
    assert (result.outcome, result.code, result.enhanced) == (Outcome.REJECTED, 554, "5.6.0")


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"x", b"\0"])).map(b"".join))
def test_what_is_written_holds_no_end_of_data(content):
    written = stuffed(content)

    is_whole = content.replace(b"\r\n", b"").isascii() and not set(content.replace(b"\r\n", b"")) & set(b"\r\n\0") and content[-2:] in {b"\r\n", b""}
    assert (written is not None) is is_whole
    if written is not None:
        assert b"\r\n.\r\n" not in b"\r\n" + written
        assert (b"\r\n" + written).replace(b"\r\n.", b"\r\n")[2:] == content
