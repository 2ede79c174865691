"""FetchXML: attributes, filters, N:1 links, order, paging by cookie, aggregates, and what is refused of it."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import quote, unquote
from xml.etree import ElementTree as ET

import pytest

from emulator.web_api import Emulator, Request
from tests.unit.emulator.web_api.calling import ROOT, Answer, Caller, read

COOKIE = "@Microsoft.Dynamics.CRM.fetchxmlpagingcookie"
MORE = "@Microsoft.Dynamics.CRM.morerecords"
EITHER = (
    '<filter type="or"><condition attribute="lastname" operator="eq" value="Ada"/>'
    '<condition attribute="leadqualitycode" operator="eq" value="2"/></filter>'
)
PAGING = {"Prefer": f'odata.include-annotations="{COOKIE[1:]},{MORE[1:]}"'}


def fetch(call: Caller, xml: str, entity_set: str = "leads") -> Answer:
    """The xml percent-encoded with + for spaces, as Microsoft's client sends it."""
    target = f"{ROOT}{entity_set}?fetchXml={quote(xml, safe='').replace('%20', '+')}"
    return read(call.emulator.handle(Request("GET", target, PAGING)))


def entity(inside: str, attributes: str = "") -> str:
    return f'<fetch {attributes}><entity name="lead">{inside}</entity></fetch>'


@pytest.fixture(scope="module")
def call() -> Iterator[Caller]:
    """Five leads, three of them of an account."""
    with closing(Emulator()) as emulator:
        caller = Caller(emulator)
        account = caller.created("accounts", {"name": "Contoso", "numberofemployees": 300})
        bound = {"parentaccountid@odata.bind": f"/accounts({account})"}
        caller.created("leads", {"lastname": "Ada", "numberofemployees": 5, "leadqualitycode": 1, **bound})
        caller.created("leads", {"lastname": "Bob", "numberofemployees": 7, "leadqualitycode": 1, **bound})
        caller.created("leads", {"lastname": "Cid", "numberofemployees": 9, "leadqualitycode": 2, **bound})
        caller.created("leads", {"lastname": "Dan", "revenue": 10.5})
        caller.created("leads", {"lastname": "O'Neil"})
        yield caller


def names(answer: Answer) -> list[Any]:
    assert answer.status == 200, answer.json
    return [row["lastname"] for row in answer.json["value"]]


def where(condition: str) -> str:
    return entity(f'<attribute name="lastname"/><filter>{condition}</filter><order attribute="lastname"/>')


def test_attributes_are_named_as_in_other_answers(call: Caller) -> None:
    xml = entity('<attribute name="lastname"/><attribute name="parentaccountid"/><order attribute="lastname"/>')
    row = fetch(call, xml).json["value"][0]
    assert row.keys() == {"@odata.etag", "leadid", "lastname", "_parentaccountid_value"}


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ('<condition attribute="lastname" operator="eq" value="ada"/>', ["Ada"]),
        ('<condition attribute="lastname" operator="eq" value="O\'Neil"/>', ["O'Neil"]),
        ('<condition attribute="numberofemployees" operator="ne" value="5"/>', ["Bob", "Cid", "Dan", "O'Neil"]),
        ('<condition attribute="numberofemployees" operator="ge" value="7"/>', ["Bob", "Cid"]),
        ('<condition attribute="numberofemployees" operator="null"/>', ["Dan", "O'Neil"]),
        (
            '<condition attribute="numberofemployees" operator="between"><value>5</value><value>7</value></condition>',
            ["Ada", "Bob"],
        ),
        (
            '<condition attribute="lastname" operator="in"><value>ada</value><value>DAN</value></condition>',
            ["Ada", "Dan"],
        ),
        (
            '<condition attribute="lastname" operator="not-in"><value>ada</value><value>DAN</value></condition>',
            ["Bob", "Cid", "O'Neil"],
        ),
        ('<condition attribute="lastname" operator="like" value="%d%"/>', ["Ada", "Cid", "Dan"]),
        ('<condition attribute="lastname" operator="begins-with" value="b"/>', ["Bob"]),
        ('<condition attribute="lastname" operator="not-end-with" value="n"/>', ["Ada", "Bob", "Cid", "O'Neil"]),
        ('<condition attribute="createdon" operator="today"/>', ["Ada", "Bob", "Cid", "Dan", "O'Neil"]),
        ('<condition attribute="createdon" operator="olderthan-x-days" value="1"/>', []),
        ('<condition attribute="createdon" operator="gt" value="2020-01-01"/>', ["Ada", "Bob", "Cid", "Dan", "O'Neil"]),
        (
            '<condition attribute="numberofemployees" operator="not-null"/>' + EITHER,
            ["Ada", "Cid"],
        ),
    ],
)
def test_conditions_hold_as_the_platform_says(call: Caller, condition: str, found: list[str]) -> None:
    assert names(fetch(call, where(condition))) == found


