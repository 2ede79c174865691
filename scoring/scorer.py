"""A model, compiled: what it needs to know, and the score of any lead at any instant."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from scoring.belonging import Owners
from scoring.compiled import CompiledModel, Tally, compiled
from scoring.definition import ScoringModel
from scoring.errors import DefinitionError, Problem
from scoring.facts import Facts, Row
from scoring.labels import unresolved
from scoring.moments import zone
from scoring.needs import Needs, needs_of
from scoring.score import Score
from scoring.values import Dialect
from scoring.verdict import Findings, judge

# A century's window begins and ends within the calendar from there.
_FIRST_YEAR, _LAST_YEAR = 1900, 9800
_OUT_OF_AUDIENCE = Score(total=None, grade=None, lines=(), valid_until=None)


@dataclass(frozen=True, slots=True)
class Scorer:
    """Immutable, and safe to share between threads; made by `compile_model`."""

    needs: Needs
    model: CompiledModel
    verdict: Callable[[Findings], Score]

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
        frame, find, nothing = self.model.frame(at), self.model.find, self.model.nothing
        tallies = self._tallies(leads, rows, at) if self.model.events else [nothing] * len(leads)
        scores = []
        for lead, tally in zip(leads, tallies, strict=True):
            findings, valid_until = find(lead, tally, at, frame)
            if findings is None:
                scores.append(_OUT_OF_AUDIENCE if valid_until is None else Score(None, None, (), valid_until))
                continue
            score = self.verdict(findings)
            if valid_until is not None:
                score = Score(score.total, score.grade, score.lines, valid_until, score.explained)
            scores.append(score)
        return scores

    def _tallies(self, leads: Sequence[Row], rows: Mapping[str, Iterable[Row]], at: datetime) -> list[Tally]:
        """What is counted of the events of each lead."""
        frame, nothing = self.model.frame(at), self.model.nothing
        tallies = [nothing.copy() for _ in leads]
        owners = Owners(leads, tallies)
        for events in self.model.events:
            if found := rows.get(events.table, ()):
                known, tallies_of = owners.by(events.lead, events.contact)
                events.count(found, known, tallies_of, at, frame)
        return tallies


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
    return Scorer(needs_of(model), compiled(model, dialect), judge(model))


def _in_utc(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise ValueError("the instant to score at must name its offset from UTC")
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        message = f"the instant to score at must be in the years {_FIRST_YEAR} to {_LAST_YEAR}"
        raise ValueError(message)
    return at.astimezone(UTC)
