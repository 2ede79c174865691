"""What the client sends, when it sends it again, and what it never does."""

import json
import threading
from itertools import islice

import pytest
import requests
import responses
from responses import matchers

from dataverse import (
    AuthenticationError,
    ConfigurationError,
    DataverseClient,
    InvalidRequestError,
    Limits,
    NotFoundError,
    PagingError,
    Request,
    StaticToken,
    ThrottledError,
    UnavailableError,
    action,
    create,
    query,
    retrieve,
    update,
)
from dataverse.definitions import publish_xml
from tests.unit.dataverse.conftest import ORIGIN, ROOT, Clock, CountedTokens

ID = "60c4e274-0d87-e711-80e5-00155db19e6d"
LEADS = query("leads", select=["jobtitle"], page_size=2)
ONE = retrieve("leads", ID, select=["jobtitle"])
ONE_URL = f"{ROOT}leads({ID})"
CHANGE = update("leads", ID, {"jobtitle": "Chef é"}, etag='W/"1"')
QUALIFY = action("QualifyLead", {"CreateContact": True}, ("leads", ID))
RESET = requests.ConnectionError("reset")


def throttled(service: responses.RequestsMock, retry_after: str | None, url: str = ONE_URL) -> None:
    headers = {"Retry-After": retry_after} if retry_after is not None else {}
    service.get(url, status=429, headers=headers, json={"error": {"code": "0x80072322", "message": "slow"}})


def authorizations(service: responses.RequestsMock) -> list[str | None]:
    return [call.request.headers.get("Authorization") for call in service.calls]


def test_a_read_carries_the_standard_headers(service: responses.RequestsMock, client: DataverseClient) -> None:
    service.get(ONE_URL, json={"jobtitle": "Chef"}, headers={"x-ms-service-request-id": "abc-1"})
    response = client.send(ONE)
    assert (response.row, response.request_id, response.status) == ({"jobtitle": "Chef"}, "abc-1", 200)
    sent = service.calls[0].request
    assert sent.url == f"{ROOT}{ONE.path}"
    expected = {
        "Accept": "application/json",
        "OData-MaxVersion": "4.0",
        "OData-Version": "4.0",
        "If-None-Match": "null",
        "Authorization": "Bearer token-1",
        "User-Agent": "Leadgate",
    }
    assert expected.items() <= dict(sent.headers).items()
    assert "Content-Type" not in sent.headers


def test_a_write_carries_its_guard_and_its_body_as_utf8(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    service.patch(ONE_URL, status=204)
    assert client.send(CHANGE).body is None
    sent = service.calls[0].request
    assert sent.headers["If-Match"] == 'W/"1"'
    assert "If-None-Match" not in sent.headers
    assert sent.headers["Content-Type"] == "application/json; charset=utf-8"
    assert sent.body == '{"jobtitle":"Chef é"}'.encode()


@pytest.mark.parametrize(
    ("retry_after", "waited"),
    [("7", 7.0), ("Fri, 15 Jan 2027 08:00:09 GMT", 9.0), (None, 1.0), ("0", 1.0), ("-1", 1.0), ("abc", 1.0)],
)
def test_no_request_is_sent_inside_a_retry_after(
    service: responses.RequestsMock, client: DataverseClient, clock: Clock, retry_after: str | None, waited: float
) -> None:
    throttled(service, retry_after)
    service.get(ONE_URL, json={"jobtitle": "Chef"})
    assert client.send(ONE).row == {"jobtitle": "Chef"}
    assert len(clock.slept) == 1
    assert waited <= clock.slept[0] <= waited + 1.0


@pytest.mark.parametrize("retry_after", ["21", "86400", "9" * 5_000])
def test_a_long_retry_after_is_the_callers_to_wait(
    service: responses.RequestsMock, client: DataverseClient, clock: Clock, retry_after: str
) -> None:
    throttled(service, retry_after)
    with pytest.raises(ThrottledError) as raised:
        client.send(ONE)
    assert clock.slept == []
    assert raised.value.retry_after_s == min(float(retry_after), 86_400)


def test_a_throttled_post_is_sent_again_for_it_was_not_executed(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    url = f"{ROOT}{QUALIFY.path}"
    service.post(url, status=429, headers={"Retry-After": "1"})
    service.post(url, json={"value": []})
    assert client.send(QUALIFY).status == 200


def test_the_wait_grows_and_attempts_end(
    service: responses.RequestsMock, client: DataverseClient, clock: Clock
) -> None:
    for _ in range(4):
        service.get(ONE_URL, status=503)
    with pytest.raises(UnavailableError) as raised:
        client.send(ONE)
    assert clock.slept == [1.0, 2.0, 4.0]
    assert raised.value.status == 503


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 503}, {"status": 408}, {"body": RESET}])
@pytest.mark.parametrize("request_", [QUALIFY, create("leads", {"subject": "x"})])
def test_a_post_is_never_repeated_after_an_unknown_outcome(
    service: responses.RequestsMock, client: DataverseClient, request_: Request, fault: dict[str, object]
) -> None:
    service.add(responses.POST, f"{ROOT}{request_.path}", **fault)
    with pytest.raises(UnavailableError):
        client.send(request_)
    assert len(service.calls) == 1


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 503}, {"body": RESET}, {"body": requests.ReadTimeout()}])
@pytest.mark.parametrize(
    "request_", [ONE, CHANGE, create("leads", {"leadid": ID}, id_column="leadid"), publish_xml(["lead"])]
)
def test_what_does_no_harm_twice_is_repeated(
    service: responses.RequestsMock, client: DataverseClient, request_: Request, fault: dict[str, object]
) -> None:
    url = f"{ROOT}{request_.path}"
    service.add(request_.method, url, **fault)
    service.add(request_.method, url, status=204) if request_.method != "GET" else service.get(url, json={})
    client.send(request_)
    assert len(service.calls) == 2


