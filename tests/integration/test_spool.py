"""The spool on a real disk: one file a message, whole or not at all, and nothing but mails for readers."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime
from itertools import count

import pytest

from regulars.adapters.spool import ABANDONED, TOGETHER, Spool, file_name
from regulars.content.tokens import MessageRef
from regulars.delivery.evidence import Sought
from regulars.delivery.outgoing import Outgoing
from regulars.errors import Unreachable
from tests.ports.transports import Notebook, mail_to, send_all


@pytest.fixture
def spool(tmp_path) -> Spool:
    return Spool(str(tmp_path / "outbox"))


def names(spool) -> list[str]:
    return sorted(os.listdir(spool.folder))


def test_files_are_named_by_message_and_sort_by_it(spool):
    send_all(spool, [mail_to("ayse@posta.example", number) for number in (12, 3, 100)], Notebook())

    assert names(spool) == [file_name(MessageRef(7, number)) for number in (3, 12, 100)]


def test_the_same_message_twice_is_one_file(spool):
    send_all(spool, [mail_to("ayse@posta.example", 1)], Notebook())
    send_all(spool, [mail_to("ayse@posta.example", 1, b"Subject: again\r\n\r\n")], Notebook())

    assert names(spool) == [file_name(MessageRef(7, 1))]
    assert spool.read(names(spool)[0]) == b"Subject: again\r\n\r\n"


def test_a_file_of_an_earlier_database_is_no_evidence_for_a_mail_of_this_one(spool):
    earlier = mail_to("ayse@posta.example", 1)
    send_all(spool, [earlier], Notebook())

    assert spool.arrived([Sought(earlier.ref, earlier.message_id, spool.address)]) == {earlier.ref: True}
    assert spool.arrived([Sought(earlier.ref, "<1.anotherkey@shop.example>", spool.address)]) == {earlier.ref: False}


def test_mails_that_the_ledger_kept_back_leave_no_trace(spool):
    mail = mail_to("ayse@posta.example", 1)

    send_all(spool, [mail], Notebook(refuses=frozenset({mail.ref})))

    assert names(spool) == []


def test_a_disk_that_fills_up_is_left_no_fuller(spool, monkeypatch):
    """Drafts that nobody will read would keep it full, and every attempt would add more."""
    room = count()

    def full_at_the_fourth(descriptor):
        if next(room) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full_at_the_fourth)
    with pytest.raises(Unreachable, match="No space left"):
        send_all(spool, [mail_to("ayse@posta.example", number) for number in range(1, 7)], Notebook())

    assert names(spool) == []


def test_a_ledger_that_fails_leaves_no_half_written_files(spool):
    def broken(refs):
        raise RuntimeError("the database is gone")

    with pytest.raises(RuntimeError):
        send_all(spool, [mail_to("ayse@posta.example", number) for number in range(5)], Notebook(at_handoff=broken))

    assert names(spool) == []


def test_drafts_of_a_killed_worker_are_cleared_away_and_those_of_a_living_one_are_not(spool):
    spool.folder.mkdir()
    old, young = spool.folder / ".1234.draft", spool.folder / ".5678.draft"
    old.touch()
    young.touch()
    long_ago = old.stat().st_mtime - ABANDONED - 60
    os.utime(old, (long_ago, long_ago))
    send_all(spool, [mail_to("ayse@posta.example", 1)], Notebook())

    assert names(spool) == [".5678.draft", file_name(MessageRef(7, 1))]


def test_many_mails_share_a_commit(spool):
    ledger = Notebook()

    send_all(spool, [mail_to("ayse@posta.example", number) for number in range(TOGETHER * 3)], ledger)

    assert ledger.turns == 4
    assert len(ledger.results) == TOGETHER * 3


def test_test_mails_of_different_content_are_different_files(spool):
    for content in (b"one", b"two", b"one"):
        send_all(spool, [Outgoing(MessageRef(0, 0), "<x@shop.example>", "a@shop.example", "b@shop.example", content, content.hex() * 8)], Notebook())

    assert len(names(spool)) == 2


def test_the_newest_are_listed_first_and_page_by_page(spool):
    send_all(spool, [mail_to("ayse@posta.example", number) for number in range(1, 6)], Notebook())
    for number in range(1, 6):
        os.utime(spool.folder / file_name(MessageRef(7, number)), (1_700_000_000 + number,) * 2)

    listed = spool.newest(2) + spool.newest(2, after=2)

    assert [mail.name for mail in listed] == [file_name(MessageRef(7, number)) for number in (5, 4, 3, 2)]
    assert listed[0].at == datetime.fromtimestamp(1_700_000_005, UTC)
    assert listed[0].size == len(mail_to("ayse@posta.example", 5).content)


def test_a_folder_that_is_not_there_yet_is_empty(spool):
    assert spool.newest(10) == []


@pytest.mark.parametrize("name", ["../secret.eml", "/etc/passwd", ".hidden.eml", "notes.txt", "..", "", "missing.eml", "sub/mail.eml", "a\0.eml"])
def test_only_mails_of_the_folder_are_read(spool, name):
    send_all(spool, [mail_to("ayse@posta.example")], Notebook())
    (spool.folder.parent / "secret.eml").write_bytes(b"secret")
    (spool.folder / ".hidden.eml").write_bytes(b"secret")
    (spool.folder / "notes.txt").write_bytes(b"secret")
    (spool.folder / "sub").mkdir()
    (spool.folder / "sub" / "mail.eml").write_bytes(b"secret")

    assert spool.read(name) is None


def test_a_link_in_the_folder_leads_nowhere(spool):
    send_all(spool, [mail_to("ayse@posta.example")], Notebook())
    (spool.folder.parent / "secret.eml").write_bytes(b"secret")
    (spool.folder / "link.eml").symlink_to(spool.folder.parent / "secret.eml")

    assert spool.read("link.eml") is None
    assert [mail.name for mail in spool.newest(10)] == [file_name(MessageRef(7, 1))]


def test_a_folder_that_cannot_be_written_to_is_named_with_the_way_out(tmp_path):
    (tmp_path / "outbox").write_text("a file stands where the folder should be")
    ledger = Notebook()

    with pytest.raises(Unreachable, match="outbox cannot be written to") as error:
        send_all(Spool(str(tmp_path / "outbox")), [mail_to("ayse@posta.example")], ledger)

    assert "REGULARS_MAIL_URL" in error.value.hint
    assert ledger.handoffs == []
