"""What the rule libraries cannot do by themselves, written by hand for this model and as fast as plain Python goes.

They compare text as it is, know no windows, and give no reasons: text is folded, events are counted, and grade,
explanation and `valid_until` are made here. Their own work is the conditions, the points and which groups matched.
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from benchmarks.scoring_input import AT, LEAD, OCCURRED, TYPE

Answer = tuple[int | None, str | None, str, datetime | None]
"""Total, grade, explanation, and until when they hold."""

OUTSIDE: Answer = (None, None, '{"groups":[]}', None)
BITS = 16
"""A library answers one number, points * 2**BITS + the mask of matched groups: what it is fastest at."""

_ACCENTS = dict.fromkeys(range(0x0300, 0x0370))


def folded(text: str | None) -> str:
    """Text as its collation sees it; null is empty."""
    if text is None:
        return ""
    return text.lower().rstrip(" ") if text.isascii() else unaccented(text)


@lru_cache(maxsize=4096)
def unaccented(text: str) -> str:
    """The same for text that has letters beyond ASCII."""
    decomposed = unicodedata.normalize("NFD", text).translate(_ACCENTS)
    return unicodedata.normalize("NFC", decomposed.casefold()).rstrip(" ")


def numbered(value: object) -> object:
    """A number or a boolean as a number; null as -1, which is in no range and equals nothing asked for."""
    if value is None:
        return -1
    return int(value) if isinstance(value, bool) else value


class Counted:
    """The events of one lead: how many count for each group, and when time changes that."""

    __slots__ = ("events", "until")

    def __init__(self, groups: int) -> None:
        self.events = [0] * groups
        self.until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Counting:
    """Which events count for which group, in the order of the groups."""

    group_of: Mapping[str, int]
    within: Sequence[timedelta | None]

    def of_leads(self, leads: Iterable[Mapping[str, Any]], rows: Iterable[Mapping[str, Any]]) -> dict[str, Counted]:
        """The counts of every lead of a page; a column has one way to write an id."""
        size, within, group_of, parse = len(self.within), self.within, self.group_of, datetime.fromisoformat
        counted, lookup = {lead["leadid"]: Counted(size) for lead in leads}, f"_{LEAD}_value"
        for row in rows:
            group, lead = group_of.get(folded(row[TYPE])), counted.get(row[lookup])
            if group is None or lead is None or row[OCCURRED] is None:
                continue
            at, span = parse(row[OCCURRED]), within[group]
            if at <= AT:
                if span is None:
                    lead.events[group] += 1
                    continue
                at += span
                if at <= AT:
                    continue
                lead.events[group] += 1
            if lead.until is None or at < lead.until:
                lead.until = at
        return counted


def explained(fixed: Sequence[str], varying: Sequence[Callable[[int], str]]) -> Callable[[int, Sequence[int]], str]:
    """Makes the explanation from the mask of matched groups and the counts; the leads' own groups come first."""
    own = len(fixed)

    def text(mask: int, events: Sequence[int]) -> str:
        parts = [part for at, part in enumerate(fixed) if mask >> at & 1]
        parts += [part(events[at]) for at, part in enumerate(varying) if mask >> own + at & 1]
        return f'{{"groups":[{",".join(parts)}]}}'

    return text
