"""Tables, columns, relationships and options of one's own, made and read through the metadata API."""

from typing import Any

import pytest

from tests.unit.emulator.web_api.calling import PARENTAL, SOME_ID, Caller, label, relationship, table, text_column

CRM = "Microsoft.Dynamics.CRM."
STATUS = f"EntityDefinitions(LogicalName='lead')/Attributes(LogicalName='statuscode')/{CRM}StatusAttributeMetadata"


def column(kind: str, schema_name: str, **members: Any) -> dict[str, Any]:
    return {
        "@odata.type": f"{CRM}{kind}AttributeMetadata",
        "SchemaName": schema_name,
        "DisplayName": label("x"),
        **members,
    }


def choice(*values: int) -> dict[str, Any]:
    return {
        "IsGlobal": False,
        "OptionSetType": "Picklist",
        "Options": [{"Value": v, "Label": label(str(v))} for v in values],
    }


ATTRIBUTES = "EntityDefinitions(LogicalName='lead')/Attributes"


def test_a_new_table_has_its_own_columns_and_the_systems(call: Caller) -> None:
    answer = call.post("EntityDefinitions", table("new_ScoringModel", text_column("new_Zone", length=7)))
    assert (answer.status, answer.body) == (204, b"")
    assert "/EntityDefinitions(" in answer.headers["OData-EntityId"]
    select = "$select=EntitySetName,PrimaryIdAttribute,PrimaryNameAttribute"
    shown = call.get(f"EntityDefinitions?{select}&$filter=LogicalName eq 'new_scoringmodel'")
    found = shown.json["value"][0]
    assert (found["EntitySetName"], found["PrimaryIdAttribute"]) == ("new_scoringmodels", "new_scoringmodelid")
    assert (found["PrimaryNameAttribute"], found["MetadataId"]) == ("new_name", answer.created_id)
    row_id = call.created("new_scoringmodels", {"new_name": "Fit", "new_zone": "Paris"})
    row = call.get(f"new_scoringmodels({row_id})").json
    assert (row["statecode"], row["statuscode"], row["_ownerid_value"]) == (0, 1, str(call.emulator.user_id))
    assert call.post("new_scoringmodels", {"new_zone": "Too long"}).code == "0x80044331"


def test_a_table_of_the_organisation_has_no_owner(call: Caller) -> None:
    call.post("EntityDefinitions", table("new_Grade", ownership="OrganizationOwned"))
    row = call.get(f"new_grades({call.created('new_grades', {'new_name': 'Hot'})})").json
    assert "_ownerid_value" not in row
    assert row["_createdby_value"]


@pytest.mark.parametrize(
    ("schema_name", "entity_set"),
    [("new_Status", "new_statuses"), ("new_Entry", "new_entries"), ("new_Day", "new_days"), ("new_Box", "new_boxes")],
)
def test_the_entity_set_name_is_the_plural(call: Caller, schema_name: str, entity_set: str) -> None:
    call.post("EntityDefinitions", table(schema_name))
    path = f"EntityDefinitions(LogicalName='{schema_name.lower()}')?$select=EntitySetName"
    assert call.get(path).json["EntitySetName"] == entity_set


@pytest.mark.parametrize(
    ("posted", "value", "shown", "refused"),
    [
        (column("Memo", "new_Text", MaxLength=1_000_000), "x" * 5000, "x" * 5000, 5),
        (column("Integer", "new_Whole", MinValue=-1, MaxValue=9), 9, 9, 10),
        (column("Decimal", "new_Exact", Precision=3), 1.2345, 1.235, "1"),
        (column("Double", "new_Float", Precision=5), 0.5, 0.5, 1e12),
        (column("Boolean", "new_Flag", OptionSet={"TrueOption": {"Value": 1, "Label": label("Yes")}}), True, True, 1),
        (column("DateTime", "new_When"), "2026-08-01T10:00:00Z", "2026-08-01T10:00:00Z", "2026-08-01"),
        (column("DateTime", "new_Day", DateTimeBehavior={"Value": "DateOnly"}), "2026-08-01", "2026-08-01", "x"),
        (column("Picklist", "new_Choice", OptionSet=choice(100000000, 100000001)), 100000001, 100000001, 1),
    ],
)
def test_a_new_column_takes_and_refuses_what_its_type_does(
    call: Caller, posted: dict[str, Any], value: Any, shown: Any, refused: Any
) -> None:
    old = call.created("leads", {})
    name = posted["SchemaName"].lower()
    assert call.post(ATTRIBUTES, posted).status == 204
    assert call.get(f"leads({old})").json[name] is None
    assert call.get(f"leads({call.created('leads', {name: value})})").json[name] == shown
    assert call.post("leads", {name: refused}).status == 400


