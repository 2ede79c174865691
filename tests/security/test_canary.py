"""No text of a lead gets out: not into a log of any level, an error, a message, a kept row, a URL or a printed line."""

import json
import logging
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests

from admin.definition_commands import publisher
from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK, POISON
from connector.storage_queue import StorageQueue
from connector.tables import Lead, LeadScore, QualificationLog, SyncState
from dataverse import create, delete, query
from dataverse.odata import eq
from emulator.fault_rules import Body, Cut
from emulator.queue_service import connection_string
from emulator.web_api import Request, Response
from tests.security.canary import Canary, token
from tests.world import is_write

DAY_S = 86_400


def scores(canary: Canary, lead: UUID) -> dict[str, object]:
    columns = [LeadScore.NAME, LeadScore.SCORE]
    of_lead = query(LeadScore.SET, select=columns, filter=eq(f"_{LeadScore.LEAD}_value", lead))
    return {str(row[LeadScore.NAME]): row[LeadScore.SCORE] for row in canary.people.rows(of_lead)}


def poison(canary: Canary) -> list[dict[str, Any]]:
    return [each for each in map(json.loads, canary.queue.sent) if "reason" in each]


def test_the_whole_way_of_a_lead(canary: Canary) -> None:
    lead = canary.new_lead()
    canary.settle()
    assert scores(canary, lead) == {"Fit": 110, "Visits": 5, "Texts": 16}
    logged = query(QualificationLog.SET, select=[QualificationLog.ID], filter=eq("_lgate_leadid_value", lead))
    assert len(list(canary.people.rows(logged))) == 1
    canary.edit(lead)
    assert canary.app.poll_changes.tick() > 0
    publisher(canary.app).publish_model("Texts")
    canary.settle()
    causes = {json.loads(text)["cause"] for text in canary.queue.sent}
    assert causes == {"webhook", "poll", "publish"}
    assert canary.failures == []


def test_time_passes_and_the_token_expires(canary: Canary) -> None:
    lead = canary.new_lead()
    canary.settle()
    canary.running.clock.forward(29 * DAY_S)
    assert canary.app.rescore_due.tick() > 0
    canary.settle()
    assert scores(canary, lead)["Visits"] == 0


def test_the_link_of_the_changes_has_expired(canary: Canary) -> None:
    canary.app.poll_changes.tick()
    lead = canary.new_lead()
    expired = canary.fault(path="deltatoken", status=410, body=Body.JSON, code="0x80044352")
    assert canary.app.poll_changes.tick() > 0
    canary.settle()
    assert expired.applied
    assert scores(canary, lead)["Fit"] == 110


def test_a_person_writes_between_the_reading_and_the_writing(canary: Canary) -> None:
    lead = canary.new_lead()
    met: list[str] = []

    def interfere(request: requests.PreparedRequest) -> None:
        if is_write(request) and len(met) < 2:
            met.append("conflict")
            canary.edit(lead)

    canary.wire.before = interfere
    canary.settle()
    assert len(met) == 2
    assert scores(canary, lead)["Fit"] == 110


ERRORS = {
    "a defect of the service": {"status": 500, "body": Body.JSON, "code": "0x80040216"},
    "a gateway's page": {"status": 502, "body": Body.HTML},
    "not now": {"status": 503, "body": Body.JSON},
    "too slow": {"status": 504, "body": Body.EMPTY},
    "too much": {"status": 429, "body": Body.JSON, "code": "0x80072322"},
    "a token that is not taken": {"status": 401, "body": Body.JSON},
    "a missing privilege": {"status": 403, "body": Body.JSON, "code": "0x80040220"},
    "nothing of that name": {"status": 404, "body": Body.JSON, "code": "0x80060888"},
    "not understood": {"status": 400, "body": Body.JSON, "code": "0x80048d19"},
    "a plug-in that refuses": {"status": 400, "body": Body.JSON, "code": "0x80040265"},
    "a code that quotes the lead": {"status": 400, "body": Body.JSON, "code": "qz00000zq"},
    "a request id that quotes the lead": {"status": 500, "body": Body.JSON, "headers": {"REQ_ID": "qz00000zq quoted"}},
    "a conflict": {"status": 412, "body": Body.JSON, "code": "0x80060882"},
    "a duplicate": {"status": 412, "body": Body.JSON, "code": "0x80040333"},
    "half an answer": {"body": Body.TRUNCATED},
    "an empty answer": {"body": Body.EMPTY},
    "a page instead of rows": {"body": Body.HTML},
    "cut before": {"cut": Cut.BEFORE},
    "cut during": {"cut": Cut.DURING},
    "cut after": {"cut": Cut.AFTER},
}


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS.keys())
def test_each_fault_of_the_web_api(error: Mapping[str, Any], canary: Canary) -> None:
    lead = canary.new_lead()
    canary.app.versions.fresh()
    faults = [canary.fault(path=path, count=2, **error) for path in (r"/\$batch", r"/lgate_scoringmodels", r"/leads\?")]
    canary.settle()
    canary.trying(canary.app.poll_changes.tick)
    canary.run("score", str(lead))
    canary.trying(canary.app.poll_changes.tick)
    assert all(fault.applied for fault in faults)


