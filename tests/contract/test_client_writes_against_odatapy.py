"""Our client at an OData server that nobody here wrote: guarded writes and batches.

Where Dataverse answers otherwise than odatapy, the test says so. One difference is everywhere: the codes in odatapy's
errors repeat the status, and only Dataverse's codes tell a row that is gone from a table that is not known. So a 404
is no NotFoundError here: a lead is not taken for deleted on the word of somebody who may mean something else.
"""

from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from dataverse import (
    AlreadyExistsError,
    BadRequestError,
    Changeset,
    ConflictError,
    DataverseClient,
    NotAttemptedError,
    Request,
    create,
    delete,
    retrieve,
    update,
    upsert,
)
from dataverse.odata import eq
from tests.contract.leads import Campaign


@pytest.fixture
def campaign(client: DataverseClient) -> Campaign:
    return Campaign(client)


def read(campaign: Campaign, lead: UUID) -> tuple[str, object]:
    """A lead's ETag and job title; odatapy leaves out what was never set, where Dataverse sends null."""
    row = campaign.client.send(retrieve("leads", str(lead), select=["jobtitle"])).row
    return str(row["@odata.etag"]), row.get("jobtitle")


def change(lead: UUID, etag: str = "*", jobtitle: str = "Chair") -> Request:
    return update("leads", str(lead), {"jobtitle": jobtitle}, etag=etag)


def test_a_change_with_the_current_etag_goes_through_once(campaign: Campaign) -> None:
    lead = campaign.new_lead()
    before, _ = read(campaign, lead)
    campaign.client.send(change(lead, before))
    after, jobtitle = read(campaign, lead)
    assert (jobtitle, after != before) == ("Chair", True)
    with pytest.raises(ConflictError) as refused:
        campaign.client.send(change(lead, before, "Treasurer"))
    assert refused.value.status == 412
    assert read(campaign, lead) == (after, "Chair")


def test_the_etag_of_a_row_in_a_list_guards_it_too(campaign: Campaign) -> None:
    lead = campaign.new_lead()
    (row,) = campaign.client.rows(campaign.query())
    assert row["@odata.etag"] == read(campaign, lead)[0]
    campaign.client.send(change(lead, str(row["@odata.etag"])))
    with pytest.raises(ConflictError):
        campaign.client.send(delete("leads", str(lead), etag=str(row["@odata.etag"])))
    assert read(campaign, lead)[1] == "Chair"


def test_a_star_guards_against_nothing_but_absence(campaign: Campaign) -> None:
    lead = campaign.new_lead()
    campaign.client.send(change(lead))
    campaign.client.send(delete("leads", str(lead), etag="*"))
    for request in (
        change(lead),
        delete("leads", str(lead), etag="*"),
        retrieve("leads", str(lead), select=["jobtitle"]),
    ):
        with pytest.raises(BadRequestError) as refused:
            campaign.client.send(request)
        assert refused.value.status == 404


def test_what_shall_only_be_created_is_not_changed(campaign: Campaign) -> None:
    lead = campaign.new_lead(jobtitle="Chair")
    with pytest.raises(AlreadyExistsError) as refused:
        campaign.client.send(upsert("leads", str(lead), {"jobtitle": "Treasurer"}, only_create=True))
    assert refused.value.status == 412
    assert read(campaign, lead)[1] == "Chair"


def test_an_unguarded_change_is_refused_with_428_which_dataverse_never_asks_for(campaign: Campaign) -> None:
    lead = campaign.new_lead(jobtitle="Chair")
    with pytest.raises(BadRequestError) as refused:
        campaign.client.send(upsert("leads", str(lead), {"jobtitle": "Treasurer"}))
    assert refused.value.status == 428
    assert read(campaign, lead)[1] == "Chair"


def test_where_rows_have_no_etags_an_unguarded_change_goes_through_as_at_dataverse(client: DataverseClient) -> None:
    account = str(uuid4())
    client.send(create("accounts", {"accountid": account, "name": "Klint"}, id_column="accountid"))
    client.send(upsert("accounts", account, {"name": "Klint and sons"}))
    row = client.send(retrieve("accounts", account, select=["name"])).row
    assert row["name"] == "Klint and sons"


def test_an_upsert_of_a_new_row_is_404_where_dataverse_creates_it(client: DataverseClient) -> None:
    with pytest.raises(BadRequestError) as refused:
        client.send(upsert("accounts", str(uuid4()), {"name": "Klint"}))
    assert refused.value.status == 404


def test_a_second_creation_is_409_where_dataverse_says_412_with_a_code(campaign: Campaign) -> None:
    request, lead = campaign.creation(jobtitle="Chair")
    campaign.client.send(request)
    with pytest.raises(BadRequestError) as refused:
        campaign.client.send(request)
    assert refused.value.status == 409
    assert len(campaign.names(eq("leadid", lead))) == 1


