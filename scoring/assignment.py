"""Rows of interaction tables, dealt out to the leads they may concern."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import cast

from scoring.belonging import comparable_id, contact_id, lead_id
from scoring.facts import Row
from scoring.needs import InteractionNeed


def assign_interactions(
    leads: Iterable[Row], rows: Mapping[str, Iterable[Row]], needs: Iterable[InteractionNeed]
) -> dict[str, Mapping[str, list[Row]]]:
    """By `leadid` (as spelled) and table, the rows that concern the lead, each once even when reached by two ways.

    Every lead and every table that is needed has an entry; leads without rows share one. `rows` holds no row twice.
    """
    wanted = defaultdict[str, list[InteractionNeed]](list)
    for need in needs:
        wanted[need.table].append(need)
    by_id, by_contact, nothing = dict[str, list[str]](), dict[str, list[str]](), _no_rows(wanted)
    assigned = dict[str, dict[str, list[Row]]]()
    for lead in leads:
        spelled = str(lead["leadid"])
        assigned[spelled] = nothing
        by_id.setdefault(lead_id(lead), []).append(spelled)
        if (contact := contact_id(lead)) is not None:
            by_contact.setdefault(contact, []).append(spelled)

    for table, ways in wanted.items():
        lookups = [(f"_{name}_value", leads_of) for name, leads_of in _ways(ways, by_id, by_contact)]
        for row in rows.get(table, ()):
            concerned = [
                spelled
                for lookup, leads_of in lookups
                if (found := comparable_id(row.get(lookup))) is not None
                for spelled in leads_of.get(found, ())
            ]
            for spelled in concerned if len(concerned) < 2 else dict.fromkeys(concerned):
                if assigned[spelled] is nothing:
                    assigned[spelled] = _no_rows(wanted)
                assigned[spelled][table].append(row)
    return cast("dict[str, Mapping[str, list[Row]]]", assigned)


def _no_rows(tables: Iterable[str]) -> dict[str, list[Row]]:
    return {table: [] for table in tables}


def _ways(
    needs: Iterable[InteractionNeed], by_id: Mapping[str, list[str]], by_contact: Mapping[str, list[str]]
) -> list[tuple[str, Mapping[str, list[str]]]]:
    """The lookups of a table, each once, with the leads by what they point at."""
    by_lead = {need.lead: by_id for need in needs if need.lead is not None}
    return [*by_lead.items(), *{need.contact: by_contact for need in needs if need.contact is not None}.items()]
