"""What urllib3 says of a request, at any level, holds no query."""

import logging

import pytest
from urllib3.exceptions import HeaderParsingError, MaxRetryError
from urllib3.util.retry import Retry

from dataverse import DataverseClient, StaticToken, query
from dataverse.odata import eq
from dataverse.wire_log import keep_queries_out_of_the_log
from tests.unit.dataverse.test_transport import OK, Peer, send

CANARY = "/api/data/v9.2/leads?$filter=lastname%20eq%20'canary'"


def test_a_request_is_logged_without_its_query_even_when_someone_asks_for_everything(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="urllib3.connectionpool")
    peer = Peer([send(OK)])
    with DataverseClient(peer.url, StaticToken("canary-token")) as client:
        client.send(query("leads", select=["a"], filter=eq("lastname", "canary")))
    peer.close()
    assert "GET /api/data/v9.2/leads?..." in caplog.text
    assert "canary" not in caplog.text


def test_its_warnings_hold_no_query_either(caplog: pytest.LogCaptureFixture) -> None:
    keep_queries_out_of_the_log()
    pool, retry = logging.getLogger("urllib3.connectionpool"), logging.getLogger("urllib3.util.retry")
    pool.warning("Failed to parse headers (url=%s): %s", f"https://host{CANARY}", HeaderParsingError([], None))
    pool.warning("Retrying (%r) after connection broken by '%r': %s", Retry(0), MaxRetryError(None, CANARY), CANARY)  # type: ignore[arg-type]
    retry.warning("Incremented Retry for (url='%s'): %r", CANARY, Retry(0))
    assert len(caplog.records) == 3
    assert "canary" not in caplog.text


def test_what_has_no_url_is_logged_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    keep_queries_out_of_the_log()
    keep_queries_out_of_the_log()
    pool = logging.getLogger("urllib3.connectionpool")
    pool.warning("Connection pool is full, discarding connection: %s. Connection pool size: %s", "host", 4)
    pool.warning("is it?")
    expected = ["Connection pool is full, discarding connection: host. Connection pool size: 4", "is it?"]
    assert [record.getMessage() for record in caplog.records] == expected
    ours = [each for each in pool.filters if getattr(each, "__module__", "") == "dataverse.wire_log"]
    assert len(ours) == 1
