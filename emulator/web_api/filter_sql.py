"""`$filter` to SQL: names checked against the metadata, literals against the columns' types, values as parameters only.

Logic is two-valued, as in the platform's queries: a comparison with null is false, so its negation is true, and `ne`
matches rows whose column is null.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from emulator.web_api.catalogue import target_column
from emulator.web_api.database import SqlValue
from emulator.web_api.errors import BadRequestError, UnknownPropertyError, UnsupportedError
from emulator.web_api.filters import Comparison, Either, Every, Filter, Membership, Not, Property, TextMatch, Value
from emulator.web_api.metadata import Column, Metadata, Table
from emulator.web_api.values import GUID, edm_type, stored_date, stored_moment

_SIGNS = {"eq": "=", "ne": "IS NOT", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_KINDS = {
    "eq": "Equal",
    "ne": "NotEqual",
    "gt": "GreaterThan",
    "ge": "GreaterThanOrEqual",
    "lt": "LessThan",
    "le": "LessThanOrEqual",
}
_NUMBERS = frozenset({"Edm.Int32", "Edm.Int64", "Edm.Decimal", "Edm.Double"})
_LITERAL_TYPES = {
    "guid": "Edm.Guid",
    "moment": "Edm.DateTimeOffset",
    "date": "Edm.Date",
    "number": "Edm.Decimal",
    "string": "Edm.String",
    "boolean": "Edm.Boolean",
}
_ROOT = "t0"
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,10})?")


@dataclass(slots=True)
class Where:
    """A condition as SQL, the joins it needs on `t0`, and its parameters in order."""

    metadata: Metadata
    table: Table
    joins: dict[str, str] = field(default_factory=dict)
    parameters: list[SqlValue] = field(default_factory=list)

    def condition(self, tree: Filter) -> str:
        """The SQL of the tree; adds to joins and parameters."""
        match tree:
            case Every(operands):
                return "(" + " AND ".join(self.condition(operand) for operand in operands) + ")"
            case Either(operands):
                return "(" + " OR ".join(self.condition(operand) for operand in operands) + ")"
            case Not(operand):
                return f"({self.condition(operand)}) IS NOT TRUE"
            case Comparison():
                return self._comparison(tree)
            case TextMatch():
                return self._text_match(tree)
            case Membership():
                return self._membership(tree)

    def _comparison(self, comparison: Comparison) -> str:
        path, operator, literal = comparison.left, comparison.operator, comparison.right
        if isinstance(literal, Property):
            return self._two_columns(path, operator, literal)
        sql, column = self._resolved(path)
        if literal.kind == "null":
            if operator not in {"eq", "ne"}:
                message = f"{operator} with null in $filter"
                raise UnsupportedError(message)
            return f"{sql} IS {'NOT ' if operator == 'ne' else ''}NULL"
        self.parameters.append(_parameter(column, operator, literal))
        return f"{sql} {_SIGNS[operator]} ?"

    def _two_columns(self, left: Property, operator: str, right: Property) -> str:
        (left_sql, left_column), (right_sql, right_column) = self._resolved(left), self._resolved(right)
        types = {edm_type(left_column), edm_type(right_column)}
        if len(types) > 1 and not types <= _NUMBERS:
            raise _incompatible(operator, edm_type(left_column), edm_type(right_column))
        return f"{left_sql} {_SIGNS[operator]} {right_sql}"

    def _text_match(self, match: TextMatch) -> str:
        sql, column = self._resolved(match.path)
        if not column.is_text:
            message = f"No function signature for the function with name '{match.function}' matches."
            raise BadRequestError(message, "0x80060888")
        before, after = match.function != "startswith", match.function != "endswith"
        self.parameters.append("%" * before + match.text + "%" * after)
        return f"matches({sql}, ?)"

    def _membership(self, membership: Membership) -> str:
        column = self.table.columns.get(membership.column)
        if column is None or not column.valid_for_read:
            raise UnknownPropertyError(membership.column, self.table.type_name)
        self.parameters += [_listed(column, value) for value in membership.values]
        places = ", ".join("?" * len(membership.values))
        condition = f'{_ROOT}."{column.logical_name}" IN ({places})'
        return f"({condition}) IS NOT TRUE" if membership.negated else condition

    def _resolved(self, path: Property) -> tuple[str, Column]:
        *navigation, name = path.names
        table, alias = (self.table, _ROOT) if not navigation else self._joined(navigation[0])
        column = table.properties.get(name)
        if column is None or not column.valid_for_read:
            raise UnknownPropertyError(name, table.type_name)
        return f'{alias}."{column.logical_name}"', column

    def _joined(self, navigation: str) -> tuple[Table, str]:
        relationship = self.table.navigations.get(navigation)
        if relationship is None:
            raise UnknownPropertyError(navigation, self.table.type_name)
        target = self.metadata.table(relationship.referenced)
        alias = f'"n:{navigation}"'
        on = f'{alias}."{target.primary_id}" = {_ROOT}."{relationship.column}"'
        if len(self.table.columns[relationship.column].targets) > 1:
            on += f""" AND {_ROOT}."{target_column(relationship.column)}" = '{target.logical_name}'"""
        self.joins[navigation] = f'LEFT JOIN "{target.logical_name}" {alias} ON {on}'
        return target, alias


def _parameter(column: Column, operator: str, literal: Value) -> SqlValue:
    expected, found = edm_type(column), _LITERAL_TYPES.get(literal.kind, "Edm.String")
    if expected in _NUMBERS and literal.kind == "number":
        return literal.value
    try:
        if expected == "Edm.DateTimeOffset" and literal.kind in {"moment", "date"}:
            text = str(literal.value)
            return stored_moment(text) if literal.kind == "moment" else f"{stored_date(text)}T00:00:00"
        if expected == "Edm.Date" and literal.kind == "date":
            return stored_date(str(literal.value))
    except (ValueError, OverflowError):
        message = f"Unrecognized '{expected}' literal '{literal.value}'."
        raise BadRequestError(message, "0x80060888") from None
    if expected != found or literal.kind == "enum":
        raise _incompatible(operator, expected, found)
    return int(literal.value) if isinstance(literal.value, bool) else literal.value


def _listed(column: Column, text: str) -> SqlValue:
    expected = edm_type(column)
    try:
        return _READERS[expected](text)
    except (ValueError, KeyError, OverflowError):
        message = f"The value '{text[:100]}' of In is not of type '{expected}'."
        raise BadRequestError(message, "0x80060888") from None


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return float(text) if "." in text else int(text)


def _guid(text: str) -> str:
    if not GUID.fullmatch(text):
        raise ValueError(text)
    return text.lower()


_READERS: Mapping[str, Callable[[str], SqlValue]] = {
    **dict.fromkeys(_NUMBERS, _number),
    "Edm.Boolean": lambda text: {"true": 1, "false": 0, "1": 1, "0": 0}[text.lower()],
    "Edm.DateTimeOffset": stored_moment,
    "Edm.Date": stored_date,
    "Edm.Guid": _guid,
    "Edm.String": str,
}


def _incompatible(operator: str, left: str, right: str) -> BadRequestError:
    found = f"Found operand types '{left}' and '{right}' for operator kind '{_KINDS[operator]}'."
    return BadRequestError(f"A binary operator with incompatible types was detected. {found}", "0x80060888")
