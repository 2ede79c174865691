"""Change tracking: initial sync, deltas, deletes, pages, the age of tokens, and what the service refuses with it."""

from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import pytest

from emulator.web_api import Request
from tests.unit.emulator.web_api.calling import SOME_ID, Answer, Caller, Clock, table

TRACK = {"Prefer": "odata.track-changes"}
PATH = "leads?$select=subject"


def follow(call: Caller, link: str, size: int | None = None) -> Answer:
    """GET a link verbatim, with a page size if one is given."""
    parts = urlsplit(link)
    headers = {"Prefer": f"odata.maxpagesize={size}"} if size else {}
    return call.raw(Request("GET", f"{parts.path}?{parts.query}", headers))


def pages(call: Caller, answer: Answer, size: int | None = None) -> list[dict[str, Any]]:
    """The bodies of all pages from this one on."""
    found = [answer.json]
    while link := found[-1].get("@odata.nextLink"):
        assert "@odata.deltaLink" not in found[-1]
        answer = follow(call, link, size)
        assert answer.status == 200, answer.json
        found.append(answer.json)
    return found


def synced(call: Caller) -> str:
    """The delta link of now."""
    return str(call.get(PATH, TRACK).json["@odata.deltaLink"])


def rows(bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for body in bodies for row in body["value"]]


def test_a_first_sync_shows_every_row_and_a_delta_link_on_its_last_page(call: Caller) -> None:
    ids = [call.created("leads", {"subject": f"S{number}"}) for number in range(5)]
    first = call.get(PATH, {"Prefer": "odata.track-changes, odata.maxpagesize=2"})
    assert first.headers["Preference-Applied"] == "odata.track-changes"
    bodies = pages(call, first, size=2)
    assert [len(body["value"]) for body in bodies] == [2, 2, 1]
    assert [row["leadid"] for row in rows(bodies)] == ids
    assert rows(bodies)[0].keys() == {"@odata.etag", "leadid", "subject"}
    assert bodies[-1]["@odata.context"].endswith("$metadata#leads(subject)")
    assert "$select=subject&$deltatoken=" in bodies[-1]["@odata.deltaLink"]


def test_a_full_page_that_is_the_last_has_the_delta_link(call: Caller) -> None:
    for _ in range(2):
        call.created("leads", {})
    answer = call.get("leads", {"Prefer": "odata.track-changes,odata.maxpagesize=2"})
    assert "@odata.deltaLink" in answer.json


def test_nothing_changed_is_an_empty_delta_with_another_link(call: Caller, clock: Clock) -> None:
    call.created("leads", {})
    link = synced(call)
    clock.advance(hours=1)
    answer = follow(call, link)
    assert answer.json["value"] == []
    assert answer.json["@odata.context"].endswith("$metadata#leads(subject)/$delta")
    assert answer.json["@odata.deltaLink"] != link


def test_a_delta_shows_each_change_in_order_then_the_deletes(call: Caller) -> None:
    first, second, third = (call.created("leads", {"subject": name}) for name in ("a", "b", "c"))
    link = synced(call)
    call.delete(f"leads({second})")
    created = call.created("leads", {"subject": "d"})
    call.patch(f"leads({first})", {"jobtitle": "not selected"})
    body = follow(call, link).json
    assert [row.get("leadid") for row in body["value"]] == [created, first, None]
    deleted = body["value"][-1]
    assert deleted.keys() == {"@odata.context", "id", "reason"}
    assert (deleted["id"], deleted["reason"]) == (second, "deleted")
    assert deleted["@odata.context"].endswith("/api/data/v9.2/$metadata#leads/$deletedEntity")
    assert third not in str(body)
    assert follow(call, body["@odata.deltaLink"]).json["value"] == []


def test_every_update_makes_a_row_appear_again_once(call: Caller) -> None:
    lead = call.created("leads", {})
    link = synced(call)
    for subject in ("a", "b", "b"):
        call.patch(f"leads({lead})", {"subject": subject})
    assert [row["subject"] for row in follow(call, link).json["value"]] == ["b"]


def test_a_row_made_and_deleted_in_between_is_deleted(call: Caller) -> None:
    link = synced(call)
    lead = call.created("leads", {})
    call.delete(f"leads({lead})")
    assert [row["id"] for row in follow(call, link).json["value"]] == [lead]


def test_a_row_deleted_and_made_again_has_changed_and_is_not_deleted(call: Caller) -> None:
    lead = call.created("leads", {"subject": "a"})
    link = synced(call)
    call.delete(f"leads({lead})")
    call.post("leads", {"leadid": lead, "subject": "b"})
    assert [row["subject"] for row in follow(call, link).json["value"]] == ["b"]


def test_rows_that_go_with_a_deleted_parent_are_deleted_too(call: Caller) -> None:
    account = call.created("accounts", {"name": "Contoso"})
    lead = call.created("leads", {"parentaccountid@odata.bind": f"/accounts({account})"})
    link = synced(call)
    call.delete(f"accounts({account})")
    # The link to the account is removed, which is a change of the lead.
    assert [row["leadid"] for row in follow(call, link).json["value"]] == [lead]


def test_a_rolled_back_delete_is_none(call: Caller) -> None:
    call.created("leads", {"subject": "a"})
    link = synced(call)
    failed = call.post("leads/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": [{"subject": "x"}]})
    assert failed.status == 400
    assert follow(call, link).json["value"] == []


