"""RetrieveMetadataChanges, as far as clients read one table's columns with it: equality, and named properties."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from emulator.web_api.environment import Call, Environment
from emulator.web_api.errors import BadRequestError, UnsupportedError
from emulator.web_api.http import Response
from emulator.web_api.representation import answer

_ALWAYS = ("MetadataId", "LogicalName")


def retrieve_metadata_changes(environment: Environment, call: Call) -> Response:
    """The tables and columns that meet the criteria of `Query`, with the properties it names and no others."""
    text = (call.address.segments[0].key or "").strip()
    try:
        query = json.loads(text.removeprefix("Query="))
    except ValueError:
        raise BadRequestError("The Query of RetrieveMetadataChanges is not JSON.", "0x80060888") from None
    if not text.startswith("Query=") or not isinstance(query, dict):
        raise UnsupportedError("RetrieveMetadataChanges without a Query alone")
    for name in query.keys() - {"Properties", "Criteria", "AttributeQuery"}:
        message = f"{name} of RetrieveMetadataChanges"
        raise UnsupportedError(message)
    tables = _meeting(query, (table.definition for table in environment.metadata.tables.values()))
    value = []
    for definition in tables:
        columns = environment.metadata.table(definition["LogicalName"]).columns.values()
        shown = _shown(definition, query)
        if "Attributes" in _names(query):
            wanted = query.get("AttributeQuery") or {}
            found = _meeting(wanted, (column.definition for column in columns))
            shown["Attributes"] = [_shown(column, wanted) for column in found]
        value.append(shown)
    context = call.url("$metadata#Microsoft.Dynamics.CRM.RetrieveMetadataChangesResponse")
    return answer(200, {"@odata.context": context, "EntityMetadata": value, "ServerVersionStamp": None})


def _meeting(query: Mapping[str, Any], definitions: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    conditions = (query.get("Criteria") or {}).get("Conditions", [])
    return [definition for definition in definitions if all(_meets(one, definition) for one in conditions)]


def _meets(condition: Mapping[str, Any], definition: Mapping[str, Any]) -> bool:
    match condition:
        case {"PropertyName": str(name), "ConditionOperator": "Equals", "Value": {"Value": value}}:
            return bool(definition.get(name) == value)
    raise UnsupportedError("criteria of RetrieveMetadataChanges other than Equals")


def _names(query: Mapping[str, Any]) -> list[str]:
    names = (query.get("Properties") or {}).get("PropertyNames", [])
    return [str(name) for name in names]


def _shown(definition: Mapping[str, Any], query: Mapping[str, Any]) -> dict[str, Any]:
    wanted = dict.fromkeys([*_ALWAYS, *_names(query)])
    kind = {"@odata.type": definition["@odata.type"]} if "@odata.type" in definition else {}
    return {**kind, **{name: definition[name] for name in wanted if name in definition}}
