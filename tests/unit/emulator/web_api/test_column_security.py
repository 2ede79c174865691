"""Column security: a secured column reads null, and is refused in filters, order and writes."""

import pytest

from emulator.web_api import RowEvent
from tests.unit.emulator.web_api.calling import Caller, text_column

FETCH = "fetchXml=<fetch><entity name='lead'>{}</entity></fetch>"
ATTRIBUTES = "EntityDefinitions(LogicalName='lead')/Attributes"


@pytest.fixture
def lead(call: Caller) -> str:
    """A lead whose column new_secret was filled before it was secured."""
    call.post(ATTRIBUTES, text_column("new_Secret"))
    lead = call.created("leads", {"new_secret": "hush"})
    path = f"{ATTRIBUTES}(LogicalName='new_secret')"
    assert call("PUT", path, {**call.get(path).json, "IsSecured": True}).status == 204
    return lead


def test_a_secured_column_reads_null_everywhere(call: Caller, lead: str) -> None:
    assert call.get(f"leads({lead})").json["new_secret"] is None
    annotated = {"Prefer": 'odata.include-annotations="*"'}
    assert call.get("leads?$select=new_secret", annotated).json["value"][0]["new_secret"] is None
    fetch = FETCH.format("<attribute name='new_secret'/>")
    assert call.get(f"leads?{fetch}").json["value"][0]["new_secret"] is None
    assert "hush" not in str(call.get("leads", {"Prefer": "odata.track-changes"}).json)


@pytest.mark.parametrize(
    "query",
    [
        "$filter=new_secret eq 'hush'",
        "$filter=new_secret eq null",
        "$filter=contains(new_secret,'h')",
        "$filter=Microsoft.Dynamics.CRM.In(PropertyName='new_secret',PropertyValues=[\"hush\"])",
        "$orderby=new_secret",
        FETCH.format("<filter><condition attribute='new_secret' operator='null'/></filter>"),
        "sql=SELECT subject FROM lead WHERE new_secret = 'hush'",
    ],
)
def test_a_secured_column_is_refused_in_conditions(call: Caller, lead: str, query: str) -> None:
    answer = call.get(f"leads?{query}")
    assert (answer.status, answer.code) == (403, "0x8004f504")


def test_a_secured_column_is_not_written(call: Caller, lead: str) -> None:
    assert (call.post("leads", {"new_secret": "x"}).status, call.post("leads", {"new_secret": "x"}).code) == (
        403,
        "0x8004f502",
    )
    answer = call.patch(f"leads({lead})", {"new_secret": "x"})
    assert (answer.status, answer.code) == (403, "0x8004f507")
    assert call.patch(f"leads({lead})", {"subject": "x"}).status == 204


def test_a_column_can_be_made_secured_and_its_definition_says_so(call: Caller, events: list[RowEvent]) -> None:
    assert call.post(ATTRIBUTES, text_column("new_Secret") | {"IsSecured": True}).status == 204
    found = call.get(f"{ATTRIBUTES}?$select=LogicalName&$filter=IsSecured eq true").json["value"]
    assert [column["LogicalName"] for column in found] == ["new_secret"]
    assert call.post("leads", {"new_secret": "x"}).status == 403
    assert events == []


def test_a_secured_column_is_no_part_of_a_key(call: Caller, lead: str) -> None:
    key = {"SchemaName": "new_k", "KeyAttributes": ["new_secret"]}
    assert call.post("EntityDefinitions(LogicalName='lead')/Keys", key).status == 400
