from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from emulator.web_api import Column, Endpoint, Metadata, Reference, RowEvent, Step, StepImage, Table
from emulator.webhooks import Organization

LEAD = UUID("6d81597f-0f9f-e711-8122-000d3aa2331c")
USER = UUID("75c2dd85-e89e-e711-8122-000d3aa2331c")

TYPES = {
    "leadid": "Uniqueidentifier",
    "jobtitle": "String",
    "numberofemployees": "Integer",
    "revenue": "Money",
    "leadsourcecode": "Picklist",
    "new_interests": "MultiSelectPicklist",
    "donotemail": "Boolean",
    "statecode": "State",
    "statuscode": "Status",
    "ownerid": "Owner",
    "parentaccountid": "Lookup",
    "estimatedclosedate": "DateTime",
    "createdon": "DateTime",
}


def column(name: str, kind: str) -> Column:
    return Column(
        logical_name=name,
        schema_name=name,
        type=kind,
        metadata_id=uuid4(),
        max_length=None,
        minimum=None,
        maximum=None,
        precision=0,
        date_only=name == "estimatedclosedate",
        targets=(),
        options=(),
        valid_for_create=True,
        valid_for_update=True,
        valid_for_read=True,
        default_value=None,
        definition={},
    )


@pytest.fixture
def metadata() -> Metadata:
    lead = Table(
        logical_name="lead",
        schema_name="Lead",
        entity_set="leads",
        metadata_id=uuid4(),
        primary_id="leadid",
        primary_name="fullname",
        type_code=4,
        ownership="UserOwned",
        is_custom=False,
        definition={},
        columns={name: column(name, kind) for name, kind in TYPES.items()},
        navigations={},
        properties={},
    )
    return Metadata([lead])


@pytest.fixture
def organization() -> Organization:
    return Organization(
        organization_id=UUID("b015df52-a05f-ee11-a382-000d3a64db73"),
        business_unit_id=UUID("e2b9dd85-e89e-e711-8122-000d3aa2331c"),
        host="contoso.crm12.dynamics.com",
    )


@pytest.fixture
def event() -> Callable[..., RowEvent]:
    """Builds events: an Update of the job title unless told otherwise."""

    def build(**changed: Any) -> RowEvent:
        facts: dict[str, Any] = {
            "message": "Update",
            "table": "lead",
            "row_id": LEAD,
            "user_id": USER,
            "target": {"jobtitle": "Directrice", "leadid": str(LEAD), "revenue": None},
            "before": {"leadid": str(LEAD), "jobtitle": "Assistante", "statuscode": 1, "revenue": 5.0},
            "after": {"leadid": str(LEAD), "jobtitle": "Directrice", "statuscode": 1, "revenue": None},
            "tag": None,
            "operation_id": UUID("4af10637-4ea2-e711-8122-000d3aa2331c"),
            "correlation_id": UUID("b374239d-4233-41a9-8b17-a86cb4f737b5"),
            "at": datetime(2026, 8, 1, 8, 0, 1, tzinfo=UTC),
        }
        return RowEvent(**facts | changed)

    return build


@pytest.fixture
def step() -> Callable[..., Step]:
    """Builds asynchronous steps with a header for a secret."""

    def build(url: str = "http://127.0.0.1:9/hook", *, images: tuple[StepImage, ...] = (), **changed: Any) -> Step:
        secret = '<settings><setting name="x-secret" value="s&amp;3"/></settings>'
        facts: dict[str, Any] = {
            "step_id": UUID("bd7c6a7e-916b-ee11-9ae6-002248998a0a"),
            "name": "leadscoring.lead.update",
            "endpoint": Endpoint(url, 5, secret),
            "images": images,
            "mode": 1,
            "stage": 40,
        }
        return Step(**facts | changed)

    return build


@pytest.fixture
def owner() -> Reference:
    return Reference("systemuser", USER)
