"""What the emulator committed, kept beside it: who wrote what, and what must hold at each write (I1 to I7).

Nothing here is asked of the connector: rows are the emulator's own events, scores are the naive formula's.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from connector.ports import Clock
from connector.tables import Lead, LeadScore, PublishedVersion, QualificationLog
from emulator.web_api import RowEvent
from emulator.web_api.events import Reference
from tests.faults.machine.klint import FIT, THRESHOLD, Published, published, reconsiders

Row = Mapping[str, object]

CACHE: Final = timedelta(seconds=60)
_OURS: Final = frozenset({Lead.PRIMARY_SCORE, Lead.QUALIFIED_ON, Lead.SALES_READY, Lead.STATUS})
_FLAGS: Final[Row] = {Lead.STATUS: Lead.MARKETING_QUALIFIED, Lead.SALES_READY: True}
_ANY_WRITE: Final = frozenset({"versionnumber", "modifiedon", "modifiedby", "modifiedonbehalfby"})


class ViolationError(AssertionError):
    """An invariant does not hold; `number` is that of reliability.md 3.3."""

    def __init__(self, number: str, what: str) -> None:
        self.number = number
        super().__init__(f"{number}: {what}")


class History:
    """The leads as they were after each commit, and counts of what happened to them."""

    def __init__(self, version: Callable[[], int], clock: Clock) -> None:
        self._version = version
        self._clock = clock
        self._by_app = False
        self._began_at = 0
        self.violations: list[ViolationError] = []
        self.states: dict[UUID, list[tuple[int, Row | None]]] = {}
        self.published: dict[UUID, Published] = {}
        self.in_force: dict[str, list[tuple[datetime, UUID | None]]] = {}
        self.changed: dict[UUID, int] = {}
        self.read: dict[UUID, int] = {}
        self.queued: dict[UUID, int] = {}
        self.last_by_app: dict[UUID, bool] = {}
        self.causes: Counter[UUID] = Counter()
        self.everyone: int = 0
        self.writes: Counter[UUID] = Counter()
        self.flips: Counter[UUID] = Counter()
        self.reopened: Counter[UUID] = Counter()
        self.reconsidered: int = 0
        self.acted: Counter[UUID] = Counter()
        self.begun: Counter[UUID] = Counter()
        self.seen_closed: dict[UUID, int] = {}
        self.reconsidering: UUID | None = None

    @contextmanager
    def by_app(self) -> Iterator[None]:
        """What is committed meanwhile is the connector's."""
        before, self._by_app = self._by_app, True
        try:
            yield
        finally:
            self._by_app = before

    @contextmanager
    def step(self) -> Iterator[None]:
        """A step of the app, or of several at once: what it read may be as old as its beginning."""
        outermost = self._began_at == 0
        if outermost:
            self._began_at = self._version()
        if self._is_near_a_publication():
            self.everyone += 1  # two processes may hold different versions, and each bring its own back
        try:
            yield
        finally:
            if outermost:
                self._began_at = 0

    def on_event(self, event: RowEvent) -> None:
        """A listener of the emulator's."""
        match event.table:
            case Lead.TABLE:
                self._lead(event)
            case LeadScore.TABLE if self._by_app:
                self._score(event)
            case QualificationLog.TABLE if self._by_app and event.message == "Create":
                self._log(event)
            case PublishedVersion.TABLE if event.message == "Create" and event.after is not None:
                self._published(event.row_id, str(event.after[PublishedVersion.DEFINITION]))

    def keep_occurrences(self) -> None:
        """A rule acts once, and once more for each time that the log says why (I3)."""
        for lead, times in self.flips.items():
            if times > self.acted[lead]:
                self._violated("I3", f"a lead was flipped {times} times, and the log says {self.acted[lead]}")
        for lead, times in self.acted.items():
            if times > 1 + self.begun[lead]:
                self._violated("I3", f"a rule acted {times} times in {1 + self.begun[lead]} occurrences")
        for lead, times in self.begun.items():
            if times > self.reopened[lead] + self.reconsidered:
                self._violated("I3", f"{times} times a rule might act again, and {self.reopened[lead]} were reopened")

    def stopped(self, model: str) -> None:
        """A model ended."""
        self.in_force[model].append((self._clock(), None))
        self.everyone += 1

    def now(self, lead: UUID) -> Row | None:
        """The lead as it is; None when it is gone."""
        return self.states[lead][-1][1]

    def live(self, model: str) -> Published | None:
        """The version in force, if there is one."""
        version_id = self.in_force[model][-1][1]
        return None if version_id is None else self.published[version_id]

    def note_read(self, leads: Iterator[UUID]) -> None:
        """The connector has been given these leads as they are at this moment."""
        self.read |= dict.fromkeys(leads, self._version())

    def note_change(self, lead: UUID) -> None:
        """A change of the lead that the app has to evaluate."""
        self.changed[lead] = self._version()

    def note_queued(self, leads: Iterator[UUID]) -> None:
        """A message that names these leads is in the queue: all their changes so far are covered."""
        self.queued |= dict.fromkeys(leads, self._version())

    def is_by_app(self) -> bool:
        """Whether what is committed now is the connector's."""
        return self._by_app

    def _lead(self, event: RowEvent) -> None:
        lead, before, after = event.row_id, event.before, event.after
        if self._by_app:
            self._own_lead_write(event)
        else:
            self.causes[lead] += 1
            if before and after and before[Lead.STATE] != Lead.OPEN and after[Lead.STATE] == Lead.OPEN:
                self.reopened[lead] += 1
        self.last_by_app[lead] = self._by_app
        self.states.setdefault(lead, []).append((self._version(), after))

    def _own_lead_write(self, event: RowEvent) -> None:
        lead, before, after = event.row_id, event.before, event.after
        if before is None or after is None:
            self._violated("I7", f"{event.message} of a lead")
            return
        if before[Lead.STATE] != Lead.OPEN:
            self._violated("I1", "a closed lead was written")
        changed = {name for name in after if after[name] != before.get(name)} - _ANY_WRITE
        if not changed <= _OURS:
            self._violated("I6", f"columns that are not ours: {sorted(changed - _OURS)}")
        if any(before.get(name) == value != after.get(name) for name, value in _FLAGS.items()):
            self._violated("I2", "a qualification was taken back")
        if any(after.get(name) == value != before.get(name) for name, value in _FLAGS.items()):
            self.flips[lead] += 1
            self._flipped(lead, before)
        self._wrote(lead, event.row_id)

    def _flipped(self, lead: UUID, row: Row) -> None:
        if self.flips[lead] > 1 + self.reopened[lead] + self.reconsidered:
            self._violated("I3", f"a rule acted {self.flips[lead]} times")
        if not any(version.score(row) >= THRESHOLD for version in self._lately(FIT)):
            self._violated("I4", "a lead was qualified that does not meet the rule")

    def _score(self, event: RowEvent) -> None:
        if event.after is None:
            return
        lead = _named(event.after[LeadScore.LEAD])
        version = self.published.get(_named(event.after[LeadScore.VERSION]))
        if version and LeadScore.SCORE in event.target:
            value = event.after[LeadScore.SCORE]
            if value not in {version.score(row) for row in self._seen(lead)}:
                self._violated("I4", f"{version.model} wrote {value}, which no state of the lead gives")
        self._wrote(lead, event.row_id)

    def _log(self, event: RowEvent) -> None:
        lead = _named((event.after or {}).get(QualificationLog.LEAD))
        row = self.now(lead)
        if row is None or row[Lead.STATE] != Lead.OPEN:
            self._violated("I1", "a decision on a closed lead was logged")
        outcome = (event.after or {}).get(QualificationLog.OUTCOME)
        self.acted[lead] += outcome == QualificationLog.QUALIFIED
        self.begun[lead] += outcome == QualificationLog.REOPENED

    def _published(self, version_id: UUID, definition: str) -> None:
        self.everyone += 1
        if version := published(definition):
            self.published[version_id] = version
            self.in_force.setdefault(version.model, []).append((self._clock(), version_id))
            return
        self.reconsidered += reconsiders(definition)
        self.reconsidering = version_id if reconsiders(definition) else None

    def _wrote(self, lead: UUID, row_id: UUID) -> None:
        self.writes[row_id] += 1
        if self.writes[row_id] > self.causes[lead] + self.everyone:
            self._violated("I5", f"{self.writes[row_id]} writes, {self.causes[lead] + self.everyone} causes")

    def _seen(self, lead: UUID) -> Iterator[Row]:
        """What the lead was while the app could have read it: as it stood when the step began, and since."""
        states = self.states.get(lead, [])
        before = [row for version, row in states if version <= self._began_at][-1:]
        yield from (row for row in before if row is not None)
        yield from (row for version, row in states if version > self._began_at and row is not None)

    def _lately(self, model: str) -> Iterator[Published]:
        """The versions that a process may act on: in force, or replaced within the life of a cache."""
        until = self._clock()
        for since, version_id in reversed(self.in_force[model]):
            if version_id is not None and until >= self._clock() - CACHE:
                yield self.published[version_id]
            until = since

    def _is_near_a_publication(self) -> bool:
        return any(self._clock() - changes[-1][0] <= CACHE for changes in self.in_force.values())

    def _violated(self, number: str, what: str) -> None:
        self.violations.append(ViolationError(number, what))


def _named(value: object) -> UUID:
    """The row that a lookup names, and the empty id when it names none."""
    return value.row_id if isinstance(value, Reference) else UUID(int=0)
