"""How the groups of a model stand to one another: which can match, and which match together or never together."""

from dataclasses import dataclass

from scoring.definition import Group, Interactions, ScoringModel
from scoring.lint_logic import Condition, Goal, Logic
from scoring.lint_probe import Probe


class Relations:
    """Answers about the groups of one model, for leads of its audience; what cannot be told is answered no."""

    def __init__(self, model: ScoringModel) -> None:
        self._model = model
        self._of_table: dict[str, Logic] = {}
        self.lead = Logic(Probe(model))
        # An audience that is empty says nothing of the groups: that is a finding of its own.
        self._audience: list[Goal] = []
        if model.entry is not None and self.lead.possible((model.entry, True)):
            self._audience = [(model.entry, True)]

    def rows(self, interactions: Interactions) -> Logic:
        """The logic of conditions on the rows of that table."""
        if interactions.table not in self._of_table:
            self._of_table[interactions.table] = Logic(Probe(self._model, interactions))
        return self._of_table[interactions.table]

    def never(self, group: Group) -> bool:
        """Whether no lead of the audience can match the group."""
        if group.when is not None:
            return not self.lead.possible(*self._audience, (group.when, True))
        rows = group.interactions
        return rows is not None and rows.count != "none" and self._no_rows(rows)

    def always(self, group: Group) -> bool:
        """Whether every lead of the audience matches the group."""
        if group.when is not None:
            return self.lead.implies(self._audience, group.when)
        rows = group.interactions
        return rows is not None and rows.count == "none" and self._no_rows(rows)

    def implies(self, one: Group, other: Group) -> bool:
        """Whether every lead of the audience that matches the one matches the other."""
        if one.when is not None and other.when is not None:
            return self.lead.implies([*self._audience, (one.when, True)], other.when)
        ours, theirs = _counted(one), _counted(other)
        if ours is None or theirs is None or _source(ours.rows) != _source(theirs.rows):
            return False
        if ours.is_none and theirs.is_none:
            return self._within(theirs.rows, ours.rows)
        if ours.is_none or theirs.is_none:
            return False
        return ours.least >= theirs.least and self._within(ours.rows, theirs.rows)

    def apart(self, one: Group, other: Group) -> bool:
        """Whether no lead of the audience matches both."""
        if one.when is not None and other.when is not None:
            return not self.lead.possible(*self._audience, (one.when, True), (other.when, True))
        ours, theirs = _counted(one), _counted(other)
        if ours is None or theirs is None or _source(ours.rows) != _source(theirs.rows):
            return False
        if ours.is_none == theirs.is_none:
            return False
        some, none = (theirs, ours) if ours.is_none else (ours, theirs)
        return self._within(some.rows, none.rows)

    def one_of_both(self, one: Group, other: Group) -> bool:
        """Whether every lead of the audience matches exactly one of the two."""
        if one.when is None or other.when is None or not self.apart(one, other):
            return False
        return not self.lead.possible(*self._audience, (one.when, False), (other.when, False))

    def _no_rows(self, rows: Interactions) -> bool:
        return rows.where is not None and not self.rows(rows).possible((rows.where, True))

    def _within(self, narrow: Interactions, wide: Interactions) -> bool:
        """Whether every row that the narrow counts is counted by the wide, at any instant."""
        if wide.within_days is not None and (narrow.within_days is None or narrow.within_days > wide.within_days):
            return False
        if wide.where is None:
            return True
        return self.rows(narrow).implies(_goals(narrow.where), wide.where)


@dataclass(frozen=True, slots=True)
class _Counted:
    rows: Interactions
    is_none: bool
    least: int


def _counted(group: Group) -> _Counted | None:
    rows = group.interactions
    return None if rows is None else _Counted(rows, rows.count == "none", rows.n or 1)


def _source(rows: Interactions) -> tuple[str, str | None, str | None, str]:
    return rows.table, rows.lead, rows.contact, rows.at


def _goals(condition: Condition | None) -> list[Goal]:
    return [] if condition is None else [(condition, True)]
