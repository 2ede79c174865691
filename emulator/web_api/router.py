"""From a method and an address to the operation that answers it."""

from collections.abc import Sequence

from emulator.web_api import reads, writes
from emulator.web_api.actions import ACTIONS, FUNCTIONS
from emulator.web_api.address import Segment, row_id
from emulator.web_api.environment import Call, Environment
from emulator.web_api.errors import MethodNotAllowedError, SegmentNotFoundError, UnsupportedError
from emulator.web_api.http import Response
from emulator.web_api.metadata import Table
from emulator.web_api.metadata_reads import read_definitions
from emulator.web_api.metadata_writes import post_column, post_relationship, post_table
from emulator.web_api.schema_names import require_solution

_DEFINITIONS = frozenset({"EntityDefinitions", "RelationshipDefinitions"})
_RESOURCES_NOT_DONE = {"GlobalOptionSetDefinitions", "ManagedPropertyDefinitions", "$metadata", "$crossjoin", "$all"}
_OPERATIONS_NOT_DONE = {
    *("AddSolutionComponent", "BulkDelete", "CreateCustomerRelationships", "DeleteOptionValue", "ExportSolution"),
    *("ImportSolution", "ImportSolutionAsync", "InitializeFrom", "Merge", "OrderOption", "ReactivateEntityKey"),
    *(
        "RetrieveCurrentOrganization",
        "RetrieveTotalRecordCount",
        "RetrieveVersion",
        "StageSolution",
        "UpdateStateValue",
    ),
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
        raise _refusal(table, rest)
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
    if call.request.method == "GET":
        return reads.read_page(environment, call, table)
    if call.request.method == "POST":
        return writes.post(environment, call, table)
    raise MethodNotAllowedError(call.request.method)


def _row(environment: Environment, call: Call, table: Table, segment: Segment) -> Response:
    key = row_id(segment, table.primary_id)
    if call.request.method == "GET":
        return reads.read_one(environment, call, table, key)
    if call.request.method == "PATCH":
        return writes.patch(environment, call, table, key)
    if call.request.method == "DELETE":
        return writes.delete(environment, call, table, key)
    raise MethodNotAllowedError(call.request.method)


def _definitions(environment: Environment, call: Call, first: Segment, rest: Sequence[Segment]) -> Response:
    if call.request.method == "GET":
        return read_definitions(environment, call)
    if call.request.method != "POST":
        message = f"{call.request.method} of definitions"
        raise UnsupportedError(message)
    names = [first.name, *(segment.name for segment in rest)]
    if first.key is None and names == ["EntityDefinitions"]:
        return post_table(environment, call)
    if first.key is None and names == ["RelationshipDefinitions"]:
        return post_relationship(environment, call)
    if first.key is not None and names == ["EntityDefinitions", "Attributes"] and rest[0].key is None:
        return post_column(environment, call, first)
    message = f"POST to {'/'.join(names)}"
    raise UnsupportedError(message)


def _operation(environment: Environment, call: Call, segment: Segment, rest: Sequence[Segment]) -> Response:
    if rest:
        raise SegmentNotFoundError(rest[0].name)
    method, operations = ("GET", FUNCTIONS) if segment.name in FUNCTIONS else ("POST", ACTIONS)
    if call.request.method != method:
        raise MethodNotAllowedError(call.request.method)
    if segment.key:
        message = f"parameters of {segment.name}"
        raise UnsupportedError(message)
    return operations[segment.name](environment, call)


def _refusal(table: Table, rest: Sequence[Segment]) -> UnsupportedError | SegmentNotFoundError:
    name = rest[0].name
    known = name in table.properties or name in table.navigations or name.startswith(("Microsoft.Dynamics.CRM.", "$"))
    return UnsupportedError(f"{table.entity_set}/{name}") if known else SegmentNotFoundError(name)
