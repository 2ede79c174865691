"""Keeps the definitions in SQLite, and makes the SQL tables and columns they describe.

Lookups, `createdon`, custom dates, alternate keys and the versions of tables with change tracking are indexed.
"""
# ruff: noqa: S608 - names in these statements come from the metadata, which checked them; values are parameters

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from emulator.web_api.database import Database
from emulator.web_api.definitions import Definition
from emulator.web_api.metadata import MULTIPLE, AlternateKey, Column, Metadata, Table
from emulator.web_api.parsing import parse_column, parse_key, parse_table

_SQL_TYPES = {
    **dict.fromkeys(("String", "Memo", "EntityName"), "TEXT COLLATE dataverse"),
    MULTIPLE: "TEXT",
    **dict.fromkeys(("Integer", "BigInt", "Boolean", "Picklist", "State", "Status"), "INTEGER"),
    **dict.fromkeys(("Decimal", "Double", "Money"), "REAL"),
    **dict.fromkeys(("Lookup", "Owner", "Customer", "Uniqueidentifier", "DateTime"), "TEXT"),
}
_UNINDEXED_LOOKUPS = frozenset(
    {"createdby", "modifiedby", "createdonbehalfby", "modifiedonbehalfby", "transactioncurrencyid"}
)


_KEYS = "SELECT table_name, definition, created, failed FROM _key ORDER BY created, logical_name"


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
        keys: dict[str, list[AlternateKey]] = defaultdict(list)
        for table_name, text, created, failed in self._database.execute(_KEYS):
            keys[str(table_name)].append(parse_key(json.loads(str(text)), str(created), failed=bool(failed)))
        tables = [json.loads(str(text)) for (text,) in self._database.execute("SELECT definition FROM _table")]
        names = [table["LogicalName"] for table in tables]
        return Metadata(
            parse_table(table, columns[name], relationships[name], keys[name])
            for name, table in zip(names, tables, strict=True)
        )

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
        if table.tracks_changes:
            self._index_versions(table.logical_name)

    def replace_table(self, table: Table) -> None:
        """Store a changed definition of a table, such as with change tracking."""
        sql = "UPDATE _table SET definition = ? WHERE logical_name = ?"
        self._database.execute(sql, (_text(table.definition), table.logical_name))
        if table.tracks_changes:
            self._index_versions(table.logical_name)

    def remove_table(self, table: Table) -> None:
        """Forget a table and its rows."""
        self._database.execute(f'DROP TABLE "{table.logical_name}"')
        self._database.execute("DELETE FROM _table WHERE logical_name = ?", (table.logical_name,))
        for internal in ("_column", "_key", "_deleted"):
            self._database.execute(f"DELETE FROM {internal} WHERE table_name = ?", (table.logical_name,))
        for relationship in table.navigations.values():
            self.remove_relationship(relationship.schema_name)

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

    def remove_column(self, table: Table, column: Column) -> None:
        """Forget a column and its values."""
        self._database.execute(f'DROP INDEX IF EXISTS "{table.logical_name}:{column.logical_name}"')
        beside = [target_column(column.logical_name)] if len(column.targets) > 1 else []
        for name in (column.logical_name, *beside):
            self._database.execute(f'ALTER TABLE "{table.logical_name}" DROP COLUMN "{name}"')
        key = (table.logical_name, column.logical_name)
        self._database.execute("DELETE FROM _column WHERE table_name = ? AND logical_name = ?", key)

    def remove_relationship(self, schema_name: str) -> None:
        """Forget a relationship."""
        self._database.execute("DELETE FROM _relationship WHERE schema_name = ?", (schema_name,))

    def save_key(self, table: Table, key: AlternateKey) -> None:
        """Store a key, new or tried again, and the index that finds rows by it."""
        values = (table.logical_name, key.logical_name, _text(key.definition), key.created.isoformat(), int(key.failed))
        self._database.execute("INSERT OR REPLACE INTO _key VALUES (?, ?, ?, ?, ?)", values)
        columns = ", ".join(f'"{name}"' for name in key.columns)
        index = _key_index(table, key)
        self._database.execute(f'CREATE INDEX IF NOT EXISTS {index} ON "{table.logical_name}" ({columns})')

    def remove_key(self, table: Table, key: AlternateKey) -> None:
        """Forget a key."""
        self._database.execute(f"DROP INDEX {_key_index(table, key)}")
        names = (table.logical_name, key.logical_name)
        self._database.execute("DELETE FROM _key WHERE table_name = ? AND logical_name = ?", names)

    def _index_versions(self, table_name: str) -> None:
        index = f'CREATE INDEX IF NOT EXISTS "{table_name}:versions" ON "{table_name}" ("versionnumber")'
        self._database.execute(index)

    def _save_column(self, definition: Mapping[str, Any]) -> None:
        sql = (
            "INSERT INTO _column VALUES (?, ?, ?) "
            "ON CONFLICT (table_name, logical_name) DO UPDATE SET definition = excluded.definition"
        )
        key = (definition["EntityLogicalName"], definition["LogicalName"])
        self._database.execute(sql, (*key, _text(definition)))

    def _index(self, table_name: str, column: Column) -> None:
        name = column.logical_name
        is_date = name == "createdon" or (column.type == "DateTime" and column.definition["IsCustomAttribute"])
        if is_date or (column.is_lookup and name not in _UNINDEXED_LOOKUPS):
            index = f'CREATE INDEX "{table_name}:{name}" ON "{table_name}" ("{name}") WHERE "{name}" IS NOT NULL'
            self._database.execute(index)


def target_column(lookup: str) -> str:
    """The SQL column beside a lookup with several targets that says which table it points at."""
    return f"{lookup}:target"


def _key_index(table: Table, key: AlternateKey) -> str:
    return f'"{table.logical_name}:key:{key.logical_name}"'


def _text(definition: Mapping[str, Any]) -> str:
    return json.dumps(definition, ensure_ascii=False)


def _sql_columns(column: Column, primary_id: str | None) -> Iterable[str]:
    key = " PRIMARY KEY NOT NULL" if column.logical_name == primary_id else ""
    yield f'"{column.logical_name}" {_SQL_TYPES[column.type]}{key}'
    if len(column.targets) > 1:
        yield f'"{target_column(column.logical_name)}" TEXT'
