"""Whatever is sent, the answer is the service's: never a crash, and never half a change."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.web_api import Emulator, Request
from tests.unit.emulator.web_api.calling import ROOT, Caller, label, relationship, table, text_column

FUZZ = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
WORDS = [
    *("jobtitle", "numberofemployees", "parentaccountid", "name", "null", "true", "'x'", "''", "'%[z-a]'", "5", "-1e9"),
    *(" eq ", " ne ", " gt ", " and ", " or ", "not ", "(", ")", ",", "/", "contains(", "Microsoft.Dynamics.CRM.In("),
    *(
        "PropertyName='jobtitle'",
        "PropertyValues=",
        '["a"]',
        "[",
        '"',
        "'",
        "2026-08-01",
        "2026-08-01T00:00:00Z",
        "\\",
        "é",
    ),
    "6d81597f-0f9f-e711-8122-000d3aa2331c",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=5,
)
SQL_WORDS = [
    *("where", "order by", "group by", "join account a on", "top 3", "offset 1 rows", "subject", "a.name", "statecode"),
    *(
        "=",
        "<>",
        "like",
        "in",
        "(",
        ")",
        "'x'",
        "5",
        "null",
        "is",
        "not",
        "and",
        "or",
        "between",
        "desc",
        ",",
        "count(*)",
    ),
]
FETCH_ATTRIBUTES = [
    *("name", "alias", "aggregate", "groupby", "attribute", "operator", "value", "from", "to", "count", "page", "top"),
    *("descending", "paging-cookie", "distinct", "entityname", "link-type"),
]
FETCH_VALUES = [
    *(
        "subject",
        "leadid",
        "account",
        "accountid",
        "parentaccountid",
        "revenue",
        "createdon",
        "nothing",
        "a",
        "1",
        "-1",
    ),
    *("eq", "last-x-days", "between", "in", "null", "like", "true", "count", "sum", "inner", "x.y", "", "a b"),
]
NAMES = st.sampled_from(
    [
        *("subject", "revenue", "donotemail", "leadqualitycode", "lastonholdtime", "statecode", "statuscode", "leadid"),
        *("parentaccountid", "parentaccountid@odata.bind", "ownerid@odata.bind", "@odata.type", "x@y"),
    ]
)


@pytest.fixture(scope="module")
def shared() -> Iterator[Caller]:
    with closing(Emulator()) as emulator:
        call = Caller(emulator)
        call.created("leads", {"jobtitle": "CTO", "numberofemployees": 5})
        yield call


@FUZZ
@given(words=st.lists(st.sampled_from(WORDS), max_size=12))
def test_any_filter_is_answered_or_refused(shared: Caller, words: list[str]) -> None:
    answer = shared.raw(Request("GET", f"{ROOT}leads?$filter={quote(''.join(words))}"))
    assert answer.status in {200, 400, 501}


@FUZZ
@given(target=st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=30))
def test_any_target_is_answered_or_refused(shared: Caller, target: str) -> None:
    for prefix in ("", ROOT, f"{ROOT}leads", f"{ROOT}leads?", f"{ROOT}EntityDefinitions("):
        assert shared.raw(Request("GET", prefix + target)).status in {200, 400, 404, 405, 501}


@FUZZ
@given(words=st.lists(st.sampled_from(SQL_WORDS), max_size=12))
def test_any_sql_is_answered_or_refused(shared: Caller, words: list[str]) -> None:
    answer = shared.raw(Request("GET", f"{ROOT}leads?sql=SELECT%20subject%20FROM%20lead%20{quote(' '.join(words))}"))
    assert answer.status in {200, 400, 501}


@FUZZ
@given(values=st.lists(st.tuples(st.sampled_from(FETCH_ATTRIBUTES), st.sampled_from(FETCH_VALUES)), max_size=4))
def test_any_fetch_is_answered_or_refused(shared: Caller, values: list[tuple[str, str]]) -> None:
    attributes = " ".join(f'{name}="{value}"' for name, value in dict(values).items())
    for fetch in (
        f'<fetch {attributes}><entity name="lead"/></fetch>',
        f'<fetch><entity name="lead"><attribute {attributes}/></entity></fetch>',
        f'<fetch><entity name="lead"><order {attributes}/></entity></fetch>',
        f'<fetch><entity name="lead"><filter><condition {attributes}/></filter></entity></fetch>',
        f'<fetch><entity name="lead"><link-entity {attributes}/></entity></fetch>',
    ):
        answer = shared.raw(Request("GET", f"{ROOT}leads?fetchXml={quote(fetch)}"))
        assert answer.status in {200, 400, 501}


@FUZZ
@given(targets=JSON)
def test_any_bulk_message_is_carried_out_or_refused(shared: Caller, targets: object) -> None:
    for action in ("CreateMultiple", "UpdateMultiple", "UpsertMultiple"):
        path = f"leads/Microsoft.Dynamics.CRM.{action}"
        assert shared.post(path, {"Targets": targets}).status in {400, 501}
        assert shared.post(
            path, {"Targets": [{"@odata.type": "Microsoft.Dynamics.CRM.lead", "leadid": targets}]}
        ).status in {
            *(200, 204, 400, 404, 501),
        }


@FUZZ
@given(member=st.sampled_from(["Target", "Subordinate", "UpdateContent", "QuerySet", "Status", "Entities"]), value=JSON)
def test_any_action_is_carried_out_or_refused(shared: Caller, member: str, value: object) -> None:
    lead = shared.created("leads", {})
    for path in ("Merge", "BulkDelete", "CreateEntities", f"leads({lead})/Microsoft.Dynamics.CRM.QualifyLead"):
        assert shared.post(path, {member: value}).status in {204, 400, 404, 501}


@FUZZ
@given(member=st.sampled_from(["SchemaName", "KeyAttributes", "DisplayName"]), value=JSON)
def test_any_key_is_made_or_refused(shared: Caller, member: str, value: object) -> None:
    posted = {"SchemaName": "new_fuzz", "KeyAttributes": ["subject"]} | {member: value}
    assert shared.post("EntityDefinitions(LogicalName='account')/Keys", posted).status in {400, 404}


@FUZZ
@given(body=st.dictionaries(NAMES, JSON, max_size=3))
def test_any_row_is_stored_or_refused(shared: Caller, body: dict[str, Any]) -> None:
    assert shared.post("leads", body).status in {204, 400, 404, 412, 501}


@FUZZ
@given(
    member=st.sampled_from(["MaxLength", "DisplayName", "OptionSet", "FormatName", "RequiredLevel", "@odata.type"]),
    value=JSON,
)
def test_any_column_is_made_or_refused(shared: Caller, member: str, value: object) -> None:
    kind = "Microsoft.Dynamics.CRM.PicklistAttributeMetadata" if member == "OptionSet" else None
    posted = text_column("new_Fuzz") | ({"@odata.type": kind} if kind else {}) | {member: value}
    assert shared.post("EntityDefinitions(LogicalName='lead')/Attributes", posted).status in {204, 400, 501}


@pytest.mark.parametrize(
    "posted",
    [
        {**table("new_Thing"), "Attributes": [1]},
        {**table("new_Thing"), "Attributes": {}},
        {**table("new_Thing"), "DisplayName": "Thing"},
        {**table("new_Thing"), "DisplayName": {"LocalizedLabels": [{"Label": "x"}]}},
        {**table("new_Thing"), "SchemaName": 5},
        {**table("new_Thing"), "OwnershipType": ["UserOwned"]},
    ],
)
def test_a_malformed_table_is_refused_and_leaves_nothing(call: Caller, posted: dict[str, Any]) -> None:
    assert call.post("EntityDefinitions", posted).status == 400
    assert call.get("EntityDefinitions(LogicalName='new_thing')").status == 404


@pytest.mark.parametrize(
    "changes", [{"CascadeConfiguration": "x"}, {"Lookup": 1}, {"ReferencedEntity": None}, {"SchemaName": {}}]
)
def test_a_malformed_relationship_is_refused(call: Caller, changes: dict[str, Any]) -> None:
    posted = relationship("new_r", "account", "lead", "new_L", Merge="Cascade") | changes
    assert call.post("RelationshipDefinitions", posted).status in {400, 404}


def test_a_malformed_option_is_refused(call: Caller) -> None:
    target = {"EntityLogicalName": "lead", "AttributeLogicalName": "leadqualitycode"}
    for body in (
        {"Value": "5", "Label": label("x")},
        {"Value": 5, "Label": "x"},
        {"Value": [5], "Label": label("x")},
        {"Value": 5},
    ):
        assert call.post("InsertOptionValue", target | body).status == 400
        assert call.post("UpdateOptionValue", target | body).status == 400


def test_half_a_surrogate_pair_is_refused_wherever_it_stands(call: Caller) -> None:
    for body in (b'{"\\ud800": 1}', b'{"subject": "\\uD800"}', b'{"parentaccountid@odata.bind": "/accounts(\\udfff)"}'):
        assert call("POST", "leads", body).code == "0x80048d19"
    assert call("POST", "leads", b'{"subject": "\\ud83d\\ude00"}').status == 204


def test_rows_that_point_at_each_other_in_a_circle_are_deleted_together(call: Caller) -> None:
    call.post("EntityDefinitions", table("new_Node"))
    call.post(
        "RelationshipDefinitions", relationship("new_nodes", "new_node", "new_node", "new_ParentId", Delete="Cascade")
    )
    first = call.created("new_nodes", {})
    second = call.created("new_nodes", {"new_ParentId@odata.bind": f"/new_nodes({first})"})
    call.patch(f"new_nodes({first})", {"new_ParentId@odata.bind": f"/new_nodes({second})"})
    assert call.delete(f"new_nodes({first})").status == 204
    assert call.get("new_nodes").json["value"] == []


@pytest.mark.parametrize("entity_set", ["sdkmessages", "sdkmessagefilters"])
def test_rows_of_the_platform_are_not_written(call: Caller, entity_set: str) -> None:
    row = call.get(entity_set).json["value"][0]
    row_id = row[f"{entity_set[:-1]}id"]
    for answer in (
        call.post(entity_set, {"name": "x"}),
        call.patch(f"{entity_set}({row_id})", {"name": "x"}),
        call.delete(f"{entity_set}({row_id})"),
    ):
        assert (answer.status, answer.code) == (405, "0x80040800")


@pytest.mark.parametrize("path", ["roles", "workflows", "RetrieveVersion", "leads?$orderby=statuscode"])
def test_what_every_environment_has_and_the_emulator_does_not_is_501(call: Caller, path: str) -> None:
    assert call.get(path).status == 501


def test_there_is_one_organisation_for_good(call: Caller) -> None:
    assert call.post("organizations", {"name": "Second"}).code == "0x80040800"
    assert call.delete(f"organizations({call.emulator.organization_id})").code == "0x80040800"
