"""The envelope of the life cycle: ids and counts, and nothing that a stranger adds."""

import json
from uuid import UUID

import pytest

from connector.errors import MessageError
from connector.existing_leads import Scan
from connector.lifecycle_message import LifecycleMessage, read_lifecycle_message
from tests.unit.connector.fakes import FIT, RULE

LINK = "https://contoso.crm4.dynamics.com/api/data/v9.2/leads?$select=leadid&$skiptoken=%3Ccookie%3E"


def test_a_message_with_a_scan_comes_back_as_it_was() -> None:
    first = LifecycleMessage(table="lgate_qualificationrule", id=RULE, attempt=3)
    going_on = first.going_on(Scan(2, "ab" * 32, 5000, 12, LINK))
    assert read_lifecycle_message(going_on.text()) == going_on
    assert (going_on.attempt, going_on.correlation) == (0, first.correlation)
    assert read_lifecycle_message(first.again().text()).attempt == 4


GOOD = {"v": 1, "table": "lgate_scoringmodel", "id": str(FIT), "attempt": 0, "correlation": "c"}
BAD = [
    ("", "unreadable"),
    ("[]", "unreadable"),
    (json.dumps(GOOD | {"v": 2}), "unknown-version"),
    (json.dumps(GOOD | {"table": "lead"}), "unreadable"),
    (json.dumps(GOOD | {"id": "../canary"}), "unreadable"),
    (json.dumps(GOOD | {"attempt": -1}), "unreadable"),
    (json.dumps(GOOD | {"canary": 1}), "unreadable"),
    (json.dumps(GOOD | {"scan": {"seen": "canary"}}), "unreadable"),
]


def test_a_good_message_is_read() -> None:
    assert read_lifecycle_message(json.dumps(GOOD)).id == UUID(str(FIT))


@pytest.mark.parametrize(("text", "reason"), BAD)
def test_what_is_no_message_is_refused_by_a_code_and_without_its_text(text: str, reason: str) -> None:
    with pytest.raises(MessageError) as refused:
        read_lifecycle_message(text)
    assert refused.value.reason == reason
    assert "canary" not in str(refused.value)
