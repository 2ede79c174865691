"""`$filter` over definitions, which are JSON and not rows: exact comparison, and no text functions."""

from collections.abc import Mapping
from typing import Any

from emulator.web_api.errors import UnknownPropertyError, UnsupportedError
from emulator.web_api.filter_tree import Comparison, Either, Every, Filter, Not, Property, Value


def holds(tree: Filter, definition: Mapping[str, Any], type_name: str) -> bool:
    """Whether the definition meets the filter."""
    match tree:
        case Every(operands):
            return all(holds(operand, definition, type_name) for operand in operands)
        case Either(operands):
            return any(holds(operand, definition, type_name) for operand in operands)
        case Not(operand):
            return not holds(operand, definition, type_name)
        case Comparison(left, "eq" | "ne" as operator, Value(value=expected)):
            return (_member(left, definition, type_name) == expected) == (operator == "eq")
        case _:
            raise UnsupportedError("filters on definitions other than eq and ne with a literal")


def _member(path: Property, definition: Mapping[str, Any], type_name: str) -> object:
    value: Any = definition
    for name in path.names:
        if not isinstance(value, Mapping) or name not in value:
            raise UnknownPropertyError(path.names[0], type_name)
        value = value[name]
    return value
