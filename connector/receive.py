"""Answering over HTTP: a webhook 2xx only when it is durably queued, 503 for anything that is our own fault."""

import logging
from collections.abc import Callable, Mapping

from connector.bootstrap import App
from connector.errors import LeadgateError
from connector.intake import SECRET_HEADER, Refusal, read_row_changed, refuse_caller
from connector.lifecycle_message import LIFECYCLE, LifecycleMessage
from connector.messages import LEAD_CHANGES

_log = logging.getLogger("leadgate")


def receive(body: bytes, headers: Mapping[str, str], app: Callable[[], App]) -> int:
    """The HTTP status for a row-changed webhook; Dataverse repeats once after 503 and never after anything else."""
    try:
        return _receive(body, headers, app())
    except LeadgateError as error:
        _log.error("webhook not taken: %s", error)
    except Exception as error:  # noqa: BLE001  whatever it is, it is ours, and only a 503 is repeated
        _log.error("webhook not taken: %s", type(error).__name__)
    return 503


def health_status(app: Callable[[], App]) -> int:
    """200 when the app can do its work, 503 when it cannot; why stands in the log alone."""
    try:
        return 200 if app().health.is_good() else 503
    except LeadgateError as error:
        _log.error("not healthy: %s", error)
        return 503


def _receive(body: bytes, headers: Mapping[str, str], app: App) -> int:
    organization_id = app.settings.organization_id
    refusal = refuse_caller(headers.get(SECRET_HEADER), app.settings.webhook_secrets, organization_id)
    if refusal is None and organization_id is not None:
        messages = read_row_changed(body, organization_id)
        if not isinstance(messages, Refusal):
            for message in messages:
                name = LIFECYCLE if isinstance(message, LifecycleMessage) else LEAD_CHANGES
                app.queue.send(name, message.text())
            return 202
        refusal = messages
    _log.warning("webhook refused: %s", refusal.reason if refusal else "")
    return refusal.status if refusal else 503