def test_a_post_that_never_left_is_sent_again(service: responses.RequestsMock, client: DataverseClient) -> None:
    url = f"{ROOT}{QUALIFY.path}"
    service.post(url, body=requests.ConnectTimeout())
    service.post(url, status=204)
    assert client.send(QUALIFY).status == 204


def test_a_401_is_answered_once_with_a_fresh_token(
    service: responses.RequestsMock, client: DataverseClient, tokens: CountedTokens
) -> None:
    service.post(f"{ROOT}{QUALIFY.path}", status=401)
    service.post(f"{ROOT}{QUALIFY.path}", status=204)
    client.send(QUALIFY)
    assert authorizations(service) == ["Bearer token-1", "Bearer token-2"]


def test_a_second_401_is_an_error(
    service: responses.RequestsMock, client: DataverseClient, tokens: CountedTokens
) -> None:
    service.get(ONE_URL, status=401)
    service.get(ONE_URL, status=401)
    with pytest.raises(AuthenticationError) as raised:
        client.send(ONE)
    assert tokens.fresh_asked == 1
    assert "token-" not in str(raised.value)


def test_a_token_that_is_late_does_not_make_a_post_unsafe(service: responses.RequestsMock, clock: Clock) -> None:
    class Late:
        asked = 0

        def token(self, *, fresh: bool = False) -> str:  # noqa: ARG002  the protocol's argument
            self.asked += 1
            if self.asked == 1:
                raise UnavailableError(explanation="the identity service is away")
            return "token"

    service.post(f"{ROOT}{QUALIFY.path}", status=204)
    with DataverseClient(ORIGIN, Late(), sleep=clock.sleep, clock=clock) as client:
        assert client.send(QUALIFY).status == 204


@pytest.mark.parametrize(
    "answer",
    [
        {"body": "<html>Please wait</html>", "content_type": "text/html"},
        {"body": '{"jobtitle":"Chef"}', "content_type": "text/html"},
        {"body": "", "content_type": "application/json"},
        {"body": '{"jobtitle":"Ch', "content_type": "application/json"},
        {"body": "[1]", "content_type": "application/json"},
        {"body": '"x"', "content_type": "application/json"},
        {"body": "null", "content_type": "application/json"},
        {"body": '{"a":NaN}', "content_type": "application/json"},
        {"body": '{"a":' + "9" * 5_000 + "}", "content_type": "application/json"},
        {"body": '{"a":' + "[" * 100_000, "content_type": "application/json"},
        {"body": b'{"a":"\xff"}', "content_type": "application/json"},
        {"status": 204},
        {"status": 202, "json": {}},
        {"status": 304},
        {"status": 302, "headers": {"Location": "https://evil.example/"}},
    ],
)
def test_anything_but_the_expected_shape_is_a_fault_of_the_moment(
    service: responses.RequestsMock, client: DataverseClient, answer: dict[str, object]
) -> None:
    service.add(responses.GET, ONE_URL, **answer)
    service.get(ONE_URL, json={"jobtitle": "Chef"})
    assert client.send(ONE).row == {"jobtitle": "Chef"}


def test_a_permanent_error_is_not_repeated(service: responses.RequestsMock, client: DataverseClient) -> None:
    service.get(ONE_URL, status=404, json={"error": {"code": "0x80040217", "message": "canary"}})
    with pytest.raises(NotFoundError) as raised:
        client.send(ONE)
    assert "canary" not in str(raised.value)
    assert ID not in str(raised.value)


