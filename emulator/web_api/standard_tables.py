"""Turns the data files of standard tables into definitions, with the columns Dataverse adds to each."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any
from uuid import UUID, uuid5

from emulator.standard import FOLDER
from emulator.web_api.definitions import (
    Definition,
    boolean_option_set,
    column,
    label,
    option,
    option_set,
    relationship,
    table,
)
from emulator.web_api.metadata import MERGEABLE_TABLES, Table
from emulator.web_api.parsing import parse_table
from emulator.web_api.system_columns import (
    MakeId,
    audit_columns,
    owner_columns,
    primary_id,
    state_columns,
    system_relationships,
)

_NAMESPACE = UUID("6f1f3a52-8f0e-4c43-9a8b-3f1d2b7f5c11")
_MEMBERS = {"length": "MaxLength", "min": "MinValue", "max": "MaxValue", "precision": "Precision", "targets": "Targets"}


@cache
def standard_tables() -> tuple[Table, ...]:
    """All standard tables; their MetadataIds are the same in every database."""
    files = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))]
    return tuple(_table(logical_name, spec) for file in files for logical_name, spec in file["tables"].items())


def _table(logical_name: str, spec: dict[str, Any]) -> Table:
    def make_id(name: str) -> UUID:
        return uuid5(_NAMESPACE, f"{logical_name}/{name}")

    columns = _columns(logical_name, spec, make_id)
    relationships = [
        found
        for name, members in spec["columns"].items()
        for found in _relationships(logical_name, name, members, make_id)
    ]
    relationships += system_relationships(logical_name, columns, make_id)
    definition = table(
        spec["schema_name"],
        spec["entity_set"],
        make_id("table"),
        spec["type_code"],
        OwnershipType=spec["ownership"],
        PrimaryNameAttribute=spec["primary_name"],
        DisplayName=label(spec["label"]),
        DisplayCollectionName=label(spec["plural"]),
        ChangeTrackingEnabled=logical_name in MERGEABLE_TABLES,
    )
    return parse_table(definition, columns, relationships)


def _columns(table_name: str, spec: dict[str, Any], make_id: MakeId) -> list[Definition]:
    columns = [primary_id(table_name, f"{spec['schema_name']}Id", make_id)]
    columns += [_column(table_name, name, members, spec, make_id) for name, members in spec["columns"].items()]
    if "states" in spec:
        columns += state_columns(table_name, spec["states"], spec["statuses"], make_id)
    columns += audit_columns(table_name, make_id)
    if spec["ownership"] == "UserOwned":
        columns += owner_columns(table_name, make_id)
    return columns


def _column(table_name: str, name: str, members: dict[str, Any], spec: dict[str, Any], make_id: MakeId) -> Definition:
    typed = {_MEMBERS[key]: value for key, value in members.items() if key in _MEMBERS}
    writable = not members.get("read_only", False)
    if members.get("date_only"):
        typed |= {"Format": "DateOnly", "DateTimeBehavior": {"Value": "DateOnly"}}
    if members["type"] == "Picklist":
        typed["OptionSet"] = option_set("Picklist", (option(value, label(text)) for value, text in members["options"]))
    if members["type"] == "Boolean":
        typed["OptionSet"] = boolean_option_set(label("Yes"), label("No"))
    return column(
        table_name,
        name,
        members["type"],
        make_id(name),
        IsPrimaryName=name.lower() == spec["primary_name"],
        IsValidForCreate=writable,
        IsValidForUpdate=writable,
        IsValidForRead=not members.get("write_only", False),
        **typed,
    )


def _relationships(table_name: str, name: str, members: dict[str, Any], make_id: MakeId) -> Iterator[Definition]:
    targets = members.get("targets", ())
    for target in targets:
        navigation = members.get("navigation", name.lower() if len(targets) == 1 else f"{name.lower()}_{target}")
        merge = "Cascade" if target in MERGEABLE_TABLES else "NoCascade"
        no_cascade = dict.fromkeys(("Assign", "Reparent", "Share", "Unshare"), "NoCascade")
        yield relationship(
            f"{table_name}_{name.lower()}_{target}",
            make_id(f"relationship {name} {target}"),
            target,
            table_name,
            name.lower(),
            ReferencingEntityNavigationPropertyName=navigation,
            CascadeConfiguration={**no_cascade, "Merge": merge, "Delete": members.get("delete", "RemoveLink")},
        )
