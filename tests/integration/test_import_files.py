"""Files as they are in the wild, through the command as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from regulars.adapters.csv_files import LONGEST_LINE, CsvFile
from regulars.doors.cli import cli
from regulars.errors import UsageError

SHOP = """
shop: {name: "Kahve", url: https://kahve.example, address: "Üsküdar", locale: tr, timezone: Europe/Istanbul, currency: TRY}
sender: {from: "Kahve <merhaba@kahve.example>"}
languages: [tr]
consent: required
attributes: {taste: {one_of: [fruity, dark]}}
"""
ORDERS = "order_id,ordered_at,email\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DATABASE_URL", "BROKER_URL", "MAIL_URL", "BASE_URL", "SECRET"):
        monkeypatch.delenv(f"REGULARS_{name}", raising=False)
    monkeypatch.setenv("REGULARS_NOW", "2026-11-20T09:00:00Z")
    (tmp_path / "regulars.yaml").write_text(SHOP, encoding="utf-8")
    return tmp_path


def run(project: Path, *arguments: str):
    return CliRunner().invoke(cli, [*arguments, "--project", str(project)])


def imported(project: Path, kind: str, content: bytes | str, *options: str) -> dict:
    """What `import KIND FILE --json` says."""
    file = project / "in.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    result = run(project, "import", kind, str(file), "--json", *options)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return json.loads(result.stdout)


def test_what_an_import_says_as_json(project):
    said = imported(project, "orders", ORDERS + "A,2026-05-01,ada@mail.example\nB,soon,ada@mail.example\n")

    assert said == {"read": 2, "imported": 1, "unchanged": 0, "read_as": [], "rejected": [
        {"line": 3, "reason": 'ordered_at: "soon" is not a time; write 2026-05-01 or 2026-05-01 10:00'}]}


def test_rejected_rows_are_listed_and_the_command_fails_only_when_nothing_came_in(project):
    file = project / "in.csv"
    file.write_text(ORDERS + "A,soon,ada@mail.example\n", encoding="utf-8")
    nothing = run(project, "import", "orders", str(file))
    file.write_text(ORDERS + "A,soon,ada@mail.example\nB,2026-05-01,ada@mail.example\n", encoding="utf-8")
    some = run(project, "import", "orders", str(file))

    assert (nothing.exit_code, some.exit_code) == (1, 0)
    assert "line 2: ordered_at" in some.stderr
    assert some.stdout == "2 rows read: 1 imported, 0 unchanged, 1 rejected\n"


@pytest.mark.parametrize(("bytes_", "options"), [
    (b"order_id;ordered_at;email\nA;2026-05-01;ada@mail.example\n", ()),
    (b"order_id\tordered_at\temail\nA\t2026-05-01\tada@mail.example\n", ()),
    ("\ufefforder_id,ordered_at,email\r\nA,2026-05-01,ada@mail.example\r\n".encode(), ()),
    (b'"order_id","ordered_at","email"\n"A","2026-05-01","ada@mail.example"', ()),
    ("order_id,ordered_at,email\nA,2026-05-01,ada@mail.example\n".encode("utf-16"), ("--encoding", "utf-16")),
    ("Sipariş,Gün,email\nA,2026-05-01,ada@mail.example\n".encode("cp1254"), (
        "--encoding", "cp1254", "--map", "order_id=Sipariş", "--map", "ordered_at=Gün")),
])
def test_separators_marks_and_encodings(project, bytes_, options):
    assert imported(project, "orders", bytes_, *options)["imported"] == 1


def test_a_wrong_encoding_names_line_and_byte_and_changes_nothing(project):
    content = (ORDERS + "A,2026-05-01,ada@mail.example\nB,2026-05-01,ay\u015fe@mail.example\n").encode("cp1254")

    with pytest.raises(UsageError) as caught:
        imported(project, "orders", content, "--encoding", "utf-8")

    assert "in.csv:3: the file is not UTF-8: byte 0xfe at position" in caught.value.message
    assert "--encoding cp1254" in caught.value.hint
    with pytest.raises(UsageError, match="nobody here"):
        _raise(run(project, "customers", "show", "ada@mail.example"))


def _raise(result) -> None:
    raise result.exception


def test_the_first_wrong_byte_is_found_beyond_a_chunk(tmp_path):
    file = tmp_path / "long.csv"
    file.write_bytes(b"email\n" + b"ada@mail.example\n" * 100_000 + b"\xfe\n")

    with pytest.raises(UsageError, match=r"long.csv:100002: .*0xfe at position 1700006"):
        list(CsvFile(str(file), "utf-8").rows())


@pytest.mark.parametrize(("row", "said"), [
    ('A,2026-05-01,"ada"@mail.example', "goes on after its closing quote"),
    ('A,2026-05-01,"ada@mail.example', "is not closed"),
    ("A,2026-05-01,ada@mail.example,extra", "4 cells, the header names 3"),
    ("A,2026-05-01", "email is empty"),
    ("A\0,2026-05-01,ada@mail.example", "NUL"),
])
def test_a_broken_row_is_rejected_with_its_line(project, row, said):
    result = imported(project, "orders", ORDERS + "OK,2026-05-01,ada@mail.example\n\n" + row + "\n")

    assert result["imported"] == 1
    assert result["rejected"][0]["line"] == 4
    assert said in result["rejected"][0]["reason"]


def test_a_line_without_end_is_refused(tmp_path):
    file = tmp_path / "in.csv"
    file.write_text("email\n" + "x" * (LONGEST_LINE + 10), encoding="utf-8")

    with pytest.raises(UsageError, match=r"in.csv:2: the line is longer than"):
        list(CsvFile(str(file)).rows())


@pytest.mark.parametrize(("content", "said"), [("", "has no header"), ("\n\n", "has no header"), ("sep=;\na;b", "sep=")])
def test_a_file_without_a_header_is_refused(project, content, said):
    with pytest.raises(UsageError, match=said):
        imported(project, "orders", content)


def test_a_missing_file_is_a_sentence(project):
    result = run(project, "import", "orders", "nowhere.csv")

    assert result.exception.message == "there is no file nowhere.csv"
    assert result.exception.exit_code == 2


def test_a_broken_campaign_does_not_stop_an_import(project):
    (project / "campaigns").mkdir()
    (project / "campaigns" / "broken.yaml").write_text("campaign: [", encoding="utf-8")

    assert imported(project, "orders", ORDERS + "A,2026-05-01,ada@mail.example\n")["imported"] == 1


def test_a_suppressed_address_survives_imports_and_is_shown_half_hidden(project):
    run(project, "suppress", "add", "Ada@Mail.example", "--note", "asked on the phone")
    imported(project, "customers", "email,consent\nada@mail.example,yes\n")

    listed = json.loads(run(project, "suppress", "list", "--json").stdout)["suppressions"]
    card = json.loads(run(project, "customers", "show", "ada@mail.example", "--json").stdout)

    assert [one["email"] for one in listed] == ["a***@mail.example"]
    assert (card["suppressed"], card["consent"]["marketing"]) == ("manual", "granted")


def test_suppressions_come_from_a_file_and_can_be_removed(project):
    file = project / "never.csv"
    file.write_text("email,reason\nada@mail.example,complaint\nben@mail.example,\nnobody,\n", encoding="utf-8")
    first = json.loads(run(project, "suppress", "import", str(file), "--json").stdout)
    again = json.loads(run(project, "suppress", "import", str(file), "--json").stdout)

    assert (first["imported"], len(first["rejected"]), again["unchanged"]) == (2, 1, 2)
    assert run(project, "suppress", "remove", "ADA@mail.example").exit_code == 0
    assert len(json.loads(run(project, "suppress", "list", "--json").stdout)["suppressions"]) == 1


def test_a_customer_is_added_by_the_rules_of_a_file(project):
    added = run(project, "customers", "add", "ada@mail.example", "--first-name", "Ada", "--set", "taste=Dark", "--consent", "yes")
    card = json.loads(run(project, "customers", "show", "ada@mail.example", "--json").stdout)
    wrong = run(project, "customers", "add", "ada@mail.example", "--set", "taste=salty")

    assert added.exit_code == 0
    assert (card["first_name"], card["attributes"], card["consent"]["history"][0]["source"]) == ("Ada", {"taste": "dark"}, "command line")
    assert wrong.exception.message == 'taste: "salty" is none of fruity, dark'


# ---- spreadsheets as people save them ----


@pytest.mark.parametrize(("content", "read_as"), [
    (ORDERS.replace("email", "email,unit_price") + "A,2026-05-01,ada@mail.example,250.00\n", []),
    ("order_id;ordered_at;email;unit_price;quantity\nA;05.01.2026;ada@mail.example;1.250,50;1.000\n", ["a comma before fractions in quantity, unit_price"]),
    ("order_id\tordered_at\temail\tunit_price\nA\t13/01/2026 09:30\tada@mail.example\t₺1.250,50\n", [
        "a comma before fractions in unit_price", "dates with the day first", "amounts in TRY, as the cells say"]),
    ('order_id,ordered_at,email,unit_price\n"=""00123""",1/13/2026 3:05 PM,ada@mail.example,"$1,250.50"\n', ["dates with the month first"]),
    ("order_id;ordered_at;email;product;;;\nA;2026-05-01;ada@mail.example;Çay Şekeri ıhlamur;;;\n".encode("cp1254"), ["in cp1254"]),
    ("order_id;ordered_at;email;product\nA;2026-05-01;ada@mail.example;Caf\u00e9 cr\u00e8me\n".encode("cp1252"), ["in cp1252"]),
    ("\ufefforder_id;ordered_at;email\nA;5.1.2026 10:00;ada@mail.example\n".encode(), []),
])
def test_what_was_decided_about_a_spreadsheet_is_said(project, content, read_as):
    said = imported(project, "orders", content)

    assert (said["imported"], said["rejected"], said["read_as"]) == (1, [], read_as)
    assert imported(project, "orders", content)["unchanged"] == 1