def test_a_creation_answers_with_the_row_where_dataverse_sends_only_its_address(campaign: Campaign) -> None:
    request, lead = campaign.creation("Durand")
    response = campaign.client.send(request)
    assert (response.status, response.row["leadid"], response.created_id) == (201, str(lead), None)


def test_the_results_of_a_batch_come_in_the_order_of_its_parts_and_see_what_went_before(campaign: Campaign) -> None:
    (first, _), (second, lead) = campaign.creation("first"), campaign.creation("second")
    before, made, read_back, after = campaign.client.batch(
        [
            campaign.query(),
            Changeset([first, second]),
            retrieve("leads", str(lead), select=["lastname"]),
            campaign.query(orderby=["lastname"]),
        ]
    )
    assert before.response.rows == []
    assert [response.status for response in made.responses] == [201, 201]
    assert read_back.response.row["lastname"] == "second"
    assert [row["lastname"] for row in after.response.rows] == ["first", "second"]


@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_changeset_that_fails_leaves_nothing_and_names_the_request_that_failed(
    campaign: Campaign, position: int
) -> None:
    lead = campaign.new_lead(jobtitle="Chair")
    stale, _ = read(campaign, lead)
    campaign.client.send(change(lead, jobtitle="Treasurer"))
    writes = [campaign.creation("one")[0], campaign.creation("two")[0]]
    writes.insert(position, change(lead, stale))
    (result,) = campaign.client.batch([Changeset(writes)])
    assert isinstance(result.error, ConflictError)
    assert (result.error.status, result.failed_at, result.responses) == (412, position, ())
    assert campaign.names() == ["Durand"]
    assert read(campaign, lead)[1] == "Treasurer"


def test_the_deletion_in_a_failed_changeset_did_not_happen(campaign: Campaign) -> None:
    kept, missing = campaign.new_lead("kept"), uuid4()
    (result,) = campaign.client.batch([Changeset([delete("leads", str(kept), etag="*"), change(missing)])])
    assert isinstance(result.error, BadRequestError)
    assert (result.error.status, result.failed_at) == (404, 1)
    assert campaign.names() == ["kept"]


def mixed(campaign: Campaign) -> Sequence[Request | Changeset]:
    """A part that works, one that fails, and two that would work."""
    return [
        Changeset([campaign.creation("before")[0]]),
        Changeset([campaign.creation("rolled back")[0], change(uuid4())]),
        Changeset([campaign.creation("after")[0]]),
        campaign.query(orderby=["lastname"]),
    ]


def test_the_parts_after_an_error_are_done_when_asked_to_continue(campaign: Campaign) -> None:
    results = campaign.client.batch(mixed(campaign))
    assert [type(result.error) for result in results] == [type(None), BadRequestError, type(None), type(None)]
    assert [row["lastname"] for row in results[-1].response.rows] == ["after", "before"]


def test_the_parts_after_an_error_are_said_to_be_untried_when_not(campaign: Campaign) -> None:
    results = campaign.client.batch(mixed(campaign), continue_on_error=False)
    assert [type(result.error) for result in results] == [
        type(None),
        BadRequestError,
        NotAttemptedError,
        NotAttemptedError,
    ]
    assert campaign.names() == ["before"]


@pytest.mark.parametrize("text", ["O'Neil", "50% & more + 1 = #7?", "Žižková 雪", "\r\n--batch\r\n", '"{}'])
def test_texts_survive_a_batch_in_bodies_and_in_conditions(campaign: Campaign, text: str) -> None:
    made, found = campaign.client.batch([Changeset([campaign.creation(text)[0]]), campaign.query(eq("lastname", text))])
    assert made.error is None
    assert [row["lastname"] for row in found.response.rows] == [text]


def test_a_request_of_a_changeset_can_refer_to_the_row_that_an_earlier_one_made(campaign: Campaign) -> None:
    account_id = str(uuid4())
    account = create("accounts", {"accountid": account_id, "name": "Klint"}, id_column="accountid")
    lead, _ = campaign.creation(**{"parentaccountid@odata.bind": "$1"})
    (result,) = campaign.client.batch([Changeset([account, lead, Request("PATCH", "$1", {}, {"name": "Klint AG"})])])
    assert [response.status for response in result.responses] == [201, 201, 204]
    (row,) = campaign.client.rows(campaign.query(expand={"parentaccountid": ["name"]}))
    assert row["parentaccountid"] == {"accountid": account_id, "name": "Klint AG"}


def test_a_large_batch_keeps_its_order(campaign: Campaign) -> None:
    changesets = [Changeset([campaign.creation(f"lead {number:03}")[0]]) for number in range(40)]
    results = campaign.client.batch(changesets)
    assert [result.responses[0].row["lastname"] for result in results] == [f"lead {number:03}" for number in range(40)]
