"""Microsoft's own client, unchanged, at the emulator over https: batches and their changesets."""

from typing import Any

from tests.judges.running_client import MicrosoftClient, call

TOO_LONG = {"jobtitle": "x" * 101}


def row(lastname: str, company: str, **columns: object) -> dict[str, object]:
    return {"lastname": lastname, "companyname": company, **columns}


def leads(client: MicrosoftClient, company: str) -> dict[str, dict[str, Any]]:
    """The leads of a company by their last name."""
    found = client(
        "records.list",
        "lead",
        select=["lastname", "jobtitle"],
        filter=f"companyname eq '{company}'",
        expand=["parentaccountid($select=name)"],
    )
    return {str(lead["lastname"]): lead for lead in found}


def test_a_batch_does_each_kind_of_operation_in_its_order(client: MicrosoftClient, company: str) -> None:
    kept, doomed = client("records.create", "lead", [row("Arp", company), row("Braun", company)])
    mine = f"companyname eq '{company}'"
    responses = client.batch(
        call("records.create", "lead", row("Curie", company)),
        call("records.create", "lead", [row("Dix", company), row("Ernst", company)]),
        call("records.update", "lead", kept, {"jobtitle": "Chair"}),
        call("records.delete", "lead", doomed),
        call("records.retrieve", "lead", kept, select=["jobtitle"]),
        call("records.list", "lead", select=["lastname"], filter=mine, orderby=["lastname"], top=3),
        call("query.sql", "SELECT TOP 1 fullname FROM contact"),
        call("tables.get", "lead"),
    )
    assert [response["status_code"] for response in responses] == [204, 200, 204, 204, 200, 200, 200, 200]
    assert client("records.retrieve", "lead", responses[0]["entity_id"], select=["lastname"])["lastname"] == "Curie"
    assert len(responses[1]["data"]["Ids"]) == 2
    assert responses[4]["data"]["jobtitle"] == "Chair"
    assert [each["lastname"] for each in responses[5]["data"]["value"]] == ["Arp", "Curie", "Dix"]
    assert "value" in responses[6]["data"]
    assert responses[7]["data"]["value"][0]["EntitySetName"] == "leads"


def test_a_changeset_refers_to_the_rows_it_makes(client: MicrosoftClient, company: str) -> None:
    responses = client.batch(
        [
            call("records.create", "account", {"name": "Klint"}),
            call("records.create", "lead", row("Arp", company, **{"parentaccountid@odata.bind": "$1"})),
            call("records.update", "lead", "$2", {"jobtitle": "Chair"}),
            call("records.update", "account", "$1", {"name": "Klint AG"}),
        ]
    )
    assert [(each["status_code"], each["content_id"]) for each in responses] == [
        (204, "1"),
        (204, "2"),
        (204, "3"),
        (204, "4"),
    ]
    lead = leads(client, company)["Arp"]
    assert (lead["jobtitle"], lead["parentaccountid"]["name"]) == ("Chair", "Klint AG")


def test_a_row_that_a_changeset_made_can_be_deleted_by_it(client: MicrosoftClient, company: str) -> None:
    changeset = [call("records.create", "lead", row("Arp", company)), call("records.delete", "lead", "$1")]
    assert [each["status_code"] for each in client.batch(changeset)] == [204, 204]
    assert leads(client, company) == {}


def test_a_changeset_that_fails_leaves_nothing_and_answers_once(client: MicrosoftClient, company: str) -> None:
    lead = client("records.create", "lead", row("Arp", company))
    (response,) = client.batch(
        [
            call("records.create", "lead", row("Braun", company)),
            call("records.delete", "lead", lead),
            call("records.update", "lead", "$1", TOO_LONG),
        ]
    )
    assert (response["status_code"], response["error_code"]) == (400, "0x80044331")
    assert list(leads(client, company)) == ["Arp"]


def test_a_batch_stops_at_its_first_error_unless_told_to_continue(client: MicrosoftClient, company: str) -> None:
    parts = [
        call("records.create", "lead", row("Arp", company)),
        call("records.create", "lead", row("Nobody", company, **TOO_LONG)),
        call("records.create", "lead", row("Braun", company)),
    ]
    assert [each["status_code"] for each in client.batch(*parts)] == [204, 400]
    assert list(leads(client, company)) == ["Arp"]
    assert [each["status_code"] for each in client.batch(*parts, continue_on_error=True)] == [204, 400, 204]
    assert sorted(leads(client, company)) == ["Arp", "Braun"]


def test_each_changeset_of_a_batch_stands_alone(client: MicrosoftClient, company: str) -> None:
    responses = client.batch(
        [call("records.create", "lead", row("Arp", company)), call("records.update", "lead", "$1", TOO_LONG)],
        [
            call("records.create", "lead", row("Braun", company)),
            call("records.update", "lead", "$3", {"jobtitle": "y"}),
        ],
        continue_on_error=True,
    )
    assert [each["status_code"] for each in responses] == [400, 204, 204]
    assert {name: lead["jobtitle"] for name, lead in leads(client, company).items()} == {"Braun": "y"}
