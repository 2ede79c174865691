"""`$apply`: aggregate, groupby and filter, as far as clients count with them."""
# ruff: noqa: S608 - names in these statements come from the metadata, which checked them; values are parameters

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from emulator.web_api.environment import Call, Environment
from emulator.web_api.errors import AggregateLimitError, QuerySyntaxError, UnknownPropertyError, UnsupportedError
from emulator.web_api.filter_sql import Where
from emulator.web_api.filters import parse
from emulator.web_api.http import Response
from emulator.web_api.metadata import Column, Table
from emulator.web_api.query import PAGE_MAX, split_top_level
from emulator.web_api.representation import answer
from emulator.web_api.select import AGGREGATED_ROWS_MAX
from emulator.web_api.values import shown

_COUNT = re.compile(r"\$count\s+as\s+(\w+)")
_AGGREGATE = re.compile(r"(\w+)\s+with\s+(\w+)\s+as\s+(\w+)")
_METHODS = {
    "sum": "SUM({})",
    "average": "AVG({})",
    "min": "MIN({})",
    "max": "MAX({})",
    "countdistinct": "COUNT(DISTINCT {})",
}


@dataclass(frozen=True, slots=True)
class _Value:
    name: str
    sql: str
    column: Column | None


def read_apply(environment: Environment, call: Call, table: Table) -> Response:
    """The groups; AggregateLimitError when more than 50,000 rows would be aggregated."""
    call.address.refuse_options_but("$apply")
    *filters, last = _steps(call.address.option("$apply") or "")
    where = Where(environment.metadata, table, environment.clock())
    conditions = [where.condition(parse(_inside(step, "filter"))) for step in filters]
    groups, values = _last(table, last)
    joins = " ".join(where.joins.values())
    source = f'FROM "{table.logical_name}" t0 {joins} WHERE {" AND ".join(conditions) or "TRUE"}'
    counted = f"SELECT COUNT(*) FROM (SELECT 1 {source} LIMIT {AGGREGATED_ROWS_MAX + 1})"
    if int(str(environment.database.execute(counted, where.parameters)[0][0])) > AGGREGATED_ROWS_MAX:
        raise AggregateLimitError
    names = ", ".join(group.sql for group in groups)
    columns = ", ".join(value.sql for value in (*groups, *values))
    grouped = f" GROUP BY {names} ORDER BY {names}" if groups else ""
    rows = environment.database.execute(f"SELECT {columns} {source}{grouped} LIMIT {PAGE_MAX}", where.parameters)
    body = {
        "@odata.context": call.url(f"$metadata#{table.entity_set}"),
        "value": [_row((*groups, *values), r) for r in rows],
    }
    return answer(200, body)


def _steps(text: str) -> list[str]:
    steps = [step.strip() for step in split_top_level(text, "/")]
    if not steps:
        raise QuerySyntaxError("$apply is empty.")
    return steps


def _inside(step: str, name: str) -> str:
    found = re.fullmatch(rf"{name}\s*\((.*)\)", step, re.DOTALL)
    if found is None:
        message = f"$apply={step[:100]}"
        raise UnsupportedError(message)
    return found[1]


def _last(table: Table, step: str) -> tuple[list[_Value], list[_Value]]:
    if step.startswith("aggregate"):
        return [], _aggregates(table, _inside(step, "aggregate"))
    names, *rest = split_top_level(_inside(step, "groupby"), ",")
    groups = [_group(table, name.strip()) for name in names.strip().removeprefix("(").removesuffix(")").split(",")]
    if len(rest) > 1:
        raise QuerySyntaxError("groupby takes columns and one transformation.")
    return groups, _aggregates(table, _inside(rest[0].strip(), "aggregate")) if rest else []


def _group(table: Table, name: str) -> _Value:
    column = _column(table, name)
    if column.type == "DateTime":
        raise UnsupportedError("groupby of a date in $apply")
    return _Value(name, f't0."{column.logical_name}"', column)


def _aggregates(table: Table, text: str) -> list[_Value]:
    return [_aggregated(table, item.strip()) for item in split_top_level(text, ",")]


def _aggregated(table: Table, item: str) -> _Value:
    if counted := _COUNT.fullmatch(item):
        return _Value(counted[1], "COUNT(*)", None)
    found = _AGGREGATE.fullmatch(item)
    if found is None or found[2] not in _METHODS:
        message = f"aggregate({item[:100]}) in $apply"
        raise UnsupportedError(message)
    column = _column(table, found[1])
    kept = column if found[2] in {"sum", "min", "max"} else None
    return _Value(found[3], _METHODS[found[2]].format(f't0."{column.logical_name}"'), kept)


def _column(table: Table, name: str) -> Column:
    if "/" in name:
        raise UnsupportedError("a navigation property in $apply")
    column = table.properties.get(name)
    if column is None or not column.valid_for_read or column.is_secured:
        raise UnknownPropertyError(name, table.type_name)
    return column


def _row(values: Sequence[_Value], row: Sequence[Any]) -> dict[str, Any]:
    return {
        value.name: shown(value.column, found) if value.column else found
        for value, found in zip(values, row, strict=True)
    }
