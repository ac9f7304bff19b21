"""What a mail holds is read back as a customer would meet it."""

from __future__ import annotations

from datetime import UTC, datetime

from regulars.content.email import Email
from regulars.content.links import LinkTarget
from regulars.content.proof import Picture, ProofLink, proof_of, self_contained, with_named_links
from regulars.content.tokens import Key, MessageRef, Purpose, packed_target, token
from regulars.definition.workspace import Mailbox

BASE = "https://mail.kahve.example"
KEY = Key(b"a key", 1)
REF = MessageRef(3, 9)
LINKS = [LinkTarget(1, "logo", "…", "en"), LinkTarget(2, "hero", "…", "en")]
BEANS = "https://kahve.example/beans?a=1&b=2"


def click(number: int, target: str) -> str:
    return f"{BASE}/c/{token(KEY, Purpose.CLICK, REF, number, target)}/{packed_target(target)}"


def own(door: str, purpose: Purpose) -> str:
    return f"{BASE}/{door}/{token(KEY, purpose, REF)}"


def proof(html: str):
    mailbox = Mailbox("a@kahve.example")
    mail = Email(mailbox, mailbox, None, "s", html, "t", "en", "l.example", BASE + "/u/x", datetime(2026, 1, 1, tzinfo=UTC))
    return proof_of(mail, LINKS, BASE)


def test_links_are_named_with_where_they_lead():
    html = (
        f'<a href="{click(2, BEANS)}">Beans</a><a href="{click(2, BEANS)}">again</a>'
        f'<a href="{own("u", Purpose.UNSUBSCRIBE)}">Leave</a><a href="mailto:x@kahve.example">write</a>'
    )

    assert proof(html).links == (
        ProofLink("hero", BEANS, counted=True), ProofLink("unsubscribe", own("u", Purpose.UNSUBSCRIBE), counted=False),
        ProofLink("", "mailto:x@kahve.example", counted=False),
    )


def test_pictures_are_told_with_their_words_and_the_pixel_is_none():
    html = f'<img src="{BASE}/i/abc.png" alt="A cup"><img src="{BASE}/i/def.png" alt=""><img src="{own("o", Purpose.OPEN)}.gif" alt="">'

    assert proof(html).pictures == (Picture(f"{BASE}/i/abc.png", "A cup"), Picture(f"{BASE}/i/def.png", ""))


def test_the_preheader_is_the_first_hidden_text():
    assert proof('<div style="display: none; max-height:0">Two kinds\u200c\u00a0\u200c</div><div style="display:none">x</div>').preheader == "Two kinds"


def test_a_page_carries_the_pictures_of_its_bundle_and_leaves_others():
    html = f'<img src="{BASE}/i/abc.png"><img src="{BASE}/i/gone.png"><img src="https://cdn.example/i/abc.png">'

    assert self_contained(html, BASE, {"abc.png": b"PNG"}) == (
        f'<img src="data:image/png;base64,UE5H"><img src="{BASE}/i/gone.png"><img src="https://cdn.example/i/abc.png">'
    )


def test_a_terminal_shows_names_for_addresses_and_takes_no_orders():
    text = f"Beans {click(2, BEANS)}\n\tLeave: {own('u', Purpose.UNSUBSCRIBE)}\nDear \x1b[31mAnn\x07\u009b"

    assert with_named_links(text, LINKS, BASE) == "Beans [hero]\n\tLeave: [unsubscribe]\nDear [31mAnn"