def test_a_delta_in_pages_shows_changes_before_deletes_and_each_once(call: Caller) -> None:
    gone = [call.created("leads", {}) for _ in range(3)]
    link = synced(call)
    changed = [call.created("leads", {}) for _ in range(4)]
    for lead in gone:
        call.delete(f"leads({lead})")
    bodies = pages(call, follow(call, link, size=2), size=2)
    assert [len(body["value"]) for body in bodies] == [2, 2, 2, 1]
    assert [row.get("leadid") or row["id"] for row in rows(bodies)] == changed + gone
    assert "istracking" in unquote(bodies[0]["@odata.nextLink"])


def test_what_changes_while_pages_are_read_is_in_the_next_delta(call: Caller) -> None:
    leads = [call.created("leads", {"subject": f"S{number}"}) for number in range(4)]
    first = call.get(PATH, {"Prefer": "odata.track-changes,odata.maxpagesize=2"})
    call.patch(f"leads({leads[3]})", {"subject": "later"})
    call.delete(f"leads({leads[2]})")
    rest = pages(call, first, size=2)
    assert [row["leadid"] for row in rows(rest)] == leads[:2]
    delta = follow(call, rest[-1]["@odata.deltaLink"]).json["value"]
    assert [row.get("subject") or row["id"] for row in delta] == ["later", leads[2]]


def test_an_old_link_can_be_followed_again(call: Caller) -> None:
    link = synced(call)
    lead = call.created("leads", {})
    for _ in range(2):
        assert [row["leadid"] for row in follow(call, link).json["value"]] == [lead]


@pytest.mark.parametrize(("days", "expired"), [(6.99, False), (7, False), (7.01, True)])
def test_a_token_is_good_for_seven_days(call: Caller, clock: Clock, days: float, expired: bool) -> None:
    link = synced(call)
    clock.advance(days=days)
    answer = follow(call, link)
    if not expired:
        assert answer.status == 200
        return
    assert (answer.status, answer.code) == (400, "0x80044352")
    message = "Version stamp associated with the client has expired. Please perform a full sync."
    assert answer.message == message


def test_the_organisation_says_how_long_tokens_are_good(call: Caller, clock: Clock) -> None:
    organization = f"organizations({call.emulator.organization_id})"
    assert call.get(organization).json["expirechangetrackingindays"] == 7
    call.patch(organization, {"expirechangetrackingindays": 30})
    link = synced(call)
    clock.advance(days=20)
    assert follow(call, link).status == 200


def test_pages_expire_as_tokens_do(call: Caller, clock: Clock) -> None:
    for _ in range(3):
        call.created("leads", {})
    first = call.get(PATH, {"Prefer": "odata.track-changes,odata.maxpagesize=2"}).json
    clock.advance(days=8)
    assert follow(call, first["@odata.nextLink"], size=2).code == "0x80044352"


@pytest.mark.parametrize("option", ["$filter=statecode eq 0", "$orderby=subject", "$expand=parentaccountid", "$top=5"])
def test_options_that_change_tracking_does_not_take_are_refused_with_the_services_text(
    call: Caller, option: str
) -> None:
    answer = call.get(f"leads?{option}", TRACK)
    name = option.partition("=")[0]
    assert answer.status == 400
    assert answer.message == f'The "{name}" query parameter isn\'t supported when Change Tracking is enabled.'
    assert call.get(f"leads?{option}&$deltatoken=1000000%2108%2F01%2F2026%2009%3A00%3A00").status == 400


def test_a_table_without_change_tracking_says_so(call: Caller) -> None:
    call.post("EntityDefinitions", table("new_Thing"))
    answer = call.get("new_things", TRACK)
    assert (answer.status, answer.code) == (400, "0x80072491")
    assert answer.message == "Entity new_thing isn't enabled for change tracking."


def test_a_table_made_with_change_tracking_has_it(call: Caller) -> None:
    call.post("EntityDefinitions", table("new_Thing") | {"ChangeTrackingEnabled": True})
    thing = call.created("new_things", {"new_name": "a"})
    link = call.get("new_things?$select=new_name", TRACK).json["@odata.deltaLink"]
    call.delete(f"new_things({thing})")
    assert [row["id"] for row in follow(call, link).json["value"]] == [thing]


@pytest.mark.parametrize("token", ["x", "1000000", "1000000!yesterday", "9!13/45/2026 09:00:00"])
def test_a_token_of_ones_own_making_is_refused(call: Caller, token: str) -> None:
    assert call.get(f"leads?$deltatoken={token}").code == "0x80060888"


def test_the_count_of_a_delta_counts_deletes_too(call: Caller) -> None:
    lead = call.created("leads", {})
    link = synced(call)
    call.created("leads", {})
    call.delete(f"leads({lead})")
    token = link.partition("$deltatoken=")[2]
    answer = call.raw(Request("GET", f"/api/data/v9.2/leads/$count?$deltatoken={token}"))
    assert (answer.status, answer.body) == (200, b"2")


def test_tracking_goes_with_annotations(call: Caller) -> None:
    call.created("leads", {"statuscode": 2})
    prefer = {"Prefer": 'odata.track-changes,odata.include-annotations="*"'}
    row = call.get("leads?$select=statuscode", prefer).json["value"][0]
    assert row["statuscode@OData.Community.Display.V1.FormattedValue"] == "Contacted"


def test_a_merge_and_an_assignment_are_changes(call: Caller) -> None:
    lead = call.created("leads", {})
    link = synced(call)
    call.patch(f"leads({lead})", {"ownerid@odata.bind": f"/systemusers({call.emulator.user_id})"})
    assert [row["leadid"] for row in follow(call, link).json["value"]] == [lead]


def test_a_missing_row_is_no_change(call: Caller) -> None:
    link = synced(call)
    call.delete(f"leads({SOME_ID})")
    call.patch(f"leads({uuid4()})", {}, {"If-Match": "*"})
    assert follow(call, link).json["value"] == []
