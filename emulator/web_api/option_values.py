"""The options of a table's own choices: inserted, and given other labels."""

from collections.abc import Mapping
from typing import Any

from emulator.web_api.definitions import Definition, merged_label, option, shown_label
from emulator.web_api.environment import Call, Environment
from emulator.web_api.errors import BadRequestError, DefinitionNotFoundError, UnsupportedError
from emulator.web_api.http import Response
from emulator.web_api.metadata import MULTIPLE, Column, Table
from emulator.web_api.metadata_writes import replace_column
from emulator.web_api.payload import read_json
from emulator.web_api.posted import object_in
from emulator.web_api.representation import answer
from emulator.web_api.schema_names import require_solution

_OPTION_VALUES = {"InsertStatusValue": "Status", "InsertOptionValue": "Picklist"}


def insert_option(environment: Environment, call: Call) -> Response:
    """InsertStatusValue and InsertOptionValue: one option more on a choice; 0x80044310 when it has it."""
    action = call.address.segments[0].name
    body = read_json(call.request, action)
    require_solution(environment, body.get("SolutionUniqueName"))
    table, column = _choice(environment, body, _OPTION_VALUES[action])
    value = body.get("Value") if body.get("Value") is not None else _next_value(environment, column)
    if type(value) is not int:
        message = f"The option value {value} is not a whole number."
        raise BadRequestError(message)
    if column.option(value) is not None:
        message = f"Picklist value {value} is not unique."
        raise BadRequestError(message, "0x80044310")
    text = shown_label(object_in(body, "Label"), environment.language)
    if text["UserLocalizedLabel"] is None:
        raise BadRequestError("The Label of an option is missing.")
    state = _state_member(table, body) if column.type == "Status" else {}
    options = [*column.definition["OptionSet"]["Options"], option(value, text, **state)]
    _replace_options(environment, table, column, options)
    context = call.url(f"$metadata#Microsoft.Dynamics.CRM.{action}Response")
    return answer(200, {"@odata.context": context, "NewOptionValue": value})


def update_option(environment: Environment, call: Call) -> Response:
    """UpdateOptionValue: another label for an option; MergeLabels keeps the other languages' texts."""
    body = read_json(call.request, "UpdateOptionValue")
    require_solution(environment, body.get("SolutionUniqueName"))
    table, column = _choice(environment, body, None)
    if type(body.get("Value")) is not int or column.option(body["Value"]) is None:
        message = f"The option value {body.get('Value')} does not exist."
        raise BadRequestError(message, "0x80048403")
    posted, keep = object_in(body, "Label"), bool(body.get("MergeLabels"))
    options = [
        {**given, "Label": merged_label(given["Label"], posted, environment.language, keep=keep)}
        if given["Value"] == body["Value"]
        else given
        for given in column.definition["OptionSet"]["Options"]
    ]
    _replace_options(environment, table, column, options)
    return answer(204)


def _choice(environment: Environment, body: Mapping[str, Any], kind: str | None) -> tuple[Table, Column]:
    if body.get("OptionSetName"):
        raise UnsupportedError("global choices (OptionSetName)")
    table = environment.metadata.find(str(body.get("EntityLogicalName")))
    if table is None:
        raise DefinitionNotFoundError("an entity", str(body.get("EntityLogicalName")))
    column = table.columns.get(str(body.get("AttributeLogicalName")))
    if column is None:
        raise DefinitionNotFoundError("an attribute", str(body.get("AttributeLogicalName")))
    if column.type not in (
        {kind, MULTIPLE if kind == "Picklist" else kind} if kind else {"Picklist", "Status", "State", MULTIPLE}
    ):
        message = f"The attribute {column.logical_name} is not of the type the action is for."
        raise BadRequestError(message, "0x80048403")
    return table, column


def _state_member(table: Table, body: Mapping[str, Any]) -> Definition:
    state = body.get("StateCode")
    if type(state) is not int or table.columns["statecode"].option(state) is None:
        message = f"The state code {state} is not a state of {table.logical_name}."
        raise BadRequestError(message)
    return {"State": state, "TransitionData": None}


def _next_value(environment: Environment, column: Column) -> int:
    publishers = environment.metadata.table("publisher")
    prefixes = environment.rows.select(
        publishers, ["customizationoptionvalueprefix"], '"customizationprefix" = ?', ("new",)
    )
    first = int(prefixes[0]["customizationoptionvalueprefix"] or 0) * 10_000
    taken = {known.value for known in column.options}
    return next(value for value in range(first, first + 10_000) if value not in taken)


def _replace_options(environment: Environment, table: Table, column: Column, options: list[Definition]) -> None:
    changed = {**column.definition, "OptionSet": {**column.definition["OptionSet"], "Options": options}}
    replace_column(environment, table, changed)
