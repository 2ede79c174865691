"""Who holds the secret can cause a look at a lead and nothing else; and a score can be accounted for (SEC3, 15)."""

import json
from uuid import UUID, uuid4

import pytest

from connector.messages import LEAD_CHANGES
from connector.tables import LeadScore, PublishedVersion
from dataverse import query
from dataverse.odata import eq
from tests.evidence import keep_evidence
from tests.security.door import Door
from tests.unit.connector.executed import context, entity, pair
from tests.world import FIT, RULE, VISITS, World


@pytest.fixture(scope="module", autouse=True)
def live(place: World) -> World:
    place.publish(FIT, VISITS, RULE)
    return place


def settle(place: World, door: Door) -> None:
    """Do all that the door has queued."""
    place.queue.sent.clear()
    place.queue.sent += door.queue.sent
    door.queue.sent.clear()
    while messages := place.queue.of(LEAD_CHANGES):
        place.queue.sent.remove((LEAD_CHANGES, messages[0], 0))
        place.app.worker.work(messages[0], LEAD_CHANGES)


def forged(lead: UUID, **claimed: object) -> bytes:
    """A body that claims whatever would qualify the lead, in every place that a body has."""
    claims = {"jobtitle": "CEO", "telephone1": "1", LeadScore.SCORE: 999, "statuscode": 3, "statecode": 1} | claimed
    attributes = [pair(name, value) for name, value in claims.items()]
    image = [pair("PostImage", entity("lead", str(lead), *attributes, is_image=True))]
    target = pair("Target", entity("lead", str(lead), *attributes))
    return json.dumps(
        context(
            PrimaryEntityId=str(lead),
            InputParameters=[target, pair("score", 999)],
            PreEntityImages=image,
            PostEntityImages=image,
            SharedVariables=[pair("leadgate", "qualify")],
            **claims,
        )
    ).encode()


def test_a_forged_body_causes_one_look_and_nothing_that_it_claims(place: World, door: Door) -> None:
    lead = place.new_lead(jobtitle="CEO")
    place.work(lead)
    row, writes = place.lead(lead, "statuscode", "telephone1"), place.writes()
    assert door.post(forged(lead)).status_code == 202
    assert door.queued() == [("lead", str(lead))]
    settle(place, door)
    assert place.scores(lead)["Fit"]["lgate_score"] == 100
    assert place.lead(lead, "statuscode", "telephone1") == row
    assert place.log(lead) == []
    assert place.writes() == writes


def test_a_body_about_one_lead_that_holds_another_concerns_the_first_alone(place: World, door: Door) -> None:
    lead, other = place.new_lead(), place.new_lead(jobtitle="CEO", telephone1="1")
    body = json.loads(forged(lead))
    body["InputParameters"] = [pair("Target", entity("lead", str(other)))]
    door.post(json.dumps(body).encode())
    assert door.queued() == [("lead", str(lead))]
    settle(place, door)
    assert place.scores(other) == {}
    assert place.scores(lead)["Fit"]["lgate_score"] == 0


def test_a_body_about_a_lead_that_never_was_makes_none(place: World, door: Door) -> None:
    ghost, writes = uuid4(), place.writes()
    assert door.post(forged(ghost)).status_code == 202
    settle(place, door)
    assert place.writes() == writes
    assert list(place.app.client.rows(query("leads", select=["leadid"], filter=eq("leadid", ghost)))) == []


@pytest.mark.parametrize(
    "when", ["/Date(0)/", "/Date(4102444800000)/", "/Date(1506409448000-0700)/", "yesterday", None]
)
def test_no_event_is_refused_for_its_age(when: object, door: Door) -> None:
    assert door.post(json.dumps(context(OperationCreatedOn=when)).encode()).status_code == 202


@pytest.mark.parametrize("times", [200, pytest.param(10_000, marks=pytest.mark.slow)])
def test_a_body_that_is_replayed_writes_nothing(times: int, place: World, door: Door) -> None:
    lead = place.new_lead(jobtitle="CEO", telephone1="1")
    place.work(lead)
    etag, writes = place.lead(lead)["@odata.etag"], place.writes()
    body = forged(lead)
    assert {door.post(body).status_code for _ in range(times)} == {202}
    assert len(door.queue.sent) == times
    settle(place, door)
    keep_evidence(f"replays-{times}", replays=times, writes=place.writes() - writes)
    assert place.writes() == writes
    assert place.lead(lead)["@odata.etag"] == etag
    assert len(place.log(lead)) == 1


def test_each_score_names_the_groups_it_comes_of_their_points_and_the_version(place: World) -> None:
    lead = place.new_lead(jobtitle="Directrice marketing", telephone1="+33 4 99 00 00 00")
    place.visit(lead, days_ago=1)
    place.work(lead)
    columns = (LeadScore.SCORE, LeadScore.EXPLANATION, f"_{LeadScore.VERSION}_value")
    rows = list(
        place.app.client.rows(query(LeadScore.SET, select=columns, filter=eq(f"_{LeadScore.LEAD}_value", lead)))
    )
    found = {}
    for row in rows:
        version_id = UUID(str(row[f"_{LeadScore.VERSION}_value"]))
        (version,) = place.app.client.rows(
            query(
                PublishedVersion.SET,
                select=[PublishedVersion.DEFINITION, PublishedVersion.NUMBER],
                filter=eq(PublishedVersion.ID, version_id),
            )
        )
        definition = json.loads(str(version[PublishedVersion.DEFINITION]))
        hits = json.loads(str(row[LeadScore.EXPLANATION]))["groups"]
        named = {definition["groups"][hit["group"] - 1]["name"]: hit["points"] for hit in hits}
        assert sum(named.values()) == row[LeadScore.SCORE]
        assert "Directrice" not in str(row[LeadScore.EXPLANATION])
        found[definition["model"], version[PublishedVersion.NUMBER]] = named
    assert found == {
        ("Fit", 1): {"Job title given": 100, "Business phone given": 10},
        ("Visits", 1): {"Visits": 5},
    }
