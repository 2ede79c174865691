from datetime import UTC, datetime
from typing import Any

import pytest

from emulator.queue_service import QueueService
from emulator.queue_service.signature import sign, string_to_sign
from emulator.web_api import Request


def signed(method: str, target: str, **headers: str) -> Request:
    given = {name.replace("_", "-"): value for name, value in headers.items()} | {
        "x-ms-date": "Sat, 01 Aug 2026 00:00:00 GMT"
    }
    authorization = f"SharedKey devstoreaccount1:{sign(string_to_sign(method, target, given))}"
    return Request(method, target, given | {"Authorization": authorization})


def status(request: Request) -> int:
    return QueueService(lambda: datetime(2026, 8, 1, tzinfo=UTC)).handle(request).status


def test_the_string_to_sign_is_the_documented_one() -> None:
    headers = {"content-length": "0", "x-ms-version": "2026-02-06", "x-ms-date": "D", "content-type": "application/xml"}
    assert string_to_sign("PUT", "/devstoreaccount1/q?timeout=3&comp=metadata", headers) == (
        "PUT\n\n\n\n\napplication/xml\n\n\n\n\n\n\nx-ms-date:D\nx-ms-version:2026-02-06\n"
        "/devstoreaccount1/devstoreaccount1/q\ncomp:metadata\ntimeout:3"
    )


def test_a_signed_request_is_answered() -> None:
    assert status(signed("PUT", "/devstoreaccount1/leads")) == 201


def test_a_request_without_a_signature_is_refused() -> None:
    assert status(Request("PUT", "/devstoreaccount1/leads", {"x-ms-date": "Sat, 01 Aug 2026 00:00:00 GMT"})) == 403


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "DELETE"},
        {"target": "/devstoreaccount1/other"},
        {"target": "/devstoreaccount1/leads?timeout=1"},
        {"headers": {"x-ms-meta-a": "b"}},
        {"headers": {"x-ms-date": "Sat, 01 Aug 2026 00:00:01 GMT"}},
    ],
)
def test_a_signature_of_another_request_is_refused(changed: dict[str, Any]) -> None:
    request = signed("PUT", "/devstoreaccount1/leads")
    forged = Request(
        changed.get("method", request.method),
        changed.get("target", request.target),
        dict(request.headers) | changed.get("headers", {}),
    )
    assert status(forged) == 403


def test_a_signature_of_no_date_is_refused() -> None:
    headers = {"x-ms-version": "2026-02-06"}
    target = "/devstoreaccount1/leads"
    authorization = f"SharedKey devstoreaccount1:{sign(string_to_sign('PUT', target, headers))}"
    assert status(Request("PUT", target, headers | {"Authorization": authorization})) == 403


def test_an_authorization_that_is_not_ascii_is_refused() -> None:
    request = signed("PUT", "/devstoreaccount1/leads")
    assert status(Request("PUT", request.target, dict(request.headers) | {"Authorization": "SharedKey é"})) == 403


def test_another_account_is_refused() -> None:
    assert status(signed("PUT", "/someoneelse/leads")) == 400


def test_an_unknown_path_is_refused_by_name() -> None:
    assert status(signed("GET", "/devstoreaccount1/leads/messages/1/2")) == 501
