"""The answer to a webhook is the promise: 2xx is durable, 503 is our own fault, and nothing of the body is kept."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import cast
from uuid import UUID

import pytest

from connector.bootstrap import App
from connector.errors import SettingsError, VersionError
from connector.reach import Reach, RelatedTable
from connector.receive import receive
from connector.settings import Settings
from connector.telemetry import Telemetry
from dataverse import UnavailableError
from tests.unit.connector.executed import LEAD_ID, ORGANIZATION, context, entity, interaction, pair, reference
from tests.unit.connector.fakes import ListQueue
from tests.unit.connector.read_meter import ReadMeter

SECRET = "Abcdefghijklmnopqrstuvwxyz012345"
HEADERS = {"x-leadgate-secret": SECRET}
BODY = json.dumps(context()).encode()


@dataclass
class Versions:
    """What is in force: a model that reads columns of the lead's account; or a fault. Counts how often it was asked."""

    fault: Exception | None = None
    asked: int = 0

    def now(self) -> SimpleNamespace:
        self.asked += 1
        if self.fault is not None:
            raise self.fault
        return SimpleNamespace(
            reach=Reach({"account": RelatedTable("account", "accounts", "accountid", ("parentaccountid",))}, {})
        )


@dataclass
class Receiver:
    """The parts of the app that answering a webhook needs."""

    settings: Settings
    queue: ListQueue
    versions: Versions = field(default_factory=Versions)
    telemetry: Telemetry = field(default_factory=Telemetry)


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


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        ("b374239d-4233-41a9-8b17-a86cb4f737b5", "b374239d423341a98b17a86cb4f737b5"),
        ("Claire Durand", None),
        ("", None),
    ],
)
def test_dataverses_correlation_id_is_kept_and_nothing_else_that_stands_in_its_place(
    header: str, kept: str | None
) -> None:
    to = receiver()
    assert answer(to, headers={**HEADERS, "x-ms-correlation-request-id": header}) == 202
    correlation = json.loads(to.queue.sent[0][1])["correlation"]
    assert re.fullmatch("[0-9a-f]{32}", correlation)
    assert kept in (None, correlation)


def test_webhooks_are_counted_by_what_was_answered_and_refused_ones_by_reason() -> None:
    meter = ReadMeter()
    to, failing = receiver(), receiver(failing=True)
    to.telemetry = failing.telemetry = meter.telemetry
    answer(to)
    answer(to, headers={})
    answer(to, b"not json")
    answer(failing)
    status = "http.response.status_code"
    assert meter.points("leadgate.webhooks") == {((status, code),): 1 for code in (202, 401, 400, 503)}
    assert meter.points("leadgate.webhooks.refused") == {
        (("leadgate.reason", "unauthorized"),): 1,
        (("leadgate.reason", "not-an-execution-context"),): 1,
    }


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
        (json.dumps(context(PrimaryEntityName="opportunity")).encode(), HEADERS, 400),
        (json.dumps(context(OrganizationId=LEAD_ID)).encode(), HEADERS, 403),
        (BODY.ljust(2**20 + 1), HEADERS, 413),
    ],
)
def test_what_is_refused_queues_nothing(body: bytes, headers: dict[str, str], status: int) -> None:
    to = receiver()
    assert answer(to, body, headers) == status
    assert to.queue.sent == []


ACCOUNT = json.dumps(context(PrimaryEntityName="account")).encode()


def test_a_table_that_a_live_model_uses_is_taken_by_what_is_in_force() -> None:
    to = receiver()
    assert answer(to, ACCOUNT) == 202
    assert [json.loads(text)["table"] for _, text, _ in to.queue.sent] == ["account"]


@pytest.mark.parametrize("fault", [UnavailableError(), VersionError("Fit", "is not JSON"), KeyError("a defect")])
def test_when_what_is_in_force_cannot_be_told_a_foreign_table_is_503_and_ours_are_answered(fault: Exception) -> None:
    to = receiver()
    to.versions.fault = fault
    assert answer(to, ACCOUNT) == 503
    assert to.queue.sent == []
    for table in ("lead", "lgate_leadinteraction", "lgate_scoringmodel"):
        assert answer(to, json.dumps(context(PrimaryEntityName=table)).encode()) == 202
    assert to.versions.asked == 1


def test_a_caller_without_the_secret_or_of_another_organisation_makes_us_ask_nothing() -> None:
    to = receiver()
    assert answer(to, ACCOUNT, {}) == 401
    assert answer(to, json.dumps(context(PrimaryEntityName="account", OrganizationId=LEAD_ID)).encode()) == 403
    assert to.versions.asked == 0


def test_a_change_that_is_not_committed_yet_waits_half_a_minute_and_the_set_up_is_warned_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    to = receiver()
    assert answer(to, json.dumps(context(Mode=0, IsInTransaction=True)).encode()) == 202
    assert [delay_s for _, _, delay_s in to.queue.sent] == [30]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "synchronous" in caplog.text


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
