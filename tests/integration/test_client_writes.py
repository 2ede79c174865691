"""The client's writes and conditions mean in the emulator what they say."""

from datetime import date
from uuid import uuid4

import pytest

from dataverse import (
    AlreadyExistsError,
    ConflictError,
    Filter,
    NotFoundError,
    Request,
    StateError,
    Table,
    action,
    create,
    function,
    query,
    retrieve,
    returning,
    send_in_batches,
    update,
    upsert_by_key,
    write_rows,
)
from dataverse.bulk import Message
from dataverse.definitions import enable_change_tracking
from dataverse.metadata import change_tracking, whole_definition
from dataverse.odata import contains, endswith, startswith
from dataverse.query_functions import counted, day, listed, moment, ranged
from tests.world import World

LEADS = Table("leads", "lead", "leadid")
QUALIFY = {"CreateAccount": False, "CreateContact": True, "CreateOpportunity": False, "Status": 3}


def title(world: World, lead: object) -> object:
    return world.app.client.send(retrieve("leads", str(lead), select=["jobtitle"])).row["jobtitle"]


def found(world: World, condition: Filter) -> set[object]:
    return {row["lastname"] for row in world.app.client.rows(query("leads", select=["lastname"], filter=condition))}


def test_one_bad_row_of_many_is_found_and_the_rest_is_written(unprovisioned: World) -> None:
    client = unprovisioned.app.client
    leads = [str(unprovisioned.new_lead()) for _ in range(5)]
    unprovisioned.delete_lead(leads[2])  # type: ignore[arg-type]  # its text is enough
    changes = [{"leadid": lead, "jobtitle": "Chef"} for lead in leads]
    results = write_rows(client, "UpdateMultiple", LEADS, changes)
    assert [type(result.error) for result in results] == [type(None)] * 2 + [NotFoundError] + [type(None)] * 2
    assert [title(unprovisioned, lead) for lead in leads if lead != leads[2]] == ["Chef"] * 4


@pytest.mark.parametrize("message", ["CreateMultiple", "UpsertMultiple"])
def test_rows_that_carry_their_ids_are_made(unprovisioned: World, message: Message) -> None:
    rows = [{"leadid": str(uuid4()), "lastname": "Durand", "jobtitle": f"Chef {number}"} for number in range(250)]
    results = write_rows(unprovisioned.app.client, message, LEADS, rows)
    assert [result.row_id for result in results] == [row["leadid"] for row in rows]
    assert title(unprovisioned, rows[249]["leadid"]) == "Chef 249"


def test_a_row_that_exists_already_is_the_only_one_that_is_not_created(unprovisioned: World) -> None:
    there = str(unprovisioned.new_lead())
    rows = [{"leadid": there, "lastname": "Durand"}, {"leadid": str(uuid4()), "lastname": "Durand"}]
    first, second = write_rows(unprovisioned.app.client, "CreateMultiple", LEADS, rows)
    assert isinstance(first.error, AlreadyExistsError)
    assert second.row_id == rows[1]["leadid"]


def test_a_write_answers_with_the_row_as_it_is_then(unprovisioned: World) -> None:
    client = unprovisioned.app.client
    made = client.send(returning(create("leads", {"lastname": "Durand"}), ["lastname", "statecode"])).row
    assert (made["lastname"], made["statecode"]) == ("Durand", 0)
    etag = str(made["@odata.etag"])
    change = update("leads", str(made["leadid"]), {"jobtitle": "Chef"}, etag=etag)
    assert client.send(returning(change, ["jobtitle"])).row["jobtitle"] == "Chef"
    with pytest.raises(ConflictError):
        client.send(change)


def test_a_row_is_made_and_changed_by_its_key(unprovisioned: World) -> None:
    client = unprovisioned.app.client
    label = {"LocalizedLabels": [{"Label": "By mail", "LanguageCode": 1033}]}
    key = {"SchemaName": "new_bymail", "DisplayName": label, "KeyAttributes": ["emailaddress1"]}
    client.send(Request("POST", "EntityDefinitions(LogicalName='lead')/Keys", body=key))
    unprovisioned.clock.forward(hours=1)
    mail = {"emailaddress1": "o'hara@example.org"}
    for row in ({"lastname": "O'Hara"}, {"jobtitle": "Chef"}):
        client.send(upsert_by_key("leads", mail, row))
    (row,) = client.rows(query("leads", select=["lastname", "jobtitle", "emailaddress1"]))
    assert (row["lastname"], row["jobtitle"], row["emailaddress1"]) == ("O'Hara", "Chef", mail["emailaddress1"])
    with pytest.raises(AlreadyExistsError):
        client.send(upsert_by_key("leads", mail, {}, only_create=True))


