"""Metrics reach Application Insights through Microsoft's own exporter, in a process that asked for it and no other."""

import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.server import Server
from emulator.web_api import Request, Response

ROOT = Path(__file__).resolve().parents[3]
CODE = """
import sys
from opentelemetry.metrics import get_meter_provider
from connector.metric_export import export_metrics
from connector.telemetry import Telemetry
early = Telemetry()
print(export_metrics(sys.argv[1]))
print(export_metrics(sys.argv[1]))
early.refused.add(3, {"leadgate.reason": "0x80040265"})
early.breaker_open.add(1)
if hasattr(get_meter_provider(), "force_flush"):
    get_meter_provider().force_flush()
"""


class Ingestion:
    """Application Insights' end: keeps what it was sent."""

    def __init__(self) -> None:
        self.items: list[dict[str, object]] = []
        self._lock = threading.Lock()

    def handle(self, request: Request) -> Response:
        body = gzip.decompress(request.body) if request.body[:2] == b"\x1f\x8b" else request.body
        items = json.loads(body) if request.method == "POST" else []
        with self._lock:
            self.items += items
        answer = {"itemsReceived": len(items), "itemsAccepted": len(items), "errors": []}
        return Response(200, {"Content-Type": "application/json"}, json.dumps(answer).encode())

    def metrics(self) -> dict[str, tuple[float, dict[str, str]]]:
        found = {}
        for item in self.items:
            base = item["data"]["baseData"]  # type: ignore[index]  # the envelope of Application Insights
            for metric in base.get("metrics", ()):
                found[metric["name"]] = (metric["value"], base.get("properties") or {})
        return found


@pytest.fixture
def ingestion() -> Iterator[tuple[Ingestion, str]]:
    kept = Ingestion()
    with Server(kept.handle) as server:
        key = "00000000-0000-4000-8000-000000000001"
        yield kept, f"InstrumentationKey={key};IngestionEndpoint={server.url}/;LiveEndpoint={server.url}/"


def run(connection_string: str, code: str = CODE) -> subprocess.CompletedProcess[str]:
    environment = {"APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true", "HOME": "/nonexistent"}
    return subprocess.run(
        [sys.executable, "-c", code, connection_string],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )


def test_what_was_counted_arrives_with_its_attributes_and_the_set_up_happens_once(
    ingestion: tuple[Ingestion, str],
) -> None:
    kept, connection_string = ingestion
    assert run(connection_string).stdout.split() == ["True", "False"]
    value, attributes = kept.metrics()["leadgate.leads.refused"]
    assert (value, attributes["leadgate.reason"]) == (3, "0x80040265")
    assert kept.metrics()["leadgate.breaker.open"][0] == 1


def test_a_connection_string_that_is_none_is_told_without_its_text_and_stops_nothing() -> None:
    done = run("canary")
    assert done.stdout.split() == ["False", "False"]
    assert "canary" not in done.stdout + done.stderr


def test_a_provider_that_the_worker_has_set_up_is_left_as_it_is(ingestion: tuple[Ingestion, str]) -> None:
    code = (
        "import sys; from opentelemetry.metrics import set_meter_provider; "
        "from opentelemetry.sdk.metrics import MeterProvider; set_meter_provider(MeterProvider()); "
        "from connector.metric_export import export_metrics; print(export_metrics(sys.argv[1]))"
    )
    kept, connection_string = ingestion
    assert run(connection_string, code).stdout.split() == ["False"]
    assert kept.items == []
