"""The checker of runs under faults: what should be, against what is. Lost, unexpected and doubled, as Jepsen counts.

A test says what it expects of every lead that is open at the end, and `check` reads everything there is:

    expected = {lead: klint(jobtitle="CEO", telephone1=None)}      # or fact(scores={"Fit": 100}, statuscode=1)
    drain(world)
    verdict = check(world, expected)
    assert verdict.faults == 0, verdict
    keep_evidence("my-run", **verdict.counts())

The reading is its own: whole tables, no query of the product. Beside it stands the product's own comparison
(`drifted`), and a look at every lead once more, which must write nothing (`replay_writes`).
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any
from uuid import UUID

from connector.compare_leads import SWEEPS, compare, lead_pages
from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK, POISON
from connector.tables import ACTIVE, Lead, LeadScore, QualificationLog
from dataverse import query
from tests.world import World

LEADS_AT_ONCE = 50
MESSAGES_MAX = 100_000
QUEUES = (LEAD_CHANGES, LEAD_CHANGES_BULK)
ACTED = {QualificationLog.QUALIFIED, QualificationLog.QUALIFYING}
Fact = Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """What is wrong, each as a line of text without a lead's data; nothing is wrong when `faults` is 0."""

    leads: int
    lost: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    doubles: list[str] = field(default_factory=list)
    drifted: list[str] = field(default_factory=list)
    poison: int = 0
    replay_writes: int = 0

    @property
    def faults(self) -> int:
        return sum(self.counts().values()) - self.leads

    def counts(self) -> dict[str, int]:
        """The figures alone, for `keep_evidence`."""
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value if isinstance(value, int) else len(value) for name, value in found.items()}


def fact(scores: Mapping[str, int], **columns: object) -> Fact:
    """What is expected of one open lead: the active scores by the name of their model, and columns of the lead."""
    return {"scores": dict(scores), "columns": columns}


def klint(*, jobtitle: str | None, telephone1: str | None, **columns: object) -> Fact:
    """The Klint model worked out by hand: a job title is worth 100 points, a business phone 10."""
    return fact({"Fit": 100 * bool(jobtitle) + 10 * bool(telephone1)}, **columns)


def drain(world: World) -> None:
    """The worker does all that waits, put off or not; AssertionError when there is no end of it."""
    for _ in range(MESSAGES_MAX):
        waiting = [entry for entry in world.queue.sent if entry[0] in QUEUES]
        if not waiting:
            return
        world.queue.sent.remove(waiting[0])
        world.app.worker.work(waiting[0][1], waiting[0][0])
    message = "the queue does not run empty"
    raise AssertionError(message)


def check(world: World, expected: Mapping[UUID, Fact], *, replay: bool = True) -> Verdict:
    """Everything that is stored, against `expected`: the facts of every lead that is open, and of no other."""
    columns = {column for each in expected.values() for column in each["columns"]}
    leads = {UUID(row[Lead.ID]): row for row in _table(world, Lead.SET, Lead.ID, Lead.STATE, *sorted(columns))}
    scores = _active_scores(world)
    return Verdict(
        leads=len(leads),
        lost=list(_lost(expected, leads, scores)),
        unexpected=list(_unexpected(expected, leads, scores)),
        doubles=list(_doubles(world)),
        drifted=list(drifted(world)),
        poison=sum(len(world.queue.of(queue + POISON)) for queue in QUEUES),
        replay_writes=replay_writes(world, list(leads)) if replay else 0,
    )


def drifted(world: World) -> Iterator[str]:
    """The product's own comparison of everything, with no allowance for what is on its way."""
    in_force = world.app.versions.fresh()
    for sweep in SWEEPS:
        for page in lead_pages(world.app.client, sweep):
            found = compare(in_force, page.ids, world.clock(), timedelta(0))
            yield from (f"{lead}: {each.kind} of {each.of}" for lead, all_ in found.differing.items() for each in all_)
            yield from (f"{lead}: cannot be scored" for lead in found.unscorable)


def replay_writes(world: World, leads: list[UUID]) -> int:
    """How many rows one more look at every lead writes, closed ones too; 0 when all is settled."""
    before = world.writes()
    for first in range(0, len(leads), LEADS_AT_ONCE):
        world.work(*leads[first : first + LEADS_AT_ONCE])
    return world.writes() - before


def _lost(
    expected: Mapping[UUID, Fact], leads: Mapping[UUID, Any], scores: Mapping[UUID, dict[str, int]]
) -> Iterator[str]:
    """A lead that is gone or closed, a score that is not the expected one or not there, a column that is otherwise."""
    for lead, wanted in expected.items():
        row = leads.get(lead)
        if row is None or row[Lead.STATE] != Lead.OPEN:
            yield f"{lead}: {'gone' if row is None else 'closed'}"
            continue
        found = scores.get(lead, {})
        yield from (f"{lead}: score of {name}" for name, total in wanted["scores"].items() if found.get(name) != total)
        yield from (f"{lead}: {column}" for column, value in wanted["columns"].items() if row[column] != value)


def _unexpected(
    expected: Mapping[UUID, Fact], leads: Mapping[UUID, Any], scores: Mapping[UUID, dict[str, int]]
) -> Iterator[str]:
    """An open lead that nobody made, an active score that nobody expects: of a closed lead, of a stopped model."""
    for lead, row in leads.items():
        if row[Lead.STATE] == Lead.OPEN and lead not in expected:
            yield f"{lead}: open"
    for lead, found in scores.items():
        wanted = expected[lead]["scores"] if lead in expected else {}
        yield from (f"{lead}: score of {name}" for name in found if name not in wanted)


def _doubles(world: World) -> Iterator[str]:
    lead, rule = f"_{QualificationLog.LEAD}_value", f"_{QualificationLog.RULE}_value"
    rows = _table(world, QualificationLog.SET, lead, rule, QualificationLog.OUTCOME)
    entries = Counter((row[lead], row[rule]) for row in rows if row[QualificationLog.OUTCOME] in ACTED)
    yield from (f"{of[0]}: rule {of[1]} acted {times} times" for of, times in entries.items() if times > 1)


def _active_scores(world: World) -> dict[UUID, dict[str, int]]:
    found: dict[UUID, dict[str, int]] = {}
    lead = f"_{LeadScore.LEAD}_value"
    for row in _table(world, LeadScore.SET, lead, LeadScore.NAME, LeadScore.SCORE, "statecode"):
        if row["statecode"] == ACTIVE:
            found.setdefault(UUID(row[lead]), {})[row[LeadScore.NAME]] = row[LeadScore.SCORE]
    return found


def _table(world: World, entity_set: str, *columns: str) -> Iterator[Any]:
    yield from world.app.client.rows(query(entity_set, select=columns))
