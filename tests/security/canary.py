"""The privacy canary (SEC13): leads whose every text is a token, the whole product at DEBUG over sockets, and a search
of everything that was said, sent, queued and kept.

A scenario is a test that takes the fixture `canary`, makes leads with it, and does something to them; that no token
got out is asserted when it ends.
"""

import json
import os
import re
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from typer.testing import CliRunner, Result

from admin.__main__ import app as command
from connector import tables
from connector.bootstrap import App, build
from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK
from connector.settings import Settings
from connector.storage_queue import StorageQueue
from connector.tables import Contact, Lead, LeadInteraction
from dataverse import DataverseClient, Request, StaticToken, create, new_session, update
from emulator.fault_rules import FaultRule
from emulator.faults import ScriptedFault
from emulator.running import RunningEmulator
from tests.evidence import FOLDER
from tests.security.watching import Said, WatchedAdapter, WatchedQueue

TOKEN = re.compile(r"qz\d{5}zq", re.IGNORECASE)
HOSTILE = "\r\n\x1b[31m"
ACCOUNTS = ("account", "accounts", "accountid")
CONTACTS = (Contact.TABLE, "contacts", "contactid")
LEADS = (Lead.TABLE, Lead.SET, Lead.ID)
INTERACTIONS = (LeadInteraction.TABLE, LeadInteraction.SET, LeadInteraction.ID)
KEPT = sorted(
    each.SET
    for each in vars(tables).values()
    if getattr(each, "SET", "").startswith("lgate_") and each is not LeadInteraction  # that one is the lead's own
)
OURS = ("leadgate", "dataverse")
MESSAGES_MAX = 40

_numbers = count(1)


def token() -> str:
    """Text that no other text is like, and that ends in a line break and a terminal's code."""
    return f"qz{next(_numbers):05d}zq{HOSTILE}"