@pytest.mark.parametrize(("status", "code"), [(400, "0x80040265"), (412, "0x80040333"), (403, "0x80040220"), (400, "")])
def test_a_refusal_inside_a_batch_that_quotes_the_lead(
    status: int, code: str, canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = canary.running.emulator
    answer = emulator._answer

    def refusing(request: Request, *args: Any, **options: Any) -> Response:
        if request.method == "PATCH" and "tag=leadgate" in request.target:
            text = json.dumps({"error": {"code": code, "message": f"Is {token()} a duplicate of {token()}?"}})
            return Response(status, {"Content-Type": "application/json"}, text.encode())
        return answer(request, *args, **options)

    lead = canary.new_lead()
    monkeypatch.setattr(emulator, "_answer", refusing)
    canary.settle()
    assert scores(canary, lead) == {}
    assert bool(poison(canary)) == (status != 403)
    listed = canary.run("poison", "list")
    assert not poison(canary) or str(lead) in listed.stdout


@pytest.mark.parametrize(
    "error", [{"status": 500, "body": Body.JSON}, {"status": 400, "body": Body.HTML}, {"cut": Cut.AFTER}]
)
def test_the_identity_endpoint_fails(error: Mapping[str, Any], canary: Canary) -> None:
    fault = canary.fault(path="/msi/token", count=3, **error)
    canary.new_lead()
    canary.settle()
    assert fault.applied


def test_the_queue_is_gone(canary: Canary) -> None:
    kept, canary.queue.real = canary.queue.real, StorageQueue(connection_string("http://127.0.0.1:1"))
    failed = canary.running.webhooks.counts.failed
    canary.new_lead()
    canary.running.webhooks.drain(60)
    assert canary.running.webhooks.counts.failed > failed
    canary.queue.real = kept


def test_messages_that_somebody_else_wrote(canary: Canary) -> None:
    envelope = {"v": 1, "table": "lead", "ids": [token()], "cause": "webhook", "attempt": 0, "correlation": "x"}
    for text in (token(), json.dumps(envelope), json.dumps({**envelope, "ids": [str(uuid4())], "table": token()})):
        canary.queue.real.send(LEAD_CHANGES, text)
    canary.settle()
    assert [each["reason"] for each in poison(canary)] == ["unreadable"] * 3
    assert "unreadable" in canary.run("poison", "list").stdout


def test_what_the_commands_print(canary: Canary) -> None:
    lead = canary.new_lead()
    canary.settle()
    commands = [("score", str(lead)), ("score", str(lead), "--json"), ("decisions", str(lead)), ("poll",)]
    commands += [("decisions", str(lead), "--json"), ("poison", "list", "--json"), ("poison", "redrive")]
    assert {words: canary.run(*words).exit_code for words in commands} == dict.fromkeys(commands, 0)


@pytest.mark.parametrize("words", [("score",), ("decisions",), ("poll",)])
def test_what_the_commands_say_when_they_fail(words: tuple[str, ...], canary: Canary) -> None:
    lead = canary.new_lead()
    canary.fault(path="/api/data/", count=None, status=403, body=Body.JSON, code="0x80040220")
    result = canary.run(*words, *([str(lead)] if words != ("poll",) else []))
    assert result.exit_code == 1
    assert "0x80040220" in result.stderr


def raise_token() -> None:
    raise ValueError(token())


def log_failure() -> None:
    try:
        raise_token()
    except ValueError:
        logging.getLogger("leadgate").exception("scoring failed")


def of_name(name: str) -> Any:
    return query(Lead.SET, select=[Lead.ID], filter=eq("lastname", name))


SYNC_STATE = "6d81597f-0f9f-4711-8122-000d3aa2331c"
PLANTED: Mapping[str, Callable[[Canary], object]] = {
    "log azure": lambda _: logging.getLogger("azure.core").debug("Response body: %s", token()),
    "log msal": lambda _: logging.getLogger("msal.token_cache").debug("event=%r", {"upn": token()}),
    "log leadgate": lambda _: log_failure(),
    "log urllib3": lambda canary: logging.getLogger("urllib3").debug("headers: %s", min(canary.wire.tokens)),
    "queue": lambda canary: canary.queue.send(LEAD_CHANGES_BULK + POISON, json.dumps({"name": token()})),
    "sent to Dataverse": lambda canary: canary.app.client.send(of_name(token())),
    "asked of the emulator": lambda canary: canary.people.send(of_name(token())),
    "printed": lambda _: print(token(), file=sys.stderr),
    "exception": lambda canary: canary.trying(raise_token),
    "evidence": lambda canary: (canary.evidence / "planted.json").write_text(token()),
    SyncState.SET: lambda canary: canary.people.send(
        create(SyncState.SET, {SyncState.ID: SYNC_STATE, SyncState.STREAM: token()}, id_column=SyncState.ID)
    ),
}


@pytest.mark.parametrize(("place", "plant"), PLANTED.items(), ids=PLANTED.keys())
def test_the_canary_is_heard_wherever_it_sings(
    place: str, plant: Callable[[Canary], object], watched: Canary, tmp_path: Path
) -> None:
    watched.evidence = tmp_path  # not where other tests look
    watched.app.versions.now()
    assert watched.leaks() == []
    plant(watched)
    found = watched.leaks()
    if place == SyncState.SET:
        watched.people.send(delete(SyncState.SET, SYNC_STATE, etag="*"))
    watched.running.front.log.clear()
    assert [each for each in found if each.startswith(place)], found


def test_the_canary_hears_a_token_inside_a_batch(watched: Canary) -> None:
    watched.app.client.batch([of_name(token())])
    assert [each for each in watched.leaks() if each.startswith("sent to Dataverse: ")]


def test_the_canary_hears_a_line_that_could_be_forged(watched: Canary) -> None:
    logging.getLogger("leadgate").warning("refused: %s", "x\r\nscored: done=1")
    assert watched.leaks() == ["log leadgate: a control character in 'refused: x\\r\\nscored: done=1'"]