def test_a_new_two_option_column_is_null_in_old_rows_and_its_default_in_new_ones(call: Caller) -> None:
    old = call.created("leads", {})
    call.post(ATTRIBUTES, column("Boolean", "new_Ready", DefaultValue=False))
    assert call.get(f"leads({old})").json["new_ready"] is None
    assert call.get(f"leads({call.created('leads', {})})").json["new_ready"] is False


@pytest.mark.parametrize(
    ("posted", "status", "code"),
    [
        (column("String", "jobtitle2"), 400, "0x80044366"),
        (column("String", "other_Title"), 400, "0x80044366"),
        (column("String", "new_Title", MaxLength=4001), 400, "0x8004431A"),
        (column("Decimal", "new_Exact", Precision=11), 400, "0x8004431A"),
        (column("String", "new_Title", DisplayName=label("Titre", 1036)), 400, "0x80040203"),
        (column("Lookup", "new_AccountId"), 400, "0x80040203"),
        (column("File", "new_File"), 501, "0x80060888"),
        (column("Image", "new_Picture"), 501, "0x80060888"),
        (column("Picklist", "new_Choice", OptionSet={"IsGlobal": True}), 501, "0x80060888"),
        ({"SchemaName": "new_Title"}, 501, "0x80060888"),
    ],
)
def test_a_column_that_is_wrong_or_not_done_is_refused(
    call: Caller, posted: dict[str, Any], status: int, code: str
) -> None:
    answer = call.post(ATTRIBUTES, posted)
    assert (answer.status, answer.code) == (status, code)


def test_names_are_taken_once(call: Caller) -> None:
    call.post("EntityDefinitions", table("new_Thing"))
    assert call.post("EntityDefinitions", table("new_THING")).code == "0x80044363"
    assert call.post(ATTRIBUTES, text_column("new_Title")).status == 204
    assert call.post(ATTRIBUTES, text_column("new_title")).code == "0x80047013"
    link = relationship("new_thing_lead", "lead", "new_thing", "new_LeadId", Merge="Cascade")
    assert call.post("RelationshipDefinitions", link).status == 204
    assert call.post("RelationshipDefinitions", link).code == "0x80044363"
    assert call.post("RelationshipDefinitions", {**link, "SchemaName": "new_other"}).code == "0x80047013"


def test_names_begin_with_the_prefix_of_a_publisher(call: Caller) -> None:
    assert call.post("EntityDefinitions", table("lgate_Thing")).code == "0x80044366"
    publisher = {"uniquename": "leadgate", "customizationprefix": "lgate", "customizationoptionvalueprefix": 48210}
    assert call.post("publishers", publisher).status == 204
    assert call.post("EntityDefinitions", table("lgate_Thing")).status == 204
    for body in ({**publisher, "uniquename": "other"}, {**publisher, "customizationprefix": "x"}):
        assert call.post("publishers", body).status == 400


def test_a_solution_that_is_named_has_to_exist(call: Caller) -> None:
    header = {"MSCRM.SolutionUniqueName": "leadgate"}
    answer = call.post("EntityDefinitions", table("new_Thing"), header)
    assert (answer.status, "'leadgate' does not exist" in answer.message) == (400, True)
    publisher = call.get("publishers?$select=uniquename").json["value"][0]["publisherid"]
    body = {"uniquename": "leadgate", "friendlyname": "Leadgate", "version": "1.0.0.0"}
    assert call.post("solutions", {**body, "publisherid@odata.bind": f"/publishers({publisher})"}).status == 204
    assert call.post("EntityDefinitions", table("new_Thing"), header).status == 204
    assert call.post("solutions", {**body, "publisherid@odata.bind": f"/publishers({publisher})"}).status == 400


@pytest.mark.parametrize("referenced", ["lead", "contact", "account"])
def test_a_relationship_to_a_table_that_can_be_merged_follows_the_merge(call: Caller, referenced: str) -> None:
    call.post("EntityDefinitions", table("new_Thing"))
    refused = call.post(
        "RelationshipDefinitions", relationship("new_r", referenced, "new_thing", "new_L", Merge="NoCascade")
    )
    assert (refused.status, "Merge: Cascade" in refused.message) == (400, True)
    assert (
        call.post(
            "RelationshipDefinitions", relationship("new_r", referenced, "new_thing", "new_L", Merge="Cascade")
        ).status
        == 204
    )


