"""What columns take, by type, and what they answer."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.web_api import Emulator
from tests.unit.emulator.web_api.calling import Caller

STORABLE_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=40)


@pytest.fixture(scope="module")
def shared() -> Iterator[Caller]:
    with closing(Emulator()) as emulator:
        yield Caller(emulator)


def stored(call: Caller, column: str, value: Any) -> Any:
    return call.get(f"leads({call.created('leads', {column: value})})").json[column]


@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [
        ("subject", "x" * 300, "x" * 300),
        ("subject", "", None),
        ("subject", " ", " "),
        ("description", "a\r\nb", "a\r\nb"),
        ("numberofemployees", 0, 0),
        ("numberofemployees", 1_000_000, 1_000_000),
        ("leadqualitycode", 2, 2),
        ("donotemail", True, True),
        ("donotemail", None, None),
        ("revenue", 12.345, 12.35),
        ("revenue", 1200000, 1200000),
        ("estimatedvalue", 0.125, 0.13),
        ("lastonholdtime", "2026-08-01T10:00:00Z", "2026-08-01T10:00:00Z"),
        ("lastonholdtime", "2026-08-01T10:00:00.9876543+02:00", "2026-08-01T08:00:00Z"),
        ("lastonholdtime", "1753-01-01T00:00:00Z", "1753-01-01T00:00:00Z"),
        ("estimatedclosedate", "2026-02-28", "2026-02-28"),
    ],
)
def test_a_value_is_answered_as_it_is_stored(shared: Caller, column: str, value: Any, shown: Any) -> None:
    assert stored(shared, column, value) == shown


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("subject", "x" * 301, "0x80044331"),
        ("subject", "\N{GRINNING FACE}" * 151, "0x80044331"),
        ("subject", 42, "0x80048d19"),
        ("subject", "a\x00b", "0x80048d19"),
        ("subject", "\ud800", "0x80048d19"),
        ("numberofemployees", "42", "0x80048d19"),
        ("numberofemployees", 1.5, "0x80048d19"),
        ("numberofemployees", True, "0x80048d19"),
        ("numberofemployees", -1, "0x8004431A"),
        ("numberofemployees", 10**400, "0x8004431A"),
        ("leadqualitycode", 4, "0x8004431A"),
        ("leadqualitycode", "Hot", "0x80048d19"),
        ("statuscode", 823270000, "0x8004431A"),
        ("donotemail", 1, "0x80048d19"),
        ("donotemail", "", "0x80048d19"),
        ("revenue", "12", "0x80048d19"),
        ("revenue", -1, "0x8004431A"),
        ("lastonholdtime", "2026-08-01", "0x80048d19"),
        ("lastonholdtime", "2026-08-01T10:00:00", "0x80048d19"),
        ("lastonholdtime", "2026-02-30T10:00:00Z", "0x80048d19"),
        ("lastonholdtime", "1752-12-31T23:59:59Z", "0x80040239"),
        ("estimatedclosedate", "2026-02-28T00:00:00Z", "0x80048d19"),
        ("leadid", "42", "0x80048d19"),
    ],
)
def test_a_value_of_another_type_or_out_of_bounds_is_refused(
    shared: Caller, column: str, value: Any, code: str
) -> None:
    answer = shared.post("leads", {column: value})
    assert (answer.status, answer.code) == (400, code)


def test_a_number_beyond_json_is_out_of_range(shared: Caller) -> None:
    assert shared("POST", "leads", b'{"revenue": 1e400}').code == "0x8004431A"


def test_the_refusals_have_the_documented_texts(shared: Caller) -> None:
    too_long = (
        "A validation error occurred. The length of the 'subject' attribute of the 'lead' entity exceeded the maximum "
    )
    assert shared.post("leads", {"subject": "x" * 301}).message == f"{too_long}allowed length of '300'."
    out_of_range = (
        "A validation error occurred. The value 9 of 'leadqualitycode' on record of type 'lead' is outside the valid "
    )
    assert shared.post("leads", {"leadqualitycode": 9}).message == f"{out_of_range}range. Accepted Values: 1,2,3"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(text=STORABLE_TEXT)
def test_any_text_comes_back_and_is_found_by_its_own_filter(shared: Caller, text: str) -> None:
    lead_id = shared.created("leads", {"subject": text})
    assert shared.get(f"leads({lead_id})").json["subject"] == text
    assert lead_id in shared.ids("leads", "leadid", f"subject eq '{text.replace(chr(39), chr(39) * 2)}'")
