"""What the app tells of itself: every metric and log event is spelled here, once; docs/operations.md explains them.

Names are those of OpenTelemetry's semantic conventions where there is one, and begin with `leadgate.` where there is
none. Nothing of a lead, and no id of one, is in an attribute or a field. Without an SDK in the process the metrics cost
nothing and go nowhere (connector/metric_export.py sets one up).
"""

import json
import logging
from enum import StrEnum
from typing import Final

from opentelemetry.metrics import Meter, get_meter

from dataverse.timing import RequestTiming

METHOD: Final = "http.request.method"
STATUS: Final = "http.response.status_code"
SERVER: Final = "server.address"
ERROR_TYPE: Final = "error.type"
SYSTEM: Final = "messaging.system"
OPERATION: Final = "messaging.operation.name"
QUEUE: Final = "messaging.destination.name"
REASON: Final = "leadgate.reason"
CAUSE: Final = "leadgate.cause"
TIMER: Final = "leadgate.timer"
OUTCOME: Final = "leadgate.outcome"

_log = logging.getLogger("leadgate")


class Event(StrEnum):
    """What a line of the log is about."""

    SCORED = "scored"
    PUT_OFF = "put-off"
    KEPT = "kept"
    SET_ASIDE = "set-aside"
    NEW_REASON = "new-reason"
    MESSAGE_REFUSED = "message-refused"
    GIVEN_BACK = "given-back"
    QUEUE_FAILED = "queue-failed"
    BREAKER_OPENED = "breaker-opened"
    BREAKER_PROBED = "breaker-probed"
    BREAKER_CLOSED = "breaker-closed"
    TICK_SKIPPED = "tick-skipped"
    TICK_ABORTED = "tick-aborted"
    DUE_QUEUED = "due-queued"
    QUEUES = "queues"
    WEBHOOK_REFUSED = "webhook-refused"
    WEBHOOK_FAILED = "webhook-failed"
    WEBHOOK_SYNCHRONOUS = "webhook-synchronous"
    FOLLOWED = "followed"
    NOT_FOLLOWED = "not-followed"
    LINK_EXPIRED = "link-expired"
    ANOTHER_POLLER = "another-poller"
    RECONCILED = "reconciled"
    LIFECYCLE = "lifecycle"
    UNHEALTHY = "unhealthy"
    EXPORT_OFF = "export-off"


def log_event(event: Event, level: int = logging.INFO, /, **fields: str | float) -> None:
    """One line that is one JSON object: the Functions worker hands the host the text of a record and nothing else."""
    _log.log(level, "%s", json.dumps({"event": event, **fields}))


class Telemetry:
    """The instruments of one meter; safe to use from any thread."""

    def __init__(self, meter: Meter | None = None) -> None:
        made = get_meter("leadgate") if meter is None else meter
        count, level, span = made.create_counter, made.create_gauge, made.create_histogram
        self.requests = span("http.client.request.duration", "s", "Requests to Dataverse")
        self.consumed = count("messaging.client.consumed.messages", "{message}", "Messages that the worker began")
        self.processing = span("messaging.process.duration", "s", "One call of the worker, all messages it took")
        self.changes = count("leadgate.changes", "{row}", "Rows to look at, by what made them known")
        self.done = count("leadgate.leads.done", "{lead}", "Leads that need nothing more")
        self.held = count("leadgate.leads.held", "{lead}", "Leads that a dry run would have written")
        self.written = count("leadgate.leads.written", "{lead}", "Leads for which something was written")
        self.qualified = count("leadgate.leads.qualified", "{lead}", "Leads on which a rule acted")
        self.put_off = count("leadgate.leads.put_off", "{lead}", "Leads to be tried again later")
        self.refused = count("leadgate.leads.refused", "{lead}", "Leads set aside in a poison queue")
        self.latency = span("leadgate.score.latency", "s", "From a message's insertion to the end of its leads")
        self.webhooks = count("leadgate.webhooks", "{request}", "Webhooks, by what was answered")
        self.webhooks_refused = count("leadgate.webhooks.refused", "{request}", "Webhooks not taken, by reason")
        self.waiting = level("leadgate.queue.messages", "{message}", "Messages in a queue, hidden ones too")
        self.oldest_age = level("leadgate.queue.oldest_age", "s", "Age of the message that is next in a queue")
        self.delta_age = level("leadgate.delta.age", "s", "Since this process last followed all changes to their end")
        self.due = count("leadgate.due.queued", "{lead}", "Leads queued because time alone changes their score")
        self.ticks = count("leadgate.ticks", "{tick}", "Ticks of the timers, by how they ended")
        self.breaker_open = made.create_up_down_counter("leadgate.breaker.open", "{process}", "Breakers that are open")
        self.drift = level("leadgate.drift", "{lead}", "Leads whose stored scores are not what they should be")

    def on_request(self, timing: RequestTiming) -> None:
        """Record one exchange with Dataverse; for the client's `observe`."""
        attributes: dict[str, str | int] = {METHOD: timing.method, SERVER: timing.server}
        if timing.status is not None:
            attributes[STATUS] = timing.status
        if timing.error:
            attributes[ERROR_TYPE] = timing.error
        self.requests.record(timing.seconds, attributes)
