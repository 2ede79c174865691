"""Builds whole definitions, as the metadata API answers them, of tables, columns and relationships."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from emulator.web_api.errors import BadRequestError
from emulator.web_api.metadata import MULTIPLE
from emulator.web_api.posted import objects_in

Definition = dict[str, Any]

_NAMESPACE = "#Microsoft.Dynamics.CRM."
_CLASSES = {"Owner": "Lookup", "Customer": "Lookup", "Uniqueidentifier": "UniqueIdentifier"}
_INTEGER_MAX = 2147483647
_DECIMAL_MAX = 100_000_000_000.0
_MONEY_MAX = 922_337_203_685_477.0
_TYPE_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "String": {"MaxLength": 100, "Format": "Text", "FormatName": {"Value": "Text"}},
    "Memo": {"MaxLength": 2000, "Format": "TextArea", "FormatName": {"Value": "TextArea"}, "ImeMode": "Auto"},
    "Integer": {"MinValue": -_INTEGER_MAX - 1, "MaxValue": _INTEGER_MAX, "Format": "None"},
    "BigInt": {"MinValue": -(2**63), "MaxValue": 2**63 - 1},
    "Decimal": {"MinValue": -_DECIMAL_MAX, "MaxValue": _DECIMAL_MAX, "Precision": 2},
    "Double": {"MinValue": -_DECIMAL_MAX, "MaxValue": _DECIMAL_MAX, "Precision": 2},
    "Money": {"MinValue": -_MONEY_MAX, "MaxValue": _MONEY_MAX, "Precision": 2, "PrecisionSource": 2},
    "DateTime": {"Format": "DateAndTime", "DateTimeBehavior": {"Value": "UserLocal"}},
    "Boolean": {"DefaultValue": False},
    "Picklist": {"DefaultFormValue": -1},
    MULTIPLE: {"AttributeType": "Virtual", "DefaultFormValue": -1},
    "Lookup": {"Targets": [], "Format": "None"},
    "Owner": {"Targets": ["systemuser", "team"]},
    "Customer": {"Targets": ["account", "contact"]},
}


def label(text: str | None, language: int = 1033) -> Definition:
    """A Label with one localised text, or with none."""
    localised = {"Label": text, "LanguageCode": language, "IsManaged": False}
    return {"LocalizedLabels": [localised] if text else [], "UserLocalizedLabel": localised if text else None}


def shown_label(posted: Mapping[str, Any], language: int) -> Definition:
    """A posted Label completed with its UserLocalizedLabel: the text in `language`, else the first."""
    texts = [_localised(text) for text in objects_in(posted, "LocalizedLabels")]
    chosen = next((text for text in texts if text["LanguageCode"] == language), texts[0] if texts else None)
    return {"LocalizedLabels": texts, "UserLocalizedLabel": chosen}


def merged_label(old: Mapping[str, Any], posted: Mapping[str, Any], language: int, *, keep: bool) -> Definition:
    """A posted Label in place of an old one; `keep` (MergeLabels) leaves the texts of languages it lacks."""
    texts = shown_label(posted, language)["LocalizedLabels"]
    given = {text["LanguageCode"] for text in texts}
    kept = [text for text in old["LocalizedLabels"] if keep and text["LanguageCode"] not in given]
    return shown_label({"LocalizedLabels": [*texts, *kept]}, language)


def _localised(posted: Mapping[str, Any]) -> Definition:
    text, language = posted.get("Label"), posted.get("LanguageCode")
    if not isinstance(text, str) or type(language) is not int:
        raise BadRequestError("A localized label has a text and the whole number of its language.")
    return {"Label": text, "LanguageCode": language, "IsManaged": False}


def option(value: int, text: Definition, **members: Any) -> Definition:
    """One OptionMetadata; a status option has `State`, a state option `DefaultStatus`."""
    kind = (
        "StatusOptionMetadata" if "State" in members else "StateOptionMetadata" if "DefaultStatus" in members else None
    )
    typed = {"@odata.type": _NAMESPACE + kind} if kind else {}
    return {**typed, "Value": value, "Color": None, "Label": text, "Description": label(None), **members}


def option_set(kind: str, options: Iterable[Definition]) -> Definition:
    """A local OptionSetMetadata; `kind` is Picklist, State or Status."""
    return {"IsGlobal": False, "OptionSetType": kind, "Options": list(options)}


def boolean_option_set(true_text: Definition, false_text: Definition) -> Definition:
    """The OptionSet of a two-option column."""
    return {
        "@odata.type": _NAMESPACE + "BooleanOptionSetMetadata",
        "IsGlobal": False,
        "OptionSetType": "Boolean",
        "TrueOption": option(1, true_text),
        "FalseOption": option(0, false_text),
    }


def column(table: str, schema_name: str, kind: str, metadata_id: UUID, **members: Any) -> Definition:
    """One AttributeMetadata of type `kind` (String, Lookup...): Dataverse's defaults, then `members`."""
    definition = {
        "@odata.type": f"{_NAMESPACE}{_CLASSES.get(kind, kind)}AttributeMetadata",
        "MetadataId": str(metadata_id),
        "EntityLogicalName": table,
        "LogicalName": schema_name.lower(),
        "SchemaName": schema_name,
        "AttributeType": kind,
        "AttributeTypeName": {"Value": f"{kind}Type"},
        "DisplayName": label(schema_name),
        "Description": label(None),
        "RequiredLevel": {"Value": "None", "CanBeChanged": True},
        "AttributeOf": None,
        "IsCustomAttribute": False,
        "IsManaged": False,
        "IsPrimaryId": False,
        "IsPrimaryName": False,
        "IsSecured": False,
        "IsValidForCreate": True,
        "IsValidForRead": True,
        "IsValidForUpdate": True,
        "IsAuditEnabled": {"Value": True, "CanBeChanged": True},
        **_TYPE_DEFAULTS.get(kind, {}),
    }
    return {**definition, **members}