def link(kind: str, inside: str) -> str:
    joined = f'<link-entity name="account" from="accountid" to="parentaccountid" alias="a" link-type="{kind}">'
    return entity(f'<attribute name="lastname"/><order attribute="lastname"/>{joined}{inside}</link-entity>')


def test_an_inner_link_keeps_rows_that_have_one_and_an_outer_link_all(call: Caller) -> None:
    inner = fetch(call, link("inner", '<attribute name="name"/>'))
    assert [(row["lastname"], row["a.name"]) for row in inner.json["value"]] == [
        ("Ada", "Contoso"),
        ("Bob", "Contoso"),
        ("Cid", "Contoso"),
    ]
    outer = fetch(call, link("outer", '<attribute name="name" alias="account_name"/>'))
    assert [row["account_name"] for row in outer.json["value"]] == ["Contoso"] * 3 + [None] * 2


def test_a_link_filters_and_a_condition_may_name_it(call: Caller) -> None:
    large = '<filter><condition attribute="numberofemployees" operator="gt" value="400"/></filter>'
    assert names(fetch(call, link("inner", large))) == []
    joined = '<link-entity name="account" from="accountid" to="parentaccountid" alias="a" link-type="outer"/>'
    none = '<filter><condition entityname="a" attribute="accountid" operator="null"/></filter>'
    xml = entity(f'<attribute name="lastname"/><order attribute="lastname"/>{joined}{none}')
    assert names(fetch(call, xml)) == ["Dan", "O'Neil"]


def all_pages(call: Caller, xml: str) -> list[list[Any]]:
    """Pages as Microsoft's client reads them: the cookie decoded twice and put back."""
    found = []
    while True:
        answer = fetch(call, xml)
        found.append(names(answer))
        if not answer.json[MORE]:
            assert COOKIE not in answer.json
            return found
        cookie = ET.fromstring(answer.json[COOKIE])  # noqa: S314 - our own answer
        root = ET.fromstring(xml)  # noqa: S314 - our own query
        root.set("paging-cookie", unquote(unquote(cookie.get("pagingcookie", ""))))
        root.set("page", cookie.get("pagenumber", ""))
        xml = ET.tostring(root, encoding="unicode")


@pytest.mark.parametrize("order", ['<order attribute="numberofemployees" descending="true"/>', ""])
def test_pages_follow_their_cookie_and_show_each_row_once(call: Caller, order: str) -> None:
    found = all_pages(call, entity(f'<attribute name="lastname"/>{order}', 'count="2"'))
    assert [len(page) for page in found] == [2, 2, 1]
    assert sorted(name for page in found for name in page) == ["Ada", "Bob", "Cid", "Dan", "O'Neil"]
    if order:
        assert found[0] == ["Cid", "Bob"]


def test_pages_go_by_number_too_but_not_far(call: Caller) -> None:
    inside = '<attribute name="lastname"/><order attribute="lastname"/>'
    assert names(fetch(call, entity(inside, 'count="2" page="2"'))) == ["Cid", "Dan"]
    assert names(fetch(call, entity(inside, 'top="2"'))) == ["Ada", "Bob"]
    answer = fetch(call, entity(inside, 'count="5000" page="11"'))
    assert (answer.status, answer.code) == (400, "0x8004430A")


