"""The answer to a webhook is the promise: 2xx is durable, 503 is our own fault, and nothing of the body is kept."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast
from uuid import UUID

import pytest

from connector.bootstrap import App
from connector.errors import SettingsError
from connector.receive import receive
from connector.settings import Settings
from tests.unit.connector.executed import LEAD_ID, ORGANIZATION, context, entity, interaction, pair, reference
from tests.unit.connector.fakes import ListQueue

SECRET = "Abcdefghijklmnopqrstuvwxyz012345"
HEADERS = {"x-leadgate-secret": SECRET}
BODY = json.dumps(context()).encode()


@dataclass
class Receiver:
    """The two parts of the app that answering a webhook needs."""

    settings: Settings
    queue: ListQueue


def receiver(
    *, secrets: tuple[str, ...] = (SECRET,), organization: str | None = ORGANIZATION, failing: bool = False
) -> Receiver:
    settings = Settings(
        "http://127.0.0.1",
        "static-token",
        "",
        webhook_secrets=secrets,
        organization_id=UUID(organization) if organization else None,
    )
    return Receiver(settings, ListQueue(failing=failing))


def answer(to: Receiver, body: bytes = BODY, headers: dict[str, str] | None = None) -> int:
    return receive(body, HEADERS if headers is None else headers, lambda: cast("App", to))


def test_a_change_of_a_lead_is_queued_and_then_accepted() -> None:
    to = receiver()
    assert answer(to) == 202
    ((queue, text, delay_s),) = to.queue.sent
    assert (queue, delay_s) == ("leadgate-lead-changes", 0)
    message = json.loads(text)
    correlation = message.pop("correlation")
    assert message == {"v": 1, "table": "lead", "ids": [LEAD_ID], "cause": "webhook", "attempt": 0}
    assert re.fullmatch("[0-9a-f]{32}", correlation)


def test_a_change_of_a_model_is_queued_for_those_who_publish() -> None:
    to = receiver()
    assert answer(to, json.dumps(context(PrimaryEntityName="lgate_scoringmodel")).encode()) == 202
    ((queue, text, delay_s),) = to.queue.sent
    assert (queue, delay_s) == ("leadgate-lifecycle", 0)
    message = json.loads(text)
    correlation = message.pop("correlation")
    assert message == {"v": 1, "table": "lgate_scoringmodel", "id": LEAD_ID, "attempt": 0}
    assert re.fullmatch("[0-9a-f]{32}", correlation)


def test_what_concerns_nobody_is_accepted_and_queues_nothing() -> None:
    to = receiver()
    assert answer(to, json.dumps(context(PrimaryEntityName="lgate_publishedversion")).encode()) == 202
    assert to.queue.sent == []


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (BODY, {}, 401),
        (BODY, {"x-leadgate-secret": "wrong"}, 401),
        (b"not json", {"x-leadgate-secret": "wrong"}, 401),
        (b"not json", HEADERS, 400),
        (json.dumps(context(PrimaryEntityName="account")).encode(), HEADERS, 400),
        (json.dumps(context(OrganizationId=LEAD_ID)).encode(), HEADERS, 403),
        (BODY.ljust(2**20 + 1), HEADERS, 413),
    ],
)
def test_what_is_refused_queues_nothing(body: bytes, headers: dict[str, str], status: int) -> None:
    to = receiver()
    assert answer(to, body, headers) == status
    assert to.queue.sent == []


@pytest.mark.parametrize("headers", [HEADERS, {}, {"x-leadgate-secret": ""}])
def test_an_app_without_secret_or_organisation_answers_503_and_queues_nothing(headers: dict[str, str]) -> None:
    for to in (receiver(secrets=()), receiver(secrets=("",)), receiver(organization=None)):
        assert answer(to, BODY, headers) == 503
        assert to.queue.sent == []


def test_a_queue_that_does_not_take_the_message_is_503_so_that_dataverse_repeats() -> None:
    assert answer(receiver(failing=True)) == 503


def test_a_second_message_that_cannot_be_queued_is_503_although_the_first_one_was() -> None:
    @dataclass
    class TakesOne(ListQueue):
        def send(self, queue: str, text: str, *, delay_s: float = 0) -> None:
            self.failing = bool(self.sent)
            super().send(queue, text, delay_s=delay_s)

    to = Receiver(receiver().settings, TakesOne())
    lead = pair("lgate_leadid", reference("lead", LEAD_ID))
    contact = pair("lgate_contactid", reference("contact", LEAD_ID))
    assert answer(to, json.dumps(interaction("Create", lead, contact)).encode()) == 503
    assert len(to.queue.sent) == 1


def missing_settings() -> App:
    raise SettingsError(["DATAVERSE_URL is missing"])


def broken_bootstrap() -> App:
    raise ValueError("canary-of-the-cause")


@pytest.mark.parametrize("app", [missing_settings, broken_bootstrap])
def test_whatever_goes_wrong_on_our_side_is_503_and_its_text_is_not_logged(
    app: Callable[[], App], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert receive(BODY, HEADERS, app) == 503
    assert caplog.messages
    assert "canary-of-the-cause" not in caplog.text


def canaries() -> Iterator[str]:
    number = 0
    while True:
        yield f"canary-{(number := number + 1)}-é'\r\n\x1b[31m"


def personal_bodies() -> Iterator[bytes]:
    some = canaries()
    attributes = [pair(f"column{number}", next(some)) for number in range(20)]
    target = pair("Target", entity("lead", LEAD_ID, *attributes))
    yield json.dumps(context(InputParameters=[target], OrganizationName=next(some))).encode()
    lead = pair("lgate_leadid", reference("lead", LEAD_ID) | {"Name": next(some)})
    yield json.dumps(interaction("Create", lead, pair("lgate_name", next(some)))).encode()
    yield json.dumps(context(PrimaryEntityId=next(some))).encode()
    yield json.dumps(context(OrganizationId=LEAD_ID, MessageName=next(some))).encode()
    yield json.dumps(context(PrimaryEntityName=next(some))).encode()
    yield next(some).encode()
    yield json.dumps(next(some)).encode("utf-16")


@pytest.mark.parametrize("failing", [False, True])
def test_nothing_of_a_body_but_ids_reaches_a_message_or_the_log(
    failing: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    to = receiver(failing=failing)
    statuses = [answer(to, body) for body in personal_bodies()]
    assert set(statuses) == {503 if failing else 202, 400, 403}
    for held in (caplog.text, repr([record.__dict__ for record in caplog.records]), repr(to.queue.sent)):
        assert "canary" not in held
        assert SECRET not in held
