"""Bodies against those of the platform's documentation, member by member."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from emulator.web_api import Metadata, Reference, StepImage
from emulator.webhooks import Organization, body, serialized

Build = Callable[..., Any]
CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"
ID = "6d81597f-0f9f-e711-8122-000d3aa2331c"
USER = "75c2dd85-e89e-e711-8122-000d3aa2331c"


def parameters(context: dict[str, Any], member: str = "InputParameters") -> dict[str, Any]:
    return {pair["key"]: pair["value"] for pair in context[member]}


def attributes(entity: dict[str, Any]) -> dict[str, Any]:
    return {pair["key"]: pair["value"] for pair in entity["Attributes"]}


def test_a_create_is_the_documented_one(
    event: Build, step: Build, metadata: Metadata, organization: Organization, owner: Reference
) -> None:
    target = {
        "leadid": ID,
        "jobtitle": "Directrice marketing",
        "numberofemployees": 250,
        "revenue": 1200000.0,
        "leadsourcecode": 8,
        "donotemail": False,
        "statecode": 0,
        "statuscode": 1,
        "ownerid": owner,
        "parentaccountid": None,
        "estimatedclosedate": "2026-10-01",
        "createdon": "2026-08-01T08:00:00Z",
    }
    created = event(message="Create", target=target, before=None, after=target)

    assert body(created, step(), metadata, organization) == {
        "BusinessUnitId": "e2b9dd85-e89e-e711-8122-000d3aa2331c",
        "CorrelationId": "b374239d-4233-41a9-8b17-a86cb4f737b5",
        "Depth": 1,
        "InitiatingUserAgent": "",
        "InitiatingUserAzureActiveDirectoryObjectId": "00000000-0000-0000-0000-000000000000",
        "InitiatingUserId": USER,
        "InputParameters": [
            {
                "key": "Target",
                "value": {
                    "__type": f"Entity:{CONTRACTS}",
                    "Attributes": [
                        {"key": "leadid", "value": ID},
                        {"key": "jobtitle", "value": "Directrice marketing"},
                        {"key": "numberofemployees", "value": 250},
                        {"key": "revenue", "value": {"__type": f"Money:{CONTRACTS}", "Value": 1200000.0}},
                        {"key": "leadsourcecode", "value": {"__type": f"OptionSetValue:{CONTRACTS}", "Value": 8}},
                        {"key": "donotemail", "value": False},
                        {"key": "statecode", "value": {"__type": f"OptionSetValue:{CONTRACTS}", "Value": 0}},
                        {"key": "statuscode", "value": {"__type": f"OptionSetValue:{CONTRACTS}", "Value": 1}},
                        {
                            "key": "ownerid",
                            "value": {
                                "__type": f"EntityReference:{CONTRACTS}",
                                "Id": USER,
                                "KeyAttributes": [],
                                "LogicalName": "systemuser",
                                "Name": None,
                                "RowVersion": None,
                            },
                        },
                        {"key": "parentaccountid", "value": None},
                        {"key": "estimatedclosedate", "value": "/Date(1790812800000)/"},
                        {"key": "createdon", "value": "/Date(1785571200000)/"},
                    ],
                    "EntityState": None,
                    "FormattedValues": [],
                    "Id": ID,
                    "KeyAttributes": [],
                    "LogicalName": "lead",
                    "RelatedEntities": [],
                    "RowVersion": None,
                },
            }
        ],
        "IsExecutingOffline": False,
        "IsInTransaction": False,
        "IsOfflinePlayback": False,
        "IsolationMode": 1,
        "MessageName": "Create",
        "Mode": 1,
        "OperationCreatedOn": "/Date(1785571201000+0000)/",
        "OperationId": "4af10637-4ea2-e711-8122-000d3aa2331c",
        "OrganizationId": "b015df52-a05f-ee11-a382-000d3a64db73",
        "OrganizationName": "unqb015df52a05fee11a382000d3a64d",
        "OutputParameters": [{"key": "id", "value": ID}],
        "OwningExtension": {
            "Id": "bd7c6a7e-916b-ee11-9ae6-002248998a0a",
            "KeyAttributes": [],
            "LogicalName": "sdkmessageprocessingstep",
            "Name": "leadscoring.lead.update",
            "RowVersion": None,
        },
        "ParentContext": None,
        "PostEntityImages": [],
        "PreEntityImages": [],
        "PrimaryEntityId": ID,
        "PrimaryEntityName": "lead",
        "RequestId": "4af10637-4ea2-e711-8122-000d3aa2331c",
        "SecondaryEntityName": "none",
        "SharedVariables": [{"key": "IsAutoTransact", "value": True}, {"key": "DefaultsAddedFlag", "value": True}],
        "Stage": 40,
        "UserAzureActiveDirectoryObjectId": "00000000-0000-0000-0000-000000000000",
        "UserId": USER,
    }


def test_members_are_in_alphabetical_order(
    event: Build, step: Build, metadata: Metadata, organization: Organization
) -> None:
    context = body(event(tag="run-1"), step(), metadata, organization)
    assert list(context) == sorted(context)
    assert list(context["ParentContext"]) == sorted(context["ParentContext"])


def test_an_update_carries_submitted_columns_only_nulls_included(
    event: Build, step: Build, metadata: Metadata, organization: Organization
) -> None:
    given = parameters(body(event(), step(), metadata, organization))
    assert attributes(given["Target"]) == {"jobtitle": "Directrice", "leadid": ID, "revenue": None}
    assert given["ConcurrencyBehavior"] == 0


def test_a_multi_select_choice_is_a_bare_array(
    event: Build, step: Build, metadata: Metadata, organization: Organization
) -> None:
    given = parameters(body(event(target={"new_interests": "3,1"}), step(), metadata, organization))
    assert attributes(given["Target"])["new_interests"] == [
        {"__type": f"OptionSetValue:{CONTRACTS}", "Value": 3},
        {"__type": f"OptionSetValue:{CONTRACTS}", "Value": 1},
    ]


def test_the_target_of_a_delete_is_a_reference(
    event: Build, step: Build, metadata: Metadata, organization: Organization
) -> None:
    deleted = event(message="Delete", after=None)
    context = body(deleted, step(images=(StepImage(0, "Pre", "Pre", ()),)), metadata, organization)
    assert context["InputParameters"] == [
        {
            "key": "Target",
            "value": {
                "__type": f"EntityReference:{CONTRACTS}",
                "Id": ID,
                "KeyAttributes": [],
                "LogicalName": "lead",
                "Name": None,
                "RowVersion": None,
            },
        }
    ]
    assert attributes(parameters(context, "PreEntityImages")["Pre"])["jobtitle"] == "Assistante"
    assert context["PostEntityImages"] == []


def test_images_hold_the_columns_asked_for_and_the_id_without_nulls_and_without_type(
    event: Build, step: Build, metadata: Metadata, organization: Organization
) -> None:
    images = (StepImage(0, "before", "PreImage", ("statuscode",)), StepImage(1, "after", "PostImage", ()))
    context = body(event(), step(images=images), metadata, organization)

    assert context["PreEntityImages"] == [
        {
            "key": "PreImage",
            "value": {
                "Attributes": [
                    {"key": "leadid", "value": ID},
                    {"key": "statuscode", "value": {"__type": f"OptionSetValue:{CONTRACTS}", "Value": 1}},
                ],
                "EntityState": None,
                "FormattedValues": [],
                "Id": ID,
                "KeyAttributes": [],
                "LogicalName": "lead",
                "RelatedEntities": [],
                "RowVersion": None,
            },
        }
    ]
    assert list(attributes(parameters(context, "PostEntityImages")["PostImage"])) == [
        "leadid",
        "jobtitle",
        "statuscode",
    ]


def test_an_image_of_both_kinds_is_in_both_members(
    event: Build, step: Build, metadata: Metadata, organization: Organization
) -> None:
    context = body(event(), step(images=(StepImage(2, "both", "Both", ("jobtitle",)),)), metadata, organization)
    assert attributes(parameters(context, "PreEntityImages")["Both"])["jobtitle"] == "Assistante"
    assert attributes(parameters(context, "PostEntityImages")["Both"])["jobtitle"] == "Directrice"


SUBORDINATE = UUID("11111111-0000-4000-8000-000000000002")


@pytest.mark.parametrize("content", [{}, {"jobtitle": "CTO"}])
def test_a_merge_names_both_rows_and_carries_what_was_given_to_the_one_that_stays(
    event: Build, step: Build, metadata: Metadata, organization: Organization, content: dict[str, str]
) -> None:
    merged = event(message="Merge", target=content, subordinate_id=SUBORDINATE)
    context = body(merged, step(), metadata, organization)
    given = parameters(context)
    assert (context["MessageName"], context["PrimaryEntityId"]) == ("Merge", ID)
    assert given.keys() == {"Target", "SubordinateId", "UpdateContent", "PerformParentingChecks"}
    assert (given["Target"]["Id"], given["Target"]["__type"]) == (ID, f"EntityReference:{CONTRACTS}")
    assert given["SubordinateId"] == str(SUBORDINATE)
    assert given["UpdateContent"] is None if not content else attributes(given["UpdateContent"]) == content


def test_a_tag_is_found_in_the_parent_context_alone(
    event: Build, step: Build, metadata: Metadata, organization: Organization
) -> None:
    context = body(event(tag="leadscore:run-7f2c"), step(), metadata, organization)
    parent = context["ParentContext"]
    assert context["SharedVariables"] == []
    assert parent["SharedVariables"] == [{"key": "tag", "value": "leadscore:run-7f2c"}]
    assert (parent["Stage"], parent["ParentContext"], parent["OwningExtension"]) == (30, None, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-08-01T08:00:00Z", 1785571200000),
        ("2026-08-01", 1785542400000),
        ("1969-12-31T23:59:59Z", -1000),
    ],
)
def test_dates_are_milliseconds_since_1970(
    text: str, expected: int, event: Build, step: Build, metadata: Metadata, organization: Organization
) -> None:
    given = parameters(body(event(target={"createdon": text}), step(), metadata, organization))
    assert attributes(given["Target"]) == {"createdon": f"/Date({expected})/"}


def test_a_body_within_256_kb_is_sent_whole_with_escaped_slashes(
    event: Build, step: Build, metadata: Metadata, organization: Organization
) -> None:
    context = body(event(target={"jobtitle": r"a/b\/c é"}), step(), metadata, organization)
    content, stripped = serialized(context)
    assert not stripped
    assert rb"\/Date(1785571201000+0000)\/" in content
    assert json.loads(content) == context


def test_a_body_over_256_kb_loses_the_four_documented_members_and_no_other(
    event: Build, step: Build, metadata: Metadata, organization: Organization
) -> None:
    context = body(event(target={"jobtitle": "x" * 262144}), step(), metadata, organization)
    content, stripped = serialized(context)
    assert stripped
    assert set(context) - set(json.loads(content)) == {
        "ParentContext",
        "InputParameters",
        "PreEntityImages",
        "PostEntityImages",
    }


def test_the_limit_is_262144_bytes_on_the_wire(
    event: Build, step: Build, metadata: Metadata, organization: Organization
) -> None:
    def content(length: int) -> tuple[bytes, bool]:
        return serialized(body(event(target={"jobtitle": "x" * length}), step(), metadata, organization))

    rest = len(content(0)[0])
    assert content(262144 - rest)[1] is False
    assert content(262144 - rest + 1)[1] is True
