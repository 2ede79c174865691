"""POST of EntityDefinitions, Attributes and RelationshipDefinitions: tables, columns and lookups of one's own."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any
from uuid import UUID, uuid4

from emulator.web_api import definitions
from emulator.web_api.address import Segment
from emulator.web_api.definitions import Definition, shown_label
from emulator.web_api.environment import Call, Environment
from emulator.web_api.errors import BadRequestError, DuplicateDefinitionError
from emulator.web_api.http import Response
from emulator.web_api.metadata import Table
from emulator.web_api.metadata_reads import find_table
from emulator.web_api.parsing import parse_table
from emulator.web_api.payload import read_json
from emulator.web_api.posted import object_in, objects_in, text_in
from emulator.web_api.posted_columns import beside_money, currency_columns, posted_column
from emulator.web_api.posted_relationships import posted_relationship
from emulator.web_api.representation import answer
from emulator.web_api.schema_names import check_schema_name, entity_set_name, require_label
from emulator.web_api.seed import add_message_filters
from emulator.web_api.system_columns import (
    ACTIVE_INACTIVE,
    ACTIVE_INACTIVE_STATUSES,
    audit_columns,
    owner_columns,
    primary_id,
    state_columns,
    system_relationships,
)

_OWNERSHIPS = frozenset({"UserOwned", "OrganizationOwned"})
_FLAGS = ("HasActivities", "HasNotes", "IsActivity", "ChangeTrackingEnabled", "IsOptimisticConcurrencyEnabled")


def post_table(environment: Environment, call: Call) -> Response:
    """POST EntityDefinitions: a table with its columns, its system columns and its message filters."""
    table = _add_table(environment, read_json(call.request, "EntityDefinitions"))
    return created(call, f"EntityDefinitions({table.metadata_id})")


def create_entities(environment: Environment, call: Call) -> Response:
    """CreateEntities: several tables in one transaction; their types may be the Complex ones of the action."""
    for body in objects_in(read_json(call.request, "CreateEntities"), "Entities"):
        _add_table(environment, body)
    return answer(204)


def post_column(environment: Environment, call: Call, segment: Segment) -> Response:
    """POST EntityDefinitions(..)/Attributes: one column more, null in every row; money brings its base column."""
    table = find_table(environment, segment)
    column = posted_column(environment, table.logical_name, read_json(call.request, "Attributes"))
    columns, relationships = _with_currency(table.logical_name, [column], set(table.columns))
    for one in columns:
        if one["LogicalName"] in table.columns:
            raise DuplicateDefinitionError("Attribute", one["SchemaName"])
        environment.catalogue.add_column(one)
    for relationship in relationships:
        environment.catalogue.add_relationship(relationship)
    replace_table(environment, table, [*_columns(table), *columns], [*_relationships(table), *relationships])
    return created(call, f"EntityDefinitions({table.metadata_id})/Attributes({column['MetadataId']})")


def post_relationship(environment: Environment, call: Call) -> Response:
    """POST RelationshipDefinitions: a lookup column and the relationship it stands for."""
    body = read_json(call.request, "RelationshipDefinitions")
    lookup, relationship = posted_relationship(environment, body)
    table = environment.metadata.table(relationship["ReferencingEntity"])
    environment.catalogue.add_column(lookup)
    environment.catalogue.add_relationship(relationship)
    replace_table(environment, table, [*_columns(table), lookup], [*_relationships(table), relationship])
    return created(call, f"RelationshipDefinitions({relationship['MetadataId']})")


def replace_table(
    environment: Environment, table: Table, columns: list[Definition], relationships: list[Definition]
) -> None:
    """Put the table with these columns and relationships in place of the old one, in the read model."""
    changed = parse_table(dict(table.definition), columns, relationships, table.keys)
    environment.metadata = environment.metadata.replacing(changed)


def replace_column(environment: Environment, table: Table, changed: Definition) -> None:
    """Store a changed definition of a column and put it in the read model."""
    environment.catalogue.replace_column(changed)
    columns = [changed if c["LogicalName"] == changed["LogicalName"] else c for c in _columns(table)]
    replace_table(environment, table, columns, _relationships(table))


def without_columns(environment: Environment, table: Table, gone: Iterable[str]) -> None:
    """Forget columns, and the relationships of those that are lookups."""
    names = set(gone)
    for name in names:
        environment.catalogue.remove_column(table, table.columns[name])
    for relationship in table.navigations.values():
        if relationship.column in names:
            environment.catalogue.remove_relationship(relationship.schema_name)
    columns = [column for column in _columns(table) if column["LogicalName"] not in names]
    relationships = [one for one in _relationships(table) if one["ReferencingAttribute"] not in names]
    replace_table(environment, table, columns, relationships)


def created(call: Call, path: str) -> Response:
    """The answer to a definition that was made."""
    return answer(204, headers={"OData-EntityId": call.url(path)})


def _add_table(environment: Environment, body: Mapping[str, Any]) -> Table:
    schema_name = check_schema_name(environment, body.get("SchemaName"), "Entity")
    logical_name = schema_name.lower()
    if environment.metadata.find(logical_name) is not None:
        raise DuplicateDefinitionError("Entity", schema_name)
    posted = [posted_column(environment, logical_name, one) for one in objects_in(body, "Attributes")]
    definition = _table_definition(environment, schema_name, body, posted)
    posted, links = _with_currency(logical_name, posted, set())
    columns = [
        primary_id(logical_name, f"{schema_name}Id", _new_id),
        *posted,
        *_system_columns(logical_name, definition),
    ]
    _require_distinct(columns)
    relationships = [*links, *system_relationships(logical_name, columns, _new_id)]
    table = parse_table(definition, columns, relationships)
    environment.catalogue.add_table(table)
    environment.metadata = environment.metadata.replacing(table)
    add_message_filters(environment, table)
    return table


def _with_currency(
    table_name: str, columns: list[Definition], known: AbstractSet[str]
) -> tuple[list[Definition], list[Definition]]:
    """The columns and what money among them brings: base columns, and the table's first time the currency."""
    money = [column for column in columns if column["AttributeType"] == "Money"]
    if not money:
        return columns, []
    beside = [beside_money(column) for column in money]
    if "transactioncurrencyid" in known:
        return [*columns, *beside], []
    currency, link = currency_columns(table_name)
    return [*columns, *beside, *currency], [link]


