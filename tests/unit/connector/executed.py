"""Bodies of webhooks as Dataverse sends them (dataverse.md 3.3)."""

from typing import Any

ORGANIZATION = "b015df52-a05f-ee11-a382-000d3a64db73"
LEAD_ID = "6d81597f-0f9f-e711-8122-000d3aa2331c"
INTERACTION_ID = "0d81597f-0f9f-e711-8122-000d3aa23300"


def pair(key: str, value: object) -> dict[str, object]:
    return {"key": key, "value": value}


def reference(table: str, row_id: object) -> dict[str, object]:
    kind = "EntityReference:http://schemas.microsoft.com/xrm/2011/Contracts"
    return {"__type": kind, "Id": row_id, "KeyAttributes": [], "LogicalName": table, "Name": None, "RowVersion": None}


def entity(table: str, row_id: str, *attributes: dict[str, object], is_image: bool = False) -> dict[str, object]:
    typed = {} if is_image else {"__type": "Entity:http://schemas.microsoft.com/xrm/2011/Contracts"}
    return {
        **typed,
        "Attributes": list(attributes),
        "EntityState": None,
        "FormattedValues": [],
        "Id": row_id,
        "KeyAttributes": [],
        "LogicalName": table,
        "RelatedEntities": [],
        "RowVersion": None,
    }


def context(**changed: Any) -> dict[str, Any]:
    """An asynchronous update of a lead, with every member that the documentation lists."""
    target = entity("lead", LEAD_ID, pair("jobtitle", "Directrice marketing"), pair("parentaccountid", None))
    return {
        "BusinessUnitId": "e2b9dd85-e89e-e711-8122-000d3aa2331c",
        "CorrelationId": "b5940787-bdf1-4d42-89aa-671ba512a488",
        "Depth": 1,
        "InitiatingUserId": "75c2dd85-e89e-e711-8122-000d3aa2331c",
        "InputParameters": [pair("Target", target), pair("x-ms-app-name", "msdynce_saleshub")],
        "IsExecutingOffline": False,
        "IsInTransaction": False,
        "IsOfflinePlayback": False,
        "IsolationMode": 1,
        "MessageName": "Update",
        "Mode": 1,
        "OperationCreatedOn": "/Date(1785571201000+0200)/",
        "OperationId": "1ecf6213-9296-4772-b37c-c09138dd0d59",
        "OrganizationId": ORGANIZATION,
        "OrganizationName": "unqb015df52a05fee11a382000d3a64d",
        "OutputParameters": [],
        "OwningExtension": reference("sdkmessageprocessingstep", "bd7c6a7e-916b-ee11-9ae6-002248998a0a"),
        "ParentContext": None,
        "PostEntityImages": [],
        "PreEntityImages": [],
        "PrimaryEntityId": LEAD_ID,
        "PrimaryEntityName": "lead",
        "RequestId": "1ecf6213-9296-4772-b37c-c09138dd0d59",
        "SecondaryEntityName": "none",
        "SharedVariables": [pair("IsAutoTransact", True)],
        "Stage": 40,
        "UserId": "75c2dd85-e89e-e711-8122-000d3aa2331c",
        **changed,
    }


def stripped(**changed: Any) -> dict[str, Any]:
    """The same above 256 KB: parameters, images and parent are left out."""
    whole = context(**changed)
    for member in ("InputParameters", "PreEntityImages", "PostEntityImages", "ParentContext"):
        del whole[member]
    return whole


def interaction(message: str, *attributes: dict[str, object], before: tuple[dict[str, object], ...] = ()) -> Any:
    """A change of an interaction; `before` is what its pre-image holds."""
    table = "lgate_leadinteraction"
    image = [pair("PreImage", entity(table, INTERACTION_ID, *before, is_image=True))] if before else []
    target = reference(table, INTERACTION_ID) if message == "Delete" else entity(table, INTERACTION_ID, *attributes)
    return context(
        MessageName=message,
        PrimaryEntityName=table,
        PrimaryEntityId=INTERACTION_ID,
        InputParameters=[pair("Target", target)],
        PreEntityImages=image,
    )
