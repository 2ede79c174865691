"""`$batch`: order, atomic changesets, references, the two ways of going on after an error, and malformed bodies."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest

from emulator.web_api import Request, RowEvent
from tests.unit.emulator.web_api.calling import PARENTAL, ROOT, Answer, Caller, relationship, table

GO_ON = {"Prefer": "odata.continue-on-error"}
Part = str


def part(method: str, url: str, body: str = "", content_id: str | None = None, **headers: str) -> Part:
    head = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    head += [f"Content-ID: {content_id}"] if content_id else []
    inner = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    inner += ["Content-Type: application/json; type=entry"] if body else []
    return "\r\n".join([*head, "", f"{method} {url} HTTP/1.1", *inner, "", body])


def multipart(boundary: str, parts: list[Part]) -> str:
    return "".join(f"--{boundary}\r\n{one}\r\n" for one in parts) + f"--{boundary}--\r\n"


def changeset(*parts: Part) -> Part:
    return 'Content-Type: multipart/mixed; boundary="changeset_1"\r\n\r\n' + multipart("changeset_1", list(parts))


def send(call: Caller, *parts: Part, headers: Mapping[str, str] | None = None, text: str | None = None) -> Answer:
    body = multipart("batch_1", list(parts)) if text is None else text
    content = {"Content-Type": 'multipart/mixed; boundary="batch_1"'}
    return call.raw(Request("POST", f"{ROOT}$batch", content | dict(headers or {}), body.encode()))


def statuses(answer: Answer) -> list[int]:
    return [int(found) for found in re.findall(rb"^HTTP/1\.1 (\d+)", answer.body, re.MULTILINE)]


def subjects(call: Caller) -> list[str]:
    return sorted(row["subject"] for row in call.get("leads?$select=subject").json["value"])


def create(subject: str, **options: Any) -> Part:
    return part("POST", f"{ROOT}leads", f'{{"subject":"{subject}"}}', **options)


BAD = part("POST", f"{ROOT}leads", '{"subject":42}', content_id="9")


def test_parts_run_in_order_and_are_answered_in_order(call: Caller) -> None:
    lead_id = call.created("leads", {"subject": "old"})
    read = part("GET", f"{ROOT}leads({lead_id})?$select=subject")
    write = changeset(part("PATCH", f"{ROOT}leads({lead_id})", '{"subject":"new"}', content_id="1", If_Match="*"))
    answer = send(call, read, write, read)
    assert answer.status == 200
    assert statuses(answer) == [200, 204, 200]
    assert answer.headers["Content-Type"].startswith("multipart/mixed; boundary=batchresponse_")
    assert re.findall(rb'"subject": "(\w+)"', answer.body) == [b"old", b"new"]
    assert b"boundary=changesetresponse_" in answer.body
    assert b"Content-ID: 1\r\n" in answer.body


@pytest.mark.parametrize("url", ["leads", f"{ROOT}leads", f"http://127.0.0.1{ROOT}leads"])
def test_a_parts_url_is_relative_to_the_service_or_the_host_or_absolute(call: Caller, url: str) -> None:
    assert statuses(send(call, part("POST", url, '{"subject":"a"}'))) == [204]
    assert subjects(call) == ["a"]


def test_a_request_without_a_body_may_end_with_its_headers(call: Caller) -> None:
    lead = call.created("leads", {"subject": "a"})
    head = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    read, gone = f"GET {ROOT}leads({lead}) HTTP/1.1\r\n", f"DELETE {ROOT}leads({lead}) HTTP/1.1\r\nIf-Match: *\r\n"
    assert statuses(send(call, head + read, head + gone)) == [200, 204]


def test_a_target_may_hold_spaces_that_are_not_encoded(call: Caller) -> None:
    call.created("leads", {"subject": "a b"})
    read = part("GET", f"http://127.0.0.1{ROOT}leads?$select=subject&$filter=subject eq 'a b'&$top=2")
    answer = send(call, read)
    assert statuses(answer) == [200]
    assert b'"subject": "a b"' in answer.body


def test_a_changeset_that_fails_changes_nothing_and_tells_nobody(call: Caller, events: list[RowEvent]) -> None:
    answer = send(call, changeset(create("a", content_id="1"), BAD, create("c", content_id="3")))
    assert answer.status == 400
    assert statuses(answer) == [400]
    assert b"Content-ID: 9\r\n" in answer.body
    assert b"0x80048d19" in answer.body
    assert (subjects(call), events) == ([], [])


def test_a_changeset_that_holds_tells_of_all_its_rows_after_the_commit(call: Caller, events: list[RowEvent]) -> None:
    rows_seen: list[int] = []
    call.emulator.listeners.append(lambda _event: rows_seen.append(len(subjects(call))))
    send(call, changeset(create("a"), create("b")))
    assert [event.target["subject"] for event in events] == ["a", "b"]
    assert rows_seen == [2, 2]


def test_a_definition_made_in_a_changeset_that_fails_is_gone(call: Caller) -> None:
    body = (
        '{"@odata.type":"Microsoft.Dynamics.CRM.IntegerAttributeMetadata","SchemaName":"new_Visits","DisplayName":%s}'
    )
    label = '{"LocalizedLabels":[{"Label":"Visits","LanguageCode":1033}]}'
    column = part("POST", f"{ROOT}EntityDefinitions(LogicalName='lead')/Attributes", body % label)
    send(call, changeset(column, BAD))
    assert call.get("leads?$select=new_visits").status == 400
    assert statuses(send(call, changeset(column))) == [204]
    assert call.get("leads?$select=new_visits").status == 200


def test_without_continue_on_error_the_first_failure_ends_the_batch_and_is_its_status(call: Caller) -> None:
    missing = part("GET", f"{ROOT}leads({uuid4()})")
    answer = send(call, create("a"), missing, create("c"))
    assert (answer.status, statuses(answer)) == (404, [204, 404])
    assert subjects(call) == ["a"]


def test_with_continue_on_error_the_rest_is_done_and_the_batch_is_200(call: Caller) -> None:
    answer = send(call, create("a"), BAD, changeset(create("b"), BAD), create("c"), headers=GO_ON)
    assert (answer.status, statuses(answer)) == (200, [204, 400, 400, 204])
    assert subjects(call) == ["a", "c"]


def test_a_content_id_stands_for_the_row_an_earlier_request_of_the_changeset_made(call: Caller) -> None:
    account = part("POST", f"{ROOT}accounts", '{"name":"Contoso"}', content_id="1")
    lead = part("POST", f"{ROOT}leads", '{"subject":"a","parentaccountid@odata.bind":"$1"}', content_id="2")
    rename = part("PATCH", "$1", '{"name":"Renamed"}', content_id="3")
    assert statuses(send(call, changeset(account, lead, rename))) == [204, 204, 204]
    row = call.get("leads?$select=subject&$expand=parentaccountid($select=name)").json["value"][0]
    assert row["parentaccountid"]["name"] == "Renamed"


def test_a_content_id_that_is_not_there_yet_is_refused(call: Caller) -> None:
    lead = part("POST", f"{ROOT}leads", '{"subject":"a","parentaccountid@odata.bind":"$1"}', content_id="2")
    account = part("POST", f"{ROOT}accounts", '{"name":"Contoso"}', content_id="1")
    for parts in ((lead, account), (part("PATCH", "$1", '{"name":"x"}', content_id="3"), account)):
        answer = send(call, changeset(*parts))
        assert (answer.status, statuses(answer)) == (400, [400])
        assert b"Content-ID Reference: '$1' does not exist in the batch context." in answer.body
    assert call.get("accounts").json["value"] == []


def test_a_parts_own_headers_and_tag_are_its_own(call: Caller, events: list[RowEvent]) -> None:
    body = '{"subject":"a"}'
    tagged = part("POST", f"{ROOT}leads?tag=run-7&$select=subject", body, Prefer="return=representation")
    answer = send(call, tagged, part("POST", f"{ROOT}leads", body))
    assert statuses(answer) == [201, 204]
    assert [event.tag for event in events] == ["run-7", None]


def test_conditions_hold_in_parts(call: Caller) -> None:
    lead_id = call.created("leads", {"subject": "a"})
    stale = part("PATCH", f"{ROOT}leads({lead_id})", '{"subject":"b"}', If_Match='W/"1"')
    existing = part("PATCH", f"{ROOT}leads({lead_id})", '{"subject":"b"}', If_None_Match="*")
    answer = send(call, changeset(create("c"), stale), existing, headers=GO_ON)
    assert statuses(answer) == [412, 412]
    assert re.findall(rb"0x8006088\d|0x80040237", answer.body) == [b"0x80060882", b"0x80040237"]
    assert subjects(call) == ["a"]


def test_a_url_in_a_part_may_be_twice_as_long(call: Caller) -> None:
    ids = "%2C".join(f"%22{uuid4()}%22" for _ in range(1000))
    url = f"{ROOT}leads?$filter=Microsoft.Dynamics.CRM.In(PropertyName='leadid',PropertyValues=[{ids}])"
    assert statuses(send(call, part("GET", url))) == [200]
    assert statuses(send(call, part("GET", url + "%20" * 8000))) == [414]


MALFORMED = {
    "not multipart": "x",
    "empty": "",
    "no end": f"--batch_1\r\n{create('a')}\r\n",
    "bare line feeds": multipart("batch_1", [create("a")]).replace("\r\n", "\n"),
    "no request line": multipart("batch_1", [create("a").replace("POST", "post")]),
    "no transfer encoding": multipart("batch_1", [create("a").replace("binary", "8bit")]),
    "a read in a changeset": multipart("batch_1", [create("a"), changeset(part("GET", f"{ROOT}leads"))]),
    "a batch in a batch": multipart("batch_1", [create("a"), part("POST", f"{ROOT}$batch", "{}")]),
    "more than 1,000": multipart("batch_1", [create("a"), changeset(*[create("b")] * 1000)]),
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_batch_is_refused_as_a_whole_with_plain_json(call: Caller, text: str) -> None:
    answer = send(call, text=text, headers=GO_ON)
    assert answer.status == 400
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.code
    assert subjects(call) == []


def test_a_thousand_requests_are_a_batch(call: Caller) -> None:
    answer = send(call, changeset(*[create("b")] * 1000))
    assert statuses(answer) == [204] * 1000


def test_requests_are_counted_part_by_part(call: Caller) -> None:
    send(call, create("a"), changeset(create("b")), part("GET", f"{ROOT}accounts"))
    assert call.emulator.requests == {("POST", "$batch"): 1, ("POST", "lead"): 2, ("GET", "account"): 1}


def test_a_changeset_that_deletes_and_fails_brings_back_what_cascaded(call: Caller) -> None:
    call.post("EntityDefinitions", table("new_Score"))
    call.post("RelationshipDefinitions", relationship("new_lead_score", "lead", "new_score", "new_LeadId", **PARENTAL))
    lead_id = call.created("leads", {"subject": "a"})
    score = call.created("new_scores", {"new_LeadId@odata.bind": f"/leads({lead_id})"})
    send(call, changeset(part("DELETE", f"{ROOT}leads({lead_id})"), BAD))
    assert call.get(f"new_scores({score})").json["_new_leadid_value"] == lead_id
