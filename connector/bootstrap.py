"""The one place where settings and real things meet: client, queue, clock and randomness become an App."""

import logging
import random as random_numbers
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import requests
from opentelemetry.metrics import Meter

from connector.breaker import Breaker
from connector.health import ONE_LEAD, Health
from connector.lifecycle import Lifecycle
from connector.live_versions import CACHE_S, LiveVersions
from connector.metric_export import export_metrics
from connector.poll_changes import PollChanges
from connector.ports import Clock, Queue, Random
from connector.publish import Publisher
from connector.reconcile import Reconcile
from connector.rescore_due import RescoreDue
from connector.run_report import RunReport
from connector.score_leads import LeadScoring
from connector.settings import Settings
from connector.storage_queue import StorageQueue
from connector.telemetry import Telemetry
from connector.ticks import Ticks
from connector.watch import Watch
from connector.worker import Worker
from dataverse import (
    Certificate,
    ClientSecret,
    DataverseClient,
    Limits,
    ManagedIdentity,
    StaticToken,
    TokenProvider,
)
from dataverse.limits import DEFAULT_LIMITS
from dataverse.urls import STORAGE_RESOURCE


@dataclass(frozen=True, slots=True)
class App:
    """Everything a binding or a command needs, put together."""

    settings: Settings
    client: DataverseClient
    queue: Queue
    versions: LiveVersions
    scoring: LeadScoring
    worker: Worker
    poll_changes: PollChanges
    rescore_due: RescoreDue
    reconcile: Reconcile
    health: Health
    clock: Clock
    breaker: Breaker
    telemetry: Telemetry
    ticks: Ticks
    publisher: Publisher
    lifecycle: Lifecycle


@lru_cache(maxsize=1)
def bootstrap(settings: Settings) -> App:
    """The app with its real ports, made once per process."""
    # What these two log of a request at their finest is its URL and headers.
    logging.getLogger("urllib3").setLevel(logging.INFO)
    logging.getLogger("azure").setLevel(logging.WARNING)
    # The counts of each run are wanted, whatever level the host's worker gives the root.
    logging.getLogger("leadgate").setLevel(logging.INFO)
    if settings.application_insights:
        export_metrics(settings.application_insights)
    return build(settings)


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    queue: Queue | None = None,
    session: requests.Session | None = None,
    sleep: Callable[[float], None] = time.sleep,
    random: Random = random_numbers.random,
    limits: Limits = DEFAULT_LIMITS,
    cache_s: float = CACHE_S,
    meter: Meter | None = None,
) -> App:
    """The app with any of its ports replaced."""
    clock = clock or _utc_now
    queue = queue or _storage_queue(settings)
    telemetry = Telemetry(meter)
    client = DataverseClient(
        settings.dataverse_url,
        _tokens(settings, limits),
        session=session,
        sleep=sleep,
        random=random,
        clock=_seconds(clock),
        limits=limits,
        observe=telemetry.on_request,
    )
    breaker = Breaker(lambda: client.send(ONE_LEAD, repeats=False), clock, random, telemetry)
    versions = LiveVersions(client, clock, cache_s=cache_s)
    scoring = LeadScoring(client, clock, writes=settings.mode == "live")
    report = RunReport(telemetry, clock)
    worker = Worker(client, versions, scoring, queue, random, settings.mode, breaker, report, clock)
    poll_changes = PollChanges(client, versions, queue, clock, settings.mode)
    rescore_due = RescoreDue(client, queue, clock, settings.mode)
    reconcile = Reconcile(client, versions, queue, clock, settings.mode)
    publisher = Publisher(client, queue, clock, versions, settings.default_time_zone, settings.text_accent_sensitive)
    return App(
        settings=settings,
        client=client,
        queue=queue,
        versions=versions,
        scoring=scoring,
        worker=worker,
        poll_changes=poll_changes,
        rescore_due=rescore_due,
        reconcile=reconcile,
        health=Health(client, queue, clock, breaker),
        clock=clock,
        breaker=breaker,
        telemetry=telemetry,
        ticks=Ticks(poll_changes, rescore_due, reconcile, Watch(queue, clock, telemetry), breaker, telemetry, clock),
        publisher=publisher,
        lifecycle=Lifecycle(publisher, random, settings.mode),
    )


def _storage_queue(settings: Settings) -> Queue:
    if settings.storage:
        return StorageQueue(settings.storage)
    tokens = ManagedIdentity(STORAGE_RESOURCE, client_id=settings.storage_client_id or None)
    return StorageQueue(settings.queue_service_uri, tokens)


def _tokens(settings: Settings, limits: Limits) -> TokenProvider:
    url, tenant_id, client_id = settings.dataverse_url, settings.tenant_id, settings.client_id
    match settings.auth:
        case "static-token":
            return StaticToken(settings.static_token)
        case "client-secret":
            return ClientSecret(tenant_id, client_id, settings.client_secret, url, limits=limits)
        case "certificate":
            return Certificate(tenant_id, client_id, settings.client_certificate_path, url, limits=limits)
        case "managed-identity":
            return ManagedIdentity(url, client_id=client_id or None, limits=limits)


def _seconds(clock: Clock) -> Callable[[], float]:
    return lambda: clock().timestamp()


def _utc_now() -> datetime:
    return datetime.now(UTC)
