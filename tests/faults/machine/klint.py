"""The naive formula: points for columns that are filled. It shares nothing with the engine that it judges."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

THRESHOLD: Final = 110
FIT: Final = "Fit"
REACH: Final = "Reach"
RULE: Final = {
    "rule": "Marketing qualified",
    "existing_leads": "include",
    "criteria": [{"model": FIT, "at_least": THRESHOLD}],
    "actions": {"status_reason": "Marketing Qualified", "sales_ready": True},
}

ROUNDED: Final = ((100, 10), (110, 10), (50, 50), (60, 50))
"""Points of job title and business phone, as marketers publish them one after another; the first are Klint's."""


def fit(title: int, phone: int) -> dict[str, Any]:
    """The Klint model with these points."""
    return _model(FIT, {"jobtitle": title, "telephone1": phone}) | {"show_on_lead": True}


def reach() -> dict[str, Any]:
    """A second model, which no rule names."""
    return _model(REACH, {"telephone1": 7})


def rule(number: int, *, reconsider: bool) -> dict[str, Any]:
    """The rule as it is published for the `number`-th time: what it wants and does stays, and its text is another."""
    return RULE | {"order": number, "reconsider": reconsider}


def reconsiders(definition: str) -> bool:
    """Whether a definition's JSON is that of a rule which may act once more."""
    return json.loads(definition).get("reconsider") is True


def _model(name: str, points: Mapping[str, int]) -> dict[str, Any]:
    groups = [
        {"name": f"{column} given", "points": each, "when": {"column": column, "op": "not-null"}}
        for column, each in points.items()
    ]
    return {"model": name, "groups": groups}


@dataclass(frozen=True, slots=True)
class Published:
    """A version of a model, by what it gives for which column."""

    model: str
    points: Mapping[str, int]

    def score(self, lead: Mapping[str, object]) -> int:
        """The sum of the points of the columns that are filled."""
        return sum(points for column, points in self.points.items() if lead.get(column))


def published(definition: str) -> Published | None:
    """The version that a definition's JSON tells of; None when it is a rule's."""
    content = json.loads(definition)
    if "model" not in content:
        return None
    return Published(content["model"], {group["when"]["column"]: group["points"] for group in content["groups"]})
