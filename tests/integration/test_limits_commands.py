"""Contact limits as they are typed: in regulars.yaml, and in the answers of plan, status and why."""

from tests.integration.launching import FILES, add_customers
from tests.integration.test_launch_commands import Terminal, terminal  # noqa: F401  a fixture


def test_a_second_campaign_is_held_back_and_every_answer_says_so(terminal: Terminal):  # noqa: F811
    add_customers(terminal.database, 3)
    add_customers(terminal.database, 1, timezone="America/Los_Angeles")  # where it is one in the morning
    limits = 'contact_limits: {all: 1 per 7 days, quiet_hours: "21:00-09:00 local"}\n'
    (terminal.folder / "regulars.yaml").write_text(FILES["regulars.yaml"] + limits)
    again = FILES["campaigns/hello.yaml"].replace("campaign: hello", "campaign: again")
    (terminal.folder / "campaigns" / "again.yaml").write_text(again)
    terminal("launch", "hello", "--yes")
    assert terminal.mails() == 3

    _, out, err = terminal("plan", "again")
    assert "contact limit reached: 1 per 7 days; over_limit: drop" in out
    assert "quiet hours (21:00-09:00)" in out
    assert "2026-11-20 20:00" in out  # nine in the morning there, on the clock of the shop
    assert "an estimate" in err

    terminal("launch", "again", "--yes")
    status = terminal.json("status", "again")
    assert terminal.mails() == 3
    assert status["counts"] == {"skipped": 3, "pending": 1}
    assert status["reasons"] == {
        "skipped: contact limit reached: 1 per 7 days; over_limit: drop": 3, "pending: quiet hours (21:00-09:00)": 1,
    }
    assert status["plan"]["limits"]["dropped"] == [{"reason": "contact limit reached: 1 per 7 days; over_limit: drop", "count": 3}]


def test_transactional_mail_is_a_word_of_the_file(terminal: Terminal):  # noqa: F811
    add_customers(terminal.database, 2, marketing="withdrawn")
    (terminal.folder / "regulars.yaml").write_text(FILES["regulars.yaml"] + "contact_limits: {all: 1 per 7 days}\n")
    (terminal.folder / "campaigns" / "hello.yaml").write_text(FILES["campaigns/hello.yaml"] + "kind: transactional\n")
    for _ in range(2):
        terminal("launch", "hello", "--yes", "--again")
    assert terminal.mails() == 4
