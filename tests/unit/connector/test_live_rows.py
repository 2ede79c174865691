"""A row is in force only with a version whose text is the one that was published."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from connector.errors import VersionError
from connector.lead_table import LeadTable
from connector.live_rows import LIVE_MODELS, LIVE_RULES, live_model, live_rule
from dataverse.metadata import StatusOption, TableMetadata
from tests.unit.connector.fakes import FIT, FIT_VERSION, KLINT

RULE = {"rule": "R", "criteria": [{"model": "Fit", "at_least": 1}], "actions": {"status_reason": "New"}}
LEAD = LeadTable(TableMetadata("lead", "leads", "leadid", "fullname", {}, {}, {}), (StatusOption(1, 0, {1033: "New"}),))


def row(content: object, **version: object) -> dict[str, Any]:
    text = content if isinstance(content, str) else json.dumps(content)
    return {
        "lgate_scoringmodelid": str(FIT),
        "lgate_qualificationruleid": str(FIT),
        "lgate_name": "Draft's name",
        "lgate_currentversionid": {
            "lgate_publishedversionid": str(FIT_VERSION),
            "lgate_definition": text,
            "lgate_sha256": hashlib.sha256(text.encode()).hexdigest(),
            **version,
        },
    }


def test_a_published_model_scores_under_the_name_it_was_published_with() -> None:
    model = live_model(row(KLINT))
    assert (model.model_id, model.version_id, model.name, model.show_on_lead) == (FIT, FIT_VERSION, "Fit", False)


def test_a_published_rule_carries_the_values_of_this_environment() -> None:
    rule = live_rule(row(RULE), LEAD)
    assert (rule.name, rule.changes, rule.from_status) == ("R", {"statuscode": 1}, frozenset())


UNREADABLE: list[tuple[dict[str, Any], str]] = [
    (row(KLINT) | {"lgate_currentversionid": None}, "is in force and names no version"),
    (row(KLINT, lgate_definition='{"model": "Fit"}'), "has changed since its publication"),
    (row(KLINT, lgate_definition=None), "has changed since its publication"),
    (row(KLINT, lgate_sha256=None), "has changed since its publication"),
    (row("{'model'}"), "is not JSON"),
    (row("[" * 100_000), "is not JSON"),
    (row({"model": "Fit", "groups": []}), "cannot be read: groups"),
    (row({**RULE, "criteria": []}), "cannot be read: "),
]


@pytest.mark.parametrize(("unreadable", "reason"), UNREADABLE)
@pytest.mark.parametrize("load", [live_model, lambda found: live_rule(found, LEAD)])
def test_a_version_that_is_missing_changed_or_unreadable_is_a_fault_and_never_left_out(
    unreadable: dict[str, Any], reason: str, load: Callable[[dict[str, Any]], object]
) -> None:
    with pytest.raises(VersionError) as fault:
        load(unreadable)
    assert 'published version of "Draft\'s name"' in str(fault.value)
    assert reason.partition(":")[0] in str(fault.value)


def test_a_rule_whose_status_reason_was_removed_meanwhile_is_a_fault() -> None:
    with pytest.raises(VersionError, match="lead has no open Status Reason 'Gone'"):
        live_rule(row({**RULE, "actions": {"status_reason": "Gone"}}), LEAD)


PUBLISHING, LIVE, STOPPING = (f"statuscode%20eq%2048210000{number}" for number in (1, 2, 3))


def test_only_active_rows_with_an_active_version_are_asked_for() -> None:
    for request in (LIVE_MODELS, LIVE_RULES):
        assert "$filter=(statecode%20eq%200%20and%20" in request.path
        assert "%20and%20lgate_currentversionid/statecode%20eq%200)" in request.path
        assert LIVE in request.path
        assert PUBLISHING in request.path


def test_a_model_that_is_stopping_scores_to_its_end_and_a_rule_that_is_stopping_acts_no_more() -> None:
    assert STOPPING in LIVE_MODELS.path
    assert STOPPING not in LIVE_RULES.path