def table(schema_name: str, entity_set: str, metadata_id: UUID, type_code: int, **members: Any) -> Definition:
    """One EntityMetadata without its attributes."""
    logical_name = schema_name.lower()
    definition = {
        "MetadataId": str(metadata_id),
        "LogicalName": logical_name,
        "SchemaName": schema_name,
        "EntitySetName": entity_set,
        "LogicalCollectionName": entity_set,
        "ObjectTypeCode": type_code,
        "OwnershipType": "UserOwned",
        "PrimaryIdAttribute": f"{logical_name}id",
        "PrimaryNameAttribute": None,
        "DisplayName": label(schema_name),
        "DisplayCollectionName": label(entity_set),
        "Description": label(None),
        "IsCustomEntity": False,
        "IsManaged": False,
        "IsActivity": False,
        "HasActivities": False,
        "HasNotes": False,
        "ChangeTrackingEnabled": False,
        "CanChangeTrackingBeEnabled": {"Value": True, "CanBeChanged": True},
        "IsPrivate": False,
        "IsOptimisticConcurrencyEnabled": True,
        "IsAuditEnabled": {"Value": False, "CanBeChanged": True},
        "TableType": "Standard",
    }
    return {**definition, **members}


def relationship(
    schema_name: str, metadata_id: UUID, referenced: str, referencing: str, lookup: str, **members: Any
) -> Definition:
    """One OneToManyRelationshipMetadata; by default a deleted row is unlinked from those that point at it."""
    no_cascade = dict.fromkeys(("Assign", "Merge", "Reparent", "Share", "Unshare"), "NoCascade")
    definition = {
        "@odata.type": _NAMESPACE + "OneToManyRelationshipMetadata",
        "MetadataId": str(metadata_id),
        "SchemaName": schema_name,
        "RelationshipType": "OneToManyRelationship",
        "IsCustomRelationship": False,
        "ReferencedEntity": referenced,
        "ReferencedAttribute": f"{referenced}id",
        "ReferencingEntity": referencing,
        "ReferencingAttribute": lookup.lower(),
        "ReferencedEntityNavigationPropertyName": schema_name,
        "ReferencingEntityNavigationPropertyName": lookup,
        "CascadeConfiguration": {**no_cascade, "Delete": "RemoveLink"},
    }
    return {**definition, **members}
