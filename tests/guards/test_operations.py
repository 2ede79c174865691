"""The page that people read at night names every metric and every event, with the unit and the attributes they have."""

import re
from pathlib import Path

from opentelemetry.sdk.metrics import MeterProvider

from connector import telemetry
from connector.telemetry import Event, Telemetry

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
INSTRUMENTS = {
    instrument.name: instrument
    for instrument in vars(Telemetry(MeterProvider(shutdown_on_exit=False).get_meter("leadgate"))).values()
}
ATTRIBUTES = {
    value
    for name, value in vars(telemetry).items()
    if name.isupper() and isinstance(value, str) and re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", value)
}


def rows(heading: str) -> dict[str, list[str]]:
    """The cells of the table under a heading, by the name in the first."""
    table = PAGE.split(f"### {heading}\n")[1].strip().split("\n\n")[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    return {first.strip("`"): rest for first, *rest in cells}


def test_every_metric_is_on_the_page_with_its_unit_and_no_other_is() -> None:
    assert {name: cells[0] for name, cells in rows("Metrics").items()} == {
        name: instrument.unit for name, instrument in INSTRUMENTS.items()
    }


def test_every_attribute_on_the_page_is_one_that_the_app_spells_and_the_reverse() -> None:
    named = {name for cells in rows("Metrics").values() for name in re.findall(r"`([^`]+)`", cells[1])}
    assert named | {telemetry.SYSTEM, telemetry.OPERATION} == ATTRIBUTES


def test_every_event_of_the_log_is_on_the_page_and_no_other_is() -> None:
    assert set(rows("Log events")) == {str(event) for event in Event}


def test_what_alerts_ask_for_exists() -> None:
    alerts = PAGE.split("## Alerts")[1].split("\n## ")[0]
    queried = "\n".join(re.findall(r"```kusto\n(.*?)```", alerts, re.DOTALL))
    names = set(re.findall(r'"((?:leadgate|http|messaging)\.[a-z_.]+)"', queried))
    assert names <= INSTRUMENTS.keys() | ATTRIBUTES
    assert len(names & INSTRUMENTS.keys()) >= 7
    events = set(re.findall(r"event in \(([^)]*)\)", queried))
    assert {name.strip('" ') for each in events for name in each.split(",")} <= {str(event) for event in Event}
    assert events


def test_every_metric_and_event_is_used_somewhere() -> None:
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for path in sorted((ROOT / "connector").glob("*.py"))
        if path.name != "telemetry.py"
    )
    fields = vars(Telemetry(MeterProvider(shutdown_on_exit=False).get_meter("leadgate")))
    unused = {name for name in fields if not re.search(rf"\.{name}\.(add|record|set)\(", code)}
    assert unused <= {"requests"}, "requests is recorded by telemetry itself"
    assert [event.name for event in Event if f"Event.{event.name}" not in code] == []
