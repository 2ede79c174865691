"""The SELECT of `?sql=`, its names looked up: the same query that FetchXML is.

`<>` leaves null out, as SQL does; text compares as everywhere in Dataverse. Lookups go by `name` or `_name_value`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from emulator.web_api.errors import BadRequestError, UnsupportedError
from emulator.web_api.metadata import Metadata, Table
from emulator.web_api.select import Condition, Field, Junction, Link, Output, Select, field_of
from emulator.web_api.sql_statement import Item, SqlPath, Statement, Test, Tests, parse_statement


@dataclass(frozen=True, slots=True)
class SqlQuery:
    """A query, how many rows it asks for (None: all) and how many it leaves out."""

    select: Select
    limit: int | None
    offset: int


def parse_sql(text: str, table: Table, metadata: Metadata) -> SqlQuery:
    """The query of a SELECT, whose FROM has to name the table of the entity set."""
    statement = parse_statement(text)
    if statement.table[0].lower() != table.logical_name:
        message = f"The table {statement.table[0]} of the SQL is not the one of the URL."
        raise BadRequestError(message)
    limit, offset = statement.top, 0
    if statement.offset is not None:
        offset, limit = statement.offset
    return SqlQuery(_Resolver(statement, table, metadata).select(), limit, offset)


class _Resolver:
    """Looks the names of a statement up."""

    def __init__(self, statement: Statement, table: Table, metadata: Metadata) -> None:
        self._statement = statement
        self._alias = statement.table[1].lower()
        self._tables = {self._alias: table}
        self._links = tuple(self._link(join, metadata) for join in statement.joins)

    def select(self) -> Select:
        statement = self._statement
        outputs = tuple(self._output(item, name) for item, name in statement.outputs)
        grouped = bool(statement.groups) or any(output.aggregate for output in outputs)
        if grouped:
            self._check_groups(outputs)
        return Select(
            table=self._tables[self._alias],
            alias=self._alias,
            outputs=outputs,
            links=self._links,
            where=self._junction(statement.where),
            order=tuple((self._order(path, outputs), descending) for path, descending in statement.orders),
            grouped=grouped,
            distinct=statement.distinct,
        )

    def _link(self, join: tuple[bool, tuple[str, str], SqlPath, SqlPath], metadata: Metadata) -> Link:
        outer, (name, alias), *sides = join
        table = metadata.find(name.lower())
        if table is None:
            message = f"Invalid table name '{name}'."
            raise BadRequestError(message)
        self._tables[alias.lower()] = table
        one, other = (self._field(side) for side in sides)
        own, parent = (one, other) if one.alias == alias.lower() else (other, one)
        if own.alias != alias.lower() or own.column.logical_name != table.primary_id:
            raise UnsupportedError("a JOIN that is not on the primary id of the joined table")
        return Link(own, parent, outer)

    def _field(self, path: SqlPath) -> Field:
        qualifier, name = path
        if qualifier is not None:
            return field_of(self._tables, qualifier.lower(), name)
        having = [alias for alias, table in self._tables.items() if _has(table, name)]
        if len(having) > 1:
            message = f"Ambiguous column name '{name}'."
            raise BadRequestError(message)
        return field_of(self._tables, having[0] if having else self._alias, name)

    def _output(self, item: Item, name: str | None) -> Output:
        found = self._field(item.path) if item.path else None
        if item.aggregate is None and found is not None:
            return Output(name or found.column.property_name, found)
        return Output(name or str(item.aggregate), found, item.aggregate, item.distinct)

    def _check_groups(self, outputs: Sequence[Output]) -> None:
        groups = {self._field(path).sql for path in self._statement.groups}
        plain = {output.field.sql for output in outputs if output.aggregate is None and output.field}
        if plain != groups:
            raise BadRequestError("The columns selected beside aggregates are those of GROUP BY.")

    def _order(self, path: SqlPath, outputs: Sequence[Output]) -> str:
        if path[0] is None and any(output.name == path[1] for output in outputs):
            return (
                f'"{path[1]}"'
                if any(output.aggregate for output in outputs)
                else self._ordered_output(path[1], outputs)
            )
        return self._field(path).sql

    def _ordered_output(self, name: str, outputs: Sequence[Output]) -> str:
        found = next(output.field for output in outputs if output.name == name)
        return found.sql if found else f'"{name}"'

    def _junction(self, where: Test | Tests | None) -> Junction | None:
        if where is None:
            return None
        whole = where if isinstance(where, Tests) else Tests(any=False, parts=(where,))
        return Junction(any=whole.any, parts=tuple(self._condition(part) for part in whole.parts))

    def _condition(self, test: Test | Tests) -> Condition | Junction:
        if isinstance(test, Tests):
            return Junction(any=test.any, parts=tuple(self._condition(part) for part in test.parts))
        found = self._field(test.path)
        condition = Condition(found, test.operator, test.values)
        if test.operator == "ne" or test.operator.startswith("not-"):
            return Junction(any=False, parts=(condition, Condition(found, "not-null")))
        return condition


def _has(table: Table, name: str) -> bool:
    return name.lower() in table.columns or name in table.properties
