"""The envelope says which rows to look at; one that cannot be read is refused by a code, without its text."""

import json
from typing import Any
from uuid import UUID

import pytest

from connector.errors import MessageError
from connector.messages import IDS_MAX, LINK_MAX, RowChanges, poison_text, read_message

ID = "6d81597f-0f9f-4711-8122-000d3aa2331c"
WHOLE: dict[str, Any] = {
    "v": 1,
    "table": "lead",
    "ids": [ID],
    "cause": "webhook",
    "attempt": 3,
    "correlation": "0123456789abcdef0123456789abcdef",
}


def changed(**members: object) -> str:
    return json.dumps({**WHOLE, **members})


def without(member: str) -> str:
    return json.dumps({name: value for name, value in WHOLE.items() if name != member})


def test_a_message_is_read_as_it_was_written() -> None:
    message = read_message(json.dumps(WHOLE))
    assert json.loads(message.text()) == WHOLE
    assert read_message(message.text()) == message


def test_fifty_ids_fit_into_the_64_kib_of_a_queue_many_times() -> None:
    message = RowChanges(table="lgate_leadinteraction", ids=(UUID(ID),) * IDS_MAX, cause="c" * 40, attempt=10**6)
    assert len(message.text()) * 4 / 3 < 64 * 1024 / 10


@pytest.mark.parametrize("member", ["attempt", "correlation", "v"])
def test_a_message_of_an_app_that_did_not_yet_write_a_member_is_read(member: str) -> None:
    assert read_message(without(member)).ids == (UUID(ID),)


CORRUPT = {
    "nothing": "",
    "no JSON": "6d81597f",
    "cut in the middle": json.dumps(WHOLE)[:60],
    "trailing text": json.dumps(WHOLE) + "x",
    "a list": json.dumps([WHOLE]),
    "null": "null",
    "an unknown member": changed(score=999),
    "no ids": without("ids"),
    "an empty list of ids": changed(ids=[]),
    "51 ids": changed(ids=[ID] * 51),
    "an id that is none": changed(ids=[ID, "' or 1 eq 1"]),
    "ids that are one text": changed(ids=ID),
    "a table that no table is called": changed(table="account;"),
    "a table with a line break": changed(table="account\n"),
    "a table of another script": changed(table="\u0430ccount"),
    "a table in upper case": changed(table="Account"),
    "a table without a name": changed(table=""),
    "a table with an endless name": changed(table="a" * 129),
    "a link in version 1": changed(after="https://x"),
    "version 2 without a link": changed(v=2),
    "version 2 with no link": changed(v=2, after=None),
    "version 2 with an empty link": changed(v=2, after=""),
    "version 2 with an endless link": changed(v=2, after="x" * (LINK_MAX + 1)),
    "a link that is a list": changed(v=2, after=["https://x"]),
    "no table": without("table"),
    "a negative attempt": changed(attempt=-1),
    "an endless correlation": changed(correlation="x" * 65),
    "an endless cause": changed(cause="x" * 41),
    "half a character": changed(cause="\ud800"),
    "half a character as it is": "\ud800",
    "base64 of something": "eyJ2IjoxfQ==",
    "100,000 lists": "[" * 100_000,
}


@pytest.mark.parametrize("text", CORRUPT.values(), ids=CORRUPT.keys())
def test_a_corrupt_message_is_refused_by_a_code(text: str) -> None:
    with pytest.raises(MessageError, match=r"^message refused: unreadable$"):
        read_message(text)


@pytest.mark.parametrize("version", [0, 3, -1, "1", None, [1], {"major": 1}, 1.5])
def test_a_message_of_another_version_is_told_apart_from_a_corrupt_one(version: object) -> None:
    with pytest.raises(MessageError) as refused:
        read_message(changed(v=version, shape="unknown to us"))
    assert refused.value.reason == "unknown-version"


def test_a_refusal_holds_nothing_of_the_text() -> None:
    with pytest.raises(MessageError) as refused:
        read_message(changed(cause="canary" * 10, ids=["canary"]))
    assert "canary" not in f"{refused.value!r} {refused.value.__dict__}"
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_a_successor_is_the_same_work_tried_once_more() -> None:
    other = UUID(int=1)
    successor = read_message(json.dumps(WHOLE)).successor((other,))
    assert json.loads(successor.text()) == {**WHOLE, "ids": [str(other)], "attempt": 4}


LINK = "https://contoso.crm12.dynamics.com/api/data/v9.2/leads?$skiptoken=x"


def test_the_next_page_is_the_same_work_from_a_link_on_in_version_2() -> None:
    following = read_message(json.dumps(WHOLE)).next_page(LINK)
    assert json.loads(following.text()) == {**WHOLE, "v": 2, "after": LINK, "attempt": 0}
    assert read_message(following.text()) == following


def test_a_page_that_is_tried_again_goes_on_from_the_same_link() -> None:
    again = read_message(json.dumps(WHOLE)).next_page(LINK).successor((UUID(ID),))
    assert json.loads(again.text()) == {**WHOLE, "v": 2, "after": LINK, "attempt": 1}


def test_the_longest_link_fits_into_a_queue_with_fifty_ids() -> None:
    message = RowChanges(table="a" * 128, ids=(UUID(ID),) * IDS_MAX, cause="c" * 40).next_page("x" * LINK_MAX)
    assert len(message.text()) * 4 / 3 < 64 * 1024


def test_poison_is_the_envelope_of_the_leads_concerned_and_a_reason() -> None:
    other = UUID(int=1)
    poison = json.loads(poison_text(read_message(json.dumps(WHOLE)), (other,), "0x80040265"))
    assert poison == {**WHOLE, "ids": [str(other)], "reason": "0x80040265"}
