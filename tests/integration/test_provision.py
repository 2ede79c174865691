"""Provisioning an environment: everything once, nothing twice, nobody else's touched."""

import pytest

from admin.provisioning import ProvisioningError, schema_steps, tracking_steps
from admin.webhooks import Webhook, webhook_steps
from connector.tables import Lead
from dataverse import create, query, update
from dataverse.column_definitions import boolean_column
from dataverse.definitions import add_column, insert_status_value
from dataverse.metadata import status_options, table
from dataverse.odata import eq
from tests.world import SECRET, World


def test_a_second_run_finds_nothing_to_do(world: World) -> None:
    assert list(schema_steps(world.app.client)) == []


def test_a_run_that_was_interrupted_is_taken_up_where_it_ended(unprovisioned: World) -> None:
    client = unprovisioned.app.client
    for step in list(schema_steps(client))[:20]:
        step.make(client)
    rest = list(schema_steps(client))
    assert rest
    for step in rest:
        step.make(client)
    assert list(schema_steps(client)) == []


def test_statuses_of_the_life_cycle_are_there(world: World) -> None:
    options = {
        option.value: (option.state, option.labels[1033])
        for option in status_options(world.app.client, "lgate_scoringmodel")
    }
    assert options == {
        1: (0, "Draft"),
        2: (1, "Stopped"),
        482100001: (0, "Publishing"),
        482100002: (0, "Live"),
        482100003: (0, "Stopping"),
    }


def test_the_lead_gains_its_columns_and_an_open_reason(world: World) -> None:
    lead = table(world.app.client, "lead")
    assert lead is not None
    assert {"lgate_primaryscoreid", "lgate_qualifiedon", "lgate_salesready"} <= lead.columns.keys()
    assert 482100000 in {option.value for option in status_options(world.app.client, "lead") if option.state == 0}


def test_where_customer_insights_is_installed_its_own_column_and_reason_are_used(unprovisioned: World) -> None:
    client = unprovisioned.app.client
    publisher = {
        "uniquename": "msdyncrm",
        "friendlyname": "x",
        "customizationprefix": "msdyncrm",
        "customizationoptionvalueprefix": 53324,
    }
    client.send(create("publishers", publisher))
    ready = boolean_column(
        Lead.SALES_READY_OF_CUSTOMER_INSIGHTS, {1033: "Sales ready"}, yes={1033: "Yes"}, no={1033: "No"}
    )
    client.send(add_column("lead", ready))
    client.send(insert_status_value("lead", state=0, value=823270000, labels={1033: "Marketing Qualified"}))
    for step in schema_steps(client):
        step.make(client)
    lead = table(client, "lead")
    assert lead is not None
    assert "lgate_salesready" not in lead.columns
    assert 482100000 not in {option.value for option in status_options(client, "lead")}


def test_a_prefix_that_another_publisher_owns_stops_it_before_anything_is_done(unprovisioned: World) -> None:
    client = unprovisioned.app.client
    rival = {
        "uniquename": "rival",
        "friendlyname": "x",
        "customizationprefix": "lgate",
        "customizationoptionvalueprefix": 12345,
    }
    client.send(create("publishers", rival))
    before = unprovisioned.writes()
    with pytest.raises(ProvisioningError, match="publisher 'rival' owns the prefix lgate"):
        list(schema_steps(client))
    assert unprovisioned.writes() == before


def test_an_environment_in_french_gets_french_labels(unprovisioned: World) -> None:
    client = unprovisioned.app.client
    (organization,) = client.rows(query("organizations", select=["organizationid"]))
    client.send(update("organizations", str(organization["organizationid"]), {"languagecode": 1036}, etag="*"))
    for step in schema_steps(client):
        step.make(client)
    labels = {option.value: option.labels for option in status_options(client, "lgate_leadscore")}
    assert labels[482100003][1036] == "Prospect clôturé"


def test_the_webhook_is_registered_once_and_its_secret_renewed(world: World) -> None:
    client = world.app.client
    webhook = Webhook("http://127.0.0.1:7071/api/row-changed", SECRET)
    first = list(webhook_steps(client, webhook))
    for step in first:
        step.make(client)
    assert [step.what for step in webhook_steps(client, webhook)] == ["service endpoint Leadgate: address and secret"]
    steps = list(
        client.rows(query("sdkmessageprocessingsteps", select=["name", "mode", "stage", "filteringattributes"]))
    )
    assert {row["name"] for row in steps} >= {
        "leadgate.lead.create",
        "leadgate.lead.update",
        "leadgate.lgate_leadinteraction.delete",
        "leadgate.lgate_scoringmodel.update",
    }
    assert {(row["mode"], row["stage"]) for row in steps} == {(1, 40)}
    images = list(client.rows(query("sdkmessageprocessingstepimages", select=["attributes", "imagetype"])))
    assert {(row["attributes"], row["imagetype"]) for row in images} == {
        ("lgate_leadid,lgate_contactid", 0),
        ("lgate_groupid", 0),
        ("lgate_modelid", 0),
        ("lgate_ruleid", 0),
    }


def test_deleting_a_lead_leaves_nothing_of_it(world: World) -> None:
    lead = world.new_lead(jobtitle="CEO")
    world.visit(lead)
    world.publish(
        {"model": "M", "groups": [{"name": "g", "points": 1, "when": {"column": "jobtitle", "op": "not-null"}}]}
    )
    world.work(lead)
    world.delete_lead(lead)
    for entity_set in ("lgate_leadscores", "lgate_leadinteractions", "lgate_qualificationlogs"):
        assert (
            list(world.app.client.rows(query(entity_set, select=["createdon"], filter=eq("_lgate_leadid_value", lead))))
            == []
        )


def test_change_tracking_is_switched_on_where_it_is_off_and_only_there(unprovisioned: World) -> None:
    client = unprovisioned.app.client
    assert list(tracking_steps(client, "lead")) == []
    (step,) = tracking_steps(client, "opportunity")
    assert step.what == "change tracking of opportunity, which cannot be undone"
    step.make(client)
    assert list(tracking_steps(client, "opportunity")) == []
