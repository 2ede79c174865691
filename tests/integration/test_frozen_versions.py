"""What publishing writes into a version: the types of its columns, and the business units it is for."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from connector.errors import PublicationError
from connector.tables import PublishedVersion, ScoringModel
from dataverse import create, query
from tests.world import World

TITLED = {"name": "Title", "points": 5, "when": {"column": "jobtitle", "op": "not-null"}}


def version(world: World) -> dict[str, Any]:
    found = query(PublishedVersion.SET, select=[PublishedVersion.DEFINITION])
    (row,) = world.app.client.rows(found)
    return dict(json.loads(str(row[PublishedVersion.DEFINITION])))


def test_a_version_keeps_the_types_of_its_columns(world: World) -> None:
    groups = [
        {"name": "Rich", "points": 1, "when": {"column": "revenue", "op": "gt", "value": 1000}},
        {"name": "Closing", "points": 2, "when": {"column": "estimatedclosedate", "op": "next-x-days", "value": 30}},
        {"name": "Large", "points": 4, "when": {"column": "parentaccountid.numberofemployees", "op": "ge", "value": 9}},
    ]
    world.publish({"model": "Typed", "groups": groups})
    assert version(world)["columns"] == {
        "lead": {
            "revenue": "Money",
            "estimatedclosedate": "DateOnly",
            "parentaccountid.numberofemployees": "Integer",
        }
    }
    lead = world.new_lead(revenue=2000, estimatedclosedate="2026-03-20")
    world.work(lead)
    assert world.scores(lead)["Typed"]["lgate_score"] == 3
    # 2026-03-20 is to come until the midnight that begins it.
    assert world.scores(lead)["Typed"]["lgate_rescoreon"] == "2026-03-20T00:00:00Z"


def unit(world: World, name: str, parent: UUID | str) -> UUID:
    row_id = uuid4()
    row = {"businessunitid": str(row_id), "name": name, "parentbusinessunitid@odata.bind": f"/businessunits({parent})"}
    world.app.client.send(create("businessunits", row, id_column="businessunitid"))
    return row_id


def root(world: World) -> UUID:
    (row,) = world.app.client.rows(query("businessunits", select=["businessunitid"]))
    return UUID(str(row["businessunitid"]))


def test_a_model_for_a_business_unit_scores_its_leads_and_those_of_the_units_below(world: World) -> None:
    top = root(world)
    france = unit(world, "France", top)
    lyon = unit(world, "Lyon", france)
    unit(world, "Deutschland", top)
    world.publish({"model": "French", "business_unit": "france", "groups": [TITLED]})
    assert set(version(world)["business_units"]) == {str(france), str(lyon)}
    here = world.new_lead(jobtitle="CEO")
    world.work(here)
    assert "French" not in world.scores(here)


def test_a_lead_of_the_unit_is_scored(world: World) -> None:
    world.publish({"model": "All", "business_unit": "Emulated organization", "groups": [TITLED]})
    lead = world.new_lead(jobtitle="CEO")
    world.work(lead)
    assert world.scores(lead)["All"]["lgate_score"] == 5


def test_a_business_unit_that_is_not_there_is_refused(world: World) -> None:
    with pytest.raises(PublicationError, match="business_unit: there is no business unit of this name"):
        world.publish({"model": "Nowhere", "business_unit": "Atlantis", "groups": [TITLED]})


def test_a_draft_keeps_its_business_unit(world: World) -> None:
    with pytest.raises(PublicationError):
        world.publish({"model": "Nowhere", "business_unit": "Atlantis", "groups": [TITLED]})
    (row,) = world.app.client.rows(query(ScoringModel.SET, select=[ScoringModel.BUSINESS_UNIT]))
    assert row[ScoringModel.BUSINESS_UNIT] == "Atlantis"


def test_a_lead_that_time_brings_into_the_audience_is_found_by_its_instant(world: World) -> None:
    soon = {"column": "lastonholdtime", "op": "last-x-days", "value": 5}
    world.publish({"model": "Recent", "entry": soon, "groups": [TITLED]})
    lead = world.new_lead(jobtitle="CEO", lastonholdtime="2026-03-04T10:00:00Z")
    world.work(lead)
    row = world.scores(lead)["Recent"]
    assert (row["statecode"], row["lgate_score"], row["lgate_rescoreon"]) == (1, None, "2026-03-04T10:00:00Z")
    world.clock.forward(days=2, hours=1)
    world.work(lead)
    row = world.scores(lead)["Recent"]
    assert (row["statecode"], row["lgate_score"], row["lgate_rescoreon"]) == (0, 5, "2026-03-10T00:00:00Z")