def _table_definition(
    environment: Environment, schema_name: str, body: Mapping[str, Any], columns: list[Definition]
) -> Definition:
    primary_names = [column["LogicalName"] for column in columns if column["IsPrimaryName"]]
    if len(primary_names) != 1:
        raise BadRequestError("A table takes exactly one attribute with IsPrimaryName.")
    if next(column for column in columns if column["IsPrimaryName"])["AttributeType"] != "String":
        raise BadRequestError("Primary UI Attribute has to be of type String", "0x8004700e")
    ownership = text_in(body, "OwnershipType") or "UserOwned"
    if ownership not in _OWNERSHIPS:
        raise BadRequestError("The specified ownership type mask is not valid for this operation", "0x8004700d")
    labels = {name: require_label(environment, body, name) for name in ("DisplayName", "DisplayCollectionName")}
    return definitions.table(
        schema_name,
        entity_set_name(schema_name),
        uuid4(),
        environment.database.next_value("objecttypecode"),
        OwnershipType=ownership,
        PrimaryNameAttribute=primary_names[0],
        IsCustomEntity=True,
        Description=shown_label(object_in(body, "Description"), environment.language),
        **labels,
        **{name: bool(body[name]) for name in _FLAGS if name in body},
        **({"IsAuditEnabled": object_in(body, "IsAuditEnabled")} if "IsAuditEnabled" in body else {}),
    )


def _system_columns(logical_name: str, definition: Definition) -> list[Definition]:
    columns = state_columns(logical_name, ACTIVE_INACTIVE, ACTIVE_INACTIVE_STATUSES, _new_id)
    columns += audit_columns(logical_name, _new_id)
    if definition["OwnershipType"] == "UserOwned":
        columns += owner_columns(logical_name, _new_id)
    return columns


def _require_distinct(columns: list[Definition]) -> None:
    names = [column["LogicalName"] for column in columns]
    twice = next((column["SchemaName"] for column in columns if names.count(column["LogicalName"]) > 1), None)
    if twice is not None:
        raise DuplicateDefinitionError("Attribute", twice)


def _columns(table: Table) -> list[Definition]:
    return [dict(column.definition) for column in table.columns.values()]


def _relationships(table: Table) -> list[Definition]:
    return [dict(relationship.definition) for relationship in table.navigations.values()]


def _new_id(_name: str) -> UUID:
    return uuid4()
