"""The one place where settings and real things meet: client, queue, clock and randomness become an App."""

import logging
import random as random_numbers
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import requests

from connector.health import Health
from connector.lifecycle import Lifecycle
from connector.live_versions import CACHE_S, LiveVersions
from connector.poll_changes import PollChanges
from connector.ports import Clock, Queue, Random
from connector.publish import Publisher
from connector.reconcile import Reconcile
from connector.rescore_due import RescoreDue
from connector.score_leads import LeadScoring
from connector.settings import Settings
from connector.storage_queue import StorageQueue
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
    publisher: Publisher
    lifecycle: Lifecycle


@lru_cache(maxsize=1)
def bootstrap(settings: Settings) -> App:
    """The app with its real ports, made once per process."""
    # What these two log of a request at their finest is its URL and headers.
    logging.getLogger("urllib3").setLevel(logging.INFO)
    logging.getLogger("azure").setLevel(logging.WARNING)
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
) -> App:
    """The app with any of its ports replaced."""
    clock = clock or _utc_now
    queue = queue or StorageQueue(settings.storage)
    client = DataverseClient(
        settings.dataverse_url, _tokens(settings), session=session, sleep=sleep, random=random, limits=limits
    )
    versions = LiveVersions(client, clock, cache_s=cache_s)
    scoring = LeadScoring(client, clock, writes=settings.mode == "live")
    worker = Worker(client, versions, scoring, queue, random, settings.mode)
    publisher = Publisher(client, queue, clock, versions, settings.default_time_zone, settings.text_accent_sensitive)
    return App(
        settings,
        client,
        queue,
        versions,
        scoring,
        worker,
        PollChanges(client, versions, queue, clock, settings.mode),
        RescoreDue(client, queue, clock, settings.mode),
        Reconcile(client, versions, queue, clock, settings.mode),
        Health(client, queue, clock),
        clock,
        publisher,
        Lifecycle(publisher, random, settings.mode),
    )


def _tokens(settings: Settings) -> TokenProvider:
    url, tenant_id, client_id = settings.dataverse_url, settings.tenant_id, settings.client_id
    match settings.auth:
        case "static-token":
            return StaticToken(settings.static_token)
        case "client-secret":
            return ClientSecret(tenant_id, client_id, settings.client_secret, url)
        case "certificate":
            return Certificate(tenant_id, client_id, settings.client_certificate_path, url)
        case "managed-identity":
            return ManagedIdentity(url, client_id=client_id or None)


def _utc_now() -> datetime:
    return datetime.now(UTC)
