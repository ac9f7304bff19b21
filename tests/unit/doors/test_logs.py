"""What long-running processes write about their work: as asked, and without anybody's address."""

import json
import logging

import pytest

from regulars.doors.logs import Discreet, JsonLines


def record(message, *args, name="regulars.worker", level=logging.WARNING, **extra):
    made = logging.LogRecord(name, level, "file.py", 7, message, args, None)
    vars(made).update(extra)
    return made


def test_a_line_is_one_json_object():
    line = JsonLines().format(record("launch %s waits: %s", 7, "the relay\nis away"))

    assert "\n" not in line
    assert {key: value for key, value in json.loads(line).items() if key != "at"} == {
        "level": "warning", "logger": "regulars.worker", "message": "launch 7 waits: the relay\nis away",
    }
    assert json.loads(line)["at"].endswith("+00:00")


def test_an_outcome_has_fields_instead_of_a_message():
    line = json.loads(JsonLines().format(record("outcome", fields={"launch": 1, "number": 7, "state": "accepted", "ms": 12})))

    assert (line["launch"], line["number"], line["state"], line["ms"]) == (1, 7, "accepted", 12)
    assert "message" not in line


@pytest.mark.parametrize("said", [
    "550 5.1.1 <ayse@posta.example> unknown", "no mailbox ayse@posta.example.", "to=ayse@posta.example, relay=…", '"ayse@posta.example"',
    "mailto:ayse@posta.example", "(ayse@posta.example)", "ayşe@kutu.example",
])
def test_addresses_are_left_out_of_our_lines(said):
    text = record("the relay said: %s", said)
    Discreet().filter(text)

    for line in (JsonLines().format(record("the relay said: %s", said)), text.getMessage()):
        assert "posta.example" not in line
        assert "kutu.example" not in line
        assert "the relay said" in line


def test_the_address_of_a_database_stays_readable():
    where = "postgresql+psycopg://shop:***@/regulars?host=/var/run/postgresql"

    assert where in JsonLines().format(record("the database does not answer: %s", where))


def test_celerys_names_of_workers_stay():
    assert "regulars-7@box.example ready." in JsonLines().format(record("%s ready.", "regulars-7@box.example", name="celery.apps.worker"))


def test_an_exceptions_own_words_are_left_out():
    """They hold whatever was being worked on."""
    try:
        int("ayse@posta.example")
    except ValueError as error:
        made = record("a task failed", name="celery.app.trace", exc_info=(ValueError, error, error.__traceback__))
    line = JsonLines().format(made)

    assert json.loads(line)["exception"] == "ValueError"
    assert json.loads(line)["at_line"][0].startswith("test_logs.py:")
    assert "ayse" not in line
