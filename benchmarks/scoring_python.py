"""The contenders without a rule library: this engine, an interpreter as anybody would write it, decoding alone."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from benchmarks.scoring_facts import OUTSIDE, Answer, folded
from benchmarks.scoring_input import AT, LEAD, OCCURRED, TABLE, Row
from scoring import compile_model, explanation, parse_model


class Engine:
    """The engine of this repository, by its public functions, on the rows as they are."""

    def __init__(self, definition: Mapping[str, Any]) -> None:
        self._scorer = compile_model(parse_model(definition))

    def page(self, leads: Sequence[Row], events: Sequence[Row]) -> list[Answer]:
        """The answers to a page of raw rows."""
        scores = self._scorer.score_page(leads, {TABLE: events}, AT)
        return [(score.total, score.grade, explanation(score), score.valid_until) for score in scores]


class Naive:
    """The definition walked through for every lead."""

    def __init__(self, definition: Mapping[str, Any]) -> None:
        self._model = definition

    def page(self, leads: Sequence[Row], events: Sequence[Row]) -> list[Answer]:
        """The answers to a page of raw rows."""
        own: dict[str, list[Row]] = {}
        for row in events:
            own.setdefault(str(row[f"_{LEAD}_value"]).lower(), []).append(row)
        return [self._answer(lead, own.get(str(lead["leadid"]).lower(), [])) for lead in leads]

    def _answer(self, lead: Row, events: Sequence[Row]) -> Answer:
        if not _holds(self._model["entry"], lead):
            return OUTSIDE
        total, reasons, changes = 0, list[dict[str, int]](), list[datetime]()
        for number, group in enumerate(self._model["groups"], 1):
            if "when" in group:
                count, matched, points = None, _holds(group["when"], lead), group["points"]
            else:
                count = _count(group["interactions"], events, changes)
                matched, points = _gained(group, count)
            if matched:
                total += points
                counted = {} if count is None else {"events": count}
                reasons.append({**counted, "group": number, "points": points})
        text = json.dumps({"groups": reasons}, sort_keys=True, separators=(",", ":"))
        return total, self._grade(total), text, min(changes, default=None)

    def _grade(self, total: int) -> str | None:
        for grade in self._model["grades"]:
            if grade.get("min", total) <= total <= grade.get("max", total):
                return str(grade["name"])
        return None


def _holds(tree: Mapping[str, Any], row: Row) -> bool:
    if "all" in tree:
        return all(_holds(member, row) for member in tree["all"])
    if "any" in tree:
        return any(_holds(member, row) for member in tree["any"])
    if "not" in tree:
        return not _holds(tree["not"], row)
    value, wanted = row.get(tree["column"]), tree.get("value")
    if value is None or value == "":
        return bool(tree["op"] == "ne")
    if isinstance(value, str):
        value, wanted = folded(value), [folded(one) for one in wanted] if isinstance(wanted, list) else folded(wanted)
    return _OPERATORS[tree["op"]](value, wanted)


_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, wanted: bool(value == wanted),
    "ne": lambda value, wanted: bool(value != wanted),
    "ge": lambda value, wanted: bool(value >= wanted),
    "lt": lambda value, wanted: bool(value < wanted),
    "in": lambda value, wanted: bool(value in wanted),
    "like": lambda value, wanted: wanted.strip("%") in value,
    "begins-with": lambda value, wanted: bool(value.startswith(wanted)),
    "ends-with": lambda value, wanted: bool(value.endswith(wanted)),
    "not-null": lambda _value, _wanted: True,
}


def _count(rows: Mapping[str, Any], events: Sequence[Row], changes: list[datetime]) -> int:
    count, days = 0, rows.get("within_days")
    for event in events:
        if not _holds(rows["where"], event):
            continue
        at = datetime.fromisoformat(str(event[OCCURRED]))
        leaves = None if days is None else at + timedelta(days=days)
        if at > AT:
            changes.append(at)
        elif leaves is None or leaves > AT:
            count += 1
            changes += [] if leaves is None else [leaves]
    return count


def _gained(group: Mapping[str, Any], count: int) -> tuple[bool, int]:
    match group["interactions"].get("count", "each"):
        case "none":
            return count == 0, group["points"]
        case "at-least":
            return count >= group["interactions"]["n"], group["points"]
    return count > 0, min(group["points"] * count, group["cap"])
