"""Microsoft's own client, unchanged, at the emulator over https: rows."""

import time
from collections.abc import Callable
from uuid import UUID

import pytest

from tests.judges.running_client import ClientRaisedError, MicrosoftClient

NOBODY = "00000000-0000-0000-0000-00000000dead"


def mine(company: str) -> str:
    return f"companyname eq '{company}'"


def names(client: MicrosoftClient, company: str) -> list[str]:
    """The last names at a company, sorted."""
    return sorted(row["lastname"] for row in client("records.list", "lead", select=["lastname"], filter=mine(company)))


def wait_until(done: Callable[[], bool], *, timeout_s: float = 30) -> None:
    ends_at = time.monotonic() + timeout_s
    while not done():
        assert time.monotonic() < ends_at, "not done in time"
        time.sleep(0.05)


@pytest.fixture
def leads(client: MicrosoftClient, company: str) -> list[str]:
    """The ids of three leads, made at once."""
    rows = [{"lastname": lastname, "companyname": company} for lastname in ("Arp", "Braun", "Curie")]
    made: list[str] = client("records.create", "lead", rows)
    return made


def test_it_creates_one_row_and_gets_it(client: MicrosoftClient, company: str) -> None:
    lead = client("records.create", "lead", {"LastName": "O'Neil & Söhne", "companyname": company, "revenue": 12.5})
    row = client("records.retrieve", "lead", lead, select=["lastname", "companyname", "leadid"])
    assert UUID(lead)
    assert (row["leadid"], row["lastname"], row["companyname"]) == (lead, "O'Neil & Söhne", company)


def test_it_creates_many_rows_and_is_told_their_ids_in_order(
    client: MicrosoftClient, leads: list[str], company: str
) -> None:
    assert [client("records.retrieve", "lead", lead, select=["lastname"])["lastname"] for lead in leads] == [
        "Arp",
        "Braun",
        "Curie",
    ]
    assert len(names(client, company)) == 3


def test_many_rows_are_created_together_or_not_at_all(client: MicrosoftClient, company: str) -> None:
    rows = [{"lastname": "Arp", "companyname": company}, {"lastname": "B" * 51, "companyname": company}]
    with pytest.raises(ClientRaisedError) as refused:
        client("records.create", "lead", rows)
    assert (refused.value.kind, refused.value.status, refused.value.code) == ("HttpError", 400, "0x80044331")
    assert names(client, company) == []


def test_it_finds_no_row_where_there_is_none(client: MicrosoftClient) -> None:
    assert client("records.retrieve", "lead", NOBODY, select=["lastname"]) is None


def test_it_writes_a_choice_by_its_label(client: MicrosoftClient, company: str) -> None:
    lead = client("records.create", "lead", {"lastname": "Arp", "companyname": company, "leadsourcecode": "web"})
    row = client("records.retrieve", "lead", lead, select=["leadsourcecode"], include_annotations="*")
    assert row["leadsourcecode"] == 8
    assert row["leadsourcecode@OData.Community.Display.V1.FormattedValue"] == "Web"


def test_it_updates_one_row(client: MicrosoftClient, leads: list[str]) -> None:
    assert client("records.update", "lead", leads[1], {"JobTitle": "Chair"}) is None
    rows = [client("records.retrieve", "lead", lead, select=["jobtitle"]) for lead in leads]
    assert [row["jobtitle"] for row in rows] == [None, "Chair", None]


def test_it_does_not_create_a_row_by_updating_it(client: MicrosoftClient) -> None:
    with pytest.raises(ClientRaisedError) as refused:
        client("records.update", "lead", NOBODY, {"jobtitle": "Chair"})
    assert (refused.value.kind, refused.value.status, refused.value.code) == ("HttpError", 404, "0x80040217")


def test_it_updates_many_rows_alike(client: MicrosoftClient, leads: list[str]) -> None:
    client("records.update", "lead", leads[:2], {"jobtitle": "Chair"})
    rows = [client("records.retrieve", "lead", lead, select=["jobtitle"]) for lead in leads]
    assert [row["jobtitle"] for row in rows] == ["Chair", "Chair", None]


def test_it_updates_many_rows_each_in_its_way_or_none(client: MicrosoftClient, leads: list[str]) -> None:
    client("records.update", "lead", leads[:2], [{"jobtitle": "Chair"}, {"jobtitle": "Treasurer"}])
    with pytest.raises(ClientRaisedError) as refused:
        client("records.update", "lead", [leads[0], NOBODY], {"jobtitle": "Nobody"})
    assert refused.value.status == 404
    rows = [client("records.retrieve", "lead", lead, select=["jobtitle"]) for lead in leads]
    assert [row["jobtitle"] for row in rows] == ["Chair", "Treasurer", None]


def test_it_deletes_a_row_once(client: MicrosoftClient, leads: list[str]) -> None:
    client("records.delete", "lead", leads[0])
    assert client("records.retrieve", "lead", leads[0], select=["lastname"]) is None
    with pytest.raises(ClientRaisedError) as refused:
        client("records.delete", "lead", leads[0])
    assert (refused.value.status, refused.value.code) == (404, "0x80040217")


def test_it_deletes_many_rows_one_after_the_other(client: MicrosoftClient, leads: list[str], company: str) -> None:
    client("records.delete", "lead", leads[:2], use_bulk_delete=False)
    assert names(client, company) == ["Curie"]


def test_a_bulk_delete_is_a_job_that_removes_those_rows_alone(
    client: MicrosoftClient, leads: list[str], company: str
) -> None:
    job = client("records.delete", "lead", leads[:2])
    wait_until(lambda: names(client, company) == ["Curie"])

    def succeeded() -> bool:
        row = client("records.retrieve", "asyncoperation", job, select=["statecode", "statuscode"])
        return bool((row["statecode"], row["statuscode"]) == (3, 30))

    wait_until(succeeded)


def test_it_knows_a_table_that_is_not_there(client: MicrosoftClient) -> None:
    with pytest.raises(ClientRaisedError) as refused:
        client("records.create", "no_table", {"lastname": "Arp"})
    assert refused.value.kind == "MetadataError"


def test_it_hears_which_column_is_unknown(client: MicrosoftClient) -> None:
    with pytest.raises(ClientRaisedError, match="no_column") as refused:
        client("records.create", "lead", {"no_column": 1})
    assert (refused.value.kind, refused.value.status) == ("HttpError", 400)
