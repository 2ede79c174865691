"""Service endpoints, steps and images: what is refused, and which events reach which step."""

from typing import Any

import pytest

from emulator.web_api import Endpoint, RowEvent, StepImage
from tests.unit.emulator.web_api.calling import Caller, Clock, table

ENDPOINT = {
    "name": "Hook",
    "contract": 8,
    "authtype": 5,
    "authvalue": "<settings />",
    "url": "http://127.0.0.1:7071/api/row-changed",
}


def step(call: Caller, message: str = "Update", table_name: str = "lead", **members: Any) -> dict[str, Any]:
    where = f"primaryobjecttypecode eq '{table_name}' and sdkmessageid/name eq '{message}'"
    found = call.get(f"sdkmessagefilters?$select=sdkmessagefilterid,_sdkmessageid_value&$filter={where}").json["value"][
        0
    ]
    endpoint = call.created("serviceendpoints", ENDPOINT)
    return {
        "name": f"{table_name} {message}",
        "stage": 40,
        "mode": 1,
        "rank": 1,
        "supporteddeployment": 0,
        "asyncautodelete": True,
        "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint})",
        "sdkmessageid@odata.bind": f"/sdkmessages({found['_sdkmessageid_value']})",
        "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({found['sdkmessagefilterid']})",
        **members,
    }


def register(call: Caller, message: str = "Update", table_name: str = "lead", **members: Any) -> str:
    return call.created("sdkmessageprocessingsteps", step(call, message, table_name, **members))


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/hook",
        "https://a.example:443/",
        "http://a.example/",
        "http://localhost:7071/",
        "http://[::1]:1/",
    ],
)
def test_an_endpoint_is_on_the_standard_ports_or_on_this_machine(call: Caller, url: str) -> None:
    assert call.post("serviceendpoints", {**ENDPOINT, "url": url}).status == 204


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"url": "http://a.example:7071/"}, 400),
        ({"url": "https://127.0.0.1.a.example:8443/"}, 400),
        ({"url": "ftp://127.0.0.1/"}, 400),
        ({"url": "http://127.0.0.1:99999/"}, 400),
        ({"url": None}, 400),
        ({"authtype": 2}, 400),
        ({"contract": 7}, 501),
    ],
)
def test_another_endpoint_is_refused(call: Caller, changes: dict[str, Any], status: int) -> None:
    assert call.post("serviceendpoints", {**ENDPOINT, **changes}).status == status


def test_the_secret_of_an_endpoint_can_be_written_and_not_read(call: Caller) -> None:
    endpoint = call.created("serviceendpoints", ENDPOINT)
    assert "authvalue" not in call.get(f"serviceendpoints({endpoint})").json
    assert call.get("serviceendpoints?$filter=authvalue eq '<settings />'").code == "0x80060888"
    assert call.get("serviceendpoints?$orderby=authvalue").code == "0x80060888"


@pytest.mark.parametrize(
    ("message", "changes", "status", "code"),
    [
        ("Update", {"stage": 30}, 400, "0x80044184"),
        ("Update", {"stage": 20}, 400, None),
        ("Update", {"mode": 0}, 501, None),
        ("Update", {"filteringattributes": "jobtitel"}, 400, None),
        ("Create", {"filteringattributes": "jobtitle"}, 400, None),
        ("Update", {"configuration": "x"}, 400, None),
        ("Update", {"SdkMessageId@odata.bind": "/sdkmessages(x)"}, 400, "0x80048d19"),
        ("Update", {"sdkmessageid@odata.bind": None}, 400, None),
    ],
)
def test_a_step_the_service_or_the_emulator_does_not_take_is_refused(
    call: Caller, message: str, changes: dict[str, Any], status: int, code: str | None
) -> None:
    answer = call.post("sdkmessageprocessingsteps", step(call, message, **changes))
    assert (answer.status, code or answer.code) == (status, answer.code)


def test_a_step_whose_filter_is_another_messages_is_refused(call: Caller) -> None:
    other = step(call, "Create")["sdkmessagefilterid@odata.bind"]
    assert (
        call.post("sdkmessageprocessingsteps", step(call, "Update", **{"sdkmessagefilterid@odata.bind": other})).status
        == 400
    )


def test_a_step_on_another_message_is_refused_by_name(call: Caller) -> None:
    assign = call.get("sdkmessages?$filter=name eq 'Assign'").json["value"][0]["sdkmessageid"]
    body = step(call) | {"sdkmessageid@odata.bind": f"/sdkmessages({assign})"}
    answer = call.post("sdkmessageprocessingsteps", body)
    assert (answer.status, answer.message) == (501, "The emulator does not do steps on the message Assign.")


@pytest.mark.parametrize(
    ("message", "kind", "parameter", "status"),
    [
        ("Create", 1, "Id", 204),
        ("Create", 1, "Target", 400),
        ("Create", 0, "Id", 400),
        ("Update", 2, "Target", 204),
        ("Delete", 0, "Target", 204),
        ("Delete", 1, "Target", 400),
    ],
)
def test_an_image_is_one_the_message_has(call: Caller, message: str, kind: int, parameter: str, status: int) -> None:
    body = {
        "sdkmessageprocessingstepid@odata.bind": f"/sdkmessageprocessingsteps({register(call, message)})",
        "imagetype": kind,
        "name": "Image",
        "entityalias": "Image",
        "messagepropertyname": parameter,
    }
    assert call.post("sdkmessageprocessingstepimages", body).status == status


