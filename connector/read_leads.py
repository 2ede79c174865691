"""Reading leads and what is known of them: one $batch, one look per lead."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from connector.contact_match import matching_contacts
from connector.customer_insights import CustomerInsights
from connector.decide_rules import QUALIFY_LEAD
from connector.errors import IncompleteError
from connector.look import LogEntry, Look, Row, StoredScore
from connector.queries import InteractionQuery, LeadQueries
from connector.tables import ACTIVE, Lead, LeadScore, QualificationLog
from dataverse import BatchResult, DataverseClient, Request
from scoring import Needs, assign_interactions

_RULE = f"_{QualificationLog.RULE}_value"
"""Null in the log of a rule whose row was deleted: it binds nobody any more."""


class LeadReader:
    """Reads leads for one set of queries; the parts of a read can also ride at the end of a batch that writes."""

    def __init__(
        self,
        client: DataverseClient,
        queries: LeadQueries,
        needs: Sequence[Needs],
        customer_insights: CustomerInsights | None = None,
    ) -> None:
        self._client = client
        self._queries = queries
        self._customer_insights = customer_insights
        self._interaction_needs = [need for each in needs for need in each.interactions]

    @property
    def interactions(self) -> tuple[InteractionQuery, ...]:
        """The tables of interactions that are read."""
        return self._queries.interactions

    def read(self, ids: Sequence[UUID]) -> dict[UUID, Look]:
        """A look at each lead that exists; a lead that is gone is not in the answer."""
        requests = self.requests(ids)
        return self.looks(requests, self._client.batch(requests))

    def contacts(self, asked: Mapping[UUID, Mapping[str, str]]) -> Mapping[UUID, Mapping[str, Sequence[UUID]]]:
        """By lead and column, the active contacts (at most two) that have the lead's value in that column."""
        return matching_contacts(self._client, asked)

    def requests(self, ids: Sequence[UUID]) -> list[Request]:
        """The parts of the read, in an order that `looks` knows."""
        by_lead = (interactions.of_leads(ids) for interactions in self._queries.interactions)
        return [
            self._queries.leads(ids),
            self._queries.scores(ids),
            self._queries.log(ids),
            *([self._customer_insights.scores(ids)] if self._customer_insights is not None else []),
            *(request for request in by_lead if request is not None),
        ]

    def looks(self, requests: Sequence[Request], results: Sequence[BatchResult]) -> dict[UUID, Look]:
        """The answers to `requests`, put together by lead; raises what the first failed part met."""
        leads, scores, log, *rest = (
            list(self._client.rows(request, first=result.response))
            for request, result in zip(requests, results, strict=True)
        )
        given = {} if self._customer_insights is None else self._customer_insights.newest(rest.pop(0))
        rows = [self._queries.renamed(_complete(row, self._queries.columns, Lead.TABLE)) for row in leads]
        interactions = assign_interactions(rows, self._interactions(rows, rest), self._interaction_needs)
        stored = _by_lead(scores, LeadScore.LEAD)
        acted = _by_lead(log, QualificationLog.LEAD)
        return {
            lead_id: Look(
                lead_id=lead_id,
                etag=str(row["@odata.etag"]),
                row=row,
                scores=tuple(_stored_score(score) for score in stored.get(lead_id, ())),
                log=tuple(_log_entry(entry) for entry in acted.get(lead_id, ()) if entry[_RULE] is not None),
                interactions=interactions.get(str(row[Lead.ID]), {}),
                customer_insights=given.get(lead_id, {}),
            )
            for row in rows
            for lead_id in [UUID(str(row[Lead.ID]))]
        }

    def _interactions(self, leads: Sequence[Row], by_lead: Iterable[Sequence[Row]]) -> dict[str, list[Row]]:
        """Each interaction once, whether it reaches a lead itself, by the lead's contact, or both ways."""
        contacts = sorted({UUID(str(row[c])) for row in leads for c in [f"_{Lead.CONTACT}_value"] if row[c]})
        answers = iter(by_lead)
        found: dict[str, list[Row]] = {}
        for interactions in self._queries.interactions:
            rows = list(next(answers)) if interactions.leads else []
            if request := interactions.of_contacts(contacts):
                rows += self._client.rows(request)
            found[interactions.table] = _each_once(interactions, rows)
        return found


def _each_once(query: InteractionQuery, rows: Iterable[Row]) -> list[Row]:
    return list({row[query.row_id]: _complete(row, query.columns, query.table) for row in rows}.values())


def _complete(row: Row, columns: Iterable[str], table: str) -> Row:
    """The row, when every column that was asked for is in it: absent is a fault, only null is null."""
    if lacking := [column for column in columns if column not in row]:
        raise IncompleteError(table, lacking)
    return row


def _by_lead(rows: Iterable[Row], lookup: str) -> Mapping[UUID, list[Row]]:
    found: dict[UUID, list[Row]] = {}
    for row in rows:
        found.setdefault(UUID(str(row[f"_{lookup}_value"])), []).append(row)
    return found


def _stored_score(row: Row) -> StoredScore:
    score, grade, text = row[LeadScore.SCORE], row[LeadScore.GRADE], row[LeadScore.EXPLANATION]
    model_id, rescore_on = row[f"_{LeadScore.MODEL}_value"], row[LeadScore.RESCORE_ON]
    return StoredScore(
        row_id=UUID(str(row[LeadScore.ID])),
        model_id=None if model_id is None else UUID(str(model_id)),
        etag=str(row["@odata.etag"]),
        active=row["statecode"] == ACTIVE,
        score=score if isinstance(score, int) else None,
        grade=None if grade is None else str(grade),
        explanation=None if text is None else str(text),
        rescore_on=None if rescore_on is None else datetime.fromisoformat(str(rescore_on)),
        reason=int(str(row["statuscode"])),
    )


def _log_entry(row: Row) -> LogEntry:
    version_id, reason = row[f"_{QualificationLog.VERSION}_value"], row[QualificationLog.REASON]
    decided_on = row[QualificationLog.DECIDED_ON]
    occurrence, outcome = row[QualificationLog.OCCURRENCE], row[QualificationLog.OUTCOME]
    return LogEntry(
        rule_id=UUID(str(row[_RULE])),
        # What somebody emptied is read as what acted at first: rather once too few than once too often.
        occurrence=1 if occurrence is None else int(str(occurrence)),
        outcome=QualificationLog.QUALIFIED if outcome is None else int(str(outcome)),
        row_id=UUID(str(row[QualificationLog.ID])),
        version_id=None if version_id is None else UUID(str(version_id)),
        reason=None if reason is None else str(reason),
        decided_on=None if decided_on is None else datetime.fromisoformat(str(decided_on)),
        ran_qualify_lead=QUALIFY_LEAD in _actions(row[QualificationLog.ACTIONS]),
    )


def _actions(text: object) -> Row:
    """The actions that an entry tells of; none when people typed something else over them."""
    try:
        actions = json.loads(str(text))
    except (ValueError, RecursionError):
        return {}
    return actions if isinstance(actions, Mapping) else {}
