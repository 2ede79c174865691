"""Interactions are rows of any table with a lookup to the lead or to its parent contact: registrations, activities."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from dataverse import create
from dataverse.column_definitions import choice_column, datetime_column, string_column
from dataverse.definitions import lookup_relationship, table_definition
from tests.world import World

CONTACT = "6d81597f-0f9f-4711-8122-000d3aa2331c"
LABEL = {1033: "x"}


@pytest.fixture
def registering(world: World) -> World:
    """A world with a table of event registrations, as Customer Insights has one, of somebody else's prefix."""
    status = choice_column("new_Status", LABEL, options={1: {1033: "Registered"}, 2: {1033: "Attended"}})
    columns = [status, datetime_column("new_RegisteredOn", LABEL, date_only=True, behavior="DateOnly")]
    name = string_column("new_Name", LABEL, is_primary_name=True)
    form = table_definition("new_Registration", LABEL, LABEL, ownership="UserOwned", primary_name=name, columns=columns)
    world.app.client.send(form)
    for target, lookup in (("lead", "new_LeadId"), ("contact", "new_ContactId")):
        world.app.client.send(
            lookup_relationship(
                f"new_registration_{target}",
                referenced=target,
                referencing="new_registration",
                lookup_schema_name=lookup,
                labels=LABEL,
                cascade={"Merge": "Cascade"},
            )
        )
    row = {"contactid": CONTACT, "lastname": "Durand"}
    world.app.client.send(create("contacts", row, id_column="contactid"))
    return world


def registered(world: World, *, lead: UUID | None = None, contact: str | None = None, status: int = 1) -> None:
    row: dict[str, Any] = {"new_name": "r", "new_registeredon": "2026-03-01", "new_status": status}
    if lead is not None:
        row["new_LeadId@odata.bind"] = f"/leads({lead})"
    if contact is not None:
        row["new_ContactId@odata.bind"] = f"/contacts({contact})"
    row["new_registrationid"] = str(uuid4())
    world.app.client.send(create("new_registrations", row, id_column="new_registrationid"))


def counting(**more: object) -> dict[str, object]:
    return {
        "table": "new_registration",
        "lead": "new_leadid",
        "contact": "new_contactid",
        "at": "new_registeredon",
        **more,
    }


MODEL: dict[str, Any] = {
    "model": "Events",
    "time_zone": "Europe/Paris",
    "groups": [
        {"name": "Registered", "points": 1, "interactions": counting()},
        {
            "name": "Attended",
            "points": 10,
            "interactions": counting(where={"column": "new_status", "op": "eq", "value": "attended"}),
        },
        {"name": "By the contact alone", "points": 100, "interactions": {**counting(), "lead": None}},
        {"name": "Recently", "points": 1000, "interactions": counting(within_days=2, count="at-least", n=2)},
    ],
}


def test_registrations_count_by_both_lookups_each_once(registering: World) -> None:
    registering.publish(MODEL)
    bind = {"parentcontactid@odata.bind": f"/contacts({CONTACT})"}
    known, same_contact, stranger = (registering.new_lead(**more) for more in (bind, bind, {}))
    registered(registering, lead=known, contact=CONTACT, status=2)
    registered(registering, contact=CONTACT)
    registered(registering, lead=stranger, status=2)
    registering.work(known, same_contact, stranger)
    scores = [registering.scores(lead)["Events"] for lead in (known, same_contact, stranger)]
    assert [row["lgate_score"] for row in scores] == [1212, 1212, 11]
    # 1 March began at 23:00 UTC the day before; the window of two days ends 48 hours later.
    assert [row["lgate_rescoreon"] for row in scores] == ["2026-03-02T23:00:00Z"] * 3


def test_a_registration_that_leaves_its_window_stops_counting_at_that_instant(registering: World) -> None:
    registering.publish(MODEL)
    lead = registering.new_lead()
    for _ in range(2):
        registered(registering, lead=lead)
    registering.work(lead)
    registering.clock.forward(hours=14)  # to the instant that the row names
    registering.work(lead)
    assert registering.scores(lead)["Events"]["lgate_score"] == 2
