"""Actions, functions, keys and representations: what is sent, to the letter."""

import json
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from dataverse import (
    DataverseClient,
    InvalidRequestError,
    Request,
    action,
    create,
    delete,
    function,
    retrieve,
    returning,
    row_path,
    tagged,
    update,
    upsert_by_key,
)
from tests.unit.dataverse.conftest import ROOT

ID = "60c4e274-0d87-e711-80e5-00155db19e6d"
LEAD = ("leads", ID)
UNICODE = st.text(st.characters(exclude_categories=["Cs"]))


def test_an_action_is_posted_to_the_row_it_is_bound_to(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    service.post(f"{ROOT}leads({ID})/Microsoft.Dynamics.CRM.QualifyLead", json={"value": [{"contactid": ID}]})
    answer = client.send(action("QualifyLead", {"CreateContact": True, "Status": 3}, LEAD))
    assert answer.rows == [{"contactid": ID}]
    assert json.loads(service.calls[0].request.body or b"") == {"CreateContact": True, "Status": 3}


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        (function("WhoAmI"), "WhoAmI()"),
        (
            function("RetrieveTotalRecordCount", {"EntityNames": ["lead", "contact"]}),
            "RetrieveTotalRecordCount(EntityNames=@p1)?@p1=%5B%22lead%22,%22contact%22%5D",
        ),
        (
            function("F", {"A": "O'Hara & co", "B": 5, "C": None}),
            "F(A=@p1,B=@p2,C=@p3)?@p1='O''Hara%20%26%20co'&@p2=5&@p3=null",
        ),
        (
            function("RetrievePrincipalAccess", {}, LEAD),
            f"leads({ID})/Microsoft.Dynamics.CRM.RetrievePrincipalAccess()",
        ),
        (
            function("InitializeFrom", {"EntityMoniker": {"@odata.id": row_path(*LEAD)}}),
            f"InitializeFrom(EntityMoniker=@p1)?@p1=%7B%22@odata.id%22:%22leads({ID})%22%7D",
        ),
    ],
)
def test_a_function_takes_its_parameters_by_alias(request_: Request, path: str) -> None:
    assert (request_.method, request_.path) == ("GET", path)


@given(UNICODE, st.lists(UNICODE, max_size=3))
def test_no_value_of_a_function_can_become_another_parameter(text: str, texts: list[str]) -> None:
    parts = urlsplit(f"https://host/{function('F', {'A': text, 'B': texts}).path}")
    assert not parts.fragment
    first, second = parts.query.split("&")
    assert unquote(first) == f"@p1='{text.replace(chr(39), chr(39) * 2)}'"
    assert json.loads(unquote(second).removeprefix("@p2=")) == texts


@pytest.mark.parametrize(
    "build",
    [
        lambda: function("Who Am I"),
        lambda: function("F", {"A=1,B": 1}),
        lambda: function("F", {"A": [1]}),  # type: ignore[dict-item]  # what mypy refuses too
        lambda: function("F", {}, ("leads", "x")),
        lambda: action("F()", {}),
    ],
)
def test_what_is_no_message_is_refused(build: Callable[[], Request]) -> None:
    with pytest.raises(InvalidRequestError):
        build()


def test_a_key_addresses_its_row_with_typed_values() -> None:
    request = upsert_by_key("lgate_leadscores", {"lgate_code": "O'Hara é", "_lgate_leadid_value": 5}, {"a": 1})
    assert (request.method, request.path) == (
        "PATCH",
        "lgate_leadscores(lgate_code='O''Hara%20%C3%A9',_lgate_leadid_value=5)",
    )
    assert request.headers == {}
    assert upsert_by_key("t", {"a": 1}, {}, only_create=True).headers == {"If-None-Match": "*"}


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/<>*%&:\\?+#"), min_size=1))
def test_any_text_that_a_key_may_hold_comes_back_from_the_wire(text: str) -> None:
    parts = urlsplit(f"https://host/{upsert_by_key('t', {'a': text, 'b': 1}, {}).path}")
    assert (parts.query, parts.fragment) == ("", "")
    quoted = text.replace("'", "''")
    assert unquote(parts.path, errors="strict") == f"/t(a='{quoted}',b=1)"


@pytest.mark.parametrize("text", [*"/<>*%&:\\?+#", "a/b", "", None, "\ud800"])
def test_a_key_value_that_the_service_cannot_take_is_refused_and_not_shown(text: str | None) -> None:
    with pytest.raises(InvalidRequestError):
        upsert_by_key("t", {"a": text}, {})


@pytest.mark.parametrize("key", [{}, {"a/b": 1}, {"a=1,b": 1}])
def test_a_key_has_columns_of_the_table(key: dict[str, int]) -> None:
    with pytest.raises(InvalidRequestError):
        upsert_by_key("t", key, {})


def test_a_write_can_be_answered_with_the_row(service: responses.RequestsMock, client: DataverseClient) -> None:
    service.patch(f"{ROOT}leads({ID})", json={"jobtitle": "Chef"})
    change = returning(tagged(update("leads", ID, {"jobtitle": "Chef"}, etag="*"), "run"), ["jobtitle"])
    assert client.send(change).row == {"jobtitle": "Chef"}
    sent = service.calls[0].request
    assert sent.url == f"{ROOT}leads({ID})?tag=run&$select=jobtitle"
    assert (sent.headers["Prefer"], sent.headers["If-Match"]) == ("return=representation", "*")


def test_a_representation_joins_what_was_preferred_already() -> None:
    request = returning(Request("POST", "leads", {"prefer": "odata.include-annotations=*"}, {}), ["leadid"])
    assert request.headers == {"Prefer": "odata.include-annotations=*,return=representation"}
    assert not returning(create("leads", {}), ["leadid"]).is_repeatable
    assert returning(create("leads", {"leadid": ID}, id_column="leadid"), ["leadid"]).is_repeatable


@pytest.mark.parametrize("request_", [retrieve("leads", ID, select=["a"]), delete("leads", ID, etag="*")])
def test_only_a_write_is_answered_with_its_row(request_: Request) -> None:
    with pytest.raises(InvalidRequestError):
        returning(request_, ["a"])
