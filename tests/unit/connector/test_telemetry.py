"""What the app tells has one form that can be queried, and nothing in it but counts, names and reasons."""

import json
import logging
import re
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider, UpDownCounter
from opentelemetry.sdk.metrics import _Gauge as Gauge

from connector.telemetry import Event, Telemetry, log_event
from dataverse.timing import RequestTiming
from tests.unit.connector.read_meter import ReadMeter

CONVENTIONS = {"http.client.request.duration", "messaging.client.consumed.messages", "messaging.process.duration"}


def instruments() -> Iterator[Counter | Gauge | Histogram | UpDownCounter]:
    telemetry = Telemetry(MeterProvider(shutdown_on_exit=False).get_meter("leadgate"))
    yield from vars(telemetry).values()


def test_a_metric_has_the_name_of_a_convention_or_one_of_ours_and_a_unit() -> None:
    names = [instrument.name for instrument in instruments()]
    assert len(names) == len(set(names)) > 15
    assert {name for name in names if not name.startswith("leadgate.")} == CONVENTIONS
    for instrument in instruments():
        assert re.fullmatch(r"s|\{[a-z]+\}", instrument.unit), instrument.name
        assert instrument.description, instrument.name


def test_a_line_of_the_log_is_one_json_object_whatever_stands_in_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="leadgate")
    log_event(Event.SCORED, done=3, reason="é\r\n\x1b[31m%s")
    (record,) = caplog.records
    assert record.levelname == "INFO"
    assert json.loads(record.getMessage()) == {"event": "scored", "done": 3, "reason": "é\r\n\x1b[31m%s"}
    assert re.fullmatch(r"[ -~]+", record.getMessage())


def test_without_an_sdk_counting_costs_nothing_and_fails_nothing() -> None:
    Telemetry().done.add(1, {"leadgate.reason": "x"})


def test_a_request_is_measured_by_method_server_and_status_or_error() -> None:
    meter = ReadMeter()
    meter.telemetry.on_request(RequestTiming("GET", "contoso.crm12.dynamics.com", 0.2, 200))
    meter.telemetry.on_request(RequestTiming("POST", "contoso.crm12.dynamics.com", 5.0, error="UnavailableError"))
    method, server = "http.request.method", ("server.address", "contoso.crm12.dynamics.com")
    assert meter.points("http.client.request.duration") == {
        ((method, "GET"), ("http.response.status_code", 200), server): 1,
        (("error.type", "UnavailableError"), (method, "POST"), server): 1,
    }
