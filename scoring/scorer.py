"""A model, compiled: what it needs to know, and the score of any lead at any instant."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from scoring.compiled import CompiledModel, compiled
from scoring.definition import ScoringModel
from scoring.errors import DefinitionError, Problem
from scoring.facts import Facts
from scoring.moments import zone
from scoring.needs import Needs, needs_of
from scoring.score import Score
from scoring.values import Dialect
from scoring.verdict import Findings, judge

_OUT_OF_AUDIENCE = Score(total=None, grade=None, lines=(), valid_until=None)


@dataclass(frozen=True, slots=True)
class Scorer:
    """Immutable, and safe to share between threads; made by `compile_model`."""

    needs: Needs
    model: CompiledModel
    verdict: Callable[[Findings], Score]

    def score(self, facts: Facts, at: datetime) -> Score:
        """The score of the lead at that instant, which names its offset; FactError where a row has another shape."""
        if at.tzinfo is not UTC:
            at = _in_utc(at)
        findings, valid_until = self.model.find(facts.lead, facts.interactions, at, self.model.frame(at))
        if findings is None:
            return _OUT_OF_AUDIENCE if valid_until is None else Score(None, None, (), valid_until)
        score = self.verdict(findings)
        if valid_until is None:
            return score
        return Score(score.total, score.grade, score.lines, valid_until, score.explained)


def compile_model(model: ScoringModel) -> Scorer:
    """The model as a function, made once; a model without a time zone is read in UTC.

    DefinitionError when it is for a business unit that nobody has looked up yet: its audience is not known then.
    """
    if model.business_unit is not None and not model.business_units:
        reason = "is not looked up yet: business_units must hold its id and those of its children (publishing fills it)"
        raise DefinitionError((Problem(("business_unit",), reason),))
    dialect = Dialect(zone(model.time_zone or "UTC"), model.text_accent_sensitive)
    return Scorer(needs_of(model), compiled(model, dialect), judge(model))


def _in_utc(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise ValueError("the instant to score at must name its offset from UTC")
    return at.astimezone(UTC)
