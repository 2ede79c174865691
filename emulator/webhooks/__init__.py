"""Webhooks as Dataverse sends them: the body of a committed change, the credentials, the one repeat, the system job."""

from emulator.webhooks.body import Organization, body, serialized
from emulator.webhooks.credentials import Destination, destination
from emulator.webhooks.errors import CredentialsError, NotDrainedError, RefusedStepError, WebhookError
from emulator.webhooks.sender import Registry, WebhookCounts, WebhookSender

__all__ = [
    "CredentialsError",
    "Destination",
    "NotDrainedError",
    "Organization",
    "RefusedStepError",
    "Registry",
    "WebhookCounts",
    "WebhookError",
    "WebhookSender",
    "body",
    "destination",
    "serialized",
]