@pytest.mark.parametrize(("text", "codec"), [
    ("Ayşe Yılmaz, İzmir, çok güzel", "cp1254"), ("ğ", "cp1254"), ("Þórður Jónsson, Ísafjörður, Ægir", "cp1252"), ("Café, naïve, Straße", "cp1252"),
])
def test_which_windows_a_file_comes_from_is_told_by_its_letters(tmp_path, text, codec):
    file = tmp_path / "in.csv"
    file.write_bytes(f"email;first_name\nada@mail.example;{text}\n".encode(codec))

    assert list(CsvFile(str(file)).rows()) == [(2, ["ada@mail.example", text])]


def test_a_declared_encoding_wins(project):
    content = "email,first_name\nada@mail.example,Þóra\n".encode("cp1252")

    said = imported(project, "customers", content, "--encoding", "cp1254")
    card = json.loads(run(project, "customers", "show", "ada@mail.example", "--json").stdout)

    assert (said["read_as"], card["first_name"]) == ([], "Şóra")


def test_a_date_that_can_be_two_days_is_asked_about_with_its_line(project):
    content = ORDERS + "A,13.05.2026,ada@mail.example\nB,05/01/2026,ada@mail.example\n"
    with pytest.raises(UsageError) as caught:
        imported(project, "orders", content)

    assert caught.value.message.endswith('in.csv:3: ordered_at: "05/01/2026" can be two days: no date in the file shows which number is the day')
    assert caught.value.hint == "say which: --dates day-first or --dates month-first"
    assert imported(project, "orders", content, "--dates", "month-first")["imported"] == 2


