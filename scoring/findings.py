"""What is found of a lead, as one whole number: a bit for each condition on the lead, 32 for each count of events.

Leads that are alike in it get the same total, lines and explanation, so it is what those are kept by: a number is made
and looked up several times faster than a tuple of fifteen parts. Behind it stands what no number says, the parts of
groups whose events are judged one by one (they lose worth, or time turns the condition on them).
"""

from dataclasses import dataclass

from scoring.conditions import walk
from scoring.counting import Part
from scoring.definition import MAX_GROUPS, Group, Interactions, ScoringModel

Findings = int | tuple[int, *tuple[Part, ...]]
"""The number, and behind it the parts of the groups that are judged, where there are any."""

_COUNT_BITS = 32  # more events of one lead than any memory holds
_CONDITIONS, _COUNT = (1 << MAX_GROUPS) - 1, (1 << _COUNT_BITS) - 1


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of a model's groups in `groups`, by how they are found: by condition, counted up, or judged."""

    met: tuple[int, ...]
    counted: tuple[int, ...]
    judged: tuple[int, ...]

    def bit(self, place: int) -> int:
        """What the group at that place adds to the number when the lead meets its condition."""
        return 1 << self.met.index(place)

    def unit(self, place: int) -> int:
        """What one event adds to the number for the group at that place."""
        return 1 << MAX_GROUPS + _COUNT_BITS * self.counted.index(place)

    def each_met(self, conditions: int) -> list[bool]:
        """Whether each condition is met."""
        return [bool(conditions >> bit & 1) for bit in range(len(self.met))]

    def each_count(self, counts: int) -> list[int]:
        """How many events each group counts."""
        return [counts >> _COUNT_BITS * at & _COUNT for at in range(len(self.counted))]


def layout(model: ScoringModel) -> Layout:
    """How the groups of the model are found."""
    places = range(len(model.groups))
    judged = tuple(place for place in places if _is_judged(model.groups[place]))
    met = tuple(place for place in places if model.groups[place].interactions is None)
    return Layout(met, tuple(place for place in places if place not in judged and place not in met), judged)


def _is_judged(group: Group) -> bool:
    rows = group.interactions
    return rows is not None and (rows.half_life_days is not None or is_turned_by_time(rows))


def is_turned_by_time(rows: Interactions) -> bool:
    """Whether time alone turns what the rows must meet."""
    return rows.where is not None and any(asked.operator.is_relative for _, asked in walk(rows.where, ()))


def parts(findings: Findings) -> tuple[int, int, tuple[Part, ...]]:
    """The conditions that are met, the counts, and the parts of the groups that are judged."""
    if isinstance(findings, int):
        return findings & _CONDITIONS, findings >> MAX_GROUPS, ()
    return findings[0] & _CONDITIONS, findings[0] >> MAX_GROUPS, findings[1:]
