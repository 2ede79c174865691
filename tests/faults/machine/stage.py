"""The world that the machine moves: people, Dataverse, webhooks, the queue and its host, around the production code."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any, Final, Literal
from uuid import UUID, uuid4

from connector.errors import LeadgateError
from connector.intake import SECRET_HEADER
from connector.lifecycle_message import LIFECYCLE, LifecycleMessage
from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK, POISON
from connector.receive import receive
from connector.tables import Lead, PublishedVersion
from dataverse import DataverseClient, DataverseError, Request, StaticToken, create, delete, new_session, query, update
from emulator.adapter import InProcessAdapter
from emulator.fault_rules import FaultRule
from emulator.handling import Handler
from emulator.web_api import RowEvent, Step
from emulator.webhooks import Organization, body, serialized
from tests.faults.machine.history import History, ViolationError
from tests.faults.machine.interruptions import Interruption, KilledError
from tests.faults.machine.klint import published, rule
from tests.faults.machine.leased_queue import LEASE_S, LeasedQueue
from tests.faults.machine.prepared import prepared, publish, publisher
from tests.faults.machine.process import Process
from tests.world import SECRET, TOKEN

QUEUES: Final = (LEAD_CHANGES, LEAD_CHANGES_BULK, LIFECYCLE)
TITLE: Final = "canary-title"
PHONE: Final = "canary-phone"
DISQUALIFIED: Final = {Lead.STATE: 2}
REOPENED: Final = {Lead.STATE: Lead.OPEN}
CLEARED: Final = {Lead.STATUS: Lead.NEW, Lead.SALES_READY: False}

_ENVELOPE: Final = frozenset({"v", "table", "ids", "cause", "attempt", "correlation", "reason", "length"})

Ending = Literal["done", "failed", "killed"]
DeliveryFault = Literal["none", "crash_before", "enqueue_error", "crash_after", "lost", "dup"]


@dataclass(slots=True)
class Delivery:
    """A webhook that Dataverse has yet to send; after a 503 it sends it once more."""

    event: RowEvent
    step: Step
    attempts: int = 0


class Stage:
    """One run; only one at a time in a test process, because they share the prepared environment."""

    def __init__(self, *, polls: bool = True) -> None:
        """As prepared; what no webhook tells of is expected to be evaluated only where something polls."""
        self._polls = polls
        environment = prepared()
        environment.restore()
        self.clock = environment.clock
        self.emulator = environment.emulator
        self.history = History(lambda: self.emulator._database.last_value("versionnumber"), self.clock)
        self.queue = LeasedQueue(self.clock, self._on_sent)
        self.webhooks: list[Delivery] = []
        self.leads: list[UUID] = []
        self._columns, self._rules = count(), count()
        self._people = _people(self.emulator.handle)
        self._organization = Organization(self.emulator.organization_id, self.emulator.business_unit_id, "127.0.0.1")
        self._remember_what_is_in_force()
        self.emulator.listeners += [self.history.on_event, self._on_event]
        self.process, self.other = self._new_process(), self._new_process()

    # What people do

    def new_lead(self, **columns: object) -> UUID:
        """A lead, entered by hand or imported."""
        lead = uuid4()
        self.leads.append(lead)
        self.send(create(Lead.SET, {Lead.ID: str(lead), "lastname": "canary-name", **columns}, id_column=Lead.ID))
        return lead

    def edit(self, lead: UUID, **columns: object) -> None:
        """An edit of a lead that is there; a closed one takes a new state and nothing else."""
        row = self.history.now(lead)
        if row is not None and (row[Lead.STATE] == Lead.OPEN or Lead.STATE in columns) and not row.get(Lead.MERGED):
            self.send(update(Lead.SET, str(lead), columns, etag="*"))

    def edit_elsewhere(self, lead: UUID) -> None:
        """An edit of a column that no model uses and no webhook tells of."""
        self.edit(lead, description=f"canary {next(self._columns)}")

    def remove(self, lead: UUID) -> None:
        """The lead is deleted."""
        if self.history.now(lead) is not None:
            self.send(delete(Lead.SET, str(lead), etag="*"))

    def merge(self, target: UUID, subordinate: UUID) -> None:
        """Two open leads become one; the dialogue writes what was chosen on the one that stays."""
        rows = [self.history.now(target), self.history.now(subordinate)]
        if target == subordinate or any(row is None or row[Lead.STATE] != Lead.OPEN for row in rows):
            return
        reference = {"@odata.type": "Microsoft.Dynamics.CRM.lead", Lead.ID: str(target)}
        content = {
            "Target": reference,
            "Subordinate": {**reference, Lead.ID: str(subordinate)},
            "UpdateContent": {"@odata.type": "Microsoft.Dynamics.CRM.lead", "description": "merged"},
            "PerformParentingChecks": False,
        }
        self.send(Request("POST", "Merge", body=content))
        self.history.causes[target] += self.history.causes[subordinate]

    def publish(self, definition: dict[str, Any]) -> None:
        """A marketer puts a model in force."""
        publish(self._new_process().app, definition)

    def publish_rule(self, *, reconsider: bool) -> None:
        """A marketer puts the rule in force anew."""
        publish(self._new_process().app, rule(2 + next(self._rules), reconsider=reconsider))

    def stop(self, model: str) -> None:
        """A marketer ends a model."""
        if self.history.live(model) is not None:
            publisher(self._new_process().app).stop_model(model)
            self.history.stopped(model)

    # What Dataverse does

    def deliver(self, which: int = 0, fault: DeliveryFault = "none") -> None:
        """Send one of the webhooks that wait, in any order."""
        if not self.webhooks:
            return
        delivery = self.webhooks[which % len(self.webhooks)]
        if fault != "dup":
            self.webhooks.remove(delivery)
        if fault in {"crash_before", "lost"}:
            return
        # Without a poll the repeat is the last chance: that it fails too is a loss that nothing promises to find.
        self.queue.refusals = int(fault == "enqueue_error" and (self._polls or not delivery.attempts))
        status = self._receive(delivery)
        self.queue.refusals = 0
        delivery.attempts += 1
        if fault == "crash_after":
            return
        if status == 503 and delivery.attempts == 1:
            self.webhooks.append(delivery)

    def deliver_all(self) -> None:
        """Every webhook that waits reaches the app, also by its repeat."""
        while self.webhooks:
            self.deliver()

    # What the app does

    def work(
        self, interruption: Interruption | None = None, *faults: FaultRule, process: Process | None = None
    ) -> bool:
        """The host starts a function for one message that is visible; False when there is none."""
        worker = process or self.process
        for queue in QUEUES:
            for message in self.queue.take(queue, at_most=1, lease_s=LEASE_S):
                if queue == LIFECYCLE:
                    do = partial(worker.app.lifecycle.work, message.text)
                else:
                    do = partial(worker.app.worker.work, message.text, queue, message.inserted_on)
                match self._run(worker, do, interruption, *faults):
                    case "done":
                        self.queue.delete(message)
                    case "failed":
                        self.queue.failed(message)
                return True
        return False

    def work_all(self) -> None:
        """Until no message is visible."""
        while self.work():
            pass

    def work_elsewhere(self) -> None:
        """Meanwhile the webhooks arrive and another process does the messages that it sees."""
        self.deliver_all()
        while self.work(process=self.other):
            pass

    def poll(self, interruption: Interruption | None = None, *faults: FaultRule, refusals: int = 0) -> Ending:
        """The timer of change tracking."""
        self.queue.refusals = refusals
        ending = self._run(self.process, self.process.app.poll_changes.tick, interruption, *faults)
        self.queue.refusals = 0
        return ending

    def look_for_due(self) -> Ending:
        """The timer of scores that time alone has changed."""
        return self._run(self.process, self.process.app.rescore_due.tick, None)

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.clock.forward(seconds=seconds)

    def send(self, request: Request) -> None:
        """A request of a person's."""
        self._people.send(request)

    @property
    def people(self) -> DataverseClient:
        """For looking at rows, as a person would."""
        return self._people

    def _new_process(self) -> Process:
        return Process(self.emulator, self.clock, self.queue, self.history)

    def _run(
        self, process: Process, step: Callable[[], object], interruption: Interruption | None, *faults: FaultRule
    ) -> Ending:
        """How the step ended; a process that was killed is followed by a new one, and its messages stay leased."""
        for fault in faults:
            process.faults.add(fault)
        process.io.begin(interruption)
        try:
            with self.history.step():
                step()
        except KilledError:
            if process is self.process:
                self.process = self._new_process()
            return "killed"
        except (DataverseError, LeadgateError):
            return "failed"
        finally:
            process.io.begin(None)
            process.faults.clear()
        return "done"

    def _receive(self, delivery: Delivery) -> int:
        """The answer to one webhook; a 2xx without a message in the queue is a lie (I10)."""
        event = delivery.event
        content, _ = serialized(body(event, delivery.step, self.emulator.metadata, self._organization))
        sent = len(self.queue.sent)
        status = receive(content, {SECRET_HEADER: SECRET}, lambda: self.process.app)
        named = any(str(event.row_id) in text for text in self.queue.sent[sent:])
        if 200 <= status < 300 and event.table == Lead.TABLE and not named:
            self.history.violations.append(ViolationError("I10", f"HTTP {status} and no message"))
        return status

    def _on_event(self, event: RowEvent) -> None:
        steps = self.emulator.steps_for(event)
        self.webhooks += [Delivery(event, step) for step in steps]
        if event.table == Lead.TABLE and not self.history.is_by_app() and (steps or self._polls):
            self.history.note_change(event.row_id)

    def _on_sent(self, queue: str, text: str) -> None:
        """Nothing but the envelope is in a message (I9), and the leads that it names are covered by it."""
        content = json.loads(text)
        envelope = LifecycleMessage.model_fields.keys() if queue.startswith(LIFECYCLE) else _ENVELOPE
        if not content.keys() <= envelope or "canary" in text:
            self.history.violations.append(ViolationError("I9", f"a message of {queue} carries more than its envelope"))
        if content.get("table") == Lead.TABLE and not queue.endswith(POISON):
            self.history.note_queued(map(UUID, content["ids"]))

    def _remember_what_is_in_force(self) -> None:
        versions = query(PublishedVersion.SET, select=[PublishedVersion.ID, PublishedVersion.DEFINITION])
        for row in self._people.rows(versions):
            if version := published(str(row[PublishedVersion.DEFINITION])):
                version_id = UUID(str(row[PublishedVersion.ID]))
                self.history.published[version_id] = version
                self.history.in_force[version.model] = [(self.clock() - timedelta(days=1), version_id)]


def _people(handle: Handler) -> DataverseClient:
    session = new_session(1)
    session.mount("http://", InProcessAdapter(handle))
    return DataverseClient("http://127.0.0.1:8765", StaticToken(TOKEN), session=session)
