"""How date columns behave: as instants, as days, or as times without a zone.

Source: the Web API page "Query table definitions" (a cast to DateTimeAttributeMetadata has DateTimeBehavior).
"""

from collections.abc import Mapping

from dataverse import DataverseClient, Request
from dataverse.odata import set_name
from scoring.column_types import ColumnType

_TYPES: Mapping[object, ColumnType] = {"DateOnly": "DateOnly", "TimeZoneIndependent": "TimeZoneIndependent"}


def date_types(client: DataverseClient, table: str) -> Mapping[str, ColumnType]:
    """By column, what a date column of the table is to a condition."""
    path = (
        f"EntityDefinitions(LogicalName='{set_name(table)}')/Attributes"
        "/Microsoft.Dynamics.CRM.DateTimeAttributeMetadata?$select=LogicalName,DateTimeBehavior"
    )
    rows = client.rows(Request("GET", path, {"Consistency": "Strong"}))
    return {str(row["LogicalName"]): _type(row.get("DateTimeBehavior")) for row in rows}


def _type(behavior: object) -> ColumnType:
    value = behavior.get("Value") if isinstance(behavior, Mapping) else None
    return _TYPES.get(value, "DateTime")
