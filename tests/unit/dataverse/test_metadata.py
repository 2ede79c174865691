"""Definitions are read whole, or not at all."""

import json

import pytest
import responses

from dataverse import DataverseClient, InvalidRequestError, NotFoundError, UnavailableError
from dataverse.definitions import enable_change_tracking
from dataverse.metadata import (
    ChangeTracking,
    ChoiceOption,
    ColumnMetadata,
    StatusOption,
    change_tracking,
    choice_options,
    status_options,
    table,
    whole_definition,
)
from tests.unit.dataverse.conftest import ROOT

LEAD = f"{ROOT}EntityDefinitions(LogicalName='lead')"
STATUS = f"{LEAD}/Attributes(LogicalName='statuscode')/Microsoft.Dynamics.CRM.StatusAttributeMetadata"
QUALITY = f"{LEAD}/Attributes(LogicalName='leadqualitycode')/Microsoft.Dynamics.CRM.PicklistAttributeMetadata"
HEAD = {
    "LogicalName": "lead",
    "EntitySetName": "leads",
    "PrimaryIdAttribute": "leadid",
    "PrimaryNameAttribute": "fullname",
}


def column(name: str, kind: str | None, *, secured: bool = False) -> dict[str, object]:
    return {
        "LogicalName": name,
        "AttributeTypeName": {"Value": kind} if kind else None,
        "IsSecured": secured,
        "IsValidForRead": True,
    }


def lookup(name: str, target: str, navigation: str) -> dict[str, str]:
    return {
        "ReferencingAttribute": name,
        "ReferencedEntity": target,
        "ReferencingEntityNavigationPropertyName": navigation,
    }


def labelled(text: str, french: str | None = None) -> dict[str, object]:
    labels = [{"Label": text, "LanguageCode": 1033}] + ([{"Label": french, "LanguageCode": 1036}] if french else [])
    return {"LocalizedLabels": labels, "UserLocalizedLabel": labels[0]}


def test_a_table_is_read_with_its_columns_and_lookups(service: responses.RequestsMock, client: DataverseClient) -> None:
    service.get(LEAD, json=HEAD)
    columns = [column("jobtitle", "StringType", secured=True), column("statuscode", "StatusType"), column("x", None)]
    service.get(f"{LEAD}/Attributes", json={"value": columns})
    service.get(
        f"{LEAD}/ManyToOneRelationships",
        json={
            "value": [
                lookup("customerid", "account", "customerid_account"),
                lookup("customerid", "contact", "customerid_contact"),
                lookup("lgate_primaryscoreid", "lgate_leadscore", "lgate_PrimaryScoreId"),
            ]
        },
    )
    lead = table(client, "lead")
    assert lead is not None
    assert (lead.logical_name, lead.entity_set_name, lead.primary_id, lead.primary_name) == (
        "lead",
        "leads",
        "leadid",
        "fullname",
    )
    assert lead.columns["jobtitle"] == ColumnMetadata("jobtitle", "String", is_secured=True, is_valid_for_read=True)
    assert [one.type for one in lead.columns.values()] == ["String", "Status", "Virtual"]
    assert lead.lookups == {"customerid": ("account", "contact"), "lgate_primaryscoreid": ("lgate_leadscore",)}
    assert lead.navigations["lgate_primaryscoreid", "lgate_leadscore"] == "lgate_PrimaryScoreId"
    assert all(call.request.headers["Consistency"] == "Strong" for call in service.calls)


def test_columns_are_read_to_the_last_page(service: responses.RequestsMock, client: DataverseClient) -> None:
    service.get(LEAD, json=HEAD)
    link = f"{LEAD}/Attributes?$skiptoken=2"
    service.get(f"{LEAD}/Attributes", json={"value": [column("a", "StringType")], "@odata.nextLink": link})
    service.get(f"{LEAD}/Attributes", json={"value": [column("b", "StringType")]})
    service.get(f"{LEAD}/ManyToOneRelationships", json={"value": []})
    lead = table(client, "lead")
    assert lead is not None
    assert list(lead.columns) == ["a", "b"]


@pytest.mark.parametrize("code", ["0x80040217", "0x80060888", ""])
def test_a_table_that_does_not_exist_is_none(
    service: responses.RequestsMock, client: DataverseClient, code: str
) -> None:
    service.get(LEAD, status=404, json={"error": {"code": code, "message": "Could not find an entity"}})
    assert table(client, "lead") is None


def test_a_page_of_a_gateway_is_not_a_missing_table(service: responses.RequestsMock, client: DataverseClient) -> None:
    for _ in range(4):
        service.get(LEAD, status=404, body="<html>")
    with pytest.raises(UnavailableError):
        table(client, "lead")


def test_statuses_carry_their_state_and_all_languages(service: responses.RequestsMock, client: DataverseClient) -> None:
    options = [
        {"Value": 1, "State": 0, "Label": labelled("New", "Nouveau")},
        {"Value": 823270000, "State": 0, "Label": labelled("Marketing Qualified")},
    ]
    service.get(STATUS, json={"LogicalName": "statuscode", "OptionSet": {"Options": options}})
    assert status_options(client, "lead") == (
        StatusOption(1, 0, {1033: "New", 1036: "Nouveau"}),
        StatusOption(823270000, 0, {1033: "Marketing Qualified"}),
    )
    assert service.calls[0].request.url == f"{STATUS}?$select=LogicalName&$expand=OptionSet"


