"""A posted OneToManyRelationshipMetadata, checked and completed, with the lookup column it brings."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from emulator.web_api import definitions
from emulator.web_api.definitions import Definition, shown_label
from emulator.web_api.environment import Environment
from emulator.web_api.errors import BadRequestError, DefinitionNotFoundError, DuplicateDefinitionError, UnsupportedError
from emulator.web_api.metadata import MERGEABLE_TABLES, Metadata, Table
from emulator.web_api.parsing import parse_relationship
from emulator.web_api.posted import object_in
from emulator.web_api.schema_names import check_schema_name, require_label

_ACTIONS = ("Assign", "Delete", "Merge", "Reparent", "Share", "Unshare")
_CASCADES = frozenset({"NoCascade", "Cascade", "Active", "UserOwned", "RemoveLink", "Restrict"})
_DELETE_CASCADES = frozenset({"Cascade", "RemoveLink", "Restrict"})


def posted_relationship(environment: Environment, posted: Mapping[str, Any]) -> tuple[Definition, Definition]:
    """The definitions of the new lookup and its relationship."""
    if not str(posted.get("@odata.type", "")).endswith(".OneToManyRelationshipMetadata"):
        message = f"relationships of type {posted.get('@odata.type')}"
        raise UnsupportedError(message)
    metadata = environment.metadata
    schema_name = check_schema_name(environment, posted.get("SchemaName"), "Relationship")
    if metadata.relationship(schema_name) is not None:
        raise DuplicateDefinitionError("Relationship", schema_name)
    referenced, referencing = (_table(metadata, posted, end) for end in ("ReferencedEntity", "ReferencingEntity"))
    if posted.get("ReferencedAttribute", referenced.primary_id) != referenced.primary_id:
        message = f"The ReferencedAttribute of {schema_name} is not {referenced.primary_id}."
        raise BadRequestError(message)
    cascade = _cascade(schema_name, referenced, referencing, object_in(posted, "CascadeConfiguration"))
    lookup = _lookup(environment, referenced, referencing, object_in(posted, "Lookup"))
    relationship = definitions.relationship(
        schema_name,
        uuid4(),
        referenced.logical_name,
        referencing.logical_name,
        lookup["SchemaName"],
        ReferencedAttribute=referenced.primary_id,
        IsCustomRelationship=True,
        CascadeConfiguration=cascade,
    )
    _require_one_parent(metadata, referenced, referencing, relationship)
    return lookup, relationship


def _table(metadata: Metadata, posted: Mapping[str, Any], end: str) -> Table:
    table = metadata.find(str(posted.get(end)))
    if table is None:
        raise DefinitionNotFoundError("an entity", str(posted.get(end)))
    return table


def _cascade(schema_name: str, referenced: Table, referencing: Table, posted: Mapping[str, Any]) -> dict[str, str]:
    defaults = {**dict.fromkeys(_ACTIONS, "NoCascade"), "Delete": "RemoveLink"}
    if referenced.logical_name in MERGEABLE_TABLES:
        defaults["Merge"] = "Cascade"
    cascade = {**defaults, **{action: str(posted[action]) for action in _ACTIONS if action in posted}}
    allowed = {action: _DELETE_CASCADES if action == "Delete" else _CASCADES for action in _ACTIONS}
    wrong = [action for action in _ACTIONS if cascade[action] not in allowed[action]]
    if wrong:
        message = f"The cascade {wrong[0]}: {cascade[wrong[0]]} is not valid for {schema_name}."
        raise BadRequestError(message)
    # Dataverse takes nothing else here: rows that point at a merged row have to follow to the one that stays.
    if referenced.logical_name in MERGEABLE_TABLES and cascade["Merge"] != "Cascade":
        ends = f"The relationship {schema_name} to {referenced.logical_name}"
        message = f"{ends} must have Merge: Cascade, not {cascade['Merge']}."
        raise BadRequestError(message)
    owned = [action for action in _ACTIONS if cascade[action] == "UserOwned"]
    if owned and not referencing.is_user_owned:
        text = "Cascade User-Owned is not a valid cascade link type for org-owned entity relationships."
        raise BadRequestError(text, "0x80044156")
    return cascade


def _lookup(environment: Environment, referenced: Table, referencing: Table, posted: Mapping[str, Any]) -> Definition:
    schema_name = check_schema_name(environment, posted.get("SchemaName"), "Attribute")
    if schema_name.lower() in referencing.columns:
        raise DuplicateDefinitionError("Attribute", schema_name)
    return definitions.column(
        referencing.logical_name,
        schema_name,
        "Lookup",
        uuid4(),
        DisplayName=require_label(environment, posted, "DisplayName"),
        Description=shown_label(object_in(posted, "Description"), environment.language),
        IsCustomAttribute=True,
        Targets=[referenced.logical_name],
        **({"RequiredLevel": object_in(posted, "RequiredLevel")} if "RequiredLevel" in posted else {}),
    )


def _require_one_parent(metadata: Metadata, referenced: Table, referencing: Table, definition: Definition) -> None:
    if not parse_relationship(definition).is_parental:
        return
    parent = next((r for r in metadata.table(referencing.logical_name).navigations.values() if r.is_parental), None)
    if parent is not None:
        message = (
            f"Entity: {referencing.logical_name} is parented to Entity with name {parent.referenced}. "
            f"Cannot create another parental relation with Entity: {referenced.schema_name}"
        )
        raise BadRequestError(message, "0x80047007")
