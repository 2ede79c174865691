"""The whole of it over sockets: a user's edit, Dataverse's webhook, the host, the queue, the worker, and back."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests

from admin.definitions import Definitions
from admin.demo.command import OutcomeError, check, publish
from admin.demo.expected import expected
from admin.demo.plans import Plan
from admin.playground import Playground
from connector.decide_scores import instant
from connector.rules import parse_rule
from connector.tables import Lead, LeadInteraction, LeadScore
from dataverse import create, delete, query, update
from dataverse.odata import eq
from scoring import parse_model
from tests.world import FIT, RULE, VISITS


@pytest.fixture(scope="module")
def live(play: Playground) -> Playground:
    publish(play, Definitions((parse_model(FIT), parse_model(VISITS)), (parse_rule(RULE),)))
    return play


def new_lead(play: Playground, **columns: object) -> UUID:
    lead = uuid4()
    play.app.client.send(create(Lead.SET, {Lead.ID: str(lead), "lastname": "Durand", **columns}, id_column=Lead.ID))
    return lead


def score(play: Playground, lead: UUID, model: str = "Fit") -> Any:
    of_lead = eq(f"_{LeadScore.LEAD}_value", lead)
    rows = play.app.client.rows(query(LeadScore.SET, select=[LeadScore.NAME, LeadScore.SCORE], filter=of_lead))
    return {row[LeadScore.NAME]: row[LeadScore.SCORE] for row in rows}[model]


def worked(play: Playground) -> int:
    """Messages that the worker was handed so far."""
    counts = play.host.counts.get("score_leads")
    return 0 if counts is None else counts.succeeded + counts.failed


def post(play: Playground, body: bytes, secret: str | None = None) -> requests.Response:
    headers = {"Content-Type": "application/json"}
    if secret is not None:
        headers["x-leadgate-secret"] = secret
    return requests.post(f"{play.host.url}/api/row-changed", data=body, headers=headers, timeout=30)


def context(play: Playground, **members: object) -> bytes:
    content = {
        "MessageName": "Update",
        "OrganizationId": play.settings["DATAVERSE_ORGANIZATION_ID"],
        "PrimaryEntityName": "lead",
        "PrimaryEntityId": str(uuid4()),
        **members,
    }
    return json.dumps(content).encode()


def test_an_edit_in_dataverse_becomes_a_score_and_a_qualification_by_itself(live: Playground) -> None:
    lead = new_lead(live, jobtitle="CEO")
    live.settle(60)
    assert score(live, lead) == 100
    live.app.client.send(update(Lead.SET, str(lead), {"telephone1": "+33 4 99 00 00 00"}, etag="*"))
    live.settle(60)
    assert score(live, lead) == 110
    (row,) = live.app.client.rows(query(Lead.SET, select=["statuscode"], filter=eq(Lead.ID, lead)))
    assert row["statuscode"] == 482100000
    assert live.poison_count() == 0


def test_an_interaction_reaches_its_lead_and_so_does_its_deletion(live: Playground) -> None:
    lead, row_id = new_lead(live), str(uuid4())
    live.settle(60)
    assert score(live, lead, "Visits") == 0
    row = {
        LeadInteraction.ID: row_id,
        LeadInteraction.OCCURRED_ON: instant(live.app.clock()),
        f"{LeadInteraction.LEAD}@odata.bind": f"/leads({lead})",
    }
    live.app.client.send(create(LeadInteraction.SET, row, id_column=LeadInteraction.ID))
    live.settle(60)
    assert score(live, lead, "Visits") == 5
    live.app.client.send(delete(LeadInteraction.SET, row_id, etag="*"))
    live.settle(60)
    assert score(live, lead, "Visits") == 0


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("not JSON", 400),
        ("truncated", 400),
        ("another organisation", 403),
        ("another table", 400),
        ("over 1 MiB", 413),
        ("wrong secret", 401),
        ("missing secret", 401),
    ],
)
def test_a_bad_webhook_gets_a_clear_answer_and_nothing_is_queued(live: Playground, name: str, status: int) -> None:
    good = context(live)
    secret: str | None = live.app.settings.webhook_secrets[0]
    body = {
        "not JSON": b"jobtitle=CEO",
        "truncated": good[: len(good) // 2],
        "another organisation": context(live, OrganizationId=str(uuid4())),
        "another table": context(live, PrimaryEntityName="systemuser"),
        "over 1 MiB": context(live, Padding="x" * 1024 * 1024),
    }.get(name, good)
    if name.endswith("secret"):
        secret = "0" * 40 if name.startswith("wrong") else None
    before = worked(live)
    answer = post(live, body, secret)
    live.settle(60)
    assert (answer.status_code, answer.content, worked(live)) == (status, b"", before)


def test_a_good_webhook_is_taken_when_its_message_is_in_the_queue(live: Playground) -> None:
    before = worked(live)
    assert post(live, context(live), live.app.settings.webhook_secrets[0]).status_code == 202
    live.settle(60)
    assert worked(live) == before + 1


def test_the_demo_fails_when_the_outcome_is_not_what_the_models_say(live: Playground) -> None:
    lead = new_lead(live, jobtitle="CEO")
    live.settle(60)
    row = {"leadid": str(lead), "jobtitle": "CEO"}
    wanted = expected(Definitions((parse_model(FIT), parse_model(VISITS)), ()), [row], {}, live.app.clock())
    check(live, Plan(acts=(), rows=(), wanted=wanted))
    live.app.client.send(update(Lead.SET, str(lead), {"jobtitle": None}, etag="*"))
    live.settle(60)
    with pytest.raises(OutcomeError, match="0 points are stored, the file says 100"):
        check(live, Plan(acts=(), rows=(), wanted=wanted))
