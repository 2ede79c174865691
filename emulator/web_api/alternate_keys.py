"""Alternate keys: their definitions below EntityDefinitions(..)/Keys, and that no two rows share one."""
# ruff: noqa: S608 - names in these statements come from the metadata, which checked them; values are parameters

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from uuid import uuid4

from emulator.web_api.address import Segment, named_key
from emulator.web_api.definitions import Definition, label, shown_label
from emulator.web_api.environment import Call, Environment
from emulator.web_api.errors import (
    BadRequestError,
    DefinitionNotFoundError,
    DuplicateDefinitionError,
    DuplicateKeyError,
    MethodNotAllowedError,
)
from emulator.web_api.http import Response
from emulator.web_api.metadata import AlternateKey, Table
from emulator.web_api.parsing import parse_key
from emulator.web_api.payload import read_json
from emulator.web_api.posted import object_in
from emulator.web_api.representation import answer
from emulator.web_api.row_keys import index_status
from emulator.web_api.rows import Row
from emulator.web_api.schema_names import check_schema_name

KEYS_MAX = 10
COLUMNS_MAX = 16
BYTES_MAX = 900

_TYPES = frozenset({"Decimal", "Integer", "String", "DateTime", "Lookup", "Picklist"})


def require_unique_keys(
    environment: Environment, table: Table, row: Row, changed: AbstractSet[str] | None = None
) -> None:
    """Raise DuplicateKeyError if another row has the same values in a key's columns; nulls are never the same."""
    for key in table.keys:
        if key.failed or (changed is not None and not changed & set(key.columns)):
            continue
        values = [row.get(name) for name in key.columns]
        if any(value is None for value in values):
            continue
        condition = " AND ".join(f'"{name}" = ?' for name in key.columns)
        where = f'{condition} AND "{table.primary_id}" <> ?'
        if environment.rows.select(table, [table.primary_id], where, [*values, row[table.primary_id]]):
            raise DuplicateKeyError(key.definition["SchemaName"], key.columns)


def shown_keys(environment: Environment, table: Table) -> list[Definition]:
    """The EntityKeyMetadata of a table's keys, with the status of their indexes as of now."""
    now = environment.clock()
    return [{**key.definition, "EntityKeyIndexStatus": index_status(key, now)} for key in table.keys]


def post_key(environment: Environment, call: Call, table: Table) -> Response:
    """POST EntityDefinitions(..)/Keys: an index that is built within seconds, or fails if rows have equal values."""
    body = read_json(call.request, "Keys")
    schema_name = check_schema_name(environment, body.get("SchemaName"), "EntityKey")
    columns = _columns(table, body.get("KeyAttributes"))
    if any(key.logical_name == schema_name.lower() for key in table.keys):
        raise DuplicateDefinitionError("EntityKey", schema_name)
    if len(table.keys) >= KEYS_MAX or any(set(key.columns) == set(columns) for key in table.keys):
        message = f"A table takes at most {KEYS_MAX} keys, each of other attributes."
        raise BadRequestError(message)
    definition = {
        "MetadataId": str(uuid4()),
        "EntityLogicalName": table.logical_name,
        "LogicalName": schema_name.lower(),
        "SchemaName": schema_name,
        "DisplayName": shown_label(object_in(body, "DisplayName"), environment.language)
        if body.get("DisplayName")
        else label(schema_name),
        "KeyAttributes": list(columns),
        "IsManaged": False,
        "AsyncJob": None,
    }
    failed = _has_duplicates(environment, table, columns)
    key = parse_key(definition, environment.clock().isoformat(), failed=failed)
    _save(environment, table, key)
    path = f"EntityDefinitions(LogicalName='{table.logical_name}')/Keys({key.metadata_id})"
    return answer(204, headers={"OData-EntityId": call.url(path)})


def delete_key(environment: Environment, table: Table, segment: Segment) -> Response:
    """DELETE EntityDefinitions(..)/Keys(..)."""
    if segment.key is None:
        raise MethodNotAllowedError("DELETE")
    key = find_key(table, *named_key(segment))
    environment.catalogue.remove_key(table, key)
    keys = tuple(kept for kept in table.keys if kept is not key)
    environment.metadata = environment.metadata.replacing(replace(table, keys=keys))
    return answer(204)


def reactivate_key(environment: Environment, call: Call) -> Response:
    """ReactivateEntityKey: builds the index of a failed key again; 0x80060897 when it has not failed."""
    body = read_json(call.request, "ReactivateEntityKey")
    table = environment.metadata.find(str(body.get("EntityLogicalName")))
    if table is None:
        raise DefinitionNotFoundError("an entity", str(body.get("EntityLogicalName")))
    key = find_key(table, "LogicalName", str(body.get("EntityKeyLogicalName")))
    if not key.failed:
        message = "ReactivateEntityKey is only supported for entity keys whose index creation failed."
        raise BadRequestError(message, "0x80060897")
    again = _has_duplicates(environment, table, key.columns)
    _save(environment, table, replace(key, failed=again, created=environment.clock()))
    return answer(204)


def find_key(table: Table, member: str, value: str) -> AlternateKey:
    """The key with that member (LogicalName, MetadataId) of its definition."""
    found = next((key for key in table.keys if key.definition.get(member) == value), None)
    if found is None:
        raise DefinitionNotFoundError("an entity key", value)
    return found


def _save(environment: Environment, table: Table, key: AlternateKey) -> None:
    environment.catalogue.save_key(table, key)
    kept = [known for known in table.keys if known.logical_name != key.logical_name]
    environment.metadata = environment.metadata.replacing(replace(table, keys=(*kept, key)))


def _columns(table: Table, given: object) -> tuple[str, ...]:
    names = [name for name in given if isinstance(name, str)] if isinstance(given, list) else []
    if not isinstance(given, list) or len(names) < len(given) or len(set(names)) != len(names):
        raise BadRequestError("KeyAttributes is a list of distinct logical names.")
    if not 0 < len(names) <= COLUMNS_MAX:
        message = f"A key takes 1 to {COLUMNS_MAX} attributes."
        raise BadRequestError(message)
    for name in names:
        column = table.columns.get(name)
        if column is None:
            raise DefinitionNotFoundError("an attribute", name)
        if column.type not in _TYPES or column.is_secured or len(column.targets) > 1:
            message = f"The attribute {name} of type {column.type} cannot be a part of a key."
            raise BadRequestError(message)
    if _bytes(table, names) > BYTES_MAX:
        message = f"The attributes of a key take at most {BYTES_MAX} bytes."
        raise BadRequestError(message)
    return tuple(names)


def _bytes(table: Table, names: Sequence[str]) -> int:
    columns = [table.columns[name] for name in names]
    return sum(2 * (column.max_length or 0) if column.is_text else 16 for column in columns)


def _has_duplicates(environment: Environment, table: Table, columns: Sequence[str]) -> bool:
    names = ", ".join(f'"{name}"' for name in columns)
    present = " AND ".join(f'"{name}" IS NOT NULL' for name in columns)
    sql = f'SELECT 1 FROM "{table.logical_name}" WHERE {present} GROUP BY {names} HAVING COUNT(*) > 1 LIMIT 1'
    return bool(environment.database.execute(sql))
