"""Columns of ones own of every type: what may be written, how it is read, what money brings."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.unit.emulator.web_api.calling import Caller, label, table, text_column

THINGS = "EntityDefinitions(LogicalName='new_thing')/Attributes"
FUNCTION = "Microsoft.Dynamics.CRM."


def column(kind: str, schema_name: str, **members: Any) -> dict[str, Any]:
    plain = text_column(schema_name) | {"@odata.type": f"{FUNCTION}{kind}AttributeMetadata", "MaxLength": None}
    return plain | members


def options(*values: int) -> dict[str, Any]:
    return {"IsGlobal": False, "Options": [{"Value": value, "Label": label(f"Option {value}")} for value in values]}


@pytest.fixture
def call(call: Caller) -> Caller:
    columns = (
        column("Money", "new_Price", MinValue=0.0),
        column("MultiSelectPicklist", "new_Colors", OptionSet=options(1, 2, 3, 12)),
        column("BigInt", "new_Big"),
        column("Double", "new_Ratio", Precision=3),
    )
    answer = call.post("EntityDefinitions", table("new_Thing", *columns))
    assert answer.status == 204, answer.json
    return call


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("new_price", 10.555, 10.56),
        ("new_colors", "3,1", "1,3"),
        ("new_colors", " 12 , 1,1", "1,12"),
        ("new_colors", "", None),
        ("new_big", 2**62, 2**62),
        ("new_ratio", 0.12345, 0.123),
    ],
)
def test_a_value_comes_back_as_its_type_keeps_it(call: Caller, name: str, value: object, read: object) -> None:
    thing = call.created("new_things", {name: value})
    assert call.get(f"new_things({thing})").json[name] == read


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("new_price", -1, "0x8004431A"),
        ("new_price", "10", "0x80048d19"),
        ("new_colors", "4", "0x8004431A"),
        ("new_colors", 1, "0x80048d19"),
        ("new_colors", [1], "0x80048d19"),
        ("new_colors", "1;2", "0x80048d19"),
        ("new_big", 2**63, "0x8004431A"),
        ("new_big", 1.5, "0x80048d19"),
        ("new_ratio", True, "0x80048d19"),
    ],
)
def test_a_value_of_another_type_is_refused(call: Caller, name: str, value: object, code: str) -> None:
    assert call.post("new_things", {name: value}).code == code


def test_money_brings_the_base_value_the_currency_and_the_rate(call: Caller) -> None:
    dollar = call.created(
        "transactioncurrencies", {"currencyname": "Dollar", "isocurrencycode": "USD", "exchangerate": 2.0}
    )
    bound = {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({dollar})"}
    row = call.get(f"new_things({call.created('new_things', {'new_price': 10, **bound})})").json
    assert (row["new_price_base"], row["exchangerate"], row["_transactioncurrencyid_value"]) == (5, 2, dollar)
    other = call.get(f"new_things({call.created('new_things', {'new_price': 10, 'new_price_base': 99})})").json
    assert (other["new_price_base"], other["exchangerate"]) == (10, 1)


def test_a_second_money_column_shares_the_currency(call: Caller) -> None:
    assert call.post(THINGS, column("Money", "new_Cost")).status == 204
    row = call.get(f"new_things({call.created('new_things', {'new_cost': 3})})").json
    assert (row["new_cost_base"], row["new_price_base"]) == (3, None)
    assert call.delete(f"{THINGS}(LogicalName='new_cost')").status == 204
    assert "new_cost_base" not in call.get("new_things").json["value"][0]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("ContainValues(PropertyName='new_colors',PropertyValues=[\"1\"])", {"1", "1,12"}),
        ('ContainValues(PropertyName=\'new_colors\',PropertyValues=["2","12"])', {"1,12", "2,3"}),
        ("DoesNotContainValues(PropertyName='new_colors',PropertyValues=[\"1\"])", {"2,3", None}),
    ],
)
def test_multiple_choices_are_found_by_what_they_contain(call: Caller, where: str, found: set[Any]) -> None:
    for value in ("1", "1,12", "2,3", None):
        call.created("new_things", {"new_colors": value})
    rows = call.get(f"new_things?$select=new_colors&$filter={FUNCTION}{where}").json["value"]
    assert {row["new_colors"] for row in rows} == found


def test_multiple_choices_have_their_labels_and_definition(call: Caller) -> None:
    thing = call.created("new_things", {"new_colors": "3,1"})
    row = call.get(f"new_things({thing})", {"Prefer": 'odata.include-annotations="*"'}).json
    assert row["new_colors@OData.Community.Display.V1.FormattedValue"] == "Option 1; Option 3"
    path = f"{THINGS}(LogicalName='new_colors')/{FUNCTION}MultiSelectPicklistAttributeMetadata?$expand=OptionSet"
    definition: Mapping[str, Any] = call.get(path).json
    assert definition["AttributeTypeName"] == {"Value": "MultiSelectPicklistType"}
    assert definition["AttributeType"] == "Virtual"
    assert [option["Value"] for option in definition["OptionSet"]["Options"]] == [1, 2, 3, 12]
    assert call.get("new_things?$filter=new_colors eq '1'").status == 501
