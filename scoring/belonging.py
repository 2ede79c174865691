"""Whose an interaction is: the lead's that its lookup names, or every lead's of the contact that it names."""

from scoring.errors import FactError
from scoring.facts import Row, lookup_value

PARENT_CONTACT = "parentcontactid"


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
