"""The whole loop as it is typed: files and customers become mail, and what comes back decides who gets the next."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import unescape
from urllib.parse import urlsplit

import pytest

from tests.commands import HARD_NAME, SLIPPING, Answer, Door, Ran, Regulars, write_customers, write_orders
from tests.servers import free_port

CHOSEN = SLIPPING - 4  # one said no, one never answered, and to the two best the owner writes herself
LATER = "2026-11-20T12:00:00Z"
HARD = "slipping2@posta.example"  # their first name is HARD_NAME
NEXT_DAY = "2026-11-21T09:00:00Z"
PRIVACY_PROXY = "Mozilla/5.0"
CLICKED, LEFT, MACHINE, BOUGHT, READS = (f"slipping{number}@posta.example" for number in range(5, 10))


@dataclass
class Story:
    """What each command of the loop said, in the order in which they were typed."""

    said: dict[str, Ran] = field(default_factory=dict)
    mails: dict[str, EmailMessage] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("loop")
    story = Story()
    regulars = Regulars(folder, {"REGULARS_BASE_URL": f"http://127.0.0.1:{free_port()}"})
    said = story.said
    said["init"] = regulars("init", ".")
    write_customers(folder / "customers.csv")
    write_orders(folder / "orders.csv")
    said["import"] = regulars("import", "customers", "customers.csv", "--json")
    said["import again"] = regulars("import", "customers", "customers.csv", "--json")
    regulars("import", "orders", "orders.csv")
    said["check"] = regulars("check", "--format", "json")
    said["segments list"] = regulars("segments", "list", "--json")
    said["segments show"] = regulars("segments", "show", "slipping-away", "--json")
    said["segments show --at"] = regulars("segments", "show", "slipping-away", "--at", "2026-08-01", "--json")
    said["plan"] = regulars("plan", "win-back", "--json")
    regulars("preview", "win-back", "--customer", HARD, "--output", "before.eml")
    said["launch"] = regulars("launch", "win-back", "--yes", "--json")
    regulars("preview", "--launch", "win-back", "--customer", HARD, "--output", "after.eml")
    story.files = {name: (folder / f"{name}.eml").read_bytes() for name in ("before", "after")}
    story.files["sent"] = next(file.read_bytes() for file in regulars.outbox if HARD.encode() in file.read_bytes())
    said["status"] = regulars("status", "win-back", "--json")
    story.mails = regulars.mails()
    with regulars.door(now=LATER) as door:
        come_back(story, door)
    regulars.write("more.csv", "order_id,ordered_at,email,sku,product,category,quantity,unit_price,currency\n"
                   f"X1,2026-11-20T18:00:00Z,{BOUGHT},GUJI-250,Guji 250 g,beans,2,300.00,TRY\n")
    regulars("import", "orders", "more.csv", now=NEXT_DAY)
    said["report"] = regulars("report", "win-back", "--json", now=NEXT_DAY)
    said["report for people"] = regulars("report", "win-back", now=NEXT_DAY)
    said["scores"] = regulars("scores", "show", CLICKED, "--json", now=NEXT_DAY)
    said["scores of a machine"] = regulars("scores", "show", MACHINE, "--json", now=NEXT_DAY)
    said["next plan"] = regulars("plan", "win-back", "--json", now=NEXT_DAY)
    said["next segment"] = regulars("segments", "show", "slipping-away", "--sample", "100", "--json", now=NEXT_DAY)
    said["warming up"] = regulars("segments", "show", "warming-up", "--json", now=NEXT_DAY)
    said["why"] = regulars("why", "win-back", LEFT, "--json", now=NEXT_DAY)
    said["why not"] = regulars("why", "win-back", "slipping0@posta.example", "--json", now=NEXT_DAY)
    said["doctor"] = regulars("doctor", now=NEXT_DAY)
    return story


def come_back(story: Story, door: Door) -> None:
    """One clicks, one clicks and will buy, one leaves, and a machine fetches what it can find."""
    for person in (CLICKED, BOUGHT):
        assert door.get(link(story.mails[person], "o")).status == 200
        story.answers[person] = door.get(link(story.mails[person], "c"))
    leave = link(story.mails[LEFT], "u")
    story.answers["asks"] = door.get(leave)
    story.answers["left"] = door.post(leave, b"sure=yes")
    story.answers["left twice"] = door.post(leave, b"sure=yes")
    door.get(link(story.mails[MACHINE], "o"), **{"User-Agent": PRIVACY_PROXY})
    door.get(link(story.mails[MACHINE], "c"), **{"User-Agent": "curl/8.0"})
    story.answers["view"] = door.get(link(story.mails[READS], "v"))
    story.answers["outbox"] = door.get("/outbox")
    story.answers["healthz"] = door.get("/healthz")


def link(mail: EmailMessage, kind: str) -> str:
    page = mail.get_body(("html",)).get_content()
    urls = (unescape(url) for url in re.findall(r'(?:href|src)="(http[^"]+)"', page))
    return next(url for url in urls if urlsplit(url).path.startswith(f"/{kind}/"))


def test_init_leaves_a_workspace_without_findings(story):
    assert "regulars.yaml" in story.said["init"].err
    assert [finding for finding in story.said["check"].json["findings"] if finding["severity"] == "error"] == []


def test_an_import_says_how_many_and_the_second_changes_nothing(story):
    assert story.said["import"].json == {"read": SLIPPING + 6, "imported": SLIPPING + 6, "unchanged": 0, "rejected": [], "read_as": []}
    assert story.said["import again"].json == {"read": SLIPPING + 6, "imported": 0, "unchanged": SLIPPING + 6, "rejected": [], "read_as": []}


def test_a_segment_has_its_stable_shape(story):
    shown = story.said["segments show"].json

    assert list(shown) == ["segment", "as_of", "count", "sample"]
    assert (shown["segment"], shown["count"], len(shown["sample"])) == ("slipping-away", SLIPPING, 5)
    assert list(shown["sample"][0]) == ["email", "country", "orders", "spent", "last_order_at", "engagement"]
    assert {line["name"]: line["count"] for line in story.said["segments list"].json["segments"]}["slipping-away"] == SLIPPING


def test_a_segment_on_a_day_does_not_know_what_came_later(story):
    """On 1 August their last order was ten days old."""
    assert story.said["segments show --at"].json["count"] == 0


def test_the_plan_adds_up_and_the_launch_keeps_to_it(story):
    plan, launched = story.said["plan"].json, story.said["launch"].json

    assert list(plan) == ["campaign", "segment", "selected", "excluded", "final", "send_at", "roll_out", "pace", "limits", "codes"]
    assert plan["excluded"] == {"no_consent": 1, "unsubscribed": 1, "excepted": 2}
    assert plan["selected"] == SLIPPING == plan["final"] + sum(plan["excluded"].values())
    assert launched["plan"] == plan
    assert launched["counts"] == {"accepted": CHOSEN}


def test_launch_and_status_have_one_stable_shape(story):
    launched, status = story.said["launch"].json, story.said["status"].json

    assert list(launched) == [
        "launch", "campaign", "state", "state_reason", "bundle", "segments", "counts", "reasons", "replies", "held", "roll_out", "flow",
        "recipients", "plan", "options", "created_at", "created_by", "started_at", "finished_at", "expires_at", "next_due",
    ]
    assert status == launched
    assert (status["launch"], status["campaign"], status["state"]) == (1, "win-back", "finished")


def test_each_mail_is_read_by_another_parser(story):
    assert len(story.mails) == CHOSEN
    for address, mail in story.mails.items():
        assert mail.defects == []
        assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
        assert mail["From"].addresses[0].addr_spec == "merhaba@kahve.example"
        assert mail["Reply-To"].addresses[0].addr_spec == "destek@kahve.example"
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert f"<{link(mail, 'u')}>" in mail["List-Unsubscribe"].replace(" ", "")
        assert "34674 Üsküdar, İstanbul" in mail.get_body(("plain",)).get_content()
        assert mail["To"].addresses[0].addr_spec == address
    assert len({mail["Message-ID"] for mail in story.mails.values()}) == CHOSEN


def test_each_mail_greets_its_reader(story):
    for address, mail in story.mails.items():
        if address != HARD:
            name = f"İpek{address.partition('@')[0].removeprefix('slipping')}"
            assert mail["Subject"] == f"{name}, we kept your beans"
            assert name in mail.get_body(("plain",)).get_content()


def test_a_difficult_name_breaks_nothing(story):
    mail = story.mails[HARD]

    assert mail["To"].addresses[0].display_name == f"{HARD_NAME} Öz"
    assert mail["Subject"] == f"{HARD_NAME}, we kept your beans"
    assert "Ann &amp; Co &lt;b&gt;" in mail.get_body(("html",)).get_content()
    assert HARD_NAME in mail.get_body(("plain",)).get_content()


def test_the_preview_of_a_difficult_name_is_the_mail(story):
    """Before the launch but for what no two mails share, after it to the last byte."""
    assert readable(story.files["before"]) == readable(story.files["sent"])
    assert story.files["after"] == story.files["sent"]


def readable(content: bytes) -> str:
    """Headers and decoded parts, without tokens, Message-ID, Date and boundary."""
    mail = message_from_bytes(content, policy=default)
    headers = [f"{name}: {value}" for name, value in mail.items() if name not in {"Message-ID", "Date", "Content-Type"}]
    parts = [f"{part.get_content_type()}\n{part.get_content()}" for part in mail.iter_parts()]
    return re.sub(r"(/[ocuvp]/)[\w-]{38}\b", r"\1TOKEN", "\n".join(headers + parts))


def test_a_click_leads_to_the_shop(story):
    answer = story.answers[CLICKED]

    assert answer.status == 302
    assert answer.headers["location"].startswith("https://kahve.example/")
    assert "utm_campaign=win-back" in answer.headers["location"]


def test_leaving_is_asked_then_done_and_twice_is_fine(story):
    assert [story.answers[name].status for name in ("asks", "left", "left twice")] == [200, 200, 200]


def test_the_mail_can_be_read_in_the_browser(story):
    assert story.answers["view"].status == 200
    assert "İpek9" in story.answers["view"].body.decode()
    assert CLICKED in story.answers["outbox"].body.decode()
    assert story.answers["healthz"].status == 200


def test_the_report_counts_people_and_machines_apart(story):
    report = story.said["report"].json

    assert list(report) == [
        "campaign", "launches", "first_at", "sent", "states", "opens", "clicks", "machine_clicks", "links", "unsubscribes", "orders",
        "revenue", "attribution", "codes", "steps",
    ]
    assert report["sent"] == CHOSEN
    assert report["opens"] == {"human": 2, "unknown": 0, "machine": 1}
    assert (report["clicks"], report["machine_clicks"], report["unsubscribes"]) == (2, 1, 1)
    assert (report["orders"], report["revenue"]) == (1, {"amount": "600", "currency": "TRY"})
    assert "600" in story.said["report for people"].out


def test_scores_are_the_sum_of_what_made_them(story):
    shown = story.said["scores"].json

    assert list(shown) == ["email", "scores", "rfm"]
    assert list(shown["rfm"]) == ["recency", "frequency", "monetary"]
    assert {name for score in shown["scores"] for name in score} == {"name", "value", "as_of", "contributions"}
    for score in shown["scores"]:
        assert score["value"] == pytest.approx(sum(part["value"] for part in score["contributions"]), abs=1e-5)
    clicks = {score["name"]: [part["event"] for part in score["contributions"]].count("email.clicked") for score in shown["scores"]}
    assert clicks == {"engagement": 1, "in slipping-away": 1}


def test_a_machine_moves_no_score(story):
    scores = story.said["scores of a machine"].json["scores"]

    assert {part["event"] for score in scores for part in score["contributions"] if part["value"]} <= {"order.placed"}


def test_the_next_plan_leaves_out_who_left_and_says_so(story):
    """Who bought and who clicked are not slipping any more; the others have had it."""
    plan = story.said["next plan"].json

    assert plan["selected"] == SLIPPING - 2
    assert plan["excluded"] == {"no_consent": 1, "unsubscribed": 2, "excepted": 2, "already_received": SLIPPING - 2 - 5}
    assert plan["final"] == 0


def test_why_tells_who_got_it_and_who_did_not(story):
    got, not_got = story.said["why"].json, story.said["why not"].json

    assert list(got) == ["campaign", "email", "outcome", "reason", "launch", "message", "at", "conditions"]
    assert (got["outcome"], got["launch"]) == ("received", 1)
    assert (not_got["outcome"], "unsubscribed" in not_got["reason"]) == ("left out", True)


def test_the_next_segment_is_another_one(story):
    before = {person["email"] for person in story.said["next segment"].json["sample"]}

    assert {CLICKED, BOUGHT} & before == set()
    assert [person["email"] for person in story.said["warming up"].json["sample"]] == [CLICKED]


def test_the_doctor_finds_every_promise_kept(story):
    assert "BAD" not in story.said["doctor"].out
