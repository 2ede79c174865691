"""A model, compiled: what it needs to know, and the score of any lead at any instant."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from scoring.belonging import Places
from scoring.compiled import CompiledModel, EventCount, Tally, compiled
from scoring.definition import ScoringModel
from scoring.errors import DefinitionError, Problem
from scoring.facts import Facts, Row
from scoring.labels import unresolved
from scoring.moments import zone
from scoring.needs import Needs, needs_of
from scoring.score import Score
from scoring.turning import Frame
from scoring.values import Dialect

# A century's window begins and ends within the calendar from there.
_FIRST_YEAR, _LAST_YEAR = 1900, 9800


@dataclass(frozen=True, slots=True)
class Scorer:
    """Immutable, and safe to share between threads; made by `compile_model`."""

    needs: Needs
    model: CompiledModel

    def score(self, facts: Facts, at: datetime) -> Score:
        """The score of the lead at that instant, which names its offset; FactError where a row has another shape."""
        return self.score_page([facts.lead], facts.interactions, at)[0]

    def score_page(self, leads: Sequence[Row], rows: Mapping[str, Iterable[Row]], at: datetime) -> list[Score]:
        """The scores of many leads at one instant, in their order; of `rows` by table, each counts for its own leads.

        Each lead is in it once, and gets what `score` gives it alone. A FactError says nothing of the other leads: to
        learn whose row has another shape, score one at a time.
        """
        if at.tzinfo is not UTC or not _FIRST_YEAR <= at.year <= _LAST_YEAR:
            at = _in_utc(at)
        frame, tally = self.model.frame(at), self.model.tally(len(leads))
        places = Places(leads)
        for events in self.model.events:
            if found := rows.get(events.table, ()):
                _count(events, found, places, tally, at, frame)
        return self.model.scores(leads, tally, at, frame)


def _count(events: EventCount, rows: Iterable[Row], places: Places, tally: Tally, at: datetime, frame: Frame) -> None:
    """Counts the rows whose lead's id is spelled as the lead spells it as they come, and the others by place."""
    spelled, others = places.spelled, list[Row]()
    if events.contact is None:
        events.count(rows, spelled.get, others.append, tally, at, frame)
        rows = others
    concerned = [(row, place) for row in rows for place in places.of(row, events.lead, events.contact)]
    if concerned:
        following = iter([place for _, place in concerned])
        events.count([row for row, _ in concerned], lambda _: next(following), others.append, tally, at, frame)


def compile_model(model: ScoringModel) -> Scorer:
    """The model as a function, made once; a model without a time zone is read in UTC.

    DefinitionError when it is for a business unit that nobody has looked up yet: its audience is not known then; and
    when it names options by labels.
    """
    if labels := tuple(unresolved(model)):
        raise DefinitionError(labels)
    if model.business_unit is not None and not model.business_units:
        reason = "is not looked up yet: business_units must hold its id and those of its children (publishing fills it)"
        raise DefinitionError((Problem(("business_unit",), reason),))
    dialect = Dialect(zone(model.time_zone or "UTC"), model.text_accent_sensitive)
    return Scorer(needs_of(model), compiled(model, dialect))


def _in_utc(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise ValueError("the instant to score at must name its offset from UTC")
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        message = f"the instant to score at must be in the years {_FIRST_YEAR} to {_LAST_YEAR}"
        raise ValueError(message)
    return at.astimezone(UTC)