def test_the_services_words_about_a_definition_are_kept(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    service.post(f"{ROOT}PublishXml", status=400, json={"error": {"code": "0x1", "message": "no such table"}})
    with pytest.raises(Exception, match="no such table"):
        client.send(publish_xml(["lead"]))


def test_rows_follow_every_page_with_the_same_page_size(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    link = f"{ROOT}leads?$select=jobtitle&$skiptoken=%3Ccookie%20pagenumber=%222%22%20/%3E%2f"
    service.get(f"{ROOT}leads", json={"value": [{"a": 1}, {"a": 2}], "@odata.nextLink": link})
    service.get(f"{ROOT}leads", json={"value": [{"a": 3}]})
    assert list(client.rows(LEADS)) == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert service.calls[1].request.url == link
    assert [call.request.headers["Prefer"] for call in service.calls] == ["odata.maxpagesize=2"] * 2


def test_rows_can_go_on_from_a_first_page_that_is_here(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    service.get(f"{ROOT}leads", json={"value": [{"a": 1}], "@odata.nextLink": f"{ROOT}leads?$skiptoken=2"})
    first = client.send(LEADS)
    service.get(f"{ROOT}leads", json={"value": [{"a": 2}]}, match=[matchers.query_param_matcher({"$skiptoken": "2"})])
    assert list(client.rows(LEADS, first=first)) == [{"a": 1}, {"a": 2}]
    assert len(service.calls) == 2


def test_a_link_that_comes_back_ends_the_reading(service: responses.RequestsMock, client: DataverseClient) -> None:
    page = {"value": [{"a": 1}], "@odata.nextLink": f"{ROOT}leads?$skiptoken=2"}
    service.get(f"{ROOT}leads", json=page)
    service.get(f"{ROOT}leads", json=page)
    with pytest.raises(PagingError, match="comes back"):
        list(islice(client.rows(LEADS), 10))
    assert len(service.calls) == 2


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/api/data/v9.2/leads",
        "http://contoso.crm12.dynamics.com/api/data/v9.2/leads",
        "https://contoso.crm12.dynamics.com@evil.example/api/data/v9.2/leads",
        "https://contoso.crm12.dynamics.com.evil.example/api/data/v9.2/leads",
        "https://contoso.crm12.dynamics.com/api/data/v9.2/../../evil",
        "//evil.example/leads",
        7,
    ],
)
def test_a_hostile_link_is_never_requested(
    service: responses.RequestsMock, client: DataverseClient, link: object
) -> None:
    service.get(f"{ROOT}leads", json={"value": [{"a": 1}], "@odata.nextLink": link})
    with pytest.raises(PagingError):
        list(client.rows(LEADS))
    assert [call.request.url for call in service.calls] == [f"{ROOT}{LEADS.path}"]


def test_an_answer_that_is_no_collection_is_not_an_empty_one(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    service.get(f"{ROOT}leads", json={"rows": []})
    with pytest.raises(UnavailableError, match="list of rows"):
        list(client.rows(LEADS))


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, "\ud800", object()])
def test_a_body_that_is_no_json_is_refused_by_name_and_not_sent(client: DataverseClient, value: object) -> None:
    with pytest.raises(InvalidRequestError, match="body") as raised:
        client.send(create("leads", {"lastname": value, "firstname": "canary"}))
    assert "canary" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_url_that_is_too_long_is_refused_before_it_is_sent(client: DataverseClient) -> None:
    with pytest.raises(InvalidRequestError, match="longer"):
        client.send(Request("GET", "leads?" + "a" * 32_768))


@pytest.mark.parametrize("url", ["https://evil.example", "http://contoso.crm12.dynamics.com", f"{ORIGIN}/api"])
def test_a_client_is_not_built_for_another_host(url: str) -> None:
    with pytest.raises(ConfigurationError):
        DataverseClient(url, StaticToken("x"))


def test_a_session_that_reads_the_environment_is_refused() -> None:
    with requests.Session() as session, pytest.raises(ConfigurationError, match="environment"):
        DataverseClient(ORIGIN, StaticToken("x"), session=session)


def test_a_token_that_cannot_stand_in_a_header_is_refused_and_not_shown(clock: Clock) -> None:
    with (
        DataverseClient(ORIGIN, StaticToken("canary\r\nX: 1"), sleep=clock.sleep) as client,
        pytest.raises(AuthenticationError) as raised,
    ):
        client.send(ONE)
    assert "canary" not in str(raised.value)
    assert "canary" not in repr(StaticToken("canary"))


def test_one_client_serves_many_threads(service: responses.RequestsMock, clock: Clock) -> None:
    service.get(ONE_URL, status=503)
    service.get(ONE_URL, json={"jobtitle": "Chef"})
    read: list[object] = []
    with DataverseClient(
        ORIGIN, StaticToken("t"), sleep=lambda _: None, clock=clock, limits=Limits(attempts=3)
    ) as client:
        workers = [threading.Thread(target=lambda: read.append(client.send(ONE).row)) for _ in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert read == [json.loads('{"jobtitle":"Chef"}')] * 8