def test_choices_carry_all_languages(service: responses.RequestsMock, client: DataverseClient) -> None:
    service.get(QUALITY, json={"OptionSet": {"Options": [{"Value": 1, "Label": labelled("Hot", "Chaud")}]}})
    assert choice_options(client, "lead", "leadqualitycode", "Picklist") == (
        ChoiceOption(1, {1033: "Hot", 1036: "Chaud"}),
    )
    assert service.calls[0].request.url == f"{QUALITY}?$select=LogicalName&$expand=OptionSet,GlobalOptionSet"


def test_the_options_of_a_global_choice_are_read_from_it(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    shared = {"Options": [{"Value": 1, "Label": labelled("Hot")}]}
    service.get(QUALITY, json={"OptionSet": None, "GlobalOptionSet": shared})
    assert choice_options(client, "lead", "leadqualitycode", "Picklist") == (ChoiceOption(1, {1033: "Hot"}),)


def test_yes_and_no_are_one_and_zero(service: responses.RequestsMock, client: DataverseClient) -> None:
    both = {
        "TrueOption": {"Value": 1, "Label": labelled("Allow", "Autoriser")},
        "FalseOption": {"Value": 0, "Label": labelled("Do Not Allow")},
    }
    path = f"{LEAD}/Attributes(LogicalName='donotemail')/Microsoft.Dynamics.CRM.BooleanAttributeMetadata"
    service.get(path, json={"OptionSet": both})
    assert choice_options(client, "lead", "donotemail", "Boolean") == (
        ChoiceOption(1, {1033: "Allow", 1036: "Autoriser"}),
        ChoiceOption(0, {1033: "Do Not Allow"}),
    )
    service.replace(responses.GET, path, json={"OptionSet": {"TrueOption": both["TrueOption"]}})
    with pytest.raises(UnavailableError, match="definition has no FalseOption"):
        choice_options(client, "lead", "donotemail", "Boolean")


def test_options_that_are_nowhere_are_a_fault(service: responses.RequestsMock, client: DataverseClient) -> None:
    service.get(QUALITY, json={"OptionSet": None, "GlobalOptionSet": None})
    with pytest.raises(UnavailableError, match="definition has no Options"):
        choice_options(client, "lead", "leadqualitycode", "Picklist")


def test_a_choice_that_does_not_exist_is_not_found(service: responses.RequestsMock, client: DataverseClient) -> None:
    service.get(QUALITY, status=404, json={"error": {"code": "0x80060888", "message": "x"}})
    with pytest.raises(NotFoundError, match="no such column"):
        choice_options(client, "lead", "leadqualitycode", "Picklist")


@pytest.mark.parametrize(
    "body",
    [
        {"OptionSet": {}},
        {"OptionSet": {"Options": [{"State": 0, "Label": labelled("x")}]}},
        {"OptionSet": {"Options": [{"Value": 1, "State": 0, "Label": None}]}},
        {"OptionSet": {"Options": ["x"]}},
    ],
)
def test_a_definition_of_another_shape_is_a_fault_not_an_empty_list(
    service: responses.RequestsMock, client: DataverseClient, body: dict[str, object]
) -> None:
    service.get(STATUS, json=body)
    with pytest.raises(UnavailableError, match="definition has no"):
        status_options(client, "lead")


def test_a_name_cannot_leave_its_quotes(client: DataverseClient) -> None:
    for call in (lambda: table(client, "x')/y"), lambda: choice_options(client, "lead", "a'b", "Picklist")):
        with pytest.raises(ValueError, match="name"):
            call()


@pytest.mark.parametrize(("enabled", "possible"), [(True, False), (False, True), (False, False)])
def test_change_tracking_is_read_as_it_stands(
    service: responses.RequestsMock, client: DataverseClient, enabled: bool, possible: bool
) -> None:
    service.get(LEAD, json={"ChangeTrackingEnabled": enabled, "CanChangeTrackingBeEnabled": {"Value": possible}})
    assert change_tracking(client, "lead") == ChangeTracking(enabled, possible)
    assert service.calls[0].request.headers["Consistency"] == "Strong"


def test_change_tracking_of_an_unknown_table_is_none_and_what_is_not_said_is_a_fault(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    service.get(LEAD, status=404, json={"error": {"code": "0x80060888", "message": "no such table"}})
    assert change_tracking(client, "lead") is None
    for answer in ({"ChangeTrackingEnabled": True}, {"CanChangeTrackingBeEnabled": {"Value": True}}):
        service.get(LEAD, json=answer)
        with pytest.raises(UnavailableError, match="has no"):
            change_tracking(client, "lead")


def test_change_tracking_is_switched_on_by_putting_the_whole_definition_back(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    definition = {"@odata.context": "x", "@odata.type": "#t", "LogicalName": "lead", "ChangeTrackingEnabled": False}
    service.get(LEAD, json=definition | {"DisplayName": {"LocalizedLabels": []}})
    service.put(LEAD, status=204)
    whole = whole_definition(client, "lead")
    assert whole is not None
    client.send(enable_change_tracking(whole, solution="leadgate"))
    sent = service.calls[-1].request
    assert json.loads(sent.body or b"") == {
        "@odata.type": "#t",
        "LogicalName": "lead",
        "ChangeTrackingEnabled": True,
        "DisplayName": {"LocalizedLabels": []},
    }
    assert (sent.headers["MSCRM.MergeLabels"], sent.headers["MSCRM.SolutionUniqueName"]) == ("true", "leadgate")


def test_a_definition_without_a_name_is_not_put_back() -> None:
    with pytest.raises(InvalidRequestError, match="LogicalName"):
        enable_change_tracking({"ChangeTrackingEnabled": False})
