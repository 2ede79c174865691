"""The body of a webhook: a RemoteExecutionContext, member by member (dataverse.md 3.3.2 to 3.3.5)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from emulator.web_api import Metadata, RowEvent, Step, StepImage
from emulator.webhooks.values import (
    date_with_offset,
    encoded,
    entity,
    pairs,
    reference,
    typed_entity,
    untyped_reference,
)

MAX_BODY_BYTES = 256 * 1024
STRIPPED = ("ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages")

_PRE, _POST, _BOTH = 0, 1, 2
# The pipeline stage in which the Web API's own request runs; the tag of `?tag=` is found there.
_MAIN_OPERATION = 30
_NOBODY = str(UUID(int=0))


@dataclass(frozen=True, slots=True)
class Organization:
    """Who sends: `host` is the environment's host name, with the port where it is not the scheme's own."""

    organization_id: UUID
    business_unit_id: UUID
    host: str

    @property
    def unique_name(self) -> str:
        """`unq` and the beginning of the id, as environments are named."""
        return f"unq{self.organization_id.hex[:29]}"


def body(event: RowEvent, step: Step, metadata: Metadata, organization: Organization) -> dict[str, Any]:
    """The members in the order of the wire, which is alphabetical."""
    context = _context(event, organization)
    context |= {
        "InitiatingUserAgent": "",
        "InitiatingUserAzureActiveDirectoryObjectId": _NOBODY,
        "InputParameters": pairs(_input_parameters(event, metadata)),
        "Mode": step.mode,
        "OutputParameters": pairs({"id": str(event.row_id)}) if event.message == "Create" else [],
        "OwningExtension": untyped_reference("sdkmessageprocessingstep", step.step_id, name=step.name),
        "ParentContext": _parent_context(event, organization) if event.tag is not None else None,
        "PostEntityImages": _images(event, step, metadata, event.after, (_POST, _BOTH)),
        "PreEntityImages": _images(event, step, metadata, event.before, (_PRE, _BOTH)),
        "RequestId": str(event.operation_id) if event.message == "Create" else None,
        "SharedVariables": pairs(_create_variables()) if event.message == "Create" else [],
        "Stage": step.stage,
        "UserAzureActiveDirectoryObjectId": _NOBODY,
    }
    return dict(sorted(context.items()))


def serialized(context: Mapping[str, Any]) -> tuple[bytes, bool]:
    r"""The bytes to send, with slashes as `\/`, and whether they had to be stripped to keep within 256 KB."""
    whole = _json(context)
    if len(whole) <= MAX_BODY_BYTES:
        return whole, False
    return _json({name: value for name, value in context.items() if name not in STRIPPED}), True


def _context(event: RowEvent, organization: Organization) -> dict[str, Any]:
    """What the request and the step have in common."""
    return {
        "BusinessUnitId": str(organization.business_unit_id),
        "CorrelationId": str(event.correlation_id),
        "Depth": 1,
        "InitiatingUserId": str(event.user_id),
        "IsExecutingOffline": False,
        "IsInTransaction": False,
        "IsOfflinePlayback": False,
        "IsolationMode": 1,
        "MessageName": event.message,
        "OperationCreatedOn": date_with_offset(event.at),
        "OperationId": str(event.operation_id),
        "OrganizationId": str(organization.organization_id),
        "OrganizationName": organization.unique_name,
        "PrimaryEntityId": str(event.row_id),
        "PrimaryEntityName": event.table,
        "SecondaryEntityName": "none",
        "UserId": str(event.user_id),
    }


def _parent_context(event: RowEvent, organization: Organization) -> dict[str, Any]:
    context = _context(event, organization) | {
        "InputParameters": [],
        "Mode": 1,
        "OutputParameters": [],
        "OwningExtension": None,
        "ParentContext": None,
        "PostEntityImages": [],
        "PreEntityImages": [],
        "RequestId": None,
        "SharedVariables": pairs({"tag": event.tag}),
        "Stage": _MAIN_OPERATION,
    }
    return dict(sorted(context.items()))


def _input_parameters(event: RowEvent, metadata: Metadata) -> dict[str, Any]:
    if event.message == "Delete":
        return {"Target": reference(event.table, event.row_id)}
    columns = metadata.table(event.table).columns
    attributes = [(name, encoded(value, columns[name])) for name, value in event.target.items()]
    if event.message == "Merge":
        return {
            "Target": reference(event.table, event.row_id),
            "SubordinateId": str(event.subordinate_id),
            "UpdateContent": typed_entity(event.table, UUID(int=0), attributes) if attributes else None,
            "PerformParentingChecks": False,
        }
    target = {"Target": typed_entity(event.table, event.row_id, attributes)}
    return target | ({"ConcurrencyBehavior": 0} if event.message == "Update" else {})


def _create_variables() -> dict[str, bool]:
    return {"IsAutoTransact": True, "DefaultsAddedFlag": True}


def _images(
    event: RowEvent, step: Step, metadata: Metadata, row: Mapping[str, object] | None, kinds: tuple[int, int]
) -> list[dict[str, Any]]:
    if row is None:
        return []
    return pairs(
        {image.entityalias: _image(event, image, metadata, row) for image in step.images if image.kind in kinds}
    )


def _image(event: RowEvent, image: StepImage, metadata: Metadata, row: Mapping[str, object]) -> dict[str, Any]:
    """A snapshot: the id and the columns asked for, those that are null left out."""
    table = metadata.table(event.table)
    asked_for = {table.primary_id, *image.attributes} if image.attributes else row.keys()
    attributes = [
        (name, encoded(value, table.columns[name]))
        for name, value in row.items()
        if value is not None and name in asked_for
    ]
    return entity(event.table, event.row_id, attributes)


def _json(context: Mapping[str, Any]) -> bytes:
    text = json.dumps(context, ensure_ascii=False, separators=(",", ":"))
    return text.replace("/", r"\/").encode()
