"""A code in a mail, a friend's order, a reward: with the commands that a shop types."""

from __future__ import annotations

import re

import pytest

from tests.commands import Regulars, until

ADA, BEN, TWIN = "slipping3@posta.example", "ben@posta.example", "sli.pping3+new@posta.example"
HEADER = "order_id,ordered_at,email,sku,product,category,quantity,unit_price,currency,referral_code,status\n"


@pytest.fixture
def shared(regulars: Regulars) -> tuple[Regulars, str]:
    """The shop after a mail in which every regular found their code."""
    regulars.rewrite("campaigns/thank_you.yaml", "to: [regulars]", "to: [slipping-away]")
    regulars("launch", "thank-you", "--yes")
    mail = regulars.mails()[ADA]
    code = re.search(r"/r/([A-Z0-9]{8})", mail.get_body(("html",)).get_content())
    return regulars, code[1]


def is_there(regulars: Regulars, state: str) -> bool:
    return (state,) in regulars.ask("SELECT state FROM referrals")


def order(regulars: Regulars, order_id: str, email: str, code: str, price: str = "500", status: str = "", at: str = "2026-11-01 10:00") -> None:
    regulars.write("more.csv", HEADER + f"{order_id},{at},{email},GUJI-250,Guji,beans,1,{price},TRY,{code},{status}\n")
    regulars("import", "orders", "more.csv")


def test_a_friend_is_followed_from_the_order_to_the_reward(shared):
    regulars, code = shared
    order(regulars, "B1", BEN, code)
    order(regulars, "T1", TWIN, code)              # her own other address
    order(regulars, "C1", "cem@posta.example", code, price="90")
    assert "2 ordered" in regulars("referrals", "list").err

    with regulars.door("up"):
        until(lambda: is_there(regulars, "rewarded"), "the confirmation")

    found = {one["friend"]: one for one in regulars("referrals", "list", "--json").json["referrals"]}
    assert (found[BEN]["state"], found[BEN]["reward"], TWIN in found) == ("rewarded", "100 TRY", False)
    held = regulars("referrals", "list", "--held")
    assert "the friend's order came to 90 TRY, less than the reward of 100 TRY" in held.out
    assert f"brought {BEN}" in regulars("referrals", "show", str(found[BEN]["id"])).out
    assert "names the code" in regulars("referrals", "show", TWIN).out
    page = regulars("referrals", "show", ADA, "--json").json
    assert (page["friends"], page["confirmed"], page["held"], page["rewards"]) == (1, 1, 1, ["100 TRY"])
    (best,) = regulars("referrals", "top", "--json").json["advocates"]
    assert (best["email"], best["spent"]) == (ADA, {"amount": "500", "currency": "TRY"})
    assert "█" in regulars("referrals", "top").out
    assert regulars("customers", "show", ADA, "--json").json["referral"]["rewards"] == ["100 TRY"]
    assert "100 TRY" in regulars("customers", "show", ADA).out


def test_what_is_held_waits_for_a_word_which_is_kept(shared):
    regulars, code = shared
    order(regulars, "C1", "cem@posta.example", code, price="90")
    with regulars.door("up"):
        until(lambda: is_there(regulars, "held"))
        (number,) = (str(one["id"]) for one in regulars("referrals", "list", "--held", "--json").json["referrals"])
        assert "goes on" in regulars("referrals", "approve", number, "--why", "her first cup").err
        until(lambda: is_there(regulars, "rewarded"))

    shown = regulars("referrals", "show", number)
    assert "her first cup" in shown.out
    assert "decided" in shown.out
    assert "nothing was changed" in regulars("referrals", "approve", number, code=4).err

    assert "100 TRY taken back" in regulars("referrals", "reject", number, "--why", "it was her after all").err
    assert regulars("rewards", "show", ADA, "--json").json["rewards"] == []
    order(regulars, "C1", "cem@posta.example", code, price="90", status="cancelled")
    assert "1 rejected" in regulars("referrals", "list").err
    assert regulars("referrals", "reject", "99", "--why", "?", code=2).err.startswith("error: there is no referral 99")


def test_a_reward_is_paid_out_once_for_an_order_and_never_beyond_what_there_is(shared):
    regulars, code = shared
    order(regulars, "B1", BEN, code)
    with regulars.door("up"):
        until(lambda: is_there(regulars, "rewarded"))

    assert "60 TRY is left" in regulars("rewards", "use", ADA, "40", "--for", "2001").err
    assert "for order 2001 that was paid out before" in regulars("rewards", "use", ADA, "40 TRY", "--for", "2001", code=4).err
    assert "has 60 TRY, not 61 TRY" in regulars("rewards", "use", ADA, "61 TRY", "--for", "2002", code=4).err
    assert "they have 60 TRY" in regulars("rewards", "use", ADA, "a mug", "--for", "2002", code=2).err
    order(regulars, "B1", BEN, code, status="cancelled")
    ledger = regulars("rewards", "show", ADA, "--json").json
    assert [(entry["entry"], entry["amount"]) for entry in ledger["entries"]] == [("earned", "100"), ("used", "-40"), ("reversed", "-100")]
    assert ledger["rewards"] == ["-40 TRY"]
    assert "the order was cancelled" in regulars("rewards", "show", ADA).out
