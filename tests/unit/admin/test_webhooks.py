"""What is registered in Dataverse: where the app listens, what it wants to hear, and no secret in sight."""

from xml.etree import ElementTree as ET

import pytest

from admin.webhooks import STEPS, StepForm, Webhook, reached_steps
from connector.queries import InteractionQuery
from connector.reach import NOTHING_REACHED, Reach, RelatedTable

HOSTILE = ["a" * 32, '"', "'", "\"'", "<&>", '"/><x y="', "]]>", "é", "a b\tc", "&quot;"]


@pytest.mark.parametrize("secret", HOSTILE)
def test_the_secret_is_one_attribute_whatever_it_holds(secret: str) -> None:
    settings = ET.fromstring(Webhook("https://x", secret).authvalue)  # noqa: S314  our own text
    (setting,) = settings
    assert (settings.tag, setting.tag, len(setting)) == ("settings", "setting", 0)
    assert setting.attrib == {"name": "x-leadgate-secret", "value": secret}


def test_the_secret_is_not_shown() -> None:
    webhook = Webhook("https://x", "canary")
    assert "canary" not in f"{webhook} {webhook!r}"
    assert "https://x" in repr(webhook)


def test_every_change_that_can_move_a_score_is_heard_and_every_change_of_a_draft() -> None:
    assert {(step.table, step.message) for step in STEPS} == {
        ("lead", "Create"),
        ("lead", "Update"),
        ("lead", "Merge"),
        ("lgate_leadinteraction", "Create"),
        ("lgate_leadinteraction", "Update"),
        ("lgate_leadinteraction", "Delete"),
        ("lgate_scoringmodel", "Update"),
        ("lgate_qualificationrule", "Update"),
        *((table, message) for table in PARENT_OF for message in ("Create", "Update", "Delete")),
    }


def test_each_step_has_a_name_of_its_own() -> None:
    assert len({step.name for step in STEPS}) == len(STEPS)
    assert STEPS[0].name == "leadgate.lead.create"


PARENT_OF = {
    "lgate_scoringgroup": "lgate_modelid",
    "lgate_scoringcondition": "lgate_groupid",
    "lgate_scoringgrade": "lgate_modelid",
    "lgate_qualificationcriterion": "lgate_ruleid",
}
IMAGES = {"lgate_leadinteraction": ("lgate_leadid", "lgate_contactid")} | {
    table: (lookup,) for table, lookup in PARENT_OF.items()
}


def test_old_lookups_come_with_updates_and_deletes_and_never_with_a_create() -> None:
    for step in STEPS:
        has_moved = step.message in {"Update", "Delete"}
        assert step.image == (IMAGES.get(step.table, ()) if has_moved else ()), step.name


def test_the_status_reason_and_what_a_draft_says_are_heard_and_what_the_app_writes_is_not() -> None:
    for step in STEPS:
        if step.table in {"lgate_scoringmodel", "lgate_qualificationrule"}:
            assert {"statuscode", "lgate_name"} <= set(step.columns)
            ours = {"lgate_hasunpublishedchanges", "lgate_errordetails", "lgate_currentversionid"}
            assert ours.isdisjoint(step.columns)


def test_filters_are_on_updates_alone_and_never_on_columns_we_write_to_leads() -> None:
    for step in STEPS:
        assert not step.columns or step.message == "Update"
        assert step.table != "lead" or not step.columns


def test_tables_that_live_models_reach_are_heard_each_in_its_way() -> None:
    visits = InteractionQuery("new_visit", "new_visits", "new_visitid", (), ("new_lead",), ("new_person",))
    ours = InteractionQuery("lgate_leadinteraction", "x", "y", (), ("lgate_leadid",), ())
    reach = Reach(
        {
            "account": RelatedTable("account", "accounts", "accountid", ("parentaccountid",)),
            "campaign": RelatedTable("campaign", "campaigns", "campaignid", ("campaignid",)),
        },
        {"new_visit": visits, "lgate_leadinteraction": ours},
    )
    image = ("new_lead", "new_person")
    assert list(reached_steps(reach)) == [
        StepForm("account", "Update"),
        StepForm("account", "Merge"),
        StepForm("campaign", "Update"),
        StepForm("new_visit", "Create"),
        StepForm("new_visit", "Delete", image=image),
        StepForm("new_visit", "Update", image=image),
    ]
    assert list(reached_steps(NOTHING_REACHED)) == []
