"""What every contender is given: one model, and pages of raw leads and events, the same from run to run."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
PAGE = 5000
TABLE, LEAD, OCCURRED, TYPE = "lgate_leadinteraction", "lgate_leadid", "lgate_occurredon", "lgate_type"
TYPES = (
    "price-page",
    "form-submission",
    "webinar",
    "email-click",
    "demo-request",
    "event-visit",
    "complaint",
    "download",
)

Row = dict[str, object]
Condition = dict[str, object]


def _is(column: str, op: str, *value: object) -> Condition:
    return {"column": column, "op": op, **({"value": value[0]} if value else {})}


def _ends(*domains: str) -> Condition:
    return {"any": [_is("emailaddress1", "ends-with", domain) for domain in domains]}


_CONDITIONS: tuple[tuple[str, int, Condition], ...] = (
    (
        "Decides",
        40,
        {
            "any": [
                _is("jobtitle", "like", "%director%"),
                _is("jobtitle", "like", "%chief%"),
                _is("jobtitle", "begins-with", "head"),
                _is("jobtitle", "eq", "CEO"),
                _is("jobtitle", "eq", "Gérant"),
            ]
        },
    ),
    (
        "Can be reached",
        10,
        {
            "all": [
                _is("telephone1", "not-null"),
                _is("emailaddress1", "not-null"),
                {**_is("donotemail", "ne"), "value": True},
            ]
        },
    ),
    ("Free mail", -15, _ends("@gmail.com", "@yahoo.fr", "@outlook.com", "@gmx.de", "@orange.fr")),
    (
        "Large",
        20,
        {
            "any": [
                _is("numberofemployees", "ge", 250),
                {"all": [_is("revenue_base", "ge", 1_000_000), _is("revenue_base", "lt", 50_000_000)]},
                _is("industrycode", "in", [7, 12, 19]),
            ]
        },
    ),
    (
        "Sector",
        15,
        {
            "any": [
                _is("industrycode", "in", [1, 2, 3]),
                _is("description", "like", "%software%"),
                _is("subject", "like", "%erp%"),
                _is("companyname", "ends-with", "gmbh"),
            ]
        },
    ),
    (
        "Budget",
        25,
        {
            "all": [
                _is("budgetamount_base", "ge", 10_000),
                {"any": [_is("purchasetimeframe", "in", [0, 1, 2]), _is("need", "eq", 0)]},
                {"not": {**_is("decisionmaker", "eq"), "value": False}},
            ]
        },
    ),
    (
        "Region",
        10,
        {
            "any": [
                {"all": [_is("address1_country", "eq", "France"), _is("address1_postalcode", "begins-with", "75")]},
                {"all": [_is("address1_country", "eq", "germany"), _is("address1_city", "in", ["Köln", "Berlin"])]},
                {"all": [_is("address1_country", "ne", "Spain"), _is("preferredcontactmethodcode", "eq", 2)]},
                _is("leadsourcecode", "in", [3, 8]),
            ]
        },
    ),
)
_COUNTS: tuple[tuple[int, int | None, dict[str, object]], ...] = (
    (5, 20, {"within_days": 28}),
    (20, 40, {"within_days": 60}),
    (15, None, {"within_days": 90, "count": "at-least", "n": 2}),
    (2, 10, {"within_days": 14}),
    (50, None, {"count": "at-least", "n": 1}),
    (10, 30, {}),
    (5, None, {"within_days": 60, "count": "none"}),
    (8, None, {"within_days": 30, "count": "at-least", "n": 3}),
)


def definition() -> dict[str, object]:
    """The model: 40 conditions in 15 groups, 8 of them over interactions, 6 of those in a window of days."""
    groups: list[dict[str, object]] = [
        {"name": name, "points": points, "when": when} for name, points, when in _CONDITIONS
    ]
    for kind, (points, cap, counted) in zip(TYPES, _COUNTS, strict=True):
        rows = {"table": TABLE, "lead": LEAD, "at": OCCURRED, "where": _is(TYPE, "eq", kind), **counted}
        groups.append({"name": kind, "points": points, "interactions": rows, **({"cap": cap} if cap else {})})
    grades = [{"name": "Hot", "min": 100}, {"name": "Warm", "min": 40, "max": 99}, {"name": "Cold", "max": 39}]
    entry = _is("address1_country", "in", ["France", "Germany", "Belgium", "Spain"])
    return {"model": "Benchmark", "time_zone": "Europe/Paris", "entry": entry, "groups": groups, "grades": grades}


def write_pages(path: Path, leads: int) -> None:
    """Pages of leads, each with its events, one page of JSON a line."""
    chance = random.Random(20260501)  # noqa: S311  the same leads in every run
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for first in range(0, leads, PAGE):
            rows = [_lead(chance, number) for number in range(first, min(first + PAGE, leads))]
            events = [event for row in rows for event in _events(chance, str(row["leadid"]))]
            chance.shuffle(events)
            json.dump({"leads": rows, "events": events}, file, ensure_ascii=False)
            file.write("\n")


def pages(path: Path) -> Iterator[str]:
    """The text of each page."""
    with path.open(encoding="utf-8") as file:
        yield from file


def _lead(chance: random.Random, number: int) -> Row:
    pick, maybe = chance.choice, chance.random
    name = pick(("Müller", "Dupont", "García", "Peeters", "O'Neil", "Lefèvre"))
    domain = pick(("contoso.com", "gmail.com", "fabrikam.de", "yahoo.fr", "orange.fr", "adatum.be"))
    return {
        "leadid": f"{number:08x}-0000-4000-8000-{chance.getrandbits(48):012x}",
        "fullname": f"{pick(('Ana', 'Léa', 'Max', 'Zoë'))} {name}",
        "jobtitle": pick(
            ("Sales Director", "chief buyer", "Head of IT", "CEO", "gerant ", "Painter", "Ingénieur", "", None)
        ),
        "companyname": pick(("Contoso", "Fabrikam GmbH", "Adatum SA", "Litware gmbh ", "Northwind")),
        "subject": pick(("ERP renewal", "Paint for 3 halls", "Migration", "Nouvel erp", "Price list")),
        "description": pick(("Looks for software", "Met at the fair", None, "Wants a call back"))
        if maybe() < 0.9
        else "",
        "emailaddress1": f"{name}.{number}@{domain}" if maybe() < 0.9 else None,
        "telephone1": f"+33 4 {number:08d}" if maybe() < 0.6 else None,
        "mobilephone": f"+49 171 {number:07d}" if maybe() < 0.3 else None,
        "websiteurl": f"https://www.{domain}/",
        "address1_country": pick(("France", "FRANCE", "Germany", "Belgium", "Spain", "Italy", None)),
        "address1_city": pick(("Paris", "koln", "Berlin", "Liège", "Sevilla", None)),
        "address1_postalcode": f"{pick((75, 13, 50, 10))}{chance.randrange(1000):03d}",
        "numberofemployees": chance.randrange(1000) if maybe() < 0.7 else None,
        "revenue_base": round(chance.uniform(1e4, 1e8), 2) if maybe() < 0.5 else None,
        "budgetamount_base": round(chance.uniform(0, 5e4), 2) if maybe() < 0.5 else None,
        "industrycode": chance.randrange(1, 34) if maybe() < 0.8 else None,
        "leadsourcecode": chance.randrange(1, 11),
        "purchasetimeframe": chance.randrange(5) if maybe() < 0.5 else None,
        "need": chance.randrange(4) if maybe() < 0.5 else None,
        "preferredcontactmethodcode": chance.randrange(1, 6),
        "decisionmaker": pick((True, False, None)),
        "donotemail": maybe() < 0.1,
        "createdon": (AT - timedelta(minutes=chance.randrange(500_000))).isoformat().replace("+00:00", "Z"),
        "_ownerid_value": f"00000000-0000-4000-8000-{chance.randrange(99):012x}",
    }


def _events(chance: random.Random, lead: str) -> Iterator[Row]:
    for _ in range(chance.choice((0, 0, 1, 2, 3, 4, 6, 8))):
        occurred = AT - timedelta(seconds=chance.randrange(-86_400, 120 * 86_400))
        yield {
            "lgate_leadinteractionid": f"{chance.getrandbits(32):08x}-0000-4000-9000-000000000000",
            f"_{LEAD}_value": lead,
            TYPE: chance.choice((*TYPES, "Price-Page", "other")),
            OCCURRED: occurred.isoformat().replace("+00:00", "Z"),
            "lgate_name": "visit",
        }
