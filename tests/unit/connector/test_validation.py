"""A model is refused when the environment cannot answer it: what reads as empty there would score as zero."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest

from connector.validation import model_problems, validated
from dataverse import DataverseClient, NotFoundError, Request, Response
from scoring import parse_model

LEAD = {
    "jobtitle": "String",
    "description": "Memo",
    "numberofemployees": "Integer",
    "revenue": "Money",
    "revenue_base": "Money",
    "exchangerate": "Decimal",
    "leadsourcecode": "Picklist",
    "statuscode": "Status",
    "donotemail": "Boolean",
    "estimatedclosedate": "DateTime",
    "createdon": "DateTime",
    "ownerid": "Owner",
    "parentaccountid": "Lookup",
    "customerid": "Customer",
    "parentcontactid": "Lookup",
    "leadid": "Uniqueidentifier",
    "entityimage": "Virtual",
    "interests": "MultiSelectPicklist",
    "salary": "String!secured",
    "hidden": "String!unreadable",
}
TABLES: dict[str, tuple[Mapping[str, str], Mapping[str, tuple[str, ...]]]] = {
    "lead": (
        LEAD,
        {
            "parentaccountid": ("account",),
            "parentcontactid": ("contact",),
            "customerid": ("account", "contact"),
            "originatingcaseid": ("incident",),
        },
    ),
    "account": ({"numberofemployees": "Integer", "creditlimit": "Money", "rating": "Integer!secured"}, {}),
    "visit": (
        {
            "page": "String",
            "on": "DateTime",
            "leadid": "Lookup",
            "contactid": "Lookup",
            "secretly": "DateTime!secured",
            "secretlead": "Lookup!secured",
            "regarding": "Lookup",
        },
        {
            "leadid": ("lead",),
            "contactid": ("contact",),
            "secretlead": ("lead",),
            "regarding": ("account", "lead"),
        },
    ),
}


class Definitions:
    """Answers what metadata reads ask for, out of TABLES; keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def _table(self, request: Request) -> str:
        self.asked.append(request.path.partition("?")[0])
        return request.path.partition("'")[2].partition("'")[0]

    def send(self, request: Request) -> Response:
        name = self._table(request)
        if name not in TABLES:
            raise NotFoundError(about=request.about, status=404)
        head = {
            "LogicalName": name,
            "EntitySetName": f"{name}s",
            "PrimaryIdAttribute": f"{name}id",
            "PrimaryNameAttribute": "name",
        }
        return Response(200, {}, head, None)

    def rows(self, request: Request) -> Iterator[Mapping[str, object]]:
        columns, lookups = TABLES[self._table(request)]
        if "/Attributes" in request.path:
            for column, kind in columns.items():
                kind, _, flaw = kind.partition("!")  # noqa: PLW2901
                yield {
                    "LogicalName": column,
                    "AttributeTypeName": {"Value": f"{kind}Type"},
                    "IsSecured": flaw == "secured",
                    "IsValidForRead": flaw != "unreadable",
                    "DateTimeBehavior": {"Value": "DateOnly" if column == "estimatedclosedate" else "UserLocal"},
                }
        else:
            for column, targets in lookups.items():
                for target in targets:
                    yield {
                        "ReferencingAttribute": column,
                        "ReferencedEntity": target,
                        "ReferencingEntityNavigationPropertyName": column,
                    }


def problems(*conditions: dict[str, Any], interactions: dict[str, Any] | None = None, **members: Any) -> list[str]:
    groups: list[dict[str, Any]] = [
        {"name": f"Group {at}", "points": 1, "when": condition} for at, condition in enumerate(conditions)
    ]
    if interactions is not None:
        rows = {"table": "visit", "lead": "leadid", "at": "on", **interactions}
        groups.append({"name": "Visits", "points": 1, "interactions": rows})
    model = parse_model({"model": "Fit", "groups": groups, **members})
    return model_problems(cast("DataverseClient", Definitions()), model)


def leaf(column: str, op: str = "not-null", value: object = None) -> dict[str, Any]:
    return {"column": column, "op": op} | ({} if value is None else {"value": value})


