"""The judge finds what it looks for: each broken promise in a small story of its own."""

from dataclasses import replace

from tests.soak.books import Copy, Event
from tests.soak.judgement import Kill, Row, bound, judge, most_open

SENT = Row("<1.k@shop.example>", "ada@example.com", "accepted", None, dup_possible=False, content_hash="aa")
COPY = Copy(1.0, 1, "<1.k@shop.example>", "ada@example.com", "aa")


def test_one_message_one_copy_is_clean():
    verdict = judge([SENT], [COPY])

    assert verdict.is_clean
    assert (verdict.copies, verdict.twice, verdict.flagged) == (1, 0, 0)


def test_accepted_without_a_copy_is_lost():
    assert judge([SENT], []).lost == [SENT.message_id]


def test_what_is_still_open_is_unfinished_and_what_ended_has_a_reason():
    for state in ("pending", "claimed", "handoff", "uncertain"):
        assert judge([replace(SENT, state=state)], []).unfinished
    for state in ("skipped", "rejected", "cancelled", "expired", "held"):
        assert judge([replace(SENT, state=state)], []).unfinished
        assert judge([replace(SENT, state=state, reason="so it was")], []).is_clean


def test_two_copies_want_a_flag():
    assert judge([SENT], [COPY, COPY]).unflagged == [SENT.message_id]
    assert judge([replace(SENT, dup_possible=True)], [COPY, COPY]).is_clean


def test_a_copy_of_what_was_not_sent_is_found():
    rejected = replace(SENT, state="rejected", reason="550 no such user")

    assert judge([rejected], [COPY]).unrecorded == [SENT.message_id]
    assert judge([replace(rejected, state="held")], [COPY]).is_clean


def test_copies_go_to_their_recipient_and_are_the_bytes_that_the_database_vouches_for():
    assert judge([SENT], [replace(COPY, recipient="bob@example.com")]).strangers
    assert judge([SENT], [COPY, replace(COPY, message_id="<2.k@shop.example>")]).strangers
    assert judge([SENT], [replace(COPY, sha256="bb")]).different


def test_the_bound_counts_open_connections_at_kills_and_losses_after_the_dot():
    kinds = ("open", "lost_250", "later_at_rcpt", "dropped_after_dot", "dropped_in_body", "dropped_after_mail", "close")

    assert bound([Kill(1.0, 7, 4), Kill(2.0, 8, 0)], [Event(1.0, 1, kind) for kind in kinds]) == 4 + 3


def test_the_most_connections_at_once():
    story = [(1, "open"), (2, "open"), (1, "close"), (3, "open"), (4, "open"), (2, "close")]

    assert most_open([Event(float(at), connection, kind) for at, (connection, kind) in enumerate(story)]) == 3
