"""Answering over HTTP: a webhook 2xx only when it is durably queued, 503 for anything that is our own fault."""

import logging
from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from connector import telemetry as names
from connector.bootstrap import App
from connector.errors import LeadgateError, QueueError
from connector.intake import SECRET_HEADER, Accepted, read_row_changed, refuse_caller
from connector.lifecycle_message import LIFECYCLE, LifecycleMessage
from connector.messages import LEAD_CHANGES, RowChanges
from connector.ports import Queue
from connector.telemetry import Event, log_event

CORRELATION_HEADER: Final = "x-ms-correlation-request-id"


def receive(body: bytes, headers: Mapping[str, str], app: Callable[[], App]) -> int:
    """The HTTP status for a row-changed webhook; Dataverse repeats once after 503 and never after anything else."""
    try:
        return _counted(body, headers, app())
    except LeadgateError as error:
        log_event(Event.WEBHOOK_FAILED, logging.ERROR, reason=type(error).__name__, error=str(error))
    except Exception as error:  # noqa: BLE001  whatever it is, it is ours, and only a 503 is repeated
        log_event(Event.WEBHOOK_FAILED, logging.ERROR, reason=type(error).__name__)
    return 503


def health_status(app: Callable[[], App]) -> int:
    """200 when the app can do its work, 503 when it cannot; why stands in the log alone."""
    try:
        return 200 if app().health.is_good() else 503
    except LeadgateError as error:
        log_event(Event.UNHEALTHY, logging.ERROR, reason=type(error).__name__, error=str(error))
    except Exception as error:  # noqa: BLE001  a set-up that cannot be built, or a defect: no is the answer to both
        log_event(Event.UNHEALTHY, logging.ERROR, reason=type(error).__name__)
    return 503


def _counted(body: bytes, headers: Mapping[str, str], app: App) -> int:
    status = _answer(body, headers, app)
    app.telemetry.webhooks.add(1, {names.STATUS: status})
    return status


def _answer(body: bytes, headers: Mapping[str, str], app: App) -> int:
    try:
        return _receive(body, headers, app)
    except QueueError as error:
        log_event(Event.WEBHOOK_FAILED, logging.ERROR, reason=type(error).__name__, error=str(error))
        return 503


def _receive(body: bytes, headers: Mapping[str, str], app: App) -> int:
    organization_id = app.settings.organization_id
    refusal = refuse_caller(headers.get(SECRET_HEADER), app.settings.webhook_secrets, organization_id)
    if refusal is None and organization_id is not None:
        answer = read_row_changed(body, organization_id, lambda: app.versions.now().reach)
        if isinstance(answer, Accepted):
            return _queue(answer, headers, app.queue)
        refusal = answer
    reason = refusal.reason if refusal else ""
    app.telemetry.webhooks_refused.add(1, {names.REASON: reason})
    log_event(Event.WEBHOOK_REFUSED, logging.WARNING, reason=reason)
    return refusal.status if refusal else 503


def _queue(accepted: Accepted, headers: Mapping[str, str], queue: Queue) -> int:
    if accepted.delay_s:
        log_event(Event.WEBHOOK_SYNCHRONOUS, logging.WARNING)
    for message in accepted.messages:
        name = LIFECYCLE if isinstance(message, LifecycleMessage) else LEAD_CHANGES
        queue.send(name, _correlated(message, headers).text(), delay_s=accepted.delay_s)
    return 202


def _correlated(message: RowChanges | LifecycleMessage, headers: Mapping[str, str]) -> RowChanges | LifecycleMessage:
    """The message under Dataverse's own correlation id, if it is one: anything else that stands there is not kept."""
    try:
        correlation = UUID(headers.get(CORRELATION_HEADER, "")).hex
    except ValueError:
        return message
    return message.model_copy(update={"correlation": correlation})
