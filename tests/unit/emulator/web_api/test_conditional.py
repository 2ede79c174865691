"""If-Match and If-None-Match on every method, with the exact statuses and codes."""

from uuid import uuid4

import pytest

from tests.unit.emulator.web_api.calling import Caller, table

STALE = 'W/"1"'


@pytest.fixture
def lead(call: Caller) -> str:
    return call.created("leads", {"subject": "Salon"})


def test_a_patch_with_the_stored_version_goes_through_and_makes_it_stale(call: Caller, lead: str) -> None:
    etag = call.get(f"leads({lead})").json["@odata.etag"]
    assert call.patch(f"leads({lead})", {"subject": "First"}, {"If-Match": etag}).status == 204
    answer = call.patch(f"leads({lead})", {"subject": "Second"}, {"If-Match": etag})
    assert (answer.status, answer.code) == (412, "0x80060882")
    assert answer.message == "The version of the existing record doesn't match the RowVersion property provided."
    assert call.get(f"leads({lead})").json["subject"] == "First"


def test_header_names_may_be_in_any_case(call: Caller, lead: str) -> None:
    assert call.patch(f"leads({lead})", {"subject": "x"}, {"if-match": STALE}).status == 412


def test_a_delete_with_a_stale_version_deletes_nothing(call: Caller, lead: str) -> None:
    answer = call.delete(f"leads({lead})", {"If-Match": STALE})
    assert (answer.status, answer.code) == (412, "0x80060882")
    etag = call.get(f"leads({lead})").json["@odata.etag"]
    assert call.delete(f"leads({lead})", {"If-Match": etag}).status == 204


@pytest.mark.parametrize("version", ["*", STALE])
def test_if_match_keeps_a_patch_from_creating(call: Caller, version: str) -> None:
    missing = uuid4()
    answer = call.patch(f"leads({missing})", {"subject": "Ghost"}, {"If-Match": version})
    assert (answer.status, answer.code) == (404, "0x80040217")
    assert answer.message == f"lead With Id = {missing} Does Not Exist"
    assert call.get("leads").json["value"] == []


def test_if_none_match_any_keeps_a_patch_from_updating(call: Caller, lead: str) -> None:
    answer = call.patch(f"leads({lead})", {"subject": "x"}, {"If-None-Match": "*"})
    assert (answer.status, answer.code) == (412, "0x80040237")
    assert answer.message == "A record with matching key values already exists."
    assert call.patch(f"leads({uuid4()})", {"subject": "x"}, {"If-None-Match": "*"}).status == 204


def test_a_get_that_knows_the_stored_version_answers_304_without_a_body(call: Caller, lead: str) -> None:
    etag = call.get(f"leads({lead})").json["@odata.etag"]
    answer = call.get(f"leads({lead})", {"If-None-Match": etag})
    assert (answer.status, answer.body) == (304, b"")
    assert call.get(f"leads({lead})", {"If-None-Match": STALE}).status == 200
    assert call.get(f"leads({lead})?$expand=owninguser", {"If-None-Match": etag}).status == 200


def test_the_text_null_that_clients_send_is_no_condition(call: Caller, lead: str) -> None:
    assert call.get(f"leads({lead})", {"If-None-Match": "null"}).status == 200
    assert call.get("leads", {"If-None-Match": "null"}).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-Match": "1"}, 400),
        ({"If-Match": '"1"'}, 400),
        ({"If-Match": "*", "If-None-Match": "*"}, 400),
        ({"If-None-Match": STALE}, 400),
        ({"If-Match": 'W/"1", W/"2"'}, 501),
    ],
)
def test_conditions_that_are_none_are_refused_and_change_nothing(
    call: Caller, lead: str, headers: dict[str, str], status: int
) -> None:
    assert call.patch(f"leads({lead})", {"subject": "x"}, headers).status == status
    assert call.get(f"leads({lead})").json["subject"] == "Salon"


def test_conditions_have_no_place_on_the_other_methods(call: Caller, lead: str) -> None:
    assert call.post("leads", {}, {"If-Match": "*"}).status == 400
    assert call.delete(f"leads({lead})", {"If-None-Match": "*"}).status == 400
    assert call.get(f"leads({lead})", {"If-Match": "*"}).status == 501


def test_duplicate_detection_is_refused_by_name(call: Caller) -> None:
    off = {"MSCRM.SuppressDuplicateDetection": "true"}
    assert call.post("leads", {}, off).status == 204
    answer = call.post("leads", {}, {"MSCRM.SuppressDuplicateDetection": "false"})
    assert (answer.status, "duplicate detection" in answer.message) == (501, True)


def test_a_table_without_optimistic_concurrency_takes_no_version(call: Caller) -> None:
    call.post("EntityDefinitions", table("new_Thing") | {"IsOptimisticConcurrencyEnabled": False})
    thing = call.created("new_things", {})
    etag = call.get(f"new_things({thing})").json["@odata.etag"]
    assert call.patch(f"new_things({thing})", {"new_name": "x"}, {"If-Match": etag}).code == "0x8006088D"
    assert call.patch(f"new_things({thing})", {"new_name": "x"}, {"If-Match": "*"}).status == 204
