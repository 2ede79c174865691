"""Rows in SQLite: one SQL table per table, one SQL column per column, addressed by primary id."""
# ruff: noqa: S608 - names in these statements come from the metadata, which checked them; values are parameters

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from emulator.web_api.catalogue import target_column
from emulator.web_api.database import Database, SqlValue
from emulator.web_api.events import Reference
from emulator.web_api.metadata import Table
from emulator.web_api.values import shown

Row = dict[str, SqlValue]


class Rows:
    """Reads and writes single rows; a row maps SQL column names to stored values."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, table: Table, row_id: str) -> Row | None:
        """The whole row, if there is one."""
        names = sql_columns(table)
        sql = f'SELECT {_quoted(names)} FROM "{table.logical_name}" WHERE "{table.primary_id}" = ?'
        found = self._database.execute(sql, (row_id,))
        return dict(zip(names, found[0], strict=True)) if found else None

    def exists(self, table: Table, row_id: str) -> bool:
        """Whether there is a row of that id."""
        sql = f'SELECT 1 FROM "{table.logical_name}" WHERE "{table.primary_id}" = ?'
        return bool(self._database.execute(sql, (row_id,)))

    def count(self, table: Table) -> int:
        """How many rows there are."""
        return int(str(self._database.execute(f'SELECT COUNT(*) FROM "{table.logical_name}"')[0][0]))

    def insert(self, table: Table, row: Mapping[str, SqlValue]) -> None:
        """Store a new row under the next version."""
        row = {**row, "versionnumber": self._database.next_value("versionnumber")}
        places = ", ".join("?" * len(row))
        sql = f'INSERT INTO "{table.logical_name}" ({_quoted(row)}) VALUES ({places})'
        self._database.execute(sql, tuple(row.values()))

    def update(self, table: Table, row_id: str, changes: Mapping[str, SqlValue]) -> None:
        """Change some columns of a row, under the next version."""
        changes = {**changes, "versionnumber": self._database.next_value("versionnumber")}
        assignments = ", ".join(f'"{name}" = ?' for name in changes)
        sql = f'UPDATE "{table.logical_name}" SET {assignments} WHERE "{table.primary_id}" = ?'
        self._database.execute(sql, (*changes.values(), row_id))

    def delete(self, table: Table, row_id: str) -> None:
        """Remove a row; a table with change tracking remembers that it was there."""
        self._database.execute(f'DELETE FROM "{table.logical_name}" WHERE "{table.primary_id}" = ?', (row_id,))
        if table.tracks_changes:
            tombstone = (table.logical_name, self._database.next_value("versionnumber"), row_id)
            self._database.execute("INSERT INTO _deleted VALUES (?, ?, ?)", tombstone)

    def ids_pointing_at(self, table: Table, lookup: str, target: str, row_id: str) -> list[str]:
        """The ids of the rows whose lookup holds that row."""
        sql = f'SELECT "{table.primary_id}" FROM "{table.logical_name}" WHERE "{lookup}" = ?'
        parameters: tuple[SqlValue, ...] = (row_id,)
        if len(table.columns[lookup].targets) > 1:
            sql += f' AND "{target_column(lookup)}" = ?'
            parameters = (row_id, target)
        return [str(found) for (found,) in self._database.execute(sql, parameters)]

    def select(self, table: Table, names: Sequence[str], where: str, parameters: Sequence[SqlValue]) -> list[Row]:
        """The named SQL columns of the rows that meet a condition."""
        sql = f'SELECT {_quoted(names)} FROM "{table.logical_name}" WHERE {where}'
        return [dict(zip(names, values, strict=True)) for values in self._database.execute(sql, parameters)]


def sql_columns(table: Table) -> list[str]:
    """All SQL columns of the table: its columns, and the target beside each lookup with several."""
    beside = [target_column(column.logical_name) for column in table.columns.values() if len(column.targets) > 1]
    return [*table.columns, *beside]


def event_values(table: Table, row: Mapping[str, SqlValue], names: Iterable[str] | None = None) -> dict[str, object]:
    """The named columns of a row (all, if None) as events carry them: Web API JSON, lookups as references."""
    chosen = table.columns if names is None else [name for name in names if name in table.columns]
    return {name: _event_value(table, row, name) for name in chosen}


def reference(table: Table, row: Mapping[str, SqlValue], lookup: str) -> Reference | None:
    """What a lookup column of the row points at."""
    row_id = row.get(lookup)
    if row_id is None:
        return None
    targets = table.columns[lookup].targets
    target = targets[0] if len(targets) == 1 else str(row[target_column(lookup)])
    return Reference(target, UUID(str(row_id)))


def _event_value(table: Table, row: Mapping[str, SqlValue], name: str) -> object:
    column = table.columns[name]
    return reference(table, row, name) if column.is_lookup else shown(column, row.get(name))


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
