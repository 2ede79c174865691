"""Computed ids never change: another value would make a second row for every lead of every environment."""

from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from connector.ids import NAMESPACE, computed_id, lead_score_id, qualification_id, version_id

LEAD = UUID("6d81597f-0f9f-4711-8122-000d3aa2331c")
MODEL = UUID("00000000-0000-4000-8000-00000000000f")


def test_ids_are_the_ones_that_environments_hold() -> None:
    assert str(NAMESPACE) == "5b0a2c1e-6f0d-5d1c-9a52-1c9a2f6f3a10"
    assert str(lead_score_id(LEAD, MODEL)) == "1deb46c2-77f8-5403-8bab-9d53adf57310"
    assert str(qualification_id(LEAD, MODEL, 1)) == "5eb7c193-980d-546c-8019-5d7d13d737dc"
    assert str(qualification_id(LEAD, MODEL, 2)) == "54cd0cf6-5354-550a-9f69-2f562b938e1b"
    assert str(version_id(MODEL, 1)) == "55069d5a-cac5-5644-abfa-86b11c074eaf"
    assert str(computed_id(MODEL, "group", 1)) == "aa550158-9505-5850-b453-ea8b268a9191"


def test_an_id_is_the_uuid5_of_its_parts_with_slashes_between() -> None:
    assert lead_score_id(LEAD, MODEL) == uuid5(NAMESPACE, f"{LEAD}/{MODEL}")


def test_the_spelling_of_a_guid_does_not_matter() -> None:
    assert computed_id(str(LEAD).upper()) == computed_id(LEAD)


@given(st.uuids(), st.uuids(), st.integers(1, 5), st.integers(1, 5))
def test_different_things_have_different_ids(one: UUID, other: UUID, first: int, second: int) -> None:
    assert (lead_score_id(one, other) == lead_score_id(other, one)) == (one == other)
    assert (qualification_id(one, other, first) == qualification_id(one, other, second)) == (first == second)
    assert len({lead_score_id(one, other), qualification_id(one, other, first), version_id(one, first)}) == 3