def test_an_order_may_name_an_alias(call: Caller) -> None:
    xml = entity('<attribute name="lastname" alias="n"/><order alias="n" descending="true"/>', 'count="2"')
    answer = fetch(call, xml)
    assert [row["n"] for row in answer.json["value"]] == ["O'Neil", "Dan"]
    assert COOKIE in answer.json


def test_annotations_come_only_when_asked(call: Caller) -> None:
    xml = entity("", 'count="2"')
    body = call.get(f"leads?fetchXml={quote(xml)}").json
    assert body.keys() == {"@odata.context", "value"}


def test_aggregates_count_group_and_order(call: Caller) -> None:
    counted = '<attribute name="leadid" aggregate="count" alias="n"/>'
    assert fetch(call, entity(counted, 'aggregate="true"')).json["value"] == [{"n": 5}]
    inside = (
        f'<attribute name="leadqualitycode" groupby="true" alias="quality"/>{counted}'
        '<attribute name="numberofemployees" aggregate="sum" alias="people"/>'
        '<attribute name="numberofemployees" aggregate="countcolumn" distinct="true" alias="sizes"/>'
        '<order alias="quality"/>'
    )
    assert fetch(call, entity(inside, 'aggregate="true"')).json["value"] == [
        {"quality": None, "n": 2, "people": None, "sizes": 0},
        {"quality": 1, "n": 2, "people": 12, "sizes": 2},
        {"quality": 2, "n": 1, "people": 9, "sizes": 1},
    ]


def test_an_aggregate_over_fifty_thousand_rows_is_refused() -> None:
    with closing(Emulator()) as emulator:
        emulator.load("campaign", ({"name": "x"} for _ in range(50_001)))
        counted = '<attribute name="campaignid" aggregate="count" alias="n"/>'
        xml = f'<fetch aggregate="true"><entity name="campaign">{counted}</entity></fetch>'
        answer = fetch(Caller(emulator), xml, "campaigns")
    assert (answer.status, answer.code) == (400, "0x8004E023")


@pytest.mark.parametrize(
    ("xml", "status"),
    [
        ("<fetch", 400),
        ("<fetch/>", 400),
        ('<fetch><entity name="account"/></fetch>', 400),
        (entity('<attribute name="nothing"/>'), 400),
        (entity('<filter><condition attribute="nothing" operator="eq" value="1"/></filter>'), 400),
        (entity('<filter><condition attribute="lastname" operator="eq"/></filter>'), 400),
        (entity('<filter><condition attribute="numberofemployees" operator="eq" value="x"/></filter>'), 400),
        (entity('<attribute name="lastname" alias="a&quot;b"/>'), 400),
        (entity("", 'count="0"'), 400),
        (entity("", 'page="2" paging-cookie="&lt;cookie/&gt;"'), 400),
        (entity("", 'top="5" page="2"'), 400),
        (entity('<attribute name="lastname"/>', 'aggregate="true"'), 400),
        (entity('<filter><condition attribute="lastname" operator="above" value="1"/></filter>'), 501),
        (entity('<link-entity name="contact" from="originatingleadid" to="leadid"/>'), 501),
        (entity('<link-entity name="account" from="accountid" to="parentaccountid" link-type="any"/>'), 501),
        (entity("", 'returntotalrecordcount="true"'), 501),
        (entity('<attribute name="createdon" dategrouping="day"/>'), 501),
    ],
)
def test_what_is_wrong_is_400_and_what_is_not_done_501(call: Caller, xml: str, status: int) -> None:
    assert fetch(call, xml).status == status


def test_other_options_do_not_go_with_fetchxml(call: Caller) -> None:
    assert call.get(f"leads?fetchXml={quote(entity(''))}&$top=1").status == 501
    annotated = {"Prefer": 'odata.include-annotations="*"'}
    for query in (f"fetchXml={quote(entity(''))}", "sql=SELECT lastname FROM lead", "$apply=groupby((lastname))"):
        assert call.get(f"leads?{query}", annotated).status == 501
