"""The annotations of `Prefer: odata.include-annotations`: formatted values, and what lookups point at."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from emulator.web_api.catalogue import target_column
from emulator.web_api.database import SqlValue
from emulator.web_api.environment import Environment
from emulator.web_api.metadata import CHOICE_TYPES, MULTIPLE, Column, Table
from emulator.web_api.preferences import Preferences
from emulator.web_api.query import Query
from emulator.web_api.rows import Row

FORMATTED = "OData.Community.Display.V1.FormattedValue"
LOGICAL_NAME = "Microsoft.Dynamics.CRM.lookuplogicalname"
NAVIGATION = "Microsoft.Dynamics.CRM.associatednavigationproperty"
TOTAL = "Microsoft.Dynamics.CRM.totalrecordcount"
TOTAL_EXCEEDED = "Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"
PAGING_COOKIE = "Microsoft.Dynamics.CRM.fetchxmlpagingcookie"
MORE_RECORDS = "Microsoft.Dynamics.CRM.morerecords"

_CHUNK = 500
Names = Mapping[tuple[str, SqlValue], str | None]


def annotate(
    environment: Environment,
    preferences: Preferences,
    query: Query,
    rows: Sequence[Row],
    shown_rows: Sequence[dict[str, Any]],
) -> None:
    """Add the annotations that are asked for beside the properties they are about; null has none."""
    if not preferences.annotations:
        return
    columns = [column for column in query.columns if not column.is_secured]
    formatted = preferences.annotates(FORMATTED)
    names = _names(environment, columns, rows) if formatted else {}
    for row, shown_row in zip(rows, shown_rows, strict=True):
        for column in columns:
            if row[column.logical_name] is None:
                continue
            about = f"{column.property_name}@"
            if formatted and (text := _formatted(environment, query.table, column, row, names)) is not None:
                shown_row[about + FORMATTED] = text
            if column.is_lookup:
                _annotate_lookup(preferences, query.table, column, row, shown_row)


def points_at_table(column: Column, row: Mapping[str, SqlValue]) -> str:
    """The table that a lookup of the row points into."""
    return column.targets[0] if len(column.targets) == 1 else str(row[target_column(column.logical_name)])


def _annotate_lookup(
    preferences: Preferences, table: Table, column: Column, row: Row, shown_row: dict[str, Any]
) -> None:
    target = points_at_table(column, row)
    if preferences.annotates(NAVIGATION):
        pointing = (r for r in table.navigations.values() if (r.column, r.referenced) == (column.logical_name, target))
        navigation = next((relationship.navigation for relationship in pointing), column.logical_name)
        shown_row[f"{column.property_name}@{NAVIGATION}"] = navigation
    if preferences.annotates(LOGICAL_NAME):
        shown_row[f"{column.property_name}@{LOGICAL_NAME}"] = target


def _names(environment: Environment, columns: Iterable[Column], rows: Sequence[Row]) -> Names:
    wanted: dict[str, dict[SqlValue, None]] = {}
    for column in columns:
        for row in rows if column.is_lookup else ():
            if row[column.logical_name] is not None:
                wanted.setdefault(points_at_table(column, row), {})[row[column.logical_name]] = None
    found: dict[tuple[str, SqlValue], str | None] = {}
    for target_name, ids in wanted.items():
        target = environment.metadata.table(target_name)
        if target.primary_name is None:
            continue
        keys = list(ids)
        for start in range(0, len(keys), _CHUNK):
            chunk = keys[start : start + _CHUNK]
            where = f'"{target.primary_id}" IN ({", ".join("?" * len(chunk))})'
            for row in environment.rows.select(target, [target.primary_id, target.primary_name], where, chunk):
                name = row[target.primary_name]
                found[target_name, row[target.primary_id]] = None if name is None else str(name)
    return found


def _formatted(environment: Environment, table: Table, column: Column, row: Row, names: Names) -> str | None:
    value = row[column.logical_name]
    if column.is_lookup:
        return names.get((points_at_table(column, row), value))
    if column.type == "Money":
        return _currency(environment, table, column, row) + f"{float(value or 0):,.{column.precision}f}"
    formatter = _FORMATTERS.get(column.type)
    return formatter(column, value) if formatter else None


def _currency(environment: Environment, table: Table, column: Column, row: Row) -> str:
    currencies = environment.metadata.table("transactioncurrency")
    own = row.get("transactioncurrencyid") if not column.logical_name.endswith("_base") else None
    if own is None and "transactioncurrencyid" in table.columns and not column.logical_name.endswith("_base"):
        stored = environment.rows.find(table, str(row[table.primary_id])) or {}
        own = stored.get("transactioncurrencyid")
    currency = environment.rows.find(currencies, str(own or environment.currency_id)) or {}
    return str(currency.get("currencysymbol") or "")


def _label(column: Column, value: SqlValue) -> str | None:
    option = column.option(int(value or 0))
    return option.label if option else None


def _labels(column: Column, value: SqlValue) -> str:
    return "; ".join(str(_label(column, int(part))) for part in str(value).split(",") if part)


def _yes_or_no(column: Column, value: SqlValue) -> str:
    option = column.definition["OptionSet"]["TrueOption" if value else "FalseOption"]
    text = option["Label"]["UserLocalizedLabel"]
    return str(text["Label"]) if text else ("Yes" if value else "No")


def _date(column: Column, value: SqlValue) -> str:
    at = datetime.fromisoformat(str(value))
    day = f"{at.month}/{at.day}/{at.year}"
    if column.definition.get("Format") == "DateOnly" or column.date_only:
        return day
    return f"{day} {at.hour % 12 or 12}:{at.minute:02d} {'AM' if at.hour < 12 else 'PM'}"


def _decimal(column: Column, value: SqlValue) -> str:
    return f"{float(value or 0):,.{column.precision}f}"


def _whole(_column: Column, value: SqlValue) -> str:
    return f"{int(value or 0):,}"


# As a user of the English (United States) format sees them.
_FORMATTERS: Mapping[str, Callable[[Column, SqlValue], str | None]] = {
    **dict.fromkeys(CHOICE_TYPES, _label),
    MULTIPLE: _labels,
    "Boolean": _yes_or_no,
    "DateTime": _date,
    **dict.fromkeys(("Decimal", "Double"), _decimal),
    **dict.fromkeys(("Integer", "BigInt"), _whole),
}
