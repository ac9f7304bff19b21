"""One line an outcome, after it is durable; never the relay's words, which may name the customer."""

import logging
from datetime import UTC, datetime, timedelta

from regulars.content.tokens import MessageRef
from regulars.delivery.life import State
from regulars.delivery.outcomes import Outcome, Phase, Result
from regulars.delivery.settlement import Claimed, given_back, settled
from regulars.operations.outcome_log import fields_of, log, tell_outcomes

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
REF = MessageRef(3, 7)
CLAIMED = Claimed(REF, 2, 1, "ayse@posta.example", 0, NOW, lane="gmail")
REFUSED = Result(REF, Outcome.REJECTED, Phase.RCPT, 550, "5.1.1", "5.1.1 <ayse@posta.example> unknown", relay="bulk")


def test_an_outcome_in_fields():
    told = fields_of(settled(CLAIMED, State.CLAIMED, REFUSED, NOW, 0.0), NOW + timedelta(milliseconds=40))

    assert told == {
        "launch": 3, "number": 7, "state": "rejected", "attempt": 2, "lane": "gmail", "phase": "rcpt", "code": 550,
        "enhanced": "5.1.1", "relay": "bulk", "advice": "suppress", "ms": 40,
    }


def test_it_is_told_only_where_somebody_listens(caplog):
    ended = [settled(CLAIMED, State.CLAIMED, REFUSED, NOW, 0.0), given_back(CLAIMED)]
    log.setLevel(logging.WARNING)
    tell_outcomes(ended, NOW)
    assert not caplog.records
    log.setLevel(logging.INFO)
    tell_outcomes(ended, NOW)
    log.setLevel(logging.NOTSET)

    assert len(caplog.records) == 1  # what was given back is no outcome
    assert "ayse" not in str(vars(caplog.records[0]))
