"""The bodies that change definitions are, to the letter, those that the Web API documents."""

from decimal import Decimal

import pytest

from dataverse import InvalidRequestError
from dataverse.column_definitions import (
    boolean_column,
    choice_column,
    datetime_column,
    decimal_column,
    integer_column,
    memo_column,
    string_column,
)
from dataverse.definitions import (
    add_column,
    insert_option_value,
    insert_status_value,
    lookup_relationship,
    publish_xml,
    table_definition,
    update_option_value,
)

CRM = "Microsoft.Dynamics.CRM."
BOTH = {1033: "Score", 1036: "Note"}


def label_of(*texts: tuple[str, int]) -> dict[str, object]:
    return {
        "@odata.type": f"{CRM}Label",
        "LocalizedLabels": [
            {"@odata.type": f"{CRM}LocalizedLabel", "Label": text, "LanguageCode": language} for text, language in texts
        ],
    }


SCORE = label_of(("Score", 1033), ("Note", 1036))
COMMON = {"SchemaName": "lgate_Score", "DisplayName": SCORE, "RequiredLevel": {"Value": "None"}}


def test_a_table_is_made_with_its_columns_in_one_request() -> None:
    name = string_column("lgate_Name", BOTH, max_length=200, is_primary_name=True)
    score = integer_column("lgate_Score", BOTH)
    request = table_definition(
        "lgate_LeadScore",
        BOTH,
        {1033: "Scores"},
        ownership="UserOwned",
        primary_name=name,
        columns=[score],
        change_tracking=True,
        auditing=False,
        solution="leadgate",
    )
    assert (request.method, request.path) == ("POST", "EntityDefinitions")
    assert request.headers == {"MSCRM.SolutionUniqueName": "leadgate"}
    assert not request.is_repeatable
    assert request.body == {
        "@odata.type": f"{CRM}EntityMetadata",
        "SchemaName": "lgate_LeadScore",
        "DisplayName": SCORE,
        "DisplayCollectionName": label_of(("Scores", 1033)),
        "OwnershipType": "UserOwned",
        "HasActivities": False,
        "HasNotes": False,
        "IsActivity": False,
        "ChangeTrackingEnabled": True,
        "IsAuditEnabled": {"Value": False, "CanBeChanged": True},
        "Attributes": [name, score],
    }


@pytest.mark.parametrize(
    ("column", "kind", "members"),
    [
        (
            string_column("lgate_Score", BOTH, max_length=5),
            "String",
            {"MaxLength": 5, "FormatName": {"Value": "Text"}},
        ),
        (
            memo_column("lgate_Score", BOTH, max_length=1_000_000),
            "Memo",
            {"MaxLength": 1_000_000, "FormatName": {"Value": "Text"}, "ImeMode": "Auto"},
        ),
        (
            integer_column("lgate_Score", BOTH),
            "Integer",
            {"Format": "None", "MinValue": -2_147_483_648, "MaxValue": 2_147_483_647},
        ),
        (
            decimal_column("lgate_Score", BOTH, minimum=Decimal(0), precision=4),
            "Decimal",
            {"MinValue": 0.0, "MaxValue": 100_000_000_000.0, "Precision": 4},
        ),
        (
            boolean_column("lgate_Score", BOTH, yes={1033: "Yes"}, no={1033: "No"}),
            "Boolean",
            {
                "DefaultValue": False,
                "OptionSet": {
                    "@odata.type": f"{CRM}BooleanOptionSetMetadata",
                    "TrueOption": {"Value": 1, "Label": label_of(("Yes", 1033))},
                    "FalseOption": {"Value": 0, "Label": label_of(("No", 1033))},
                    "IsGlobal": False,
                },
            },
        ),
        (
            datetime_column("lgate_Score", BOTH),
            "DateTime",
            {"Format": "DateAndTime", "DateTimeBehavior": {"Value": "UserLocal"}},
        ),
        (
            datetime_column("lgate_Score", BOTH, date_only=True, behavior="DateOnly"),
            "DateTime",
            {"Format": "DateOnly", "DateTimeBehavior": {"Value": "DateOnly"}},
        ),
        (
            choice_column("lgate_Score", BOTH, options={482100000: {1033: "All"}}),
            "Picklist",
            {
                "OptionSet": {
                    "@odata.type": f"{CRM}OptionSetMetadata",
                    "IsGlobal": False,
                    "OptionSetType": "Picklist",
                    "Options": [{"Value": 482100000, "Label": label_of(("All", 1033))}],
                }
            },
        ),
    ],
)
def test_each_column_has_the_members_of_its_type(
    column: dict[str, object], kind: str, members: dict[str, object]
) -> None:
    assert column == {"@odata.type": f"{CRM}{kind}AttributeMetadata", **COMMON, **members}


