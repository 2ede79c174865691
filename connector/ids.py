"""Ids that are computed, so that no race and no repeat can make a second row for the same thing."""

from uuid import UUID, uuid5

NAMESPACE = UUID("5b0a2c1e-6f0d-5d1c-9a52-1c9a2f6f3a10")


def computed_id(*parts: object) -> UUID:
    """The uuid5 of one fixed namespace over the parts joined by "/", as lower-case text."""
    return uuid5(NAMESPACE, "/".join(str(part).lower() for part in parts))


def lead_score_id(lead: UUID, model: UUID) -> UUID:
    """The id of the one score row of a lead and a model."""
    return computed_id(lead, model)


def qualification_id(lead: UUID, rule: UUID, occurrence: int) -> UUID:
    """The id of the one entry by which a rule qualified a lead at this occurrence."""
    return computed_id(lead, rule, occurrence)


def reopened_id(lead: UUID, rule: UUID, occurrence: int) -> UUID:
    """The id of the one entry by which this occurrence of a rule began for a lead."""
    return computed_id(lead, rule, "reopened", occurrence)


def left_alone_id(lead: UUID, version: UUID) -> UUID:
    """The id of the one entry that says that a lead met a rule before this version of it was published."""
    return computed_id(lead, version, "existing-lead")


def version_id(owner: UUID, number: int) -> UUID:
    """The id of a published version of a model or rule."""
    return computed_id(owner, "version", number)
