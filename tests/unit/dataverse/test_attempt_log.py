"""What fails is in the log once, with the id of its request, and says nothing of a row."""

import logging

import pytest
import requests
import responses

from dataverse import DataverseClient, DataverseError, UnavailableError, query, retrieve
from dataverse.odata import eq
from tests.unit.dataverse.conftest import ROOT

ID = "60c4e274-0d87-e711-80e5-00155db19e6d"
ONE = retrieve("leads", ID, select=["jobtitle"])
ONE_URL = f"{ROOT}leads({ID})"


def test_every_attempt_that_fails_is_one_line_with_its_request_id(
    service: responses.RequestsMock, client: DataverseClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="dataverse")
    for request_id in ("id-1", "id-2"):
        service.get(
            f"{ROOT}leads",
            status=503,
            headers={"REQ_ID": request_id},
            json={"error": {"code": "", "message": "canary"}},
        )
    service.get(f"{ROOT}leads", status=400, headers={"REQ_ID": "id-3"}, json={"error": {"code": "0x80060888"}})
    with pytest.raises(DataverseError):
        client.send(query("leads", select=["jobtitle"], filter=eq("lastname", "canary")))
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["id-1", "id-2", "id-3"]
    assert all(record.levelno == logging.INFO for record in caplog.records)
    assert all("GET leads" in record.getMessage() for record in caplog.records)
    assert "canary" not in caplog.text


def test_a_request_that_succeeds_leaves_no_line(
    service: responses.RequestsMock, client: DataverseClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    service.get(ONE_URL, json={})
    client.send(ONE)
    assert [record for record in caplog.records if record.name == "dataverse"] == []


def test_each_error_of_a_network_that_fails_carries_an_id_of_ours(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    for _ in range(4):
        service.get(ONE_URL, body=requests.ConnectionError())
    with pytest.raises(UnavailableError) as raised:
        client.send(ONE)
    sent = {call.request.headers["x-ms-client-request-id"] for call in service.calls}
    assert sent == {raised.value.request_id}
