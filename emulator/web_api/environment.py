"""One emulated environment: what is stored, what describes it, who calls, what happened since the last commit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from emulator.web_api.address import Address
from emulator.web_api.catalogue import Catalogue
from emulator.web_api.database import Database
from emulator.web_api.events import RowEvent
from emulator.web_api.http import Request
from emulator.web_api.metadata import Metadata
from emulator.web_api.preferences import Preferences
from emulator.web_api.rows import Rows


@dataclass(slots=True)
class Environment:
    """What every operation works on; `pending` holds the events of the open transaction."""

    database: Database
    rows: Rows
    catalogue: Catalogue
    clock: Callable[[], datetime]
    metadata: Metadata
    organization_id: UUID
    user_id: UUID
    business_unit_id: UUID
    currency_id: UUID
    pending: list[RowEvent] = field(default_factory=list)

    @property
    def language(self) -> int:
        """The base language, from the organisation's row: a real one is fixed for good, this one can be updated."""
        organization = self.rows.find(self.metadata.table("organization"), str(self.organization_id)) or {}
        return int(organization.get("languagecode") or 1033)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, or one part of a batch, with what was read from its head."""

    request: Request
    address: Address
    preferences: Preferences
    service_root: str
    created: Mapping[str, str] = field(default_factory=dict)
    operation_id: UUID = field(default_factory=uuid4)
    correlation_id: UUID = field(default_factory=uuid4)

    @property
    def tag(self) -> str | None:
        """The value of `?tag=`, which webhooks carry as a shared variable."""
        return self.address.option("tag")

    def url(self, path: str) -> str:
        """An absolute URL below the service root."""
        return self.service_root + path
