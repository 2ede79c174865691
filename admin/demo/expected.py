"""What the models' file says of the leads' file, with no Dataverse in between: what the demo is held against. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from admin.definitions import Definitions
from admin.demo.sample import Sample
from connector.decide_scores import instant
from connector.tables import LeadInteraction
from scoring import Facts, Score, assign_interactions, compile_model

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Expected:
    """The scores that a lead must have, by model, and the names of the rules that must have acted on it.

    `is_closed`: one of these runs QualifyLead, so the lead is closed, and its scores are what they were by then.
    """

    scores: Mapping[str, Score]
    rules: frozenset[str]
    is_closed: bool = False


def expected(
    definitions: Definitions, leads: Sequence[Row], interactions: Mapping[str, Sequence[Row]], at: datetime
) -> dict[str, Expected]:
    """By lead id; a closed lead has no scores, and no rule acts on it."""
    scorers = {model.name: compile_model(model) for model in definitions.models}
    needs = [need for scorer in scorers.values() for need in scorer.needs.interactions]
    by_lead = assign_interactions(leads, interactions, needs)
    found = {}
    for lead in leads:
        facts = Facts(lead, by_lead[lead["leadid"]])
        closed = lead.get("statecode", 0) != 0
        scores = {} if closed else {name: scorer.score(facts, at) for name, scorer in scorers.items()}
        rules = _rules(definitions, scores)
        found[lead["leadid"]] = Expected(scores, rules, closes(definitions, rules))
    return found


def closes(definitions: Definitions, rules: frozenset[str]) -> bool:
    """Whether one of these rules runs QualifyLead."""
    return any(rule.rule in rules and rule.actions.qualify_lead is not None for rule in definitions.rules)


def sample_facts(sample: Sample, now: datetime, *, changed: bool) -> tuple[list[Row], dict[str, list[Row]]]:
    """The sample's leads and interactions as rows of the Web API, before or after its changes."""
    accounts = {row["accountid"]: row for row in sample["accounts"]}
    leads = {row["leadid"]: {**row, **_related(row, accounts)} for row in sample["leads"]}
    interactions = [_interaction_row(row, now) for row in sample["interactions"]]
    for change in sample["changes"] if changed else ():
        if "set" in change:
            leads[change["lead"]] |= change["set"]
        else:
            interactions.append(_interaction_row({**change["interaction"], "lead": change["lead"]}, now))
    return list(leads.values()), {LeadInteraction.TABLE: interactions}


def _rules(definitions: Definitions, scores: Mapping[str, Score]) -> frozenset[str]:
    totals = {name: score.total for name, score in scores.items() if score.total is not None}
    return frozenset(
        rule.rule
        for rule in definitions.rules
        if _holds(rule.match, (totals.get(each.source, each.at_least - 1) >= each.at_least for each in rule.criteria))
    )


def _holds(match: str, met: Iterable[bool]) -> bool:
    return all(met) if match == "all" else any(met)


def _related(row: Row, accounts: Mapping[str, Row]) -> dict[str, object]:
    return {
        "parentaccountid": accounts.get(row.get("parentaccountid", "")),
        "_parentaccountid_value": row.get("parentaccountid"),
        "_parentcontactid_value": row.get("parentcontactid"),
    }


def _interaction_row(row: Row, now: datetime) -> Row:
    return {
        f"_{LeadInteraction.LEAD}_value": row.get("lead"),
        f"_{LeadInteraction.CONTACT}_value": row.get("contact"),
        LeadInteraction.TYPE: row["type"],
        LeadInteraction.OCCURRED_ON: instant(now - timedelta(days=row["days_ago"])),
    }
