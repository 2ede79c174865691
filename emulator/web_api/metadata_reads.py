"""GET of EntityDefinitions, their Attributes and relationships, and of RelationshipDefinitions."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from emulator.web_api.address import Segment, named_key
from emulator.web_api.alternate_keys import find_key, shown_keys
from emulator.web_api.definitions import Definition
from emulator.web_api.environment import Call, Environment
from emulator.web_api.errors import DefinitionNotFoundError, SegmentNotFoundError, UnsupportedError
from emulator.web_api.filter_json import holds
from emulator.web_api.filters import parse
from emulator.web_api.http import Response
from emulator.web_api.metadata import Table
from emulator.web_api.projection import (
    Shape,
    attribute_shape,
    expansions,
    key_shape,
    project,
    relationship_shape,
    table_shape,
)
from emulator.web_api.representation import answer

_CAST = "Microsoft.Dynamics.CRM."


def read_definitions(environment: Environment, call: Call) -> Response:
    """GET of any metadata address below EntityDefinitions or RelationshipDefinitions."""
    first, *rest = call.address.segments
    if first.name == "RelationshipDefinitions":
        return _relationships(environment, call, first, rest)
    if first.key is None:
        _refuse(rest)
        tables = [table.definition for table in environment.metadata.tables.values()]
        return _collection(call, "EntityDefinitions", tables, table_shape(), _nested(environment))
    table = find_table(environment, first)
    if not rest:
        return _single(call, "EntityDefinitions", table.definition, table_shape(), _nested(environment))
    return _below_table(environment, call, table, rest)


def _below_table(environment: Environment, call: Call, table: Table, rest: Sequence[Segment]) -> Response:
    match rest[0].name:
        case "Attributes":
            return _attributes(call, table, rest[0], rest[1:])
        case "Keys":
            return _keys(environment, call, table, rest)
        case "ManyToOneRelationships":
            return _related(call, [r.definition for r in table.navigations.values()], rest)
        case "OneToManyRelationships":
            children = environment.metadata.children(table.logical_name)
            return _related(call, [relationship.definition for relationship in children], rest)
        case "ManyToManyRelationships":
            return _related(call, [], rest)
    message = f"{rest[0].name} of a table definition"
    raise UnsupportedError(message)


def find_table(environment: Environment, segment: Segment) -> Table:
    """The table of `EntityDefinitions(LogicalName='x')` or `EntityDefinitions(id)`."""
    key, value = named_key(segment)
    if key not in {"LogicalName", "MetadataId"}:
        message = f"EntityDefinitions by {key}"
        raise UnsupportedError(message)
    for table in environment.metadata.tables.values():
        if value == (table.logical_name if key == "LogicalName" else str(table.metadata_id)):
            return table
    raise DefinitionNotFoundError("an entity", value)


def _attributes(call: Call, table: Table, segment: Segment, rest: Sequence[Segment]) -> Response:
    cast = _cast(rest)
    kind = cast.removesuffix("AttributeMetadata") if cast else None
    name = f"EntityDefinitions('{table.logical_name}')/Attributes"
    all_of_them = [column.definition for column in table.columns.values()]
    definitions = [d for d in all_of_them if cast in {None, d["@odata.type"].removeprefix(f"#{_CAST}")}]
    if segment.key is None:
        return _collection(call, name, definitions, attribute_shape(kind), {})
    key, value = named_key(segment)
    if key not in {"LogicalName", "MetadataId"}:
        message = f"Attributes by {key}"
        raise UnsupportedError(message)
    found = next((definition for definition in definitions if definition[key] == value), None)
    if found is None:
        raise DefinitionNotFoundError("an attribute", value)
    return _single(call, name, found, attribute_shape(kind), {})


def _keys(environment: Environment, call: Call, table: Table, rest: Sequence[Segment]) -> Response:
    name = f"EntityDefinitions('{table.logical_name}')/Keys"
    if len(rest) > 1:
        message = f"a path below {rest[0].name}"
        raise UnsupportedError(message)
    keys = shown_keys(environment, table)
    if rest[0].key is None:
        return _collection(call, name, keys, key_shape(), {})
    found = find_key(table, *named_key(rest[0]))
    definition = next(key for key in keys if key["MetadataId"] == str(found.metadata_id))
    return _single(call, name, definition, key_shape(), {})


def _relationships(environment: Environment, call: Call, segment: Segment, rest: Sequence[Segment]) -> Response:
    cast = _cast(rest)
    if cast not in {None, "OneToManyRelationshipMetadata"}:
        message = f"the cast to {cast}"
        raise UnsupportedError(message)
    tables = environment.metadata.tables.values()
    definitions = [relationship.definition for table in tables for relationship in table.navigations.values()]
    if segment.key is None:
        return _collection(call, segment.name, definitions, relationship_shape(), {})
    key, value = named_key(segment)
    found = next((definition for definition in definitions if definition.get(key) == value), None)
    if found is None:
        raise DefinitionNotFoundError("a relationship", value)
    return _single(call, segment.name, found, relationship_shape(), {})


def _related(call: Call, definitions: list[Mapping[str, Any]], rest: Sequence[Segment]) -> Response:
    if rest[0].key is not None or len(rest) > 1:
        message = f"a path below {rest[0].name}"
        raise UnsupportedError(message)
    return _collection(call, rest[0].name, definitions, relationship_shape(), {})


def _nested(environment: Environment) -> Mapping[str, tuple[Shape, Callable[[Definition], list[Mapping[str, Any]]]]]:
    def table(definition: Definition) -> Table:
        return environment.metadata.table(definition["LogicalName"])

    return {
        "Keys": (key_shape(), lambda d: [*shown_keys(environment, table(d))]),
        "Attributes": (attribute_shape(None), lambda d: [c.definition for c in table(d).columns.values()]),
        "ManyToOneRelationships": (
            relationship_shape(),
            lambda d: [relationship.definition for relationship in table(d).navigations.values()],
        ),
    }


def _collection(
    call: Call, name: str, definitions: Iterable[Mapping[str, Any]], shape: Shape, nested: Mapping[str, Any]
) -> Response:
    call.address.refuse_options_but("$select", "$filter", "$expand")
    where = call.address.option("$filter")
    if where is not None:
        tree = parse(where)
        definitions = [definition for definition in definitions if holds(tree, definition, shape.type_name)]
    expanded = expansions(call.address.option("$expand"), shape, nested)
    value = [project(definition, shape, call.address.option("$select"), expanded) for definition in definitions]
    return answer(200, {"@odata.context": call.url(f"$metadata#{name}"), "value": value})


def _single(call: Call, name: str, definition: Mapping[str, Any], shape: Shape, nested: Mapping[str, Any]) -> Response:
    call.address.refuse_options_but("$select", "$expand")
    expanded = expansions(call.address.option("$expand"), shape, nested)
    shown = project(definition, shape, call.address.option("$select"), expanded)
    return answer(200, {"@odata.context": call.url(f"$metadata#{name}/$entity"), **shown})


def _cast(rest: Sequence[Segment]) -> str | None:
    if not rest:
        return None
    if len(rest) > 1 or rest[0].key is not None or not rest[0].name.startswith(_CAST):
        message = f"the path segment {rest[-1].name} below a definition"
        raise UnsupportedError(message)
    return rest[0].name.removeprefix(_CAST)


def _refuse(rest: Sequence[Segment]) -> None:
    if rest:
        raise SegmentNotFoundError(rest[0].name)
