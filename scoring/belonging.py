"""Whose an interaction is: the lead's that its lookup names, or every lead's of the contact that it names."""

from collections.abc import Iterable, Sequence
from functools import cached_property

from scoring.errors import FactError
from scoring.facts import Row, lookup_value

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


class Places:
    """Where in a page each lead is, found by the rows that point at it or at its parent contact."""

    def __init__(self, leads: Sequence[Row]) -> None:
        self._leads = leads

    @cached_property
    def spelled(self) -> dict[object, int]:
        """By the id as the lead spells it; FactError where a lead has none."""
        ids = [lead.get("leadid") for lead in self._leads]
        if {*map(type, ids)} != {str} or not all(ids):
            ids = [str(lead["leadid"]) for lead in self._leads if lead_id(lead)]
        return dict(zip(ids, range(len(ids)), strict=True))

    def of(self, row: Row, lead: str | None, contact: str | None) -> Iterable[int]:
        """The places of the leads that a row concerns by these lookups, each once."""
        found = None if lead is None else self._comparable.get(comparable_id(lookup_value(row, lead)))
        first = () if found is None else (found,)
        if contact is None:
            return first
        by_contact = self._by_contact.get(comparable_id(lookup_value(row, contact)), ())
        return (*first, *(place for place in by_contact if place != found))

    @cached_property
    def _comparable(self) -> dict[str | None, int]:
        return {lead_id(lead): place for place, lead in enumerate(self._leads)}

    @cached_property
    def _by_contact(self) -> dict[str | None, list[int]]:
        found: dict[str | None, list[int]] = {}
        for place, lead in enumerate(self._leads):
            if (contact := contact_id(lead)) is not None:
                found.setdefault(contact, []).append(place)
        return found