class Canary:
    """One app over an emulated environment, and everything it says; `people` is a client of somebody else.

    `columns` are the text columns of each table; `read_printed` gives what was printed since it was last asked.
    """

    def __init__(
        self,
        running: RunningEmulator,
        settings: Settings,
        columns: Mapping[str, Sequence[str]],
        *,
        said: Said,
        read_printed: Callable[[], Sequence[str]],
    ) -> None:
        self.running = running
        self.people = DataverseClient(running.addresses.dataverse_url, StaticToken(running.addresses.token))
        self.queue = WatchedQueue(StorageQueue(settings.storage))
        self.wire = WatchedAdapter()
        session = new_session(1)
        session.mount("http://", self.wire)
        self.app: App = build(
            settings, clock=running.clock, queue=self.queue, session=session, sleep=lambda _s: None, cache_s=0
        )
        self.evidence = FOLDER
        self.secrets = {*settings.webhook_secrets, running.addresses.token, os.environ["IDENTITY_HEADER"]}
        self.secrets |= set(re.findall("AccountKey=([^;]+)", settings.storage))
        self.printed: list[str] = []
        self.failures: list[str] = []
        self._said = said
        self._read_printed = read_printed
        self._columns = columns

    def new_lead(self) -> UUID:
        """A lead with a contact, an account and a visit; every text of theirs is a token."""
        account, contact = self._new(ACCOUNTS), self._new(CONTACTS)
        lead = self._new(
            LEADS,
            **{
                "parentaccountid@odata.bind": f"/accounts({account})",
                "parentcontactid@odata.bind": f"/contacts({contact})",
            },
        )
        at = self.running.clock().strftime("%Y-%m-%dT%H:%M:%SZ")
        bind = {f"{LeadInteraction.LEAD}@odata.bind": f"/leads({lead})", LeadInteraction.OCCURRED_ON: at}
        self._new(INTERACTIONS, **bind)
        return lead

    def edit(self, lead: UUID) -> None:
        """A person writes other tokens into every text of the lead."""
        self.people.send(update(Lead.SET, str(lead), self._texts(Lead.TABLE), etag="*"))

    def fault(self, **rule: Any) -> ScriptedFault:
        """Something goes wrong, and the text that says so quotes a lead."""
        quoting = {"message": f"The lead {token()} of {token()} cannot be saved."} | rule
        return self.running.front.faults.add(FaultRule(**quoting))

    def settle(self) -> None:
        """Deliver the webhooks, and do the messages that there are, and those that come of them."""
        self.running.webhooks.drain(30)
        for queue in (LEAD_CHANGES, LEAD_CHANGES_BULK):
            for _ in range(MESSAGES_MAX):
                for message in self.queue.real.take(queue, at_most=1, lease_s=60):
                    self.trying(lambda text=message.text, queue=queue: self.app.worker.work(text, queue))  # type: ignore[misc]
                    self.queue.real.delete(message)

    def trying(self, call: Callable[[], object]) -> None:
        """Do it; what it raises is kept as everything that shows it."""
        try:
            call()
        except Exception as error:  # noqa: BLE001  whatever it is: its text is what is looked at
            self.failures.append(f"{error} {error!r} {error.__dict__!r} {traceback.format_exc()}")

    def run(self, *words: str) -> Result:
        """A command, with all that it prints."""
        result = CliRunner().invoke(command, list(words))
        self.printed.append(f"{result.output}\n{result.stderr}\n{result.exception!r}")
        return result

    def leaks(self) -> list[str]:
        """Where a token or a secret is that should not be; and where a line of a log could be forged."""
        self.printed += self._read_printed()
        secrets = self.secrets | self.wire.tokens
        found = [f"{place}: {snippet}" for place, text in self._places() for snippet in snippets(text)]
        found += [f"{place}: a secret" for place, text in self._places() if any(each in text for each in secrets)]
        return found + [
            f"log {name}: a control character in {message!r}"
            for name, message, _ in self._said.records
            if name.split(".")[0] in OURS and not message.isprintable()
        ]

    def looked_at(self) -> Counter[str]:
        """How many texts there were to look at, by kind of place."""
        return Counter(place.split()[0] for place, _ in self._places())

    def close(self) -> None:
        self.app.client.close()
        self.people.close()

    def _places(self) -> Iterator[tuple[str, str]]:
        yield from ((f"log {name}", text) for name, _, text in self._said.records)
        yield from (("queue", text) for text in self.queue.sent)
        yield from (("sent to Dataverse", text) for text in self.wire.sent)
        yield from (("asked of the emulator", entry.target) for entry in self.running.front.log.entries())
        yield from (("printed", text) for text in self.printed)
        yield from (("exception", text) for text in self.failures)
        for entity_set in KEPT:
            for row in self.people.rows(Request("GET", entity_set)):
                yield entity_set, json.dumps(row)
        for path in self.evidence.glob("*.json"):
            yield f"evidence {path.name}", path.read_text(encoding="utf-8")

    def _new(self, table: tuple[str, str, str], **columns: object) -> UUID:
        name, entity_set, id_column = table
        row_id = uuid4()
        row = {id_column: str(row_id), **self._texts(name), **columns}
        self.people.send(create(entity_set, row, id_column=id_column))
        return row_id

    def _texts(self, table: str) -> dict[str, object]:
        return {column: token() for column in self._columns[table]}


def snippets(text: str) -> Iterator[str]:
    """Each token with what stands before and after it."""
    for found in TOKEN.finditer(text):
        yield repr(text[max(0, found.start() - 60) : found.end() + 40])


def text_columns(client: DataverseClient, table: str) -> list[str]:
    """Every column of a table that takes text."""
    path = f"EntityDefinitions(LogicalName='{table}')/Attributes"
    rows = client.rows(Request("GET", f"{path}?$select=LogicalName,AttributeTypeName,IsValidForCreate"))
    return [
        str(row["LogicalName"])
        for row in rows
        if row["AttributeTypeName"] in ({"Value": "StringType"}, {"Value": "MemoType"}) and row["IsValidForCreate"]
    ]
