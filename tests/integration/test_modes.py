"""What an app does that may not write, or may not work; and what a stranger learns of it (SEC20, SEC21)."""

import json
from collections import Counter
from datetime import timedelta

import azure.functions as func
import pytest
import requests

import function_app
from admin.playground import Playground
from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK, POISON, RowChanges
from connector.receive import receive
from connector.tables import Lead
from tests.faults.virtual_queue import VirtualHost, VirtualQueue
from tests.unit.connector.executed import context
from tests.world import FIT, RULE, SECRET, VISITS, World


@pytest.fixture
def live(world: World) -> World:
    """An environment with models, a rule and three leads, one of them due; the queue keeps delays and leases."""
    world.publish(FIT, VISITS, RULE)
    scored = world.new_lead()
    world.visit(scored, days_ago=27)
    world.work(scored)
    world.new_lead(jobtitle="CEO", telephone1="1")
    world.new_lead(jobtitle="CEO")
    world.queue = VirtualQueue(world.clock)
    world.clock.forward(days=2)
    return world


def writes(world: World) -> Counter[str]:
    """Requests that changed rows so far, by table; those of batches too."""
    counts: Counter[str] = Counter()
    for (method, table), count in world.emulator.requests.items():
        if method != "GET" and table != "$batch":
            counts[table] += count
    return counts


def post_webhooks(world: World, host: VirtualHost) -> None:
    body = json.dumps(context(OrganizationId=str(world.emulator.organization_id))).encode()
    for app in host.apps:
        assert receive(body, {"x-leadgate-secret": SECRET}, lambda app=app: app) == 202  # type: ignore[misc]


def test_a_dry_run_decides_everything_and_writes_nothing_but_how_far_it_has_read(
    live: World, caplog: pytest.LogCaptureFixture
) -> None:
    _, app = live.another_app(mode="dry-run")
    host = VirtualHost(live.clock, live.queue, [app])
    before = writes(live)
    with caplog.at_level("INFO", logger="leadgate"):
        post_webhooks(live, host)
        host.run(live.clock() + timedelta(hours=1))
    written = writes(live) - before
    assert written.keys() == {"lgate_syncstate"}
    told = [json.loads(text) for text in caplog.messages if '"scored"' in text]
    assert sum(line["held"] for line in told) >= 3
    assert sum(line["written"] for line in told) == 0
    assert (host.failed, host.is_idle()) == ([], True)


def test_an_app_that_is_off_keeps_every_message_for_another_minute_and_asks_nothing(live: World) -> None:
    adapter, app = live.another_app(mode="off")
    host = VirtualHost(live.clock, live.queue, [app])
    asked: list[requests.PreparedRequest] = []
    adapter.before = asked.append
    texts = [RowChanges(table=Lead.TABLE, ids=(live.new_lead(),), cause="webhook", attempt=3).text() for _ in range(5)]
    for text in texts:
        live.queue.send(LEAD_CHANGES, text)
    host.run(live.clock() + timedelta(minutes=30, seconds=1))
    assert sorted(live.queue.of(LEAD_CHANGES)) == sorted(texts)
    assert live.queue.of(LEAD_CHANGES + POISON) == live.queue.of(LEAD_CHANGES_BULK) == []
    assert (asked, host.failed) == ([], [])
    assert live.queue.sent[LEAD_CHANGES] == 5 + 5 * 31

    _, on = live.another_app()
    host.apps = [on]
    host.run(live.clock() + timedelta(minutes=2), stop=host.is_idle)
    assert host.is_idle()


@pytest.mark.parametrize("path", ["/api/health", "/api/row-changed"])
def test_a_stranger_learns_nothing_from_an_answer(play: Playground, path: str) -> None:
    url = play.host.url + path
    answer = requests.get(url, timeout=30) if path.endswith("health") else requests.post(url, timeout=30)
    assert answer.status_code in {200, 401}
    assert answer.content == b""
    told = " ".join(f"{name}: {value}" for name, value in answer.headers.items()).lower()
    assert not any(word in told for word in ("leadgate", "python", "version", "azure"))


def test_an_app_that_cannot_work_says_503_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.environ", {})
    answer = function_app.health(func.HttpRequest("GET", "/api/health", body=b""))
    assert (answer.status_code, answer.get_body()) == (503, b"")
