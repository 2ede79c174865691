"""The SQLite connection: transactions, Dataverse's collation, and the one counter all row versions come from."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from emulator.web_api import text

SqlValue = str | int | float | None

_INTERNAL_TABLES = """
CREATE TABLE IF NOT EXISTS _setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _table (logical_name TEXT PRIMARY KEY, definition TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _column (
    table_name TEXT NOT NULL, logical_name TEXT NOT NULL, definition TEXT NOT NULL,
    PRIMARY KEY (table_name, logical_name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _relationship (schema_name TEXT PRIMARY KEY, definition TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _key (
    table_name TEXT NOT NULL, logical_name TEXT NOT NULL, definition TEXT NOT NULL, created TEXT NOT NULL,
    failed INTEGER NOT NULL, PRIMARY KEY (table_name, logical_name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _deleted (
    table_name TEXT NOT NULL, versionnumber INTEGER NOT NULL, row_id TEXT NOT NULL,
    PRIMARY KEY (table_name, versionnumber)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _bulk_delete (
    job_id TEXT PRIMARY KEY, due TEXT NOT NULL, table_name TEXT NOT NULL, row_ids TEXT NOT NULL
) WITHOUT ROWID;
INSERT OR IGNORE INTO _counter VALUES ('versionnumber', 1000000), ('objecttypecode', 10000);
"""


class Database:
    """One SQLite database, in a file (durable: WAL, synchronous FULL) or in memory. Its owner serialises the calls."""

    def __init__(self, path: Path | None = None) -> None:
        self._connection = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        self._connection.create_collation("dataverse", text.collate)
        self._connection.create_function("matches", 2, text.matches, deterministic=True)
        if path is not None:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(_INTERNAL_TABLES)

    def execute(self, sql: str, parameters: Sequence[SqlValue] = ()) -> list[tuple[SqlValue, ...]]:
        """Run one statement and return all its rows."""
        return self._connection.execute(sql, parameters).fetchall()

    def changed(self, sql: str, parameters: Sequence[SqlValue] = ()) -> int:
        """Run one statement and return how many rows it changed."""
        return self._connection.execute(sql, parameters).rowcount

    def execute_many(self, sql: str, rows: Sequence[Sequence[SqlValue]]) -> None:
        """Run one statement once for each row of parameters."""
        self._connection.executemany(sql, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing: commits at the end, rolls back on any error, tables and columns included."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._connection.in_transaction

    def next_value(self, counter: str) -> int:
        """The next value of a counter: `versionnumber` for rows, `objecttypecode` for tables."""
        sql = "UPDATE _counter SET value = value + 1 WHERE name = ? RETURNING value"
        return int(str(self.execute(sql, (counter,))[0][0]))

    def next_values(self, counter: str, count: int) -> int:
        """The first of the next `count` values of a counter, all of them taken."""
        sql = "UPDATE _counter SET value = value + ? WHERE name = ? RETURNING value"
        return int(str(self.execute(sql, (count, counter))[0][0])) - count + 1

    def last_value(self, counter: str) -> int:
        """The last value a counter gave."""
        return int(str(self.execute("SELECT value FROM _counter WHERE name = ?", (counter,))[0][0]))

    def setting(self, name: str, default: str) -> str:
        """A value fixed when the database was made, such as the organisation's id."""
        self.execute("INSERT OR IGNORE INTO _setting VALUES (?, ?)", (name, default))
        return str(self.execute("SELECT value FROM _setting WHERE name = ?", (name,))[0][0])

    def snapshot(self) -> bytes:
        """The whole content, for `restore`."""
        return self._connection.serialize()

    def restore(self, snapshot: bytes) -> None:
        """Replace the whole content by a snapshot's."""
        with closing(sqlite3.connect(":memory:")) as source:
            source.deserialize(snapshot)
            source.backup(self._connection)

    def close(self) -> None:
        """Close the connection; a database in memory is gone."""
        self._connection.close()
