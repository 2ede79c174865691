"""Rows of interaction tables, dealt out to the leads they may concern."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from scoring.belonging import comparable_id, contact_id, lead_id
from scoring.facts import Row, lookup_value
from scoring.needs import InteractionNeed


def assign_interactions(
    leads: Iterable[Row], rows: Mapping[str, Iterable[Row]], needs: Iterable[InteractionNeed]
) -> dict[str, dict[str, list[Row]]]:
    """By `leadid` (as spelled) and table, the rows that concern the lead, each once even when reached by two ways.

    Every lead and every table that is needed has an entry. `rows` holds no row twice.
    """
    ids, by_id, by_contact = [], defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for lead in leads:
        spelled = str(lead["leadid"])
        ids.append(spelled)
        by_id[lead_id(lead)].append(spelled)
        if (contact := contact_id(lead)) is not None:
            by_contact[contact].append(spelled)

    wanted = defaultdict[str, list[InteractionNeed]](list)
    for need in needs:
        wanted[need.table].append(need)
    assigned = {spelled: {table: list[Row]() for table in wanted} for spelled in ids}
    for table, ways in wanted.items():
        for row in rows.get(table, ()):
            for spelled in dict.fromkeys(_concerned(row, ways, by_id, by_contact)):
                assigned[spelled][table].append(row)
    return assigned


def _concerned(
    row: Row,
    ways: Sequence[InteractionNeed],
    by_id: Mapping[str, list[str]],
    by_contact: Mapping[str, list[str]],
) -> Iterator[str]:
    for need in ways:
        for lookup, leads in ((need.lead, by_id), (need.contact, by_contact)):
            if lookup is not None and (found := comparable_id(lookup_value(row, lookup))) is not None:
                yield from leads.get(found, ())