GUID = "75c2dd85-e89e-4711-8122-000d3aa2331c"
FITTING = [
    leaf("jobtitle", "eq", "Directrice"),
    leaf("description", "like", "%budget%"),
    leaf("jobtitle", "gt", "m"),
    leaf("numberofemployees", "ge", 250),
    leaf("exchangerate", "between", [0.5, 1.5]),
    leaf("revenue_base", "gt", 1_000_000),
    leaf("revenue", "gt", 1_000_000),
    leaf("interests", "contain-values", [1, 2]),
    leaf("interests"),
    leaf("createdon", "last-x-hours", 5),
    leaf("estimatedclosedate", "on-or-after", "2026-08-01"),
    leaf("revenue"),
    leaf("revenue", "null"),
    leaf("leadsourcecode", "in", [1, 8]),
    leaf("statuscode", "ne", 2),
    leaf("donotemail", "eq", False),
    leaf("estimatedclosedate", "gt", "2026-08-01"),
    leaf("createdon", "between", ["2026-08-01T00:00:00Z", "2026-08-31T23:59:59+02:00"]),
    leaf("ownerid", "eq", GUID),
    leaf("ownerid", "in", [GUID.upper()]),
    leaf("leadid", "ne", GUID),
    leaf("parentaccountid"),
    leaf("parentaccountid.numberofemployees", "ge", 250),
]


@pytest.mark.parametrize("condition", FITTING)
def test_a_condition_that_fits_its_column_is_accepted(condition: dict[str, Any]) -> None:
    assert problems(condition) == []


WHEN = "groups[0].when"
UNFIT = [
    (leaf("jobtitel"), f"{WHEN}.column: lead.jobtitel does not exist"),
    (leaf("salary"), f"{WHEN}.column: lead.salary is secured: field-level security would read as empty"),
    (leaf("hidden"), f"{WHEN}.column: lead.hidden cannot be read"),
    (leaf("jobtitle.name"), f"{WHEN}.column: lead.jobtitle is not a lookup"),
    (
        leaf("customerid.name"),
        f"{WHEN}.column: lead.customerid points at several tables, which is not supported yet",
    ),
    (leaf("originatingcaseid.title"), f"{WHEN}.column: the app may not see table incident"),
    (leaf("parentaccountid.nothing"), f"{WHEN}.column: account.nothing does not exist"),
    (
        leaf("parentaccountid.rating"),
        f"{WHEN}.column: account.rating is secured: field-level security would read as empty",
    ),
    (leaf("entityimage"), f"{WHEN}: lead.entityimage is of type Virtual: conditions on it are not supported yet"),
    (
        leaf("interests", "eq", 1),
        (
            f"{WHEN}: lead.interests is of type MultiSelectPicklist: "
            "eq leaves open whether one option or all are meant: use contain-values"
        ),
    ),
    (
        leaf("leadsourcecode", "contain-values", [1]),
        (
            f"{WHEN}: lead.leadsourcecode is of type Picklist: "
            "contain-values is for choices of which several can be selected: use in"
        ),
    ),
    (leaf("jobtitle", "today"), f"{WHEN}: lead.jobtitle is of type String: today is for dates"),
    (leaf("jobtitle", "on", "2026-05-01"), f"{WHEN}: lead.jobtitle is of type String: on is for dates"),
    (leaf("jobtitle", "eq", 5), f"{WHEN}: lead.jobtitle is of type String: the value must be text"),
    (
        leaf("numberofemployees", "eq", "250"),
        f"{WHEN}: lead.numberofemployees is of type Integer: the value must be a number",
    ),
    (
        leaf("numberofemployees", "in", [True]),
        f"{WHEN}: lead.numberofemployees is of type Integer: the value must be a number",
    ),
    (leaf("numberofemployees", "like", "2%"), f"{WHEN}: lead.numberofemployees is of type Integer: like is for text"),
    (
        leaf("leadsourcecode", "eq", "Web"),
        f"{WHEN}: lead.leadsourcecode is of type Picklist: the value must be the option's number",
    ),
    (
        leaf("leadsourcecode", "eq", True),
        f"{WHEN}: lead.leadsourcecode is of type Picklist: the value must be the option's number",
    ),
    (
        leaf("leadsourcecode", "eq", 1.5),
        f"{WHEN}: lead.leadsourcecode is of type Picklist: the value must be the option's number",
    ),
    (
        leaf("leadsourcecode", "ge", 1),
        f"{WHEN}: lead.leadsourcecode is of type Picklist: ge needs an order, and this type has none",
    ),
    (leaf("donotemail", "eq", 1), f"{WHEN}: lead.donotemail is of type Boolean: the value must be true or false"),
    (leaf("ownerid", "lt", GUID), f"{WHEN}: lead.ownerid is of type Owner: lt needs an order, and this type has none"),
    (leaf("ownerid", "eq", "Ada"), f"{WHEN}: lead.ownerid is of type Owner: the value must be a GUID"),
    (
        leaf("parentaccountid.creditlimit", "gt", 5),
        (
            f"{WHEN}.column: account.creditlimit is compared in the base currency, "
            "and account.creditlimit_base does not exist"
        ),
    ),
]


