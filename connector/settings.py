"""The settings of the app: read from the environment once, checked all together, spelled only here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NoReturn
from urllib.parse import urlsplit
from uuid import UUID

from connector.errors import SettingsError
from dataverse import ConfigurationError
from dataverse.urls import LOOPBACK, service_origin
from scoring.moments import zone_names

SECRET: Final = re.compile(r"[A-Za-z0-9._~-]{32,}")
Mode = Literal["live", "dry-run", "off"]
Auth = Literal["managed-identity", "client-secret", "certificate", "static-token"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that differs between one deployment and another; secrets stay out of its repr."""

    dataverse_url: str
    auth: Auth
    storage: str = field(repr=False)
    tenant_id: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    client_certificate_path: str = ""
    static_token: str = field(default="", repr=False)
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    organization_id: UUID | None = None
    default_time_zone: str = "UTC"
    text_accent_sensitive: bool = False
    mode: Mode = "live"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings, or raise SettingsError naming everything that is missing or wrong."""
        reading = _Reading(environment)
        url = reading.url()
        settings = cls(
            dataverse_url=url,
            auth=reading.auth(url),
            storage=reading.storage(),
            tenant_id=reading.text("AZURE_TENANT_ID"),
            client_id=reading.text("AZURE_CLIENT_ID"),
            client_secret=reading.text("AZURE_CLIENT_SECRET"),
            client_certificate_path=reading.text("AZURE_CLIENT_CERTIFICATE_PATH"),
            static_token=reading.text("DATAVERSE_STATIC_TOKEN"),
            webhook_secrets=reading.webhook_secrets(),
            organization_id=reading.organization_id(),
            default_time_zone=reading.time_zone(),
            text_accent_sensitive=reading.flag("TEXT_ACCENT_SENSITIVE"),
            mode=reading.mode(),
        )
        if reading.problems:
            raise SettingsError(reading.problems)
        return settings

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: a pickle would hold the secrets."""
        message = "settings hold secrets and are not pickled"
        raise TypeError(message)


def emulator_environment(
    *, dataverse_url: str, token: str, organization_id: UUID, storage: str, webhook_secret: str
) -> dict[str, str]:
    """The environment of an app that works against an emulated Dataverse on a loopback address."""
    return {
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "AzureWebJobsStorage": storage,
        "DATAVERSE_URL": dataverse_url,
        "DATAVERSE_AUTH": "static-token",
        "DATAVERSE_STATIC_TOKEN": token,
        "DATAVERSE_ORGANIZATION_ID": str(organization_id),
        "WEBHOOK_SECRETS": webhook_secret,
        "POLL_SCHEDULE": "0 */5 * * * *",
        "RESCORE_DUE_SCHEDULE": "0 */5 * * * *",
        "RECONCILE_SCHEDULE": "0 */5 3-5 * * *",
    }


class _Reading:
    """One pass over the environment that collects what is wrong instead of stopping at the first."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.problems: list[str] = []

    def text(self, name: str) -> str:
        return self._environment.get(name, "").strip()

    def url(self) -> str:
        text = self.text("DATAVERSE_URL").rstrip("/")
        if not text:
            self.problems.append("DATAVERSE_URL is missing (https://<organisation>.crm<N>.dynamics.com)")
            return ""
        try:
            return service_origin(text)
        except ConfigurationError as error:
            self.problems.append(f"DATAVERSE_URL: {error.explanation}")
            return ""

    def auth(self, url: str) -> Auth:
        kind = self.text("DATAVERSE_AUTH") or "managed-identity"
        because = f"DATAVERSE_AUTH is {kind}"
        match kind:
            case "static-token":
                self._require("DATAVERSE_STATIC_TOKEN", because)
                if url and urlsplit(url).hostname not in LOOPBACK:
                    self.problems.append("DATAVERSE_AUTH: static-token is for loopback addresses alone")
                return kind
            case "client-secret" | "certificate":
                credential = "AZURE_CLIENT_SECRET" if kind == "client-secret" else "AZURE_CLIENT_CERTIFICATE_PATH"
                for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", credential):
                    self._require(name, because)
                return kind
            case "managed-identity":
                return kind
        self.problems.append("DATAVERSE_AUTH must be managed-identity, certificate, client-secret or static-token")
        return "managed-identity"

    def storage(self) -> str:
        text = self.text("AzureWebJobsStorage")
        if text:
            if "=" not in text:
                self.problems.append("AzureWebJobsStorage must be a connection string with AccountName and AccountKey")
        elif self.text("AzureWebJobsStorage__queueServiceUri"):
            self.problems.append("AzureWebJobsStorage__queueServiceUri (identity) is not supported yet")
        else:
            self.problems.append("AzureWebJobsStorage is missing (a connection string)")
        return text

    def webhook_secrets(self) -> tuple[str, ...]:
        secrets = tuple(part.strip() for part in self.text("WEBHOOK_SECRETS").split(",") if part.strip())
        if len(secrets) > 2:
            self.problems.append("WEBHOOK_SECRETS holds more than two secrets (the new one and the old one)")
        if not all(SECRET.fullmatch(secret) for secret in secrets):
            self.problems.append("WEBHOOK_SECRETS: each secret is at least 32 URL-safe characters")
        return secrets

    def organization_id(self) -> UUID | None:
        text = self.text("DATAVERSE_ORGANIZATION_ID")
        try:
            return UUID(text) if text else None
        except ValueError:
            self.problems.append("DATAVERSE_ORGANIZATION_ID is not a GUID")
            return None

    def time_zone(self) -> str:
        name = self.text("DEFAULT_TIME_ZONE") or "UTC"
        if name not in zone_names():  # those of the pinned tzdata: a machine may know others, which no version can name
            self.problems.append("DEFAULT_TIME_ZONE is not an IANA time zone (for example Europe/Paris)")
        return name

    def flag(self, name: str) -> bool:
        text = self.text(name).lower() or "false"
        if text not in {"true", "false"}:
            self.problems.append(f"{name} must be true or false")
        return text == "true"

    def mode(self) -> Mode:
        match self.text("LEADGATE_MODE"):
            case "" | "live":
                return "live"
            case "dry-run":
                return "dry-run"
            case "off":
                return "off"
        self.problems.append("LEADGATE_MODE must be live, dry-run or off")
        return "off"

    def _require(self, name: str, because: str) -> None:
        if not self.text(name):
            self.problems.append(f"{name} is missing ({because})")
