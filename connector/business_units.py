"""Business units by name: which units are meant, children included."""

from collections.abc import Iterator
from uuid import UUID

from connector.tables import BusinessUnit
from dataverse import DataverseClient, query
from scoring import DefinitionError, Problem


def unit_and_children(client: DataverseClient, name: str) -> tuple[str, ...]:
    """The ids of the business unit of that name and of all units below it; DefinitionError unless there is just one."""
    columns = [BusinessUnit.ID, BusinessUnit.NAME, f"_{BusinessUnit.PARENT}_value"]
    units = list(client.rows(query(BusinessUnit.SET, select=columns)))
    named = [_id(unit[BusinessUnit.ID]) for unit in units if str(unit[BusinessUnit.NAME]).casefold() == name.casefold()]
    if len(named) != 1:
        reason = "there are several business units of this name" if named else "there is no business unit of this name"
        raise DefinitionError((Problem(("business_unit",), reason),))
    children: dict[str, list[str]] = {}
    for unit in units:
        if (parent := unit[f"_{BusinessUnit.PARENT}_value"]) is not None:
            children.setdefault(_id(parent), []).append(_id(unit[BusinessUnit.ID]))
    return tuple(sorted(_below(named[0], children)))


def _below(unit: str, children: dict[str, list[str]]) -> Iterator[str]:
    yield unit
    for child in children.get(unit, ()):
        yield from _below(child, children)


def _id(value: object) -> str:
    return str(UUID(str(value)))
