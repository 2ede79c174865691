"""Microsoft's own client, unchanged, at the emulator over https: tables, their columns, keys and lookups."""

import time
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.judges.running_client import ClientRaisedError, MicrosoftClient

COLUMNS = {
    "new_Title": "string",
    "new_Notes": "memo",
    "new_Size": "int",
    "new_Price": "decimal",
    "new_Ratio": "float",
    "new_Made": "datetime",
    "new_Good": "bool",
    "new_Colour": {"$choice": {"Red": 1, "Green": 2}},
    "new_Code": {"type": "string", "max_length": 10, "required": "ApplicationRequired"},
}
TYPES = {
    "new_title": "String",
    "new_notes": "Memo",
    "new_size": "Integer",
    "new_price": "Decimal",
    "new_ratio": "Double",
    "new_made": "DateTime",
    "new_good": "Boolean",
    "new_colour": "Picklist",
    "new_code": "String",
}


@pytest.fixture(scope="module")
def table(client: MicrosoftClient) -> Iterator[str]:
    """A table with a column of each kind, removed in the end."""
    name = f"new_Widget{uuid4().hex[:8]}"
    client("tables.create", name, COLUMNS)
    yield name
    client("tables.delete", name)
    assert client("tables.get", name) is None


def test_it_creates_a_table_with_columns_of_each_kind(client: MicrosoftClient, table: str) -> None:
    found = client("tables.get", table)
    assert found["table_schema_name"] == table
    assert found["table_logical_name"] == table.lower()
    listed = client("tables.list_columns", table, select=["LogicalName", "AttributeType"])
    types = {column["LogicalName"]: column["AttributeType"] for column in listed}
    assert {name: types.get(name) for name in TYPES} == TYPES


def test_rows_of_the_new_table_hold_what_was_written(client: MicrosoftClient, table: str) -> None:
    row = {
        "new_Name": "first",
        "new_Title": "Wheel",
        "new_Notes": "Two\nlines",
        "new_Size": -3,
        "new_Price": 1.25,
        "new_Ratio": 0.3,
        "new_Made": "2026-03-02T00:00:00Z",
        "new_Good": True,
        "new_Colour": "green",
        "new_Code": "W-1",
    }
    written = {name.lower(): value for name, value in row.items()} | {"new_colour": 2}
    read = client("records.retrieve", table, client("records.create", table, row), select=list(written))
    assert {name: read[name] for name in written} == written


def test_it_reads_a_column_with_its_constraints(client: MicrosoftClient, table: str) -> None:
    column = client("tables.get_column", table, "new_Code")
    assert (column["MaxLength"], column["RequiredLevel"]["Value"]) == (10, "ApplicationRequired")


def test_it_adds_a_column_and_removes_it(client: MicrosoftClient, table: str) -> None:
    client("tables.add_columns", table, {"new_More": "int"})
    assert client("tables.get_column", table, "new_More")["AttributeType"] == "Integer"
    client("tables.remove_columns", table, ["new_More"])
    assert client("tables.get_column", table, "new_More") is None


def test_it_reads_the_tables_that_are_there(client: MicrosoftClient, table: str) -> None:
    names = {each["LogicalName"] for each in client("tables.list", select=["LogicalName", "SchemaName"])}
    assert {"lead", "account", "contact", table.lower()} <= names
    (lead,) = client("tables.list", filter="SchemaName eq 'Lead'", select=["LogicalName", "EntitySetName"])
    assert (lead["LogicalName"], lead["EntitySetName"]) == ("lead", "leads")


def test_it_knows_that_there_is_no_such_table(client: MicrosoftClient) -> None:
    assert client("tables.get", "new_nothing") is None


def test_a_table_without_the_prefix_of_a_publisher_is_refused(client: MicrosoftClient) -> None:
    with pytest.raises(ClientRaisedError, match="prefix") as refused:
        client("tables.create", "nobodys_Widget", {"nobodys_Title": "string"})
    assert refused.value.status == 400


def key_is_active(client: MicrosoftClient, table: str) -> bool:
    (key,) = client("tables.get_alternate_keys", table)
    return bool(key["status"] == "Active")


def test_it_upserts_by_a_key_once_the_index_of_the_key_is_there(client: MicrosoftClient, table: str) -> None:
    client("tables.create_alternate_key", table, f"{table}_code", ["new_code"])
    ends_at = time.monotonic() + 60
    while not key_is_active(client, table):
        assert time.monotonic() < ends_at, "the index was never built"
        time.sleep(0.2)

    def upsert(**sizes: int) -> None:
        items = [
            {"alternate_key": {"new_code": code}, "record": {"new_size": size, "new_name": code}}
            for code, size in sizes.items()
        ]
        client("records.upsert", table, items)

    def sizes() -> dict[str, int]:
        rows = client("records.list", table, select=["new_code", "new_size"], filter="startswith(new_code,'K')")
        return {row["new_code"]: row["new_size"] for row in rows}

    upsert(K1=1)
    assert sizes() == {"K1": 1}
    upsert(K1=2)
    assert sizes() == {"K1": 2}
    upsert(K1=3, K2=4, K3=5)
    assert sizes() == {"K1": 3, "K2": 4, "K3": 5}


def test_a_lookup_that_it_makes_can_be_written_and_expanded_from_both_sides(client: MicrosoftClient) -> None:
    room, visit = (f"new_{kind}{uuid4().hex[:8]}" for kind in ("Room", "Visit"))
    client("tables.create", room, {})
    client("tables.create", visit, {"new_Minutes": "int"})
    made = client("tables.create_lookup_field", visit, "new_RoomId", room)
    room_id = client("records.create", room, {"new_Name": "Hall"})
    rooms = client("tables.get", room)["entity_set_name"]
    for minutes in (5, 30, 20):
        row = {"new_Minutes": minutes, "new_RoomId@odata.bind": f"/{rooms}({room_id})"}
        client("records.create", visit, row)
    rows = client("records.list", visit, select=["new_minutes"], expand=["new_RoomId($select=new_name)"])
    assert [row["new_RoomId"]["new_name"] for row in rows] == ["Hall"] * 3
    visits = made["relationship_schema_name"]
    options = "$select=new_minutes;$filter=new_minutes gt 10;$orderby=new_minutes desc"
    expanded = client("records.retrieve", room, room_id, select=["new_name"], expand=[f"{visits}({options})"])
    assert [row["new_minutes"] for row in expanded[visits]] == [30, 20]
    client("tables.delete", visit)
    client("tables.delete", room)
