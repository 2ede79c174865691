"""State and status: which status belongs to which state, and that closed leads are read-only."""

from emulator.web_api.errors import ReadOnlyRowError, StatusError
from emulator.web_api.metadata import Option, Table
from emulator.web_api.rows import Row

_STATE_COLUMNS = frozenset({"statecode", "statuscode"})
# Custom tables and the other standard ones stay writable when inactive: the Web API does not mind, forms do.
_READ_ONLY_WHEN_CLOSED = frozenset({"lead"})


def initial_state(table: Table, submitted: Row) -> Row:
    """The state and status of a new row: the first state, and the submitted status if it belongs to it."""
    if "statecode" not in table.columns:
        return {}
    state = table.columns["statecode"].options[0]
    status = submitted.get("statuscode")
    if status is None:
        return {"statecode": state.value, "statuscode": state.default_status}
    _require_member(table, int(status), state, str(submitted.get(table.primary_id)))
    return {"statecode": state.value, "statuscode": status}


def state_changes(table: Table, before: Row, submitted: Row) -> Row:
    """The submitted changes with state and status in step; raises StatusError or ReadOnlyRowError."""
    if "statecode" not in table.columns:
        return submitted
    changes = {name: value for name, value in submitted.items() if name not in _STATE_COLUMNS or value is not None}
    state_value = changes.get("statecode", before["statecode"])
    _require_open(table, before, changes, state_value)
    if not _STATE_COLUMNS & changes.keys():
        return changes
    state = table.columns["statecode"].option(int(state_value or 0))
    if state is None:
        return changes
    if "statuscode" in changes:
        _require_member(table, int(changes["statuscode"] or 0), state, str(before[table.primary_id]))
    elif state_value != before["statecode"]:
        changes["statuscode"] = state.default_status
    return changes


def _require_open(table: Table, before: Row, changes: Row, state_value: object) -> None:
    closed = table.logical_name in _READ_ONLY_WHEN_CLOSED and before["statecode"] != 0
    if closed and state_value != 0 and not changes.keys() <= _STATE_COLUMNS:
        raise ReadOnlyRowError


def _require_member(table: Table, status: int, state: Option, row_id: str) -> None:
    option = table.columns["statuscode"].option(status)
    if option is None or option.state != state.value:
        raise StatusError(table.schema_name, status, state.label, row_id)
