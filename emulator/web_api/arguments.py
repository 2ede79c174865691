"""The parameters of actions, read from their JSON: rows told apart by `@odata.type`, booleans, whole numbers."""

from collections.abc import Mapping
from typing import Any

from emulator.web_api.environment import Environment
from emulator.web_api.errors import BadRequestError, PayloadError, RowNotFoundError
from emulator.web_api.metadata import Table
from emulator.web_api.rows import Row
from emulator.web_api.values import GUID

_TYPE = "@odata.type"
_PREFIX = "Microsoft.Dynamics.CRM."


def require_only(action: str, body: Mapping[str, Any], known: frozenset[str]) -> None:
    """Raise for a member that is no parameter of the action."""
    for name in body:
        if name not in known and "@" not in name:
            message = (
                f"The parameter '{name}' in the request payload is not a valid parameter for the operation '{action}'."
            )
            raise BadRequestError(message, "0x80048d19")


def boolean(action: str, body: Mapping[str, Any], name: str) -> bool:
    """A parameter that has to be true or false."""
    value = body.get(name)
    if not isinstance(value, bool):
        raise _missing(action, name, "Edm.Boolean")
    return value


def whole_number(action: str, body: Mapping[str, Any], name: str) -> int:
    """A parameter that has to be a whole number."""
    value = body.get(name)
    if type(value) is not int:
        raise _missing(action, name, "Edm.Int32")
    return value


def type_of(environment: Environment, action: str, value: object) -> Table:
    """The table that `@odata.type` of an object names; without it nothing says what the object is."""
    given = value.get(_TYPE) if isinstance(value, dict) else None
    if not isinstance(given, str):
        detail = "An object of an abstract type needs @odata.type to say which it is"
        raise PayloadError(action, detail)
    name = given.lstrip("#")
    table = environment.metadata.find(name.removeprefix(_PREFIX)) if name.startswith(_PREFIX) else None
    if table is None:
        raise PayloadError(action, f"A resource type '{given}' does not exist in the model")
    return table


def row_of(
    environment: Environment, action: str, body: Mapping[str, Any], name: str, type_name: str = ""
) -> tuple[Table, Row]:
    """The stored row that a parameter names by its primary id; `type_name` where the parameter's type is declared."""
    given = body.get(name)
    if not isinstance(given, dict):
        raise _missing(action, name, f"{_PREFIX}{type_name or 'crmbaseentity'}")
    declared = environment.metadata.find(type_name) if type_name and _TYPE not in given else None
    table = declared or type_of(environment, action, given)
    if type_name and table.logical_name != type_name:
        raise PayloadError(action, f"'{name}' is not of type '{_PREFIX}{type_name}'")
    row_id = given.get(table.primary_id)
    if not isinstance(row_id, str) or not GUID.fullmatch(row_id):
        raise PayloadError(action, f"'{name}' has no {table.primary_id}")
    row = environment.rows.find(table, row_id.lower())
    if row is None:
        raise RowNotFoundError(table.logical_name, row_id.lower())
    return table, row


def _missing(action: str, name: str, type_name: str) -> PayloadError:
    return PayloadError(action, f"The parameter '{name}' of {action} is missing or not of type '{type_name}'")
