"""A request cannot be read as another one; neither it nor its answer shows what a row holds."""

import pytest
from requests.structures import CaseInsensitiveDict

from dataverse import InvalidRequestError, Request, Response, UnavailableError


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/leads",
        "//evil.example",
        "https://evil.example",
        "\\leads",
        "leads x",
        "leads\r\nX: 1",
        "leads#x",
        "lé",
        "leads\x00",
    ],
)
def test_a_path_stays_below_the_service_root(path: str) -> None:
    with pytest.raises(InvalidRequestError, match="path"):
        Request("GET", path)


@pytest.mark.parametrize(
    ("name", "value"), [("If-Match", "*\r\nX: 1"), ("X\r\nY", "1"), ("X:", "1"), ("X", "é"), ("", "")]
)
def test_a_header_stays_one_header(name: str, value: str) -> None:
    with pytest.raises(InvalidRequestError, match="header"):
        Request("GET", "leads", {name: value})


def test_a_method_is_one_of_the_web_api() -> None:
    with pytest.raises(InvalidRequestError, match="method"):
        Request("TRACE", "leads")


def test_a_request_shows_neither_query_nor_body() -> None:
    request = Request("PATCH", "leads(1)?$filter=canary", {"X": "canary"}, {"lastname": "canary"})
    assert "canary" not in repr(request)
    assert request.about == "PATCH leads"


def test_a_response_shows_no_body_and_no_headers() -> None:
    response = Response(200, {"X": "canary"}, {"lastname": "canary"}, "id-1")
    assert "canary" not in repr(response)


def test_the_id_of_a_created_row_is_read_from_its_header() -> None:
    url = "https://org/api/data/v9.2/leads(60C4E274-0d87-e711-80e5-00155db19e6d)"
    assert Response(204, CaseInsensitiveDict({"odata-entityid": url}), None, None).created_id == (
        "60c4e274-0d87-e711-80e5-00155db19e6d"
    )
    assert Response(204, {}, None, None).created_id is None


@pytest.mark.parametrize("body", [None, {}, {"value": None}, {"value": {}}, {"value": [1]}])
def test_an_answer_without_rows_is_a_fault_not_an_empty_result(body: dict[str, object] | None) -> None:
    with pytest.raises(UnavailableError, match="list of rows"):
        _ = Response(200, {}, body, None).rows


def test_an_answer_without_a_row_is_a_fault() -> None:
    with pytest.raises(UnavailableError, match="no row"):
        _ = Response(204, {}, None, None).row
