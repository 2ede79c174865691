"""Conditions and groups in words, for people: what a model asks, never what a lead holds."""

import json

from scoring.conditions import AllOf, AnyOf, Comparison, Not
from scoring.definition import Group, Interactions


def condition_text(condition: Comparison | AllOf | AnyOf | Not) -> str:
    """The condition on one line: jobtitle not-null and (country eq "France" or country eq "Belgium")."""
    match condition:
        case Comparison():
            return _comparison_text(condition)
        case Not():
            return f"not {_bracketed(condition.condition)}"
        case AllOf():
            return " and ".join(_bracketed(member) for member in condition.conditions)
        case AnyOf():
            return " or ".join(_bracketed(member) for member in condition.conditions)


def group_text(group: Group) -> str:
    """What the group gives points for, on one line."""
    if group.when is not None:
        return condition_text(group.when)
    return "" if group.interactions is None else _interactions_text(group.interactions)


def _comparison_text(comparison: Comparison) -> str:
    asked = f"{comparison.column} {comparison.op}"
    return asked if comparison.value is None else f"{asked} {json.dumps(comparison.value, ensure_ascii=False)}"


def _bracketed(condition: Comparison | AllOf | AnyOf | Not) -> str:
    text = condition_text(condition)
    return f"({text})" if isinstance(condition, AllOf | AnyOf) and len(condition.conditions) > 1 else text


def _interactions_text(rows: Interactions) -> str:
    counted = {"each": f"each {rows.table}", "at-least": f"at least {rows.n} {rows.table}", "none": f"no {rows.table}"}
    text = counted[rows.count]
    if rows.where is not None:
        text += f" where {condition_text(rows.where)}"
    if rows.within_days is not None:
        text += f" within {rows.within_days} days"
    return text if rows.half_life_days is None else f"{text}, half after {rows.half_life_days} days"
