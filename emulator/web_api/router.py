"""From a method and an address to the operation that answers it."""

from collections.abc import Callable, Mapping, Sequence

from emulator.web_api import reads, writes
from emulator.web_api.actions import ACTIONS, FUNCTIONS, TAKES_PARAMETERS
from emulator.web_api.address import Segment
from emulator.web_api.alternate_keys import delete_key, post_key
from emulator.web_api.annotations import FORMATTED
from emulator.web_api.apply import read_apply
from emulator.web_api.bulk import BULK_ACTIONS
from emulator.web_api.change_tracking import count_changes, is_tracked, read_changes
from emulator.web_api.definition_changes import delete_column, delete_relationship, delete_table, put_column, put_table
from emulator.web_api.environment import Call, Environment
from emulator.web_api.errors import MethodNotAllowedError, SegmentNotFoundError, UnsupportedError
from emulator.web_api.fetch_reads import read_fetch
from emulator.web_api.http import Response
from emulator.web_api.metadata import Table
from emulator.web_api.metadata_reads import find_table, read_definitions
from emulator.web_api.metadata_writes import post_column, post_relationship, post_table
from emulator.web_api.qualify_lead import qualify_lead
from emulator.web_api.references import change_reference
from emulator.web_api.row_keys import locate
from emulator.web_api.schema_names import require_solution
from emulator.web_api.sql_reads import read_sql

_DEFINITIONS = frozenset({"EntityDefinitions", "RelationshipDefinitions"})
_NAMESPACE = "Microsoft.Dynamics.CRM."
_RESOURCES_NOT_DONE = {"GlobalOptionSetDefinitions", "ManagedPropertyDefinitions", "$metadata", "$crossjoin", "$all"}
_OPERATIONS_NOT_DONE = {
    *("AddSolutionComponent", "CreateCustomerRelationships", "DeleteOptionValue", "ExportSolution", "ImportSolution"),
    *("ImportSolutionAsync", "InitializeFrom", "OrderOption", "RetrieveCurrentOrganization", "RetrieveVersion"),
    *("StageSolution", "UpdateStateValue"),
}
_TABLES_NOT_DONE = {
    *("activitypointers", "annotations", "appmodules", "emails", "entitymaps", "incidents", "lists", "phonecalls"),
    *("plugintypes", "privileges", "roles", "savedqueries", "solutioncomponents", "systemforms", "tasks"),
    *("usersettingscollection", "webresourceset", "workflows"),
}
_NOT_DONE = frozenset(_RESOURCES_NOT_DONE | _OPERATIONS_NOT_DONE | _TABLES_NOT_DONE)


def route(environment: Environment, call: Call) -> Response:
    """Answer one request that is no batch; refusals are WebApiErrors."""
    if not call.address.segments:
        raise UnsupportedError("the service document")
    solution = call.request.headers.get("MSCRM.SolutionUniqueName") or call.address.option("solutionuniquename")
    require_solution(environment, solution)
    first, *rest = call.address.segments
    if first.name in _DEFINITIONS:
        return _definitions(environment, call, first, rest)
    if first.name in FUNCTIONS or first.name in ACTIONS:
        return _operation(environment, call, first, rest)
    if first.name in _NOT_DONE:
        raise UnsupportedError(first.name)
    table = environment.metadata.by_entity_set(first.name)
    if table is None:
        raise SegmentNotFoundError(first.name)
    if rest:
        return _below(environment, call, table, first, rest)
    return _set(environment, call, table) if first.key is None else _row(environment, call, table, first)


def is_write(call: Call) -> bool:
    """Whether the request needs a transaction."""
    return call.request.method != "GET"


def table_name(environment: Environment, call: Call) -> str:
    """What the request is counted under: a table's logical name, else the first segment."""
    name = call.address.segments[0].name if call.address.segments else ""
    table = environment.metadata.by_entity_set(name)
    return table.logical_name if table else name


def _set(environment: Environment, call: Call, table: Table) -> Response:
    if call.request.method == "POST":
        return writes.post(environment, call, table)
    if call.request.method != "GET":
        raise MethodNotAllowedError(call.request.method)
    if is_tracked(call):
        return read_changes(environment, call, table)
    for option, read in (("$apply", read_apply), ("fetchxml", read_fetch), ("sql", read_sql)):
        if call.address.option(option) is not None:
            if call.preferences.annotates(FORMATTED):
                message = f"formatted values in the answer to {option}"
                raise UnsupportedError(message)
            return read(environment, call, table)
    return reads.read_page(environment, call, table)


