"""The sample: accounts, contacts, leads and interactions into Dataverse, and then changes, as users make them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from connector.changeset import bind
from connector.decide_scores import instant
from connector.ids import computed_id
from connector.tables import Lead, LeadInteraction
from dataverse import DataverseClient, Request, create, update

BATCH = 100

Sample = Mapping[str, Sequence[Mapping[str, Any]]]


def read_sample(path: Path) -> Sample:
    """The sample file: `accounts`, `contacts`, `leads`, `interactions`, `changes`."""
    sample: Sample = json.loads(path.read_text(encoding="utf-8"))
    return sample


def put_in(client: DataverseClient, sample: Sample, now: datetime) -> None:
    """Create the rows of the sample; interactions happened `days_ago` before `now`."""
    send_all(client, (create("accounts", row, id_column="accountid") for row in sample["accounts"]))
    send_all(client, (create("contacts", row, id_column="contactid") for row in sample["contacts"]))
    send_all(client, (create(Lead.SET, _lead(row), id_column=Lead.ID) for row in sample["leads"]))
    send_all(client, (_interaction(row, now) for row in sample["interactions"]))


def make_changes(client: DataverseClient, sample: Sample, now: datetime) -> None:
    """The edits of the sample, one by one."""
    for change in sample["changes"]:
        if "set" in change:
            client.send(update(Lead.SET, change["lead"], change["set"], etag="*"))
        else:
            client.send(_interaction({**change["interaction"], "lead": change["lead"]}, now))


def send_all(client: DataverseClient, requests: Iterable[Request]) -> None:
    """Send requests in batches; raises what the first one that failed met."""
    waiting = list(requests)
    for start in range(0, len(waiting), BATCH):
        for result in client.batch(waiting[start : start + BATCH]):
            if result.error is not None:
                raise result.error


def _lead(row: Mapping[str, Any]) -> dict[str, object]:
    lookups = {"parentaccountid": "accounts", "parentcontactid": "contacts"}
    body: dict[str, object] = {name: value for name, value in row.items() if name not in lookups}
    for lookup, entity_set in lookups.items():
        if lookup in row:
            body |= bind(lookup, entity_set, row[lookup])
    return body


def _interaction(row: Mapping[str, Any], now: datetime) -> Request:
    body: dict[str, object] = {
        LeadInteraction.ID: str(computed_id(row["source"], row["external_id"])),
        LeadInteraction.NAME: row["type"],
        LeadInteraction.TYPE: row["type"],
        LeadInteraction.OCCURRED_ON: instant(now - timedelta(days=row["days_ago"])),
        LeadInteraction.SOURCE: row["source"],
        LeadInteraction.EXTERNAL_ID: row["external_id"],
    }
    if "lead" in row:
        body |= bind(LeadInteraction.LEAD, Lead.SET, row["lead"])
    if "contact" in row:
        body |= bind(LeadInteraction.CONTACT, "contacts", row["contact"])
    return create(LeadInteraction.SET, body, id_column=LeadInteraction.ID)