def test_a_lead_is_qualified_once_and_a_second_time_its_state_refuses(unprovisioned: World) -> None:
    client = unprovisioned.app.client
    lead = str(unprovisioned.new_lead(firstname="Ada"))
    (contact,) = client.send(action("QualifyLead", QUALIFY, ("leads", lead))).rows
    assert client.send(retrieve("contacts", str(contact["contactid"]), select=["firstname"])).row["firstname"] == "Ada"
    with pytest.raises(StateError):
        client.send(action("QualifyLead", QUALIFY, ("leads", lead)))


def test_a_function_answers_with_its_value(unprovisioned: World) -> None:
    client = unprovisioned.app.client
    assert client.send(function("WhoAmI")).row["OrganizationId"] == str(unprovisioned.emulator.organization_id)
    unprovisioned.new_lead()
    counts = client.send(function("RetrieveTotalRecordCount", {"EntityNames": ["lead"]})).row
    assert counts["EntityRecordCountCollection"]["Values"] == [1]  # type: ignore[index]  # as the action is documented


def test_change_tracking_is_switched_on_by_putting_the_definition_back(world: World) -> None:
    client, table = world.app.client, "systemuser"
    before = change_tracking(client, table)
    assert before is not None
    assert not before.is_enabled
    definition = whole_definition(client, table)
    assert definition is not None
    client.send(enable_change_tracking(definition))
    after = change_tracking(client, table)
    assert after is not None
    assert after.is_enabled


def test_results_of_many_batches_are_those_of_their_parts(unprovisioned: World) -> None:
    leads = [str(unprovisioned.new_lead(jobtitle=f"{number}")) for number in range(7)]
    reads = [retrieve("leads", lead, select=["jobtitle"]) for lead in leads]
    results = send_in_batches(unprovisioned.app.client, reads, requests_max=3)
    assert [result.response.row["jobtitle"] for result in results] == [f"{number}" for number in range(7)]


def test_texts_are_found_as_they_are_and_not_as_patterns(unprovisioned: World) -> None:
    for name in ("50%", "500", "a_b", "axb", "[x]", "x", "O'Hara"):
        unprovisioned.new_lead(lastname=name)
    assert found(unprovisioned, contains("lastname", "0%")) == {"50%"}
    assert found(unprovisioned, startswith("lastname", "A_")) == {"a_b"}
    assert found(unprovisioned, endswith("lastname", "x]")) == {"[x]"}
    assert found(unprovisioned, contains("lastname", "[x]")) == {"[x]"}
    assert found(unprovisioned, contains("lastname", "o'h")) == {"O'Hara"}


def test_query_functions_find_what_they_say(unprovisioned: World) -> None:
    made_on = {"0": "2026-03-02T08:59:00Z", "10": "2026-02-20T09:00:00Z", "100": "2025-11-22T09:00:00Z"}
    employees = {"0": 5, "10": 50, "100": 500}
    rows = [{"lastname": n, "numberofemployees": employees[n], "createdon": made_on[n]} for n in made_on]
    unprovisioned.emulator.load("lead", rows)
    cases = {
        moment("Today", "createdon"): {"0"},
        moment("ThisYear", "createdon"): {"0", "10"},
        counted("LastXDays", "createdon", 28): {"0", "10"},
        counted("OlderThanXDays", "createdon", 28): {"100"},
        day("On", "createdon", date(2026, 2, 20)): {"10"},
        day("OnOrAfter", "createdon", date(2026, 2, 20)): {"0", "10"},
        day("OnOrBefore", "createdon", date(2026, 2, 20)): {"10", "100"},
        ranged("Between", "numberofemployees", 5, 50): {"0", "10"},
        ranged("NotBetween", "numberofemployees", 5, 50): {"100"},
        listed("In", "numberofemployees", [5, 500]): {"0", "100"},
        listed("NotIn", "numberofemployees", [5, 500]): {"10"},
    }
    for condition, names in cases.items():
        assert found(unprovisioned, condition) == names, condition.expression
