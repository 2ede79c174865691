"""One event to one endpoint: at most two attempts, and what came of them."""

import time
from dataclasses import dataclass

import requests

from emulator.web_api import Metadata, RowEvent, Step
from emulator.webhooks.body import Organization, body, serialized
from emulator.webhooks.credentials import destination
from emulator.webhooks.errors import RefusedStepError, WebhookError

TIMEOUT_S = 60.0
# Microsoft's page on webhooks: one more attempt only, and after these three alone.
REPEATED_AFTER = frozenset({502, 503, 504})


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a delivery ended: the number of attempts, and the failure's text (None: a 2xx was returned)."""

    attempts: int
    failure: str | None

    @property
    def delivered(self) -> bool:
        return self.failure is None


def deliver(
    session: requests.Session,
    event: RowEvent,
    step: Step,
    metadata: Metadata,
    organization: Organization,
    *,
    repeat_after_s: float,
    timeout_s: float = TIMEOUT_S,
) -> Outcome:
    """Posts the event; every failure is an outcome, as a system job would record it."""
    try:
        if step.mode == 0:
            raise RefusedStepError(step.step_id, "synchronous steps")
        to = destination(step.endpoint)
        content, stripped = serialized(body(event, step, metadata, organization))
    except WebhookError as error:
        return Outcome(0, str(error))
    headers = _headers(event, organization, stripped=stripped) | to.headers
    first = _attempt(session, to.url, headers, content, timeout_s)
    if first not in REPEATED_AFTER:
        return Outcome(1, _failure(first))
    time.sleep(repeat_after_s)
    return Outcome(2, _failure(_attempt(session, to.url, headers, content, timeout_s)))


def _headers(event: RowEvent, organization: Organization, *, stripped: bool) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "x-ms-dynamics-organization": organization.host,
        "x-ms-dynamics-entity-name": event.table,
        "x-ms-dynamics-request-name": event.message,
        "x-ms-correlation-request-id": str(event.correlation_id),
    }
    return headers | ({"x-ms-dynamics-msg-size-exceeded": "true"} if stripped else {})


def _attempt(
    session: requests.Session, url: str, headers: dict[str, str], content: bytes, timeout_s: float
) -> int | str:
    """The status of the answer, or why there was none; the answer's body is never looked at."""
    try:
        with session.post(
            url, data=content, headers=headers, timeout=timeout_s, allow_redirects=False, stream=True
        ) as response:
            return response.status_code
    # A header that cannot be written in Latin-1 raises UnicodeError from below requests.
    except (requests.RequestException, UnicodeError) as error:
        return type(error).__name__


def _failure(result: int | str) -> str | None:
    if isinstance(result, str):
        return f"The webhook call failed because no response was received ({result})."
    if 200 <= result < 300:
        return None
    return f"The webhook call failed because the response status code was {result}."
