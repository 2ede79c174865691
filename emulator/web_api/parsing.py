"""Parses stored definitions into the read model."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from emulator.web_api.metadata import AlternateKey, Column, Option, Relationship, Table


def parse_table(
    definition: Mapping[str, Any],
    columns: Iterable[Mapping[str, Any]],
    relationships: Iterable[Mapping[str, Any]],
    keys: Iterable[AlternateKey] = (),
) -> Table:
    """A table from its definition, its columns', those of its N:1 relationships, and its keys."""
    parsed = [parse_column(column) for column in columns]
    navigations = [parse_relationship(relationship) for relationship in relationships]
    return Table(
        logical_name=definition["LogicalName"],
        schema_name=definition["SchemaName"],
        entity_set=definition["EntitySetName"],
        metadata_id=UUID(definition["MetadataId"]),
        primary_id=definition["PrimaryIdAttribute"],
        primary_name=definition["PrimaryNameAttribute"],
        type_code=definition["ObjectTypeCode"],
        ownership=definition["OwnershipType"],
        is_custom=definition["IsCustomEntity"],
        definition=definition,
        columns={column.logical_name: column for column in parsed},
        navigations={relationship.navigation: relationship for relationship in navigations},
        properties={column.property_name: column for column in parsed},
        keys=tuple(keys),
    )


def parse_key(definition: Mapping[str, Any], created: str, *, failed: bool) -> AlternateKey:
    """An alternate key from its EntityKeyMetadata, and when it was made."""
    return AlternateKey(
        logical_name=definition["LogicalName"],
        columns=tuple(definition["KeyAttributes"]),
        metadata_id=UUID(definition["MetadataId"]),
        created=datetime.fromisoformat(created),
        failed=failed,
        definition=definition,
    )


def parse_column(definition: Mapping[str, Any]) -> Column:
    """A column from its AttributeMetadata."""
    return Column(
        logical_name=definition["LogicalName"],
        schema_name=definition["SchemaName"],
        type=definition["AttributeTypeName"]["Value"].removesuffix("Type"),
        metadata_id=UUID(definition["MetadataId"]),
        max_length=definition.get("MaxLength"),
        minimum=definition.get("MinValue"),
        maximum=definition.get("MaxValue"),
        precision=definition.get("Precision", 0),
        date_only=definition.get("DateTimeBehavior", {}).get("Value") == "DateOnly",
        targets=tuple(definition.get("Targets", ())),
        options=tuple(_options(definition.get("OptionSet", {}))),
        valid_for_create=definition["IsValidForCreate"],
        valid_for_update=definition["IsValidForUpdate"],
        valid_for_read=definition["IsValidForRead"],
        is_secured=definition["IsSecured"],
        default_value=_default(definition),
        definition=definition,
    )


def parse_relationship(definition: Mapping[str, Any]) -> Relationship:
    """A relationship from its OneToManyRelationshipMetadata."""
    return Relationship(
        schema_name=definition["SchemaName"],
        metadata_id=UUID(definition["MetadataId"]),
        referenced=definition["ReferencedEntity"],
        referenced_column=definition["ReferencedAttribute"],
        referencing=definition["ReferencingEntity"],
        column=definition["ReferencingAttribute"],
        navigation=definition["ReferencingEntityNavigationPropertyName"],
        cascade=definition["CascadeConfiguration"],
        definition=definition,
    )


def _options(option_set: Mapping[str, Any]) -> Iterable[Option]:
    for option in option_set.get("Options", ()):
        chosen = option["Label"]["UserLocalizedLabel"]
        text = chosen["Label"] if chosen else ""
        yield Option(option["Value"], text, option.get("State"), option.get("DefaultStatus"))


def _default(definition: Mapping[str, Any]) -> int | None:
    if "DefaultValue" in definition:
        return int(definition["DefaultValue"])
    value = definition.get("DefaultFormValue", -1)
    return None if value in {None, -1} else int(value)
