"""Who counts as a human, who as a machine, and who nobody can tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from regulars.content.tokens import MessageRef
from regulars.tracking.bursts import Followed, bursts, without_bursts
from regulars.tracking.hits import Hit, HitKind, SentMessage, agent_of, network_of
from regulars.tracking.reactions import reactions
from regulars.tracking.verdicts import RULES, Answer, Verdict, judge

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
REF = MessageRef(7, 1)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SENT = SentMessage(REF, 1, "win-back", "b", handed_over_at=NOW - timedelta(hours=1), accepted_at=NOW - timedelta(hours=1))


def hit(kind: HitKind = HitKind.CLICK, **more: Any) -> Hit:
    return Hit(**{"kind": kind, "at": NOW, "method": "GET", "ref": REF, "link": 1, "user_agent": FIREFOX, **more})


HUMANS = [
    FIREFOX,
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
    "Mozilla/5.0 (Linux; Android 14; CUBOT NOTE 50) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
    "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.0",
    "Dalvik/2.1.0 (Linux; U; Android 14; SM-G991B Build/UP1A)",
]
MACHINES = {
    "": "no-agent",
    "Mozilla/5.0": "apple-privacy",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0":
        "gmail-prefetch",
    "python-requests/2.32.3": "program",
    "curl/8.9": "program",
    "Go-http-client/2.0": "program",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": "crawler",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)": "crawler",
    "Mozilla/5.0 (compatible; Proofpoint URL Defense)": "gateway",
    "BarracudaCentral": "gateway",
    "facebookexternalhit/1.1": "link-preview",
    "WhatsApp/2.24": "link-preview",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/142.0.0.0 Safari/537.36": "headless",
    "SomethingElse/1.0": "not-a-browser",
}
PROXIES = {
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)": "google-image-proxy",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html": "yahoo-mail-proxy",
    "Mozilla/5.0 (compatible; YandexImageResizer/2.0; +http://yandex.com/bots)": "yandex-image-proxy",
    "Mozilla/5.0 (compatible; Mail.RU_Bot/Img/2.0; +https://help.mail.ru)": "mailru-image-proxy",
}


@pytest.mark.parametrize("agent", HUMANS)
def test_people_with_browsers_and_mail_programs_are_human(agent: str) -> None:
    assert judge(hit(user_agent=agent), SENT) == Verdict(Answer.HUMAN)


@pytest.mark.parametrize("agent", MACHINES)
def test_machines_are_known_by_their_names(agent: str) -> None:
    assert judge(hit(user_agent=agent), SENT) == Verdict(Answer.MACHINE, (MACHINES[agent],))


@pytest.mark.parametrize("agent", PROXIES)
def test_nobody_can_say_who_is_behind_an_image_proxy(agent: str) -> None:
    assert judge(hit(HitKind.OPEN, user_agent=agent), SENT) == Verdict(Answer.UNKNOWN, (PROXIES[agent],))


def test_a_head_request_is_a_machines() -> None:
    assert judge(hit(method="HEAD"), SENT).reasons == ("not-a-get",)


def test_nobody_clicks_within_two_seconds_of_delivery_or_before_it() -> None:
    just_now = SentMessage(REF, 1, "c", "b", handed_over_at=NOW, accepted_at=NOW - timedelta(seconds=1.9))

    assert judge(hit(), just_now).reasons == ("too-soon",)
    assert judge(hit(at=NOW + timedelta(seconds=1)), just_now).answer is Answer.HUMAN
    assert judge(hit(), SentMessage(REF, 1, "c", "b")).reasons == ("before-delivery",)


def test_asking_to_leave_is_always_a_persons_wish() -> None:
    assert judge(hit(HitKind.UNSUBSCRIBE, method="POST", source="one-click", user_agent=""), SENT).answer is Answer.HUMAN


def test_each_rule_has_a_name_of_its_own() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_many_links_within_seconds_are_a_burst_and_slow_ones_are_not() -> None:
    def found(*clicks: tuple[int, float]) -> bool:
        return bool(bursts([hit(link=link, at=NOW + timedelta(seconds=after)) for link, after in clicks], {}))

    assert found((1, 0), (2, 0.5))
    assert found((1, 0), (2, 2), (3, 4.9))
    assert not found((1, 0), (2, 1.5))
    assert not found((1, 0), (2, 3), (3, 6))
    assert not found(*[(1, number / 10) for number in range(50)])


def test_a_burst_begins_with_what_was_followed_before_this_batch() -> None:
    [burst] = bursts([hit(link=2)], {REF: [Followed(NOW - timedelta(seconds=0.5), "click/1")]})

    assert burst.since <= NOW - timedelta(seconds=0.5)
    assert bursts([hit(link=2)], {MessageRef(7, 2): [Followed(NOW, "click/1")]}) == []


def test_a_burst_leaves_what_was_no_link_and_other_messages_alone() -> None:
    both = [hit(link=1), hit(link=2), hit(HitKind.OPEN), hit(ref=MessageRef(7, 2))]
    judged = without_bursts(both, [judge(each, SENT) for each in both], bursts(both, {}))

    assert [verdict.answer.value for verdict in judged] == ["machine", "machine", "human", "human"]


def test_scanners_that_also_open_the_unsubscribe_page_are_known_by_it() -> None:
    assert bursts([hit(link=1), hit(HitKind.UNSUBSCRIBE, link=0)], {})


def test_a_link_followed_again_the_same_day_is_one_reaction_and_on_another_day_a_second() -> None:
    hits = [hit(), hit(at=NOW + timedelta(hours=3)), hit(at=NOW + timedelta(days=2)), hit(link=2)]
    found = reactions(hits, [judge(each, SENT) for each in hits], {REF: SENT})

    assert [(reaction.hit, reaction.link) for reaction in found] == [(0, 1), (2, 1), (3, 2)]


def test_hits_of_nobody_mean_nothing() -> None:
    hits = [hit(), hit(HitKind.REFERRAL, ref=None, code="KAHVE7"), hit(HitKind.UNSUBSCRIBE)]

    assert reactions(hits, [judge(each) for each in hits], {MessageRef(9, 9): SENT}) == []


@pytest.mark.parametrize(("address", "network"), [
    ("203.0.113.77", "203.0.113.0/24"), ("2001:db8:1:2:3::4", "2001:db8:1::/48"), ("::ffff:203.0.113.77", "203.0.113.0/24"),
    ("fe80::1%eth0", "fe80::/48"), ("testclient", None), ("", None), (None, None),
])
def test_addresses_are_cut_to_their_neighbourhood(address: str | None, network: str | None) -> None:
    assert network_of(address) == network


def test_agents_are_stored_as_short_plain_text() -> None:
    assert agent_of("a\x00b\x1b[0m\n" + "x" * 1000).startswith("a b [0m x")
    assert len(agent_of("x" * 1000)) == 400