def test_an_event_finds_the_enabled_steps_of_its_message_and_table(call: Caller, events: list[RowEvent]) -> None:
    on_update, on_create = register(call, "Update"), register(call, "Create")
    register(call, "Update", "account")
    lead_id = call.created("leads", {})
    call.patch(f"leads({lead_id})", {"subject": "a"})
    created, updated = [event for event in events if event.table == "lead"]
    assert [str(found.step_id) for found in call.emulator.steps_for(created)] == [on_create]
    found = call.emulator.steps_for(updated)
    assert [str(one.step_id) for one in found] == [on_update]
    assert found[0].endpoint == Endpoint(ENDPOINT["url"], 5, "<settings />")
    call.patch(f"sdkmessageprocessingsteps({on_update})", {"statecode": 1, "statuscode": 2})
    assert call.emulator.steps_for(updated) == []
    call.patch(f"sdkmessageprocessingsteps({on_update})", {"statecode": 0})
    assert len(call.emulator.steps_for(updated)) == 1
    call.delete(f"sdkmessageprocessingsteps({on_update})")
    assert call.emulator.steps_for(updated) == []


def test_a_step_with_filtering_attributes_hears_of_those_columns_even_unchanged(
    call: Caller, events: list[RowEvent]
) -> None:
    register(call, "Update", filteringattributes="jobtitle,parentaccountid")
    lead_id = call.created("leads", {"jobtitle": "CTO"})
    for body in ({"subject": "a"}, {"jobtitle": "CTO"}, {"subject": "b", "parentaccountid@odata.bind": None}):
        call.patch(f"leads({lead_id})", body)
    heard = [len(call.emulator.steps_for(event)) for event in events if event.message == "Update"]
    assert heard == [0, 1, 1]


def test_a_step_brings_its_images(call: Caller, events: list[RowEvent]) -> None:
    step_id = register(call, "Update")
    body = {
        "sdkmessageprocessingstepid@odata.bind": f"/sdkmessageprocessingsteps({step_id})",
        "imagetype": 0,
        "name": "PreImage",
        "entityalias": "pre",
        "messagepropertyname": "Target",
        "attributes": "jobtitle, statuscode",
    }
    lead_id = call.created("leads", {})
    call.patch(f"leads({lead_id})", {"subject": "a"})
    assert call.emulator.steps_for(events[-1])[0].images == ()
    event = events[-1]
    call.created("sdkmessageprocessingstepimages", body)
    assert call.emulator.steps_for(event)[0].images == (StepImage(0, "PreImage", "pre", ("jobtitle", "statuscode")),)


def test_a_table_of_ones_own_can_be_registered(call: Caller, events: list[RowEvent]) -> None:
    call.post("EntityDefinitions", table("new_Thing"))
    register(call, "Create", "new_thing")
    call.created("new_things", {"new_name": "a"})
    assert len(call.emulator.steps_for(events[-1])) == 1


def test_the_registrations_of_an_endpoint_are_found_by_its_address(call: Caller) -> None:
    step_id = register(call)
    where = (
        "eventhandler_serviceendpoint/serviceendpointid ne null and sdkmessagefilterid/primaryobjecttypecode eq 'lead' "
        f"and eventhandler_serviceendpoint/url eq '{ENDPOINT['url']}'"
    )
    expand = (
        "eventhandler_serviceendpoint($select=serviceendpointid,name,url),sdkmessagefilterid($select=primaryobjecttypecode),"
        "sdkmessageid($select=sdkmessageid,name)"
    )
    found = call.get(f"sdkmessageprocessingsteps?$select=name&$expand={expand}&$filter={where}").json["value"]
    assert [row["sdkmessageprocessingstepid"] for row in found] == [step_id]
    assert (found[0]["sdkmessageid"]["name"], found[0]["sdkmessagefilterid"]["primaryobjecttypecode"]) == (
        "Update",
        "lead",
    )
    assert found[0]["eventhandler_serviceendpoint"]["url"] == ENDPOINT["url"]


@pytest.mark.parametrize(("succeeded", "status"), [(True, 30), (False, 31)])
def test_a_delivery_leaves_a_system_job(
    call: Caller, clock: Clock, events: list[RowEvent], succeeded: bool, status: int
) -> None:
    step_id = register(call, "Create", asyncautodelete=False)
    lead_id = call.created("leads", {})
    clock.advance(seconds=3)
    found = call.emulator.steps_for(events[-1])[0]
    call.emulator.record_system_job(events[-1], found, succeeded=succeeded, message="The web hook call failed.")
    where = f"statuscode eq {status} and _owningextensionid_value eq {step_id}"
    select = "$select=name,message,statecode,completedon,regardingobjectid"
    job = call.get(f"asyncoperations?{select}&$filter={where}&$orderby=completedon desc").json["value"][0]
    assert (job["name"], job["message"], job["statecode"]) == ("lead Create", "The web hook call failed.", 3)
    assert (job["completedon"], job["regardingobjectid"]) == ("2026-08-01T09:00:03Z", lead_id)


def test_a_step_that_deletes_its_jobs_keeps_only_the_failed_ones(call: Caller, events: list[RowEvent]) -> None:
    register(call, "Create")
    call.created("leads", {})
    found = call.emulator.steps_for(events[-1])[0]
    assert call.emulator.record_system_job(events[-1], found, succeeded=True) is None
    assert call.emulator.record_system_job(events[-1], found, succeeded=False) is not None
    assert len(call.get("asyncoperations").json["value"]) == 1
