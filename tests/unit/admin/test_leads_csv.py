"""A CSV of leads: columns are known or inferred, what cannot be kept is named, and so is every line that is wrong."""

from pathlib import Path

import pytest

from admin.definition_files import FileError
from admin.demo.leads_csv import CsvLeads, column_definition, read_leads_csv
from dataverse.labels import Labels
from dataverse.metadata import ColumnMetadata, TableMetadata

TYPES = {
    "leadid": "Uniqueidentifier",
    "jobtitle": "String",
    "description": "Memo",
    "numberofemployees": "Integer",
    "revenue": "Money",
    "exchangerate": "Decimal",
    "donotemail": "Boolean",
    "statuscode": "Status",
    "estimatedclosedate": "DateTime",
}
LEAD = TableMetadata(
    "lead",
    "leads",
    "leadid",
    "fullname",
    {name: ColumnMetadata(name, kind, is_secured=False, is_valid_for_read=True) for name, kind in TYPES.items()},
    {},
    {},
)
ID = "6d81597f-0f9f-4711-8122-000d3aa2331c"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "leads.csv"


def read(path: Path, *lines: str) -> CsvLeads:
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return read_leads_csv(path, LEAD)


def problems(path: Path, *lines: str) -> list[str]:
    with pytest.raises(FileError) as refused:
        read(path, *lines)
    return [str(problem).removeprefix(f"{path}:") for problem in refused.value.problems]


def test_columns_of_the_lead_keep_the_types_they_have(path: Path) -> None:
    found = read(
        path,
        "leadid,jobtitle,description,numberofemployees,revenue,exchangerate,donotemail",
        f'{ID.upper()},007,"two\nlines",007,1e3,0.5,True',
        f"{ID},,,,,,",
    )
    assert found.rows == (
        {
            "leadid": ID,
            "jobtitle": "007",
            "description": "two\nlines",
            "numberofemployees": 7,
            "revenue": 1000.0,
            "exchangerate": 0.5,
            "donotemail": True,
        },
        {
            "leadid": ID,
            **dict.fromkeys(["jobtitle", "description", "numberofemployees", "revenue", "exchangerate", "donotemail"]),
        },
    )
    assert (found.new_columns, found.left_out) == ({}, ())


INFERRED = {
    "boolean": [["true", "FALSE"], ["True", ""]],
    "integer": [["1", "-2"], ["0", ""], ["2147483647"]],
    "decimal": [["1", "2.5"], ["2147483648"], ["0.10"]],
    "text": [
        ["1", "x"],
        ["true", "1"],
        ["", ""],
        ["nan"],
        ["1e400"],
        ["1_000"],
        ["01000", "75001"],
        ["+33"],
        [" 1"],
        ["٣"],
    ],
}


@pytest.mark.parametrize(("kind", "values"), [(kind, values) for kind, many in INFERRED.items() for values in many])
def test_a_custom_column_is_what_all_its_values_are(path: Path, kind: str, values: list[str]) -> None:
    found = read(path, "jobtitle,new_x", *(f"a,{value}" for value in values))
    assert found.new_columns == {"new_x": kind}


def test_a_postcode_keeps_its_leading_zero(path: Path) -> None:
    found = read(path, "new_postcode", "01000", "75001")
    assert [row["new_postcode"] for row in found.rows] == ["01000", "75001"]


def test_what_the_lead_has_no_use_for_is_named_and_left_out(path: Path) -> None:
    found = read(
        path, "jobtitle,First Name,statuscode,estimatedclosedate,lgate_score,,Jobtitle", "CEO,Ada,1,2026-08-01,9,,x"
    )
    assert found.rows == ({"jobtitle": "CEO"},)
    assert found.left_out == ("First Name", "statuscode", "estimatedclosedate", "lgate_score", "", "Jobtitle")


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_the_names(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbfjobtitle\r\nDirectrice g\xc3\xa9n\xc3\xa9rale\r\n")
    assert read_leads_csv(path, LEAD).rows == ({"jobtitle": "Directrice générale"},)


def test_every_line_that_is_wrong_is_named_with_its_column(path: Path) -> None:
    assert problems(
        path,
        "First Name,numberofemployees,donotemail,leadid",
        f"a,12,true,{ID}",
        f"a,twelve,yes,{ID}",
        "a,12",
        f"a,12,true,{ID},more",
        f"a,2147483648,true,{ID}",
        "a,12,true,x",
        "a,12,true,",
    ) == [
        "3:2: numberofemployees: is not of type integer",
        "3:3: donotemail: is not of type boolean",
        "4:1: has not 4 fields",
        "5:1: has not 4 fields",
        "6:2: numberofemployees: is not of type integer",
        "7:4: leadid: is not of type id",
        "8:4: leadid: is not of type id",
    ]


def test_lines_are_counted_as_an_editor_counts_them(path: Path) -> None:
    assert problems(path, "description,numberofemployees", '"two', 'lines",1', "", "x,many") == [
        "5:2: numberofemployees: is not of type integer"
    ]


@pytest.mark.parametrize("number", ["nan", "inf", "-Infinity", "1e999", "1,5", "0x10"])
def test_a_number_is_finite_and_has_a_point(path: Path, number: str) -> None:
    assert problems(path, "revenue", f'"{number}"') == ["2:1: revenue: is not of type decimal"]


@pytest.mark.parametrize("lines", [("jobtitle,jobtitle", "a,b"), ("",)])
def test_the_first_line_must_name_the_columns_each_once(path: Path, lines: tuple[str, ...]) -> None:
    assert problems(path, *lines) == ["1:1: the first line must name the columns, each once"]


@pytest.mark.parametrize("lines", [("jobtitle",), ("Name,Mail", "Ada,ada@example.org")])
def test_a_file_without_leads_or_without_a_known_column_is_refused(path: Path, lines: tuple[str, ...]) -> None:
    assert problems(path, *lines) == ["1:1: holds no lead with a column of the lead table or a new_ column"]


@pytest.mark.parametrize(
    "content", [b"jobtitle\nG\xe9n\xe9ral\n", b'jobtitle\n"a"b\n', b'jobtitle\n"open\n', b"jobtitle\n" + b"x" * 200_000]
)
def test_a_file_that_is_no_csv_is_refused_by_the_kind_of_its_fault(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(FileError, match=r"cannot be read: (UnicodeDecodeError|Error)"):
        read_leads_csv(path, LEAD)


def test_a_file_that_is_missing_is_refused(path: Path) -> None:
    with pytest.raises(FileError, match="cannot be read: FileNotFoundError"):
        read_leads_csv(path, LEAD)


@pytest.mark.parametrize(
    ("kind", "made"), [("integer", "Integer"), ("decimal", "Decimal"), ("boolean", "Boolean"), ("text", "String")]
)
def test_a_custom_column_is_made_of_its_type(kind: str, made: str) -> None:
    def say(english: str, french: str) -> Labels:
        return {1033: english, 1036: french}

    definition = column_definition("new_x", kind, say)
    assert definition["@odata.type"] == f"Microsoft.Dynamics.CRM.{made}AttributeMetadata"
    assert definition["SchemaName"] == "new_x"
