"""Who may speak: every call names the secret, is refused in one and the same way, and learns nothing (SEC1, 2, 20)."""

import ast
import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import function_app
from connector.bootstrap import App
from connector.errors import SettingsError
from connector.health import Health
from connector.intake import SECRET_HEADER
from dataverse import ConfigurationError
from tests.security.bodies import WHOLE
from tests.security.door import KNOWN, Door, shown
from tests.world import SECRET, ListQueue

ROOT = Path(__file__).resolve().parents[2]
NEW_SECRET = "fedcba9876543210fedcba9876543210"

STRANGERS: Mapping[str, Mapping[str, str]] = {
    "missing": {},
    "empty": {SECRET_HEADER: ""},
    "white space": {SECRET_HEADER: " "},
    "wrong": {SECRET_HEADER: "x" * 32},
    "a prefix": {SECRET_HEADER: SECRET[:-1]},
    "one character": {SECRET_HEADER: SECRET[0]},
    "with a suffix": {SECRET_HEADER: SECRET + "0"},
    "with a line break": {SECRET_HEADER: SECRET + "\r\nx: y"},
    "in another case": {SECRET_HEADER: SECRET.upper()},
    "not ASCII": {SECRET_HEADER: SECRET[:-1] + "é"},
    "in full-width digits": {SECRET_HEADER: "\uff10" + SECRET[1:]},
    "a lone surrogate": {SECRET_HEADER: SECRET + "\udcff"},
    "a NUL": {SECRET_HEADER: SECRET + "\0"},
    "twice, as a host joins two headers": {SECRET_HEADER: f"{SECRET},{SECRET}"},
    "of a megabyte": {SECRET_HEADER: SECRET * 32_768},
    "as a bearer token": {"authorization": f"Bearer {SECRET}"},
    "under another name": {"x-functions-key": SECRET},
}


def test_everybody_without_the_secret_gets_one_and_the_same_answer_and_queues_nothing(door: Door) -> None:
    answers = {name: shown(door.post(WHOLE, headers)) for name, headers in STRANGERS.items()}
    assert {(status, body) for status, body, _ in answers.values()} == {(401, b"")}
    assert len({tuple(headers.items()) for _, _, headers in answers.values()}) == 1
    assert door.queue.sent == []


def test_the_answer_to_a_stranger_does_not_depend_on_the_body(door: Door) -> None:
    assert {shown(door.post(body, {}))[:2] for body in (WHOLE, b"", b"{", b" " * (2**20 + 1))} == {(401, b"")}


def test_the_name_of_the_header_is_found_in_any_case(door: Door) -> None:
    assert door.post(WHOLE, {SECRET_HEADER.upper(): SECRET}).status_code == 202


def test_the_presented_secret_is_in_no_log(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for headers in (KNOWN, *STRANGERS.values()):
        door.post(WHOLE, headers)
    assert SECRET[:-1] not in caplog.text + repr([record.__dict__ for record in caplog.records])


@pytest.mark.parametrize("secrets", [(), ("",), ("", SECRET)])
@pytest.mark.parametrize("headers", [{}, {SECRET_HEADER: ""}, KNOWN])
def test_an_app_without_a_secret_of_its_own_lets_nobody_in(
    secrets: tuple[str, ...], headers: Mapping[str, str], door: Door
) -> None:
    door.configure(webhook_secrets=secrets)
    assert shown(door.post(WHOLE, headers))[:2] == (503, b"")
    assert door.queue.sent == []


def test_two_secrets_are_valid_while_one_replaces_the_other(door: Door) -> None:
    presented = [SECRET, NEW_SECRET, "x" * 32]
    door.configure(webhook_secrets=(NEW_SECRET, SECRET))
    assert [door.post(WHOLE, {SECRET_HEADER: each}).status_code for each in presented] == [202, 202, 401]
    door.configure(webhook_secrets=(NEW_SECRET,))
    assert [door.post(WHOLE, {SECRET_HEADER: each}).status_code for each in presented] == [401, 202, 401]


SPEAKS_OF_SECRETS = re.compile("secret|presented|password|signature|token", re.IGNORECASE)


def compared_plainly(source: str) -> Iterator[str]:
    """Comparisons by ==, != or membership in which a name that speaks of a secret takes part."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq | ast.NotEq | ast.In) for op in node.ops):
            parts = list(ast.walk(node))
            names = [part.id for part in parts if isinstance(part, ast.Name)]
            names += [part.attr for part in parts if isinstance(part, ast.Attribute)]
            if any(SPEAKS_OF_SECRETS.search(name) for name in names):
                yield ast.unparse(node)


def test_the_check_for_plain_comparisons_finds_one() -> None:
    assert list(compared_plainly("ok = presented == expected")) == ["presented == expected"]
    assert list(compared_plainly("if given in settings.webhook_secrets: pass")) == ["given in settings.webhook_secrets"]
    assert list(compared_plainly("kind == 'client-secret' and hmac.compare_digest(given, secret)")) == []


def test_no_secret_is_compared_but_in_constant_time() -> None:
    files = [ROOT / "function_app.py", *(ROOT / "connector").glob("*.py"), *(ROOT / "dataverse").glob("*.py")]
    assert len(files) > 50
    assert [f"{path.name}: {text}" for path in files for text in compared_plainly(path.read_text("utf-8"))] == []


class NoQueue(ListQueue):
    """A queue whose service is gone."""

    def waiting(self, queue: str) -> int:  # noqa: ARG002  it never gets to know
        raise OSError("10.0.0.4:10001 refused")


def missing() -> App:
    raise SettingsError(["DATAVERSE_URL is missing"])


def no_certificate() -> App:
    raise ConfigurationError("the certificate cannot be read")


def a_defect() -> App:
    raise KeyError("contoso.crm4.dynamics.com")


def test_health_says_yes_and_nothing_else(door: Door) -> None:
    status, body, headers = shown(door.health())
    assert (status, body, headers) == (200, b"", {})


@pytest.mark.parametrize("broken", [missing, no_certificate, a_defect])
def test_health_says_no_and_nothing_else_whatever_is_wrong(
    broken: object, door: Door, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(function_app, "_app", broken)
    assert shown(door.health()) == (503, b"", {})
    assert "contoso" not in caplog.text


def test_health_says_no_when_a_port_fails_in_an_unforeseen_way(door: Door) -> None:
    app = door.app()
    door.wire(health=Health(app.client, NoQueue(), app.clock, app.breaker))
    assert shown(door.health()) == (503, b"", {})
