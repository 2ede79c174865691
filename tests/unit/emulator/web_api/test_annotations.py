"""`Prefer: odata.include-annotations`: formatted values, what lookups point at; nothing that was not asked for."""

import pytest

from tests.unit.emulator.web_api.calling import Caller, label, text_column

ALL = {"Prefer": 'odata.include-annotations="*"'}
FORMATTED = "@OData.Community.Display.V1.FormattedValue"
LOGICAL_NAME = "@Microsoft.Dynamics.CRM.lookuplogicalname"
NAVIGATION = "@Microsoft.Dynamics.CRM.associatednavigationproperty"


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("leadqualitycode", 1, "Hot"),
        ("donotemail", True, "Yes"),
        ("donotemail", False, "No"),
        ("numberofemployees", 1250, "1,250"),
        ("estimatedvalue", 1234.5, "1,234.50"),
        ("revenue", 1250.5, "€1,250.50"),
        ("estimatedclosedate", "2026-08-01", "8/1/2026"),
        ("lastonholdtime", "2026-08-01T00:05:00Z", "8/1/2026 12:05 AM"),
        ("lastonholdtime", "2026-08-01T15:30:00Z", "8/1/2026 3:30 PM"),
    ],
)
def test_a_value_is_shown_as_a_user_sees_it(call: Caller, column: str, value: object, text: str) -> None:
    lead = call.created("leads", {column: value})
    row = call.get(f"leads({lead})?$select={column}", ALL).json
    assert (row[column], row[column + FORMATTED]) == (value, text)


def test_text_and_null_have_no_formatted_value(call: Caller) -> None:
    lead = call.created("leads", {"subject": "Salon"})
    row = call.get(f"leads({lead})?$select=subject,leadqualitycode,_parentaccountid_value", ALL).json
    assert row.keys() == {
        *("@odata.context", "@odata.etag", "leadid", "subject", "leadqualitycode", "_parentaccountid_value"),
    }


def test_a_lookup_says_its_table_its_navigation_property_and_the_rows_name(call: Caller) -> None:
    account = call.created("accounts", {"name": "Contoso"})
    bound = {
        "parentaccountid@odata.bind": f"/accounts({account})",
        "customerid_account@odata.bind": f"/accounts({account})",
    }
    lead = call.created("leads", bound)
    row = call.get(f"leads({lead})?$select=_parentaccountid_value,_customerid_value,_ownerid_value", ALL).json
    for property_name, table, navigation, name in (
        ("_parentaccountid_value", "account", "parentaccountid", "Contoso"),
        ("_customerid_value", "account", "customerid_account", "Contoso"),
        ("_ownerid_value", "systemuser", "ownerid", "Emulated Caller"),
    ):
        assert row[property_name + LOGICAL_NAME] == table
        assert row[property_name + NAVIGATION] == navigation
        assert row[property_name + FORMATTED] == name


def test_only_what_is_asked_for_is_there(call: Caller) -> None:
    lead = call.created("leads", {"statuscode": 2})
    assert FORMATTED not in str(call.get(f"leads({lead})").json)
    prefer = {"Prefer": 'odata.include-annotations="OData.Community.Display.V1.FormattedValue"'}
    answer = call.get(f"leads({lead})?$select=statuscode,_ownerid_value", prefer)
    assert answer.headers["Preference-Applied"] == prefer["Prefer"]
    assert answer.json["statuscode" + FORMATTED] == "Contacted"
    assert "_ownerid_value" + LOGICAL_NAME not in answer.json
    platform = call.get(f"leads({lead})", {"Prefer": "odata.include-annotations=Microsoft.Dynamics.CRM.*"}).json
    assert "_ownerid_value" + LOGICAL_NAME in platform
    assert FORMATTED not in str(platform)


def test_pages_expanded_rows_and_written_rows_have_them(call: Caller) -> None:
    account = call.created("accounts", {"name": "Contoso", "industrycode": 1})
    prefer = {"Prefer": 'return=representation,odata.include-annotations="*"'}
    bound = {"parentaccountid@odata.bind": f"/accounts({account})"}
    assert call.post("leads", bound, prefer).json["statecode" + FORMATTED] == "Open"
    row = call.get("leads?$expand=parentaccountid($select=industrycode)", ALL).json["value"][0]
    assert row["statecode" + FORMATTED] == "Open"
    assert row["parentaccountid"]["industrycode" + FORMATTED] == "Accounting"


def test_a_row_with_annotations_is_never_unchanged(call: Caller) -> None:
    lead = call.created("leads", {})
    etag = call.get(f"leads({lead})").json["@odata.etag"]
    assert call.get(f"leads({lead})", {"If-None-Match": etag}).status == 304
    assert call.get(f"leads({lead})", {**ALL, "If-None-Match": etag}).status == 200


def test_a_choice_of_ones_own_is_shown_by_its_label(call: Caller) -> None:
    choice = text_column("new_Color") | {
        "@odata.type": "Microsoft.Dynamics.CRM.PicklistAttributeMetadata",
        "OptionSet": {"IsGlobal": False, "Options": [{"Value": 1, "Label": label("Red")}]},
    }
    call.post("EntityDefinitions(LogicalName='lead')/Attributes", choice)
    lead = call.created("leads", {"new_color": 1})
    assert call.get(f"leads({lead})", ALL).json["new_color" + FORMATTED] == "Red"
