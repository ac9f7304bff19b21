"""What an automation sends, as the mails that are frozen, composed and counted."""

from __future__ import annotations

from decimal import Decimal

from regulars.definition.automation import Automation, If, Send, Split, Tag, Trigger, Wait
from regulars.definition.conditions import All, Any_, InSegment
from regulars.definition.mails import mails_of
from regulars.definition.quantities import Duration
from regulars.definition.wording import Mailbox, Texts
from regulars.definition.workspace import Campaign

SHORT = Send("hello", "hello.mjml", Texts({"": "Hello"}))
OWN = Send("own", "own.mjml", Texts({"": "Ours"}), preheader=Texts({"": "Before"}), from_=Mailbox("ada@shop.example"),
           reply_to=Mailbox("re@shop.example"), offer="big", topic="offers", with_={"b": 3})


def automation(*steps):
    return Campaign("welcome", Any_(()), "", Texts({}), topic="news", relay="bulk", class_="cart", preheader=Texts({"": "General"}),
                    with_={"a": 1, "b": 2}, automation=Automation(Trigger("subscribed"), steps, not_later_than=Duration(seconds=60)))


def test_a_campaign_sent_once_is_its_own_mail():
    once = Campaign("letter", InSegment("vip"), "letter.mjml", Texts({"": "Hi"}), segments=("vip",))

    assert mails_of(once) == [once]


def test_a_mail_says_what_its_step_says_and_otherwise_what_the_automation_says():
    first, second = mails_of(automation(SHORT, OWN))

    assert (first.name, first.step, first.template, first.topic, first.with_) == ("welcome", "hello", "hello.mjml", "news", {"a": 1, "b": 2})
    assert (first.preheader, first.relay, first.class_, first.offer) == (Texts({"": "General"}), "bulk", "cart", None)
    assert (second.topic, second.offer, second.with_, second.preheader) == ("offers", "big", {"a": 1, "b": 3}, Texts({"": "Before"}))
    assert (second.from_.address, second.reply_to.address) == ("ada@shop.example", "re@shop.example")
    assert {mail.automation for mail in (first, second)} == {None}
    assert first.to == Any_(())
    assert first.expires_after == Duration(seconds=60)


def test_mails_of_branches_count_in_the_order_in_which_they_are_written():
    branch = If("if", All(()), then=(Tag("tag", add=("x",)), Send("a", "a.mjml", Texts({}))),
                otherwise=(Split("split", ((Decimal(50), (Send("b", "b.mjml", Texts({})),)),), rest=(Send("c", "c.mjml", Texts({})),)),))

    assert [mail.step for mail in mails_of(automation(Wait("wait"), branch, Send("d", "d.mjml", Texts({}))))] == ["a", "b", "c", "d"]
