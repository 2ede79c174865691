"""A caller that speaks JSON to an emulator, a clock that stands still, and bodies of definitions."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from emulator.web_api import Emulator, Request, Response

ROOT = "/api/data/v9.2/"
# Of no row: parameters of tests are the same in every worker.
SOME_ID = "6d81597f-0f9f-e711-8122-000d3aa2331c"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 8, 1, 9, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **delta: float) -> None:
        self.now += timedelta(**delta)


@dataclass(frozen=True)
class Answer:
    """A response with its JSON read."""

    status: int
    headers: Mapping[str, str]
    json: Any
    body: bytes

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])

    @property
    def message(self) -> str:
        return str(self.json["error"]["message"])

    @property
    def created_id(self) -> str:
        return self.headers["OData-EntityId"].rpartition("(")[2].rstrip(")")


class Caller:
    """Sends requests to an emulator; paths may hold spaces and quotes, which are encoded."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    def __call__(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        content = {} if body is None else {"Content-Type": "application/json"}
        encoded = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.raw(
            Request(method, ROOT + quote(path, safe="/$?&=(),'@:%;+*"), content | dict(headers or {}), encoded)
        )

    def raw(self, request: Request) -> Answer:
        response = self.emulator.handle(request)
        return read(response)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self("GET", path, headers=headers)

    def post(self, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
        return self("POST", path, body, headers)

    def patch(self, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
        return self("PATCH", path, body, headers)

    def delete(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self("DELETE", path, headers=headers)

    def created(self, entity_set: str, body: Any) -> str:
        """The id of a new row."""
        answer = self.post(entity_set, body)
        assert answer.status == 204, answer.json
        return answer.created_id

    def ids(self, entity_set: str, key: str, where: str) -> list[str]:
        """The ids of the rows that meet a filter."""
        answer = self.get(f"{entity_set}?$select={key}&$filter={quote(where, safe='')}")
        assert answer.status == 200, answer.json
        return [row[key] for row in answer.json["value"]]

    def follow(self, link: str) -> Answer:
        """GET a link verbatim."""
        parts = urlsplit(link)
        return self.raw(Request("GET", f"{parts.path}?{parts.query}", {"Prefer": "odata.maxpagesize=2"}))


def read(response: Response) -> Answer:
    is_json = response.body.startswith(b"{")
    return Answer(response.status, response.headers, json.loads(response.body) if is_json else None, response.body)


def label(text: str, language: int = 1033) -> dict[str, Any]:
    return {"LocalizedLabels": [{"Label": text, "LanguageCode": language}]}


def text_column(schema_name: str, *, primary: bool = False, length: int = 100) -> dict[str, Any]:
    return {
        "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
        "SchemaName": schema_name,
        "IsPrimaryName": primary,
        "MaxLength": length,
        "DisplayName": label(schema_name),
    }


def table(schema_name: str, *columns: dict[str, Any], ownership: str = "UserOwned") -> dict[str, Any]:
    return {
        "SchemaName": schema_name,
        "DisplayName": label(schema_name),
        "DisplayCollectionName": label(f"{schema_name}s"),
        "OwnershipType": ownership,
        "Attributes": [text_column(f"{schema_name.partition('_')[0]}_Name", primary=True), *columns],
    }


def relationship(schema_name: str, referenced: str, referencing: str, lookup: str, **cascade: str) -> dict[str, Any]:
    return {
        "@odata.type": "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata",
        "SchemaName": schema_name,
        "ReferencedEntity": referenced,
        "ReferencedAttribute": f"{referenced}id",
        "ReferencingEntity": referencing,
        "CascadeConfiguration": cascade,
        "Lookup": {
            "@odata.type": "Microsoft.Dynamics.CRM.LookupAttributeMetadata",
            "SchemaName": lookup,
            "DisplayName": label(lookup),
        },
    }


PARENTAL = dict.fromkeys(("Assign", "Delete", "Merge", "Reparent", "Share", "Unshare"), "Cascade")
