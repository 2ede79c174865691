"""Published versions: written once, numbered from 1, ended by deactivation."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from connector.changeset import bind
from connector.decide_scores import instant
from connector.drafts import Draft
from connector.ids import version_id
from connector.tables import INACTIVE, PublishedVersion, QualificationRule, ScoringModel
from dataverse import DataverseClient, Request, create, query, update
from dataverse.odata import eq


@dataclass(frozen=True, slots=True)
class Kind:
    """What a version is of: the table of its owner, and the lookup that leads there."""

    table: str
    entity_set: str
    row_id: str
    lookup: str


MODEL: Final = Kind(ScoringModel.TABLE, ScoringModel.SET, ScoringModel.ID, PublishedVersion.MODEL)
RULE: Final = Kind(QualificationRule.TABLE, QualificationRule.SET, QualificationRule.ID, PublishedVersion.RULE)


@dataclass(frozen=True, slots=True)
class Version:
    """A published version as it stands."""

    row_id: UUID
    number: int
    text: str


def current_version(client: DataverseClient, draft: Draft) -> Version | None:
    """The version that the model or rule names, if it names one."""
    if draft.version_id is None:
        return None
    named = query(
        PublishedVersion.SET,
        select=[PublishedVersion.NUMBER, PublishedVersion.DEFINITION],
        filter=eq(PublishedVersion.ID, draft.version_id),
    )
    for row in client.rows(named):
        return Version(draft.version_id, _number(row[PublishedVersion.NUMBER]), str(row[PublishedVersion.DEFINITION]))
    return None


def highest_number(client: DataverseClient, kind: Kind, owner: UUID) -> int:
    """The number of the newest version; 0 when there is none."""
    newest = query(
        PublishedVersion.SET,
        select=[PublishedVersion.NUMBER],
        filter=eq(f"_{kind.lookup}_value", owner),
        orderby=[f"{PublishedVersion.NUMBER} desc"],
        top=1,
    )
    return max((_number(row[PublishedVersion.NUMBER]) for row in client.rows(newest)), default=0)


def publisher_of(client: DataverseClient, draft: Draft) -> str | None:
    """The full name of whoever changed the row last: on the form, that is who asked for the publication."""
    user = draft.row.get("_modifiedby_value")
    if user is None:
        return None
    named = query("systemusers", select=["fullname"], filter=eq("systemuserid", UUID(str(user))))
    return next((str(row["fullname"])[:200] for row in client.rows(named) if row["fullname"]), None)


def text_hash(text: str) -> str:
    """What a version is checked by at each load."""
    return hashlib.sha256(text.encode()).hexdigest()


def version_text(client: DataverseClient, row_id: UUID) -> str | None:
    """What a version says; None when there is none of this id."""
    named = query(PublishedVersion.SET, select=[PublishedVersion.DEFINITION], filter=eq(PublishedVersion.ID, row_id))
    return next((str(row[PublishedVersion.DEFINITION]) for row in client.rows(named)), None)


def new_version(
    kind: Kind, draft: Draft, number: int, text: str, published_on: datetime, published_by: str | None
) -> Request:
    """The request that writes a version; its id is computed, so that two publishers cannot write the same number."""
    row = {
        PublishedVersion.ID: str(version_id(draft.row_id, number)),
        PublishedVersion.NAME: f"{draft.name} {number}"[:200],
        PublishedVersion.NUMBER: number,
        PublishedVersion.DEFINITION: text,
        PublishedVersion.SHA256: text_hash(text),
        PublishedVersion.PUBLISHED_ON: instant(published_on),
        PublishedVersion.PUBLISHED_BY: published_by,
    }
    return create(
        PublishedVersion.SET, row | bind(kind.lookup, kind.entity_set, draft.row_id), id_column=PublishedVersion.ID
    )


def end_version(row_id: UUID) -> Request:
    """The request that deactivates a version that was replaced."""
    return update(PublishedVersion.SET, str(row_id), {"statecode": INACTIVE, "statuscode": 2}, etag="*")


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