def _row(environment: Environment, call: Call, table: Table, segment: Segment) -> Response:
    key = locate(environment, table, segment)
    if call.request.method == "GET":
        return reads.read_one(environment, call, table, key)
    if call.request.method == "PATCH":
        return writes.patch(environment, call, table, key)
    if call.request.method == "DELETE":
        return writes.delete(environment, call, table, key)
    raise MethodNotAllowedError(call.request.method)


def _below(environment: Environment, call: Call, table: Table, first: Segment, rest: Sequence[Segment]) -> Response:
    """What is below a set or a row: `$count`, bound actions, `$ref`."""
    name = rest[0].name
    if first.key is None and name == "$count" and len(rest) == 1:
        _require_method(call, "GET")
        read = count_changes if is_tracked(call) else reads.read_count
        return read(environment, call, table)
    if len(rest) == 1 and name.startswith(_NAMESPACE):
        return _bound_action(environment, call, table, first, name.removeprefix(_NAMESPACE))
    if first.key is not None and len(rest) == 2 and rest[1].name == "$ref" and call.request.method != "GET":
        return change_reference(environment, call, locate(environment, table, first), rest[0])
    known = name in table.properties or name in table.navigations or name.startswith((_NAMESPACE, "$"))
    if known or environment.metadata.collection(table.logical_name, name):
        message = f"{table.entity_set}/{name}"
        raise UnsupportedError(message)
    raise SegmentNotFoundError(name)


def _bound_action(environment: Environment, call: Call, table: Table, first: Segment, action: str) -> Response:
    if first.key is None and action in BULK_ACTIONS:
        _require_method(call, "POST")
        return BULK_ACTIONS[action](environment, call, table)
    if first.key is not None and action == "QualifyLead" and table.logical_name == "lead":
        _require_method(call, "POST")
        key = locate(environment, table, first)
        lead = environment.rows.find(table, str(key.row_id)) if key.row_id else None
        if lead is None:
            raise key.missing()
        return qualify_lead(environment, call, lead)
    message = f"{table.entity_set}/{_NAMESPACE}{action}"
    raise UnsupportedError(message)


def _definitions(environment: Environment, call: Call, first: Segment, rest: Sequence[Segment]) -> Response:
    method = call.request.method
    if method == "GET":
        return read_definitions(environment, call)
    if method == "PATCH":
        # Definitions are replaced as a whole: the service takes PUT and refuses PATCH.
        raise MethodNotAllowedError(method)
    path = "/".join(segment.name + ("" if segment.key is None else "()") for segment in call.address.segments)
    operation = _DEFINITION_OPERATIONS.get((method, path))
    if operation is None:
        message = f"{method} to {path}"
        raise UnsupportedError(message)
    return operation(environment, call, first, rest)


def _operation(environment: Environment, call: Call, segment: Segment, rest: Sequence[Segment]) -> Response:
    if rest:
        raise SegmentNotFoundError(rest[0].name)
    method, operations = ("GET", FUNCTIONS) if segment.name in FUNCTIONS else ("POST", ACTIONS)
    _require_method(call, method)
    if segment.key and segment.name not in TAKES_PARAMETERS:
        message = f"parameters of {segment.name}"
        raise UnsupportedError(message)
    return operations[segment.name](environment, call)


def _require_method(call: Call, method: str) -> None:
    if call.request.method != method:
        raise MethodNotAllowedError(call.request.method)


_Operation = Callable[[Environment, Call, Segment, Sequence[Segment]], Response]
_DEFINITION_OPERATIONS: Mapping[tuple[str, str], _Operation] = {
    ("POST", "EntityDefinitions"): lambda e, c, _first, _rest: post_table(e, c),
    ("POST", "RelationshipDefinitions"): lambda e, c, _first, _rest: post_relationship(e, c),
    ("POST", "EntityDefinitions()/Attributes"): lambda e, c, first, _rest: post_column(e, c, first),
    ("POST", "EntityDefinitions()/Keys"): lambda e, c, first, _rest: post_key(e, c, find_table(e, first)),
    ("PUT", "EntityDefinitions()"): lambda e, c, first, _rest: put_table(e, c, first),
    ("PUT", "EntityDefinitions()/Attributes()"): lambda e, c, first, rest: put_column(
        e, c, find_table(e, first), rest[0]
    ),
    ("DELETE", "EntityDefinitions()"): lambda e, _c, first, _rest: delete_table(e, find_table(e, first)),
    ("DELETE", "EntityDefinitions()/Attributes()"): lambda e, _c, first, rest: delete_column(
        e, find_table(e, first), rest[0]
    ),
    ("DELETE", "EntityDefinitions()/Keys()"): lambda e, _c, first, rest: delete_key(e, find_table(e, first), rest[0]),
    ("DELETE", "RelationshipDefinitions()"): lambda e, _c, first, _rest: delete_relationship(e, first),
}