@pytest.mark.parametrize("second", [{"Delete": "Cascade"}, {"Reparent": "Cascade"}, {"Assign": "Active"}])
def test_a_table_has_one_parental_relationship(call: Caller, second: dict[str, str]) -> None:
    call.post("EntityDefinitions", table("new_Parent"))
    call.post("EntityDefinitions", table("new_Child"))
    call.post("RelationshipDefinitions", relationship("new_lead_child", "lead", "new_child", "new_LeadId", **PARENTAL))
    answer = call.post(
        "RelationshipDefinitions", relationship("new_parent_child", "new_parent", "new_child", "new_P", **second)
    )
    assert (answer.status, answer.code) == (400, "0x80047007")
    assert "new_child is parented to Entity with name lead" in answer.message
    third = relationship("new_parent_child", "new_parent", "new_child", "new_P", Delete="RemoveLink")
    assert call.post("RelationshipDefinitions", third).status == 204


def test_a_relationship_is_read_by_its_name_and_from_both_ends(call: Caller) -> None:
    call.post("EntityDefinitions", table("new_Thing"))
    call.post(
        "RelationshipDefinitions", relationship("new_lead_thing", "lead", "new_thing", "new_LeadId", Merge="Cascade")
    )
    by_name = call.get("RelationshipDefinitions(SchemaName='new_lead_thing')").json
    assert by_name["ReferencingEntityNavigationPropertyName"] == "new_LeadId"
    assert (by_name["ReferencingAttribute"], by_name["CascadeConfiguration"]["Delete"]) == ("new_leadid", "RemoveLink")
    for path in (
        "EntityDefinitions(LogicalName='new_thing')/ManyToOneRelationships",
        "EntityDefinitions(LogicalName='lead')/OneToManyRelationships",
    ):
        names = [found["SchemaName"] for found in call.get(f"{path}?$select=SchemaName").json["value"]]
        assert "new_lead_thing" in names
    lookup = call.get(
        f"EntityDefinitions(LogicalName='new_thing')/Attributes(LogicalName='new_leadid')/{CRM}LookupAttributeMetadata?$select=Targets"
    )
    assert lookup.json["Targets"] == ["lead"]


def test_definitions_are_read_selected_and_filtered(call: Caller) -> None:
    path = "EntityDefinitions(LogicalName='lead')"
    attributes = f"{path}/Attributes?$select=LogicalName,AttributeTypeName&$filter=LogicalName eq 'jobtitle'"
    assert call.get(attributes).json["value"][0]["AttributeTypeName"] == {"Value": "StringType"}
    one = call.get(f"{path}/Attributes(LogicalName='jobtitle')").json
    assert (one["SchemaName"], one["MaxLength"], one["IsSecured"]) == ("JobTitle", 100, False)
    nested = call.get(f"{path}?$select=LogicalName&$expand=Attributes($select=LogicalName)").json
    assert {"leadid", "statecode", "ownerid"} <= {attribute["LogicalName"] for attribute in nested["Attributes"]}
    choices = call.get(f"{path}/Attributes/{CRM}PicklistAttributeMetadata?$select=LogicalName&$expand=OptionSet").json
    assert {"leadsourcecode", "leadqualitycode"} <= {found["LogicalName"] for found in choices["value"]}
    by_id = call.get(f"EntityDefinitions({nested['MetadataId']})?$select=LogicalName").json
    assert by_id["LogicalName"] == "lead"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("EntityDefinitions(LogicalName='nothing')", 404),
        (f"EntityDefinitions({SOME_ID})", 404),
        (f"{ATTRIBUTES}(LogicalName='nothing')", 404),
        (f"{ATTRIBUTES}(LogicalName='jobtitle')/{CRM}PicklistAttributeMetadata", 404),
        (f"{ATTRIBUTES}(LogicalName='jobtitle')?$select=OptionSet", 400),
        (f"{ATTRIBUTES}(LogicalName='jobtitle')?$select=MaxLength", 400),
        (f"{ATTRIBUTES}(LogicalName='jobtitle')?$expand=OptionSet", 400),
        ("EntityDefinitions?$select=Nothing", 400),
        ("EntityDefinitions?$filter=Nothing eq 1", 400),
        ("EntityDefinitions?$filter=contains(LogicalName,'lead')", 501),
        ("EntityDefinitions(LogicalName='lead')/Keys(LogicalName='nothing')", 404),
        ("EntityDefinitions(LogicalName='lead')/Privileges", 501),
        ("GlobalOptionSetDefinitions", 501),
        ("RelationshipDefinitions(SchemaName='nothing')", 404),
    ],
)
def test_a_definition_that_is_not_there_is_told_apart_from_what_is_not_done(
    call: Caller, path: str, status: int
) -> None:
    assert call.get(path).status == status


