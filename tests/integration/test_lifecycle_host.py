"""The form's way over sockets: a Status Reason is set in Dataverse, and nothing else is done by hand."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from admin.definition_commands import apply_definitions
from admin.definitions import Definitions
from admin.playground import Playground
from connector.drafts import read_model, read_rule
from connector.rules import parse_rule
from connector.tables import Lead, Lifecycle, QualificationRule, ScoringGroup, ScoringModel
from dataverse import create, delete, query, update
from dataverse.odata import eq
from scoring import parse_model
from tests.world import FIT, RULE


@pytest.fixture(scope="module")
def drafts(play: Playground) -> Playground:
    apply_definitions(play.app.client, Definitions((parse_model(FIT),), (parse_rule(RULE),)))
    play.settle(60)
    return play


def set_status(play: Playground, of: type[ScoringModel | QualificationRule], status: int) -> None:
    """What a person does on the form, and then what comes of it."""
    play.app.client.send(update(of.SET, str(row_id(play, of)), {"statuscode": status}, etag="*"))
    play.settle(60)


def row_id(play: Playground, of: type[ScoringModel | QualificationRule]) -> UUID:
    client = play.app.client
    found = read_model(client, "Fit") if of is ScoringModel else read_rule(client, RULE["rule"])  # type: ignore[arg-type]
    assert found is not None
    return found.row_id


def row(play: Playground, of: type[ScoringModel | QualificationRule]) -> dict[str, Any]:
    columns = ["statecode", "statuscode", of.ERROR_DETAILS, of.UNPUBLISHED_CHANGES]
    (found,) = play.app.client.rows(query(of.SET, select=columns, filter=eq(of.ID, row_id(play, of))))
    return dict(found)


def test_a_model_and_a_rule_go_live_and_end_by_their_status_reason_alone(drafts: Playground) -> None:
    set_status(drafts, QualificationRule, Lifecycle.PUBLISHING)
    refused = row(drafts, QualificationRule)
    assert (refused["statuscode"], refused["lgate_errordetails"]) == (
        Lifecycle.DRAFT,
        "criteria[0].model: 'Fit' is not live: publish it first",
    )
    for of in (ScoringModel, QualificationRule):
        set_status(drafts, of, Lifecycle.PUBLISHING)
        assert (row(drafts, of)["statuscode"], row(drafts, of)["lgate_errordetails"]) == (Lifecycle.LIVE, None)
    lead = str(uuid4())
    columns = {Lead.ID: lead, "lastname": "Durand", "jobtitle": "CEO", "telephone1": "1"}
    drafts.app.client.send(create(Lead.SET, columns, id_column=Lead.ID))
    drafts.settle(60)
    (found,) = drafts.app.client.rows(query(Lead.SET, select=["statuscode"], filter=eq(Lead.ID, UUID(lead))))
    assert found["statuscode"] == 482100000
    # Else a stop would have it looked at in two minutes, and nothing would be settled before.
    drafts.app.client.send(delete(Lead.SET, lead, etag="*"))
    set_status(drafts, ScoringModel, Lifecycle.STOPPING)
    assert "is live and names it: stop the rule first" in row(drafts, ScoringModel)["lgate_errordetails"]
    for of in (QualificationRule, ScoringModel):
        set_status(drafts, of, Lifecycle.STOPPING)
        assert (row(drafts, of)["statecode"], row(drafts, of)["statuscode"]) == (1, Lifecycle.STOPPED)
    assert drafts.poison_count() == 0


def test_an_edited_group_marks_its_model_and_the_edit_taken_back_unmarks_it(drafts: Playground) -> None:
    restart = {"statecode": 0, "statuscode": Lifecycle.PUBLISHING}
    drafts.app.client.send(update(ScoringModel.SET, str(row_id(drafts, ScoringModel)), restart, etag="*"))
    drafts.settle(60)
    groups = query(ScoringGroup.SET, select=[ScoringGroup.ID], filter=eq(ScoringGroup.POINTS, 100))
    (group,) = drafts.app.client.rows(groups)
    for points, marked in ((50, True), (100, False)):
        edit = update(ScoringGroup.SET, str(group[ScoringGroup.ID]), {ScoringGroup.POINTS: points}, etag="*")
        drafts.app.client.send(edit)
        drafts.settle(60)
        assert row(drafts, ScoringModel)[ScoringModel.UNPUBLISHED_CHANGES] is marked
