"""Keeps the definitions in SQLite, and makes the SQL tables and columns they describe."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from emulator.web_api.database import Database
from emulator.web_api.definitions import Definition
from emulator.web_api.metadata import Column, Metadata, Table
from emulator.web_api.parsing import parse_column, parse_table

_SQL_TYPES = {
    **dict.fromkeys(("String", "Memo", "EntityName"), "TEXT COLLATE dataverse"),
    **dict.fromkeys(("Integer", "BigInt", "Boolean", "Picklist", "State", "Status"), "INTEGER"),
    **dict.fromkeys(("Decimal", "Double", "Money"), "REAL"),
    **dict.fromkeys(("Lookup", "Owner", "Customer", "Uniqueidentifier", "DateTime"), "TEXT"),
}
_UNINDEXED_LOOKUPS = frozenset(
    {"createdby", "modifiedby", "createdonbehalfby", "modifiedonbehalfby", "transactioncurrencyid"}
)


class Catalogue:
    """The stored definitions; every write is meant for an open transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self) -> Metadata:
        """The whole metadata as stored."""
        columns: dict[str, list[Definition]] = defaultdict(list)
        for table_name, text in self._database.execute("SELECT table_name, definition FROM _column"):
            columns[str(table_name)].append(json.loads(str(text)))
        relationships: dict[str, list[Definition]] = defaultdict(list)
        for (text,) in self._database.execute("SELECT definition FROM _relationship"):
            definition = json.loads(str(text))
            relationships[definition["ReferencingEntity"]].append(definition)
        tables = (json.loads(str(text)) for (text,) in self._database.execute("SELECT definition FROM _table"))
        return Metadata(parse_table(t, columns[t["LogicalName"]], relationships[t["LogicalName"]]) for t in tables)

    def add_table(self, table: Table) -> None:
        """Store a new table with its columns and relationships, and make its SQL table."""
        definition = (table.logical_name, _text(table.definition))
        self._database.execute("INSERT INTO _table VALUES (?, ?)", definition)
        parts = ", ".join(part for column in table.columns.values() for part in _sql_columns(column, table.primary_id))
        self._database.execute(f'CREATE TABLE "{table.logical_name}" ({parts})')
        for column in table.columns.values():
            self._save_column(column.definition)
            self._index(table.logical_name, column)
        for relationship in table.navigations.values():
            self.add_relationship(relationship.definition)

    def add_column(self, definition: Mapping[str, Any]) -> None:
        """Store a new column and add it to its SQL table, null in every row."""
        self._save_column(definition)
        column = parse_column(definition)
        for part in _sql_columns(column, None):
            self._database.execute(f'ALTER TABLE "{definition["EntityLogicalName"]}" ADD COLUMN {part}')
        self._index(definition["EntityLogicalName"], column)

    def replace_column(self, definition: Mapping[str, Any]) -> None:
        """Store a changed definition of a column, such as one option more."""
        self._save_column(definition)

    def add_relationship(self, definition: Mapping[str, Any]) -> None:
        """Store a new relationship; its lookup is a column of its own."""
        self._database.execute("INSERT INTO _relationship VALUES (?, ?)", (definition["SchemaName"], _text(definition)))

    def _save_column(self, definition: Mapping[str, Any]) -> None:
        sql = (
            "INSERT INTO _column VALUES (?, ?, ?) "
            "ON CONFLICT (table_name, logical_name) DO UPDATE SET definition = excluded.definition"
        )
        key = (definition["EntityLogicalName"], definition["LogicalName"])
        self._database.execute(sql, (*key, _text(definition)))

    def _index(self, table_name: str, column: Column) -> None:
        if column.is_lookup and column.logical_name not in _UNINDEXED_LOOKUPS:
            name = column.logical_name
            index = f'CREATE INDEX "{table_name}:{name}" ON "{table_name}" ("{name}") WHERE "{name}" IS NOT NULL'
            self._database.execute(index)


def target_column(lookup: str) -> str:
    """The SQL column beside a lookup with several targets that says which table it points at."""
    return f"{lookup}:target"


def _text(definition: Mapping[str, Any]) -> str:
    return json.dumps(definition, ensure_ascii=False)


def _sql_columns(column: Column, primary_id: str | None) -> Iterable[str]:
    key = " PRIMARY KEY NOT NULL" if column.logical_name == primary_id else ""
    yield f'"{column.logical_name}" {_SQL_TYPES[column.type]}{key}'
    if len(column.targets) > 1:
        yield f'"{target_column(column.logical_name)}" TEXT'
