"""Deciding with what only a second question can tell: the contact that a lead is already."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from connector.contact_match import matching_contacts
from connector.decide import decide
from connector.decide_rules import Held
from connector.decision import Decision
from connector.live import Live
from connector.look import Look
from dataverse import DataverseClient
from scoring import ScoringError

Verdict = Decision | ScoringError
"""A decision, or why the lead cannot be scored."""


def decide_all(
    client: DataverseClient,
    looks: Iterable[Look],
    live: Live,
    at: datetime,
    held: Mapping[UUID, Mapping[UUID, Held]],
) -> Iterator[tuple[Look, Verdict]]:
    """What is to be written about each lead; contacts that rules ask for are looked up, for all leads in one batch."""
    asking: dict[UUID, tuple[Look, Decision]] = {}
    for look in looks:
        verdict = _verdict(look, live, at, held)
        if isinstance(verdict, Decision) and verdict.asks:
            asking[look.lead_id] = (look, verdict)
        else:
            yield look, verdict
    if asking:
        values = {lead: {name: str(look.row[name]) for name in asked.asks} for lead, (look, asked) in asking.items()}
        for lead, contacts in matching_contacts(client, values).items():
            known = replace(asking[lead][0], contacts=contacts)
            yield known, _verdict(known, live, at, held)


def _verdict(look: Look, live: Live, at: datetime, held: Mapping[UUID, Mapping[UUID, Held]]) -> Verdict:
    try:
        return decide(look, live, at, held.get(look.lead_id, {}))
    except ScoringError as error:
        return error
