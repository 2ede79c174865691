"""Whose an interaction is: the lead's that its lookup names, or every lead's of the contact that it names."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Generic, TypeVar

from scoring.errors import FactError
from scoring.facts import Row, lookup_value

_Mark = TypeVar("_Mark")

PARENT_CONTACT = "parentcontactid"
OWNING_UNIT = "owningbusinessunit"


def lead_id(lead: Row) -> str:
    """The lead's id, comparable; FactError without one, for then nothing can be said to be its own."""
    found = comparable_id(lead.get("leadid"))
    if found is None:
        raise FactError("leadid", "an id", "none")
    return found


def contact_id(lead: Row) -> str | None:
    """The id of the lead's parent contact, comparable."""
    return comparable_id(lookup_value(lead, PARENT_CONTACT))


def comparable_id(value: object) -> str | None:
    """Ids compare without case; null and anything else that is no id is None."""
    return value.casefold() if isinstance(value, str) and value else None


def owning_unit(lead: Row) -> str | None:
    """The id of the business unit that owns the lead, comparable."""
    return comparable_id(lookup_value(lead, OWNING_UNIT))


class Owners(Generic[_Mark]):
    """Leads, each with something of its own, found by the rows that point at them or at their parent contact."""

    def __init__(self, leads: Sequence[Row], marks: Sequence[_Mark]) -> None:
        self._leads, self._marks = leads, marks

    def by(
        self, lead: str | None, contact: str | None
    ) -> tuple[Mapping[object, Sequence[_Mark]], Callable[[Row], Iterable[_Mark]]]:
        """What is known by id, as leads spell it; and from any row to what belongs to its leads, each once."""
        by_id, by_lead = self._by_id, f"_{lead}_value"

        def by_the_lead(row: Row) -> Iterable[_Mark]:
            found = row.get(by_lead)
            return by_id[found] if found in by_id else by_id.get(comparable_id(found), ())

        by_both = by_the_lead if contact is None else self._by_both(None if lead is None else by_the_lead, contact)
        return by_id, by_both

    def _by_both(
        self, by_the_lead: Callable[[Row], Iterable[_Mark]] | None, contact: str
    ) -> Callable[[Row], Iterable[_Mark]]:
        by_contact = self._by_contact

        def by_both(row: Row) -> Iterable[_Mark]:
            found = by_contact.get(comparable_id(lookup_value(row, contact)), ())
            first = () if by_the_lead is None else by_the_lead(row)
            return (*first, *(mark for mark in found if not any(mark is other for other in first)))

        return by_both

    @cached_property
    def _by_id(self) -> dict[object, tuple[_Mark]]:
        """By id, as spelled and comparable."""
        found: dict[object, tuple[_Mark]] = {}
        for lead, mark in zip(self._leads, self._marks, strict=True):
            found[lead_id(lead)] = found[lead["leadid"]] = (mark,)
        return found

    @cached_property
    def _by_contact(self) -> dict[str | None, list[_Mark]]:
        found: dict[str | None, list[_Mark]] = {}
        for lead, mark in zip(self._leads, self._marks, strict=True):
            if (contact := contact_id(lead)) is not None:
                found.setdefault(contact, []).append(mark)
        return found