def test_dates_that_contradict_each_other_are_asked_about(project):
    content = ORDERS + "A,13/05/2026,ada@mail.example\nB,05/13/2026,ada@mail.example\nC,05/01/2026,ada@mail.example\n"
    with pytest.raises(UsageError, match=r"in.csv:4: .*some dates of the file have the day first and others the month"):
        imported(project, "orders", content)

    said = imported(project, "orders", content, "--dates", "day-first")
    assert (said["imported"], said["rejected"][0]["line"]) == (2, 3)


def test_a_column_that_contradicts_itself_is_read_as_ever(project):
    content = "order_id;ordered_at;email;unit_price\nA;2026-05-01;ada@mail.example;12,50\nB;2026-05-01;ada@mail.example;12.50\n"
    said = imported(project, "orders", content)

    assert (said["imported"], said["read_as"], said["rejected"][0]["line"]) == (1, [], 2)
    assert "a comma can be a fraction or thousands" in said["rejected"][0]["reason"]


def test_amounts_in_two_currencies_need_a_column_that_tells_them_apart(project):
    with pytest.raises(UsageError, match=r"its amounts are in EUR and TRY"):
        imported(project, "orders", "order_id;ordered_at;email;unit_price\nA;2026-05-01;a@mail.example;₺12,50\nB;2026-05-01;a@mail.example;€12,50\n")


@pytest.mark.parametrize("title", ["Sales of May", "Sales of May;;;"])
def test_a_title_above_the_header_is_refused_with_the_header_s_line(project, title):
    content = f"{title}\n\norder_id;ordered_at;email;unit_price\nA;2026-05-01;ada@mail.example;12,50\n"
    line = content[:content.index("order_id")].count("\n") + 1

    with pytest.raises(UsageError, match=rf"in.csv:1: the first line does not name the columns; line {line} does"):
        imported(project, "orders", content)


@pytest.mark.parametrize("start", [b"PK\x03\x04\x14\x00", b"\xd0\xcf\x11\xe0\xa1\xb1"])
def test_a_workbook_is_no_csv_file(project, start):
    with pytest.raises(UsageError, match="is a spreadsheet or an archive"):
        imported(project, "orders", start + b"\x00" * 100)


def test_old_reactions_come_in_by_the_command_and_warm_a_score(project):
    said = imported(project, "events", "Mail;Activity;When\nada@mail.example;Clicked;05.11.2026 10:00\n",
                    "--map", "email=Mail", "--map", "event=Activity", "--map", "at=When")
    scores = json.loads(run(project, "scores", "show", "ada@mail.example", "--json").stdout)

    assert (said["imported"], said["read_as"]) == (1, [])
    assert [round(score["value"], 1) > 0 for score in scores["scores"]] == [True]
