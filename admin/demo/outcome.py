"""What became of the leads: read back from Dataverse, and held against what the files say."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from admin.demo.expected import Expected
from connector.tables import ACTIVE, Lead, LeadScore, QualificationLog
from dataverse import DataverseClient, query
from scoring import Score, explanation

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A lead as it stands in Dataverse: its row, its score rows by model, and the rules that acted on it."""

    lead: Row
    scores: Mapping[str, Row]
    rules: frozenset[str]


def read_outcomes(client: DataverseClient, lead_columns: Sequence[str]) -> dict[str, Outcome]:
    """Every lead of the environment, by id."""
    scores: dict[str, dict[str, Row]] = {}
    lead_of_score = f"_{LeadScore.LEAD}_value"
    columns = (LeadScore.NAME, lead_of_score, LeadScore.SCORE, LeadScore.GRADE, LeadScore.EXPLANATION, "statecode")
    for row in client.rows(query(LeadScore.SET, select=columns)):
        scores.setdefault(str(row[lead_of_score]), {})[str(row[LeadScore.NAME])] = row
    rules: dict[str, set[str]] = {}
    lead_of_log = f"_{QualificationLog.LEAD}_value"
    for row in client.rows(query(QualificationLog.SET, select=(QualificationLog.NAME, lead_of_log))):
        rules.setdefault(str(row[lead_of_log]), set()).add(str(row[QualificationLog.NAME]))
    wanted = (Lead.ID, Lead.STATE, Lead.STATUS, *lead_columns)
    return {
        str(row[Lead.ID]): Outcome(row, scores.get(str(row[Lead.ID]), {}), frozenset(rules.get(str(row[Lead.ID]), ())))
        for row in client.rows(query(Lead.SET, select=wanted))
    }


def differences(wanted: Mapping[str, Expected], found: Mapping[str, Outcome]) -> Iterator[str]:
    """Everything in which Dataverse does not say what the files say; nothing when all is well."""
    for lead_id, expected in wanted.items():
        outcome = found.get(lead_id)
        if outcome is None:
            yield f"lead {lead_id} is not there"
            continue
        active = {name: row for name, row in outcome.scores.items() if row["statecode"] == ACTIVE}
        scored = {} if expected.is_closed else expected.scores
        in_audience = {name: score for name, score in scored.items() if score.total is not None}
        for model in sorted(active.keys() | in_audience.keys()):
            yield from _score_differences(lead_id, model, in_audience.get(model), active.get(model))
        if expected.is_closed and outcome.lead[Lead.STATE] == Lead.OPEN:
            yield f"lead {lead_id} is open, and QualifyLead should have closed it"
        if outcome.rules != expected.rules:
            yield f"lead {lead_id}: rules {sorted(outcome.rules)} acted, {sorted(expected.rules)} should have"


def _score_differences(lead_id: str, model: str, wanted: Score | None, found: Row | None) -> Iterator[str]:
    if wanted is None or found is None:
        yield f"lead {lead_id}, {model}: " + ("is scored and should not be" if wanted is None else "is not scored")
    elif (found[LeadScore.SCORE], found[LeadScore.GRADE]) != (wanted.total, wanted.grade):
        yield f"lead {lead_id}, {model}: {found[LeadScore.SCORE]} points are stored, the file says {wanted.total}"
    elif found[LeadScore.EXPLANATION] != explanation(wanted):
        yield f"lead {lead_id}, {model}: the stored explanation is not that of the file"