def test_a_column_can_be_added_later() -> None:
    column = boolean_column("lgate_SalesReady", BOTH, yes=BOTH, no=BOTH)
    request = add_column("lead", column, solution="leadgate")
    assert request.path == "EntityDefinitions(LogicalName='lead')/Attributes"
    assert request.body == column


def test_a_lookup_comes_with_its_relationship() -> None:
    request = lookup_relationship(
        "lgate_lead_leadscore",
        referenced="lead",
        referencing="lgate_leadscore",
        lookup_schema_name="lgate_LeadId",
        labels=BOTH,
        cascade={"Delete": "Cascade", "Merge": "Cascade", "Assign": "Cascade"},
    )
    assert (request.path, request.headers) == ("RelationshipDefinitions", {})
    assert request.body == {
        "@odata.type": f"{CRM}OneToManyRelationshipMetadata",
        "SchemaName": "lgate_lead_leadscore",
        "ReferencedEntity": "lead",
        "ReferencedAttribute": "leadid",
        "ReferencingEntity": "lgate_leadscore",
        "CascadeConfiguration": {
            "Assign": "Cascade",
            "Delete": "Cascade",
            "Merge": "Cascade",
            "Reparent": "NoCascade",
            "Share": "NoCascade",
            "Unshare": "NoCascade",
        },
        "Lookup": {
            "@odata.type": f"{CRM}LookupAttributeMetadata",
            "SchemaName": "lgate_LeadId",
            "DisplayName": SCORE,
            "RequiredLevel": {"Value": "None"},
            "AttributeType": "Lookup",
            "AttributeTypeName": {"Value": "LookupType"},
        },
    }


def test_options_and_statuses_are_added_and_renamed() -> None:
    added = insert_status_value("lead", state=0, value=482100000, labels=BOTH, solution="leadgate")
    assert added.path == "InsertStatusValue"
    assert added.is_repeatable
    assert added.body == {
        "EntityLogicalName": "lead",
        "AttributeLogicalName": "statuscode",
        "Value": 482100000,
        "Label": SCORE,
        "StateCode": 0,
        "SolutionUniqueName": "leadgate",
    }
    option = insert_option_value("lgate_scoringgroup", "lgate_kind", value=482100000, labels=BOTH)
    assert option.path == "InsertOptionValue"
    assert option.body is not None
    assert "StateCode" not in option.body
    renamed = update_option_value("lgate_scoringmodel", "statuscode", value=1, labels=BOTH)
    assert renamed.path == "UpdateOptionValue"
    assert renamed.body == {
        "EntityLogicalName": "lgate_scoringmodel",
        "AttributeLogicalName": "statuscode",
        "Value": 1,
        "Label": SCORE,
        "MergeLabels": True,
    }


def test_publishing_names_the_tables() -> None:
    assert publish_xml(["lead", "lgate_leadscore"]).body == {
        "ParameterXml": "<importexportxml><entities><entity>lead</entity><entity>lgate_leadscore</entity>"
        "</entities></importexportxml>"
    }


def test_what_cannot_be_a_definition_is_refused() -> None:
    name = string_column("lgate_Name", BOTH, is_primary_name=True)
    plain = string_column("lgate_Name", BOTH)
    for build in (
        lambda: string_column("lgate-Name", BOTH),
        lambda: string_column("lgate_Name", {}),
        lambda: string_column("lgate_Name", {1033: "\ud800"}),
        lambda: table_definition("a", BOTH, BOTH, ownership="UserOwned", primary_name=plain),
        lambda: table_definition("a", BOTH, BOTH, ownership="UserOwned", primary_name=name, columns=[name]),
        lambda: add_column("lead')", plain),
        lambda: lookup_relationship(
            "a", referenced="b", referencing="c", lookup_schema_name="d", labels=BOTH, cascade={"Delte": "Cascade"}
        ),
        lambda: publish_xml([]),
        lambda: publish_xml(["<x>"]),
    ):
        with pytest.raises(InvalidRequestError):
            build()
