"""Which word counts when several say something about an uncertain mail."""

import pytest

from regulars.delivery.evidence import Evidence, Kind, weighed


def test_whoever_has_seen_it_outweighs_whoever_has_not():
    """The log may be another relay's, and an open is an open."""
    assert weighed({Kind.LOG: False, Kind.EVENT: True}) == Evidence(True, Kind.EVENT)
    assert weighed({Kind.LOG: True, Kind.FILE: False}) == Evidence(True, Kind.LOG)


@pytest.mark.parametrize(("said", "kind"), [
    ({Kind.LOG: True, Kind.EVENT: True}, Kind.LOG),
    ({Kind.LOG: None, Kind.FILE: True, Kind.EVENT: True}, Kind.FILE),
])
def test_they_are_asked_in_order(said, kind):
    assert weighed(said) == Evidence(True, kind)


def test_where_nobody_knows_there_is_no_evidence():
    assert weighed({}) is weighed({Kind.LOG: None, Kind.EVENT: None}) is None
