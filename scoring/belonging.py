"""Whose an interaction is: the lead's that its lookup names, or every lead's of the contact that it names."""

from collections.abc import Callable

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


def belonging(lead: str | None, contact: str | None) -> Callable[[Row, Row], bool]:
    """Whether a row is the lead's own (the lead comes first), by the lookup to it, to its parent contact, or both."""
    by_lead, by_contact = (None if lookup is None else f"_{lookup}_value" for lookup in (lead, contact))

    def belongs(of: Row, row: Row) -> bool:
        if by_lead is not None and comparable_id(row.get(by_lead)) == lead_id(of):
            return True
        return (
            by_contact is not None and (own := contact_id(of)) is not None and comparable_id(row.get(by_contact)) == own
        )

    return belongs


def comparable_id(value: object) -> str | None:
    """Ids compare without case; null and anything else that is no id is None."""
    return value.casefold() if isinstance(value, str) and value else None


def owning_unit(lead: Row) -> str | None:
    """The id of the business unit that owns the lead, comparable."""
    return comparable_id(lookup_value(lead, OWNING_UNIT))