@pytest.mark.parametrize(("condition", "problem"), UNFIT)
def test_a_condition_that_the_environment_cannot_answer_is_refused_with_its_reason(
    condition: dict[str, Any], problem: str
) -> None:
    assert problems(condition) == [problem]


@pytest.mark.parametrize("value", ["{" + GUID + "}", GUID.replace("-", ""), f"urn:uuid:{GUID}"])
def test_a_guid_in_a_spelling_that_no_row_has_is_refused_since_it_would_never_match(value: str) -> None:
    assert problems(leaf("ownerid", "eq", value)) == [
        f"{WHEN}: lead.ownerid is of type Owner: the value must be a GUID"
    ]


@pytest.mark.parametrize(
    "value", ["20260801", "2026-W31", "2026-08", "tomorrow", "2026-02-30", "01/08/2026", "2026-08-01T25:00"]
)
def test_a_date_that_scoring_would_take_for_text_is_refused(value: str) -> None:
    (problem,) = problems(leaf("estimatedclosedate", "gt", value))
    assert problem.endswith("the value must be a date or an instant (ISO 8601)")


@pytest.mark.parametrize(
    ("interactions", "problem"),
    [
        ({}, None),
        ({"contact": "contactid"}, None),
        ({"lead": "regarding"}, None),
        ({"table": "nowhere"}, "table: there is no table nowhere"),
        ({"lead": "page"}, "lead: visit.page is not a lookup to lead"),
        ({"lead": "contactid"}, "lead: visit.contactid is not a lookup to lead"),
        ({"contact": "leadid"}, "contact: visit.leadid is not a lookup to contact"),
        ({"lead": "secretlead"}, "lead: visit.secretlead is secured: field-level security would read as empty"),
        ({"at": "page"}, "at: visit.page is not a date column"),
        ({"at": "nothing"}, "at: visit.nothing is not a date column"),
        ({"at": "secretly"}, "at: visit.secretly is secured: field-level security would read as empty"),
        ({"where": leaf("page", "eq", "prices")}, None),
        ({"where": leaf("pages")}, "where.column: visit.pages does not exist"),
        ({"where": leaf("page", "eq", 5)}, "where: visit.page is of type String: the value must be text"),
    ],
)
def test_interactions_are_rows_of_a_table_with_a_lookup_and_a_date(
    interactions: dict[str, Any], problem: str | None
) -> None:
    found = problems(interactions=interactions)
    assert found == ([] if problem is None else [f"groups[0].interactions.{problem}"])


def test_everything_that_is_wrong_is_named_at_once_with_its_place() -> None:
    nested = {"any": [leaf("jobtitle"), {"not": {"all": [leaf("jobtitel"), leaf("salary")]}}]}
    found = problems(nested, leaf("hidden"), entry=leaf("entry"), interactions={"at": "page", "lead": "page"})
    assert [problem.partition(": ")[0] for problem in found] == [
        "entry.column",
        "groups[0].when.any[1].not.all[0].column",
        "groups[0].when.any[1].not.all[1].column",
        "groups[1].when.column",
        "groups[2].interactions.lead",
        "groups[2].interactions.at",
    ]


def test_each_table_is_read_once() -> None:
    definitions = Definitions()
    groups = [
        {"name": str(at), "points": 1, "when": leaf(column)}
        for at, column in enumerate(
            ["jobtitle", "parentaccountid.numberofemployees", "description", "parentaccountid.rating"]
        )
    ]
    model_problems(cast("DataverseClient", definitions), parse_model({"model": "Fit", "groups": groups}))
    assert len(definitions.asked) == len(set(definitions.asked)) == 6


def test_the_types_of_what_a_model_reads_are_found_by_table() -> None:
    rows = {"table": "visit", "lead": "leadid", "at": "on", "where": leaf("page", "eq", "prices")}
    groups = [
        {"name": "A", "points": 1, "when": leaf("parentaccountid.numberofemployees", "ge", 250)},
        {"name": "B", "points": 1, "when": leaf("estimatedclosedate", "today")},
        {"name": "C", "points": 1, "interactions": rows},
    ]
    model = parse_model({"model": "Fit", "groups": groups})
    assert validated(cast("DataverseClient", Definitions()), model).columns == {
        "lead": {"parentaccountid.numberofemployees": "Integer", "estimatedclosedate": "DateOnly"},
        "visit": {"page": "String", "on": "DateTime"},
    }
