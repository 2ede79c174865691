"""Deciding with what only a second question can tell: the contact that a lead is already."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from connector.decide import decide
from connector.decide_rules import Held
from connector.decision import Decision
from connector.live_versions import InForce
from connector.look import Look
from scoring import ScoringError

Verdict = Decision | ScoringError
"""A decision, or why the lead cannot be scored."""

HeldByLead = Mapping[UUID, Mapping[UUID, Held]]
_NOBODY: HeldByLead = {}


def decide_all(
    in_force: InForce, looks: Iterable[Look], at: datetime, held: HeldByLead = _NOBODY
) -> Iterator[tuple[Look, Verdict]]:
    """What is to be written about each lead; contacts that rules ask for are looked up, for all leads in one batch."""
    asking: dict[UUID, tuple[Look, Decision]] = {}
    for look in looks:
        verdict = _verdict(look, in_force, at, held)
        if isinstance(verdict, Decision) and verdict.asks:
            asking[look.lead_id] = (look, verdict)
        else:
            yield look, verdict
    if asking:
        values = {lead: {name: look.text(name) for name in asked.asks} for lead, (look, asked) in asking.items()}
        for lead, contacts in in_force.reader.contacts(values).items():
            known = replace(asking[lead][0], contacts=contacts)
            yield known, _verdict(known, in_force, at, held)


def _verdict(look: Look, in_force: InForce, at: datetime, held: HeldByLead) -> Verdict:
    try:
        return decide(look, in_force.live, at, held.get(look.lead_id, {}))
    except ScoringError as error:
        return error