def test_the_statuses_of_a_lead_are_read_with_their_states(call: Caller) -> None:
    options = call.get(f"{STATUS}?$select=LogicalName&$expand=OptionSet").json["OptionSet"]["Options"]
    pairs = [(option["Value"], option["State"], option["Label"]["UserLocalizedLabel"]["Label"]) for option in options]
    assert pairs[:4] == [(1, 0, "New"), (2, 0, "Contacted"), (3, 1, "Qualified"), (4, 2, "Lost")]


def test_a_status_value_is_inserted_once_and_can_be_used(call: Caller) -> None:
    body = {
        "EntityLogicalName": "lead",
        "AttributeLogicalName": "statuscode",
        "StateCode": 0,
        "Value": 100000001,
        "Label": label("Marketing Qualified"),
    }
    answer = call.post("InsertStatusValue", body)
    assert (answer.status, answer.json["NewOptionValue"]) == (200, 100000001)
    assert call.post("InsertStatusValue", body).code == "0x80044310"
    assert call.patch(f"leads({call.created('leads', {})})", {"statuscode": 100000001}).status == 204
    options = call.get(f"{STATUS}?$expand=OptionSet").json["OptionSet"]["Options"]
    assert (options[-1]["Value"], options[-1]["State"]) == (100000001, 0)
    assert call.post("InsertStatusValue", {**body, "Value": 100000002, "StateCode": 9}).status == 400
    automatic = call.post("InsertStatusValue", {name: value for name, value in body.items() if name != "Value"})
    assert automatic.json["NewOptionValue"] == 100000000


def test_an_option_value_is_inserted_and_renamed(call: Caller) -> None:
    target = {"EntityLogicalName": "lead", "AttributeLogicalName": "leadqualitycode"}
    call.post("InsertOptionValue", {**target, "Value": 100000000, "Label": label("Icy")})
    call.post("UpdateOptionValue", {**target, "Value": 100000000, "Label": label("Glacé", 1036), "MergeLabels": True})
    path = (
        f"{ATTRIBUTES}(LogicalName='leadqualitycode')/{CRM}PicklistAttributeMetadata?$expand=OptionSet,GlobalOptionSet"
    )
    answer = call.get(path).json
    shown = answer["OptionSet"]["Options"][-1]["Label"]
    assert {text["LanguageCode"]: text["Label"] for text in shown["LocalizedLabels"]} == {1033: "Icy", 1036: "Glacé"}
    assert shown["UserLocalizedLabel"]["Label"] == "Icy"
    assert answer["GlobalOptionSet"] is None
    assert (
        call.get(f"leads({call.created('leads', {'leadqualitycode': 100000000})})").json["leadqualitycode"] == 100000000
    )
    assert call.post("UpdateOptionValue", {**target, "Value": 77, "Label": label("x")}).status == 400
    assert (
        call.post("InsertOptionValue", {"OptionSetName": "new_global", "Value": 1, "Label": label("x")}).status == 501
    )


def test_publishing_wants_xml_of_tables_that_exist_or_an_empty_object(call: Caller) -> None:
    def xml(name: str) -> dict[str, str]:
        return {"ParameterXml": f"<importexportxml><entities><entity>{name}</entity></entities></importexportxml>"}

    assert call.post("PublishXml", xml("lead")).status == 204
    assert call.post("PublishXml", xml("nothing")).status == 404
    assert call.post("PublishXml", {"ParameterXml": "<a>"}).status == 400
    assert call.post("PublishAllXml", {}).status == 204
    assert call("POST", "PublishAllXml").status == 411


def test_labels_are_wanted_and_shown_in_the_organisations_base_language(call: Caller) -> None:
    call.patch(f"organizations({call.emulator.organization_id})", {"languagecode": 1036})
    assert call.get("RetrieveProvisionedLanguages").json["RetrieveProvisionedLanguages"] == [1036]
    assert call.post(ATTRIBUTES, text_column("new_Title")).status == 400
    both = {"LocalizedLabels": [*label("Title")["LocalizedLabels"], *label("Titre", 1036)["LocalizedLabels"]]}
    assert call.post(ATTRIBUTES, text_column("new_Title") | {"DisplayName": both}).status == 204
    shown = call.get(f"{ATTRIBUTES}(LogicalName='new_title')").json["DisplayName"]
    assert shown["UserLocalizedLabel"]["Label"] == "Titre"
