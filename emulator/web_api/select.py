"""A query as FetchXML and SQL ask for it: a frozen description, and its translation to SQLite."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from emulator.web_api.database import SqlValue
from emulator.web_api.errors import BadRequestError, SecuredColumnError, UnsupportedError
from emulator.web_api.filter_tree import QueryFunction
from emulator.web_api.filter_values import listed_value
from emulator.web_api.metadata import Column, Table
from emulator.web_api.query_functions import function_condition

AGGREGATED_ROWS_MAX = 50_000

_COMPARISONS = {"eq": "=", "ne": "IS NOT", "neq": "IS NOT", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_LIKES = {
    "like": "{}",
    "begins-with": "{}%",
    "ends-with": "%{}",
    "not-like": "{}",
    "not-begin-with": "{}%",
    "not-end-with": "%{}",
}
_AGGREGATES = {"count": "COUNT", "sum": "SUM", "avg": "AVG", "min": "MIN", "max": "MAX"}
_FUNCTION_NAMES = {
    "last-seven-days": "Last7Days",
    "next-seven-days": "Next7Days",
    "not-contain-values": "DoesNotContainValues",
}
_ZONE = re.compile(r"(Z|[+-]\d\d:\d\d)$")


@dataclass(frozen=True, slots=True)
class Field:
    """A column of one of the query's tables, by the alias it goes under."""

    alias: str
    table: Table
    column: Column

    @property
    def sql(self) -> str:
        """The column in a statement; aliases come from the query and are quoted."""
        return f'"{self.alias}"."{self.column.logical_name}"'


@dataclass(frozen=True, slots=True)
class Link:
    """A join: `own` of the linked table equals `parent`; outer keeps rows that have none."""

    own: Field
    parent: Field
    outer: bool


@dataclass(frozen=True, slots=True)
class Output:
    """One value of a result row; without a field it counts rows."""

    name: str
    field: Field | None
    aggregate: str | None = None
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """A FetchXML operator with its values as text."""

    field: Field
    operator: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Junction:
    """All parts hold, or any."""

    any: bool
    parts: "tuple[Condition | Junction, ...]"


@dataclass(frozen=True, slots=True)
class Select:
    """The whole query; `order` holds (SQL of a field or of an output's name, descending)."""

    table: Table
    alias: str
    outputs: tuple[Output, ...]
    links: tuple[Link, ...] = ()
    where: Junction | None = None
    order: tuple[tuple[str, bool], ...] = ()
    grouped: bool = False
    distinct: bool = False


@dataclass(slots=True)
class Source:
    """FROM and WHERE of a query as SQL, with their parameters in order."""

    sql: str
    parameters: list[SqlValue] = field(default_factory=list)


def source(select: Select, now: datetime) -> Source:
    """Where the rows of a query come from, and which."""
    parts = [f'FROM "{select.table.logical_name}" "{select.alias}"']
    for link in select.links:
        join = "LEFT JOIN" if link.outer else "JOIN"
        parts.append(f'{join} "{link.own.table.logical_name}" "{link.own.alias}" ON {link.own.sql} = {link.parent.sql}')
    found = Source(" ".join(parts))
    if select.where is not None:
        found.sql += f" WHERE {_junction(select.where, found.parameters, now)}"
    return found


def output_sql(output: Output) -> str:
    """The SQL expression of an output."""
    if output.aggregate is None:
        return output.field.sql if output.field else "NULL"
    if output.field is None:
        return "COUNT(*)"
    distinct = "DISTINCT " if output.distinct else ""
    return f"{_AGGREGATES[output.aggregate]}({distinct}{output.field.sql})"


def grouping(select: Select) -> str:
    """GROUP BY of an aggregating query, which groups by what it does not aggregate."""
    names = [output.field.sql for output in select.outputs if output.aggregate is None and output.field]
    return f" GROUP BY {', '.join(names)}" if select.grouped and names else ""


def field_of(tables: Mapping[str, Table], alias: str, name: str) -> Field:
    """The field of that logical name (or `_name_value`) in the table under an alias; unknown names are refused."""
    table = tables.get(alias)
    if table is None:
        message = f"No entity with alias '{alias}' is in the query."
        raise BadRequestError(message)
    column = table.columns.get(name.lower()) or table.properties.get(name)
    if column is None or not column.valid_for_read:
        message = f"'{table.logical_name}' entity doesn't contain attribute with Name = '{name}'."
        raise BadRequestError(message, "0x80041103")
    return Field(alias, table, column)


def _junction(junction: Junction, parameters: list[SqlValue], now: datetime) -> str:
    parts = [
        _junction(part, parameters, now) if isinstance(part, Junction) else _condition(part, parameters, now)
        for part in junction.parts
    ]
    return "(" + (" OR " if junction.any else " AND ").join(parts or ["TRUE"]) + ")"


def _condition(condition: Condition, parameters: list[SqlValue], now: datetime) -> str:
    column, sql, operator = condition.field.column, condition.field.sql, condition.operator
    if column.is_secured:
        raise SecuredColumnError("0x8004f504", "read")
    if operator in {"null", "not-null"}:
        return f"{sql} IS {'NOT ' if operator == 'not-null' else ''}NULL"
    if operator in _COMPARISONS:
        parameters.append(_value(column, _one(condition)))
        return f"{sql} {_COMPARISONS[operator]} ?"
    if operator in {"in", "not-in"}:
        parameters += [_value(column, value) for value in condition.values]
        listed = f"{sql} IN ({', '.join('?' * len(condition.values))})"
        return f"({listed}) IS NOT TRUE" if operator == "not-in" else listed
    if operator in _LIKES:
        parameters.append(_LIKES[operator].format(_one(condition)))
        return f"matches({sql}, ?)" + (" IS NOT TRUE" if operator.startswith("not") else "")
    return _function(condition, parameters, now)


def _function(condition: Condition, parameters: list[SqlValue], now: datetime) -> str:
    words = condition.operator.replace("olderthan", "older-than").split("-")
    name = _FUNCTION_NAMES.get(condition.operator) or "".join(word.capitalize() for word in words)
    column = condition.field.column
    values = tuple(str(_value(column, value)) if name.endswith("Between") else value for value in condition.values)
    if column.type == "DateTime" and not column.date_only and name.endswith("Between"):
        values = tuple(f"{value}Z" for value in values)
    try:
        sql, found = function_condition(
            QueryFunction(name, column.logical_name, values), condition.field.sql, column, now
        )
    except UnsupportedError:
        message = f"the condition operator {condition.operator}"
        raise UnsupportedError(message) from None
    parameters += found
    return sql


def _one(condition: Condition) -> str:
    if len(condition.values) != 1:
        message = f"The condition operator {condition.operator} takes one value."
        raise BadRequestError(message)
    return condition.values[0]


def _value(column: Column, text: str) -> SqlValue:
    if column.type == "DateTime" and not column.date_only:
        text = text.replace(" ", "T") if "T" not in text else text
        text = f"{text}T00:00:00" if len(text) == 10 else text
        text = text if _ZONE.search(text) else f"{text}Z"
    return listed_value(column, text)
