"""Merge: one lead, account or contact is folded into another of its table, and what pointed at it follows.

Three events at most: the target's Update when there is content, the subordinate's, and last the Merge around them.
"""

from uuid import UUID

from emulator.web_api.arguments import boolean, require_only, row_of, type_of
from emulator.web_api.cascade import move_children
from emulator.web_api.environment import Call, Environment
from emulator.web_api.errors import BadRequestError, UnsupportedError
from emulator.web_api.http import Response
from emulator.web_api.metadata import MERGEABLE_TABLES, Table
from emulator.web_api.payload import read_json
from emulator.web_api.representation import answer
from emulator.web_api.rows import Row
from emulator.web_api.submission import read_submission
from emulator.web_api.writes import change_row, note, update_row

_ACTION = "Merge"
_PARAMETERS = frozenset({"Target", "Subordinate", "UpdateContent", "PerformParentingChecks"})


def merge(environment: Environment, call: Call) -> Response:
    """The unbound action: UpdateContent goes to the target, children to the target, and the subordinate is closed."""
    call.address.refuse_options_but()
    body = read_json(call.request, _ACTION)
    require_only(_ACTION, body, _PARAMETERS)
    table, target = row_of(environment, _ACTION, body, "Target")
    other, subordinate = row_of(environment, _ACTION, body, "Subordinate")
    _require_mergeable(table, other, target, subordinate)
    if boolean(_ACTION, body, "PerformParentingChecks") and table.logical_name != "lead":
        raise UnsupportedError("PerformParentingChecks of Merge: true")
    given: Row = {}
    if body.get("UpdateContent") is not None:
        content = body["UpdateContent"]
        if type_of(environment, _ACTION, content) is not table:
            raise BadRequestError("UpdateContent is not of the type of Target.")
        given = read_submission(environment, call, table, content, creating=False)
        update_row(environment, call, table, target, given)
    target_id, subordinate_id = str(target[table.primary_id]), str(subordinate[table.primary_id])
    move_children(environment, table, subordinate_id, target_id)
    change_row(environment, call, table, subordinate, {"merged": 1, "masterid": target_id, **_closed(table)})
    after = environment.rows.find(table, target_id)
    note(environment, call, "Merge", table, target, after, list(given), UUID(subordinate_id))
    return answer(204)


def _require_mergeable(table: Table, other: Table, target: Row, subordinate: Row) -> None:
    if table.logical_name not in MERGEABLE_TABLES:
        message = f"Merge of {table.logical_name}"
        raise UnsupportedError(message)
    if other is not table:
        raise BadRequestError("Target and Subordinate of Merge are rows of the same table.")
    if target[table.primary_id] == subordinate[table.primary_id]:
        raise BadRequestError("A row cannot be merged with itself.")
    if subordinate["merged"] or target["merged"]:
        raise BadRequestError("A row that was merged into another cannot be merged again.")


def _closed(table: Table) -> Row:
    """The last state: Disqualified for a lead, Inactive for the others."""
    state = table.columns["statecode"].options[-1]
    return {"statecode": state.value, "statuscode": state.default_status}
