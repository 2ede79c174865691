"""A model, compiled: what it needs to know, and the score of any lead at any instant."""

from dataclasses import dataclass
from datetime import datetime

from scoring.definition import LIMITS_LINE, SCORE_MAX, SCORE_MIN, Grade, Limits, ScoringModel
from scoring.facts import Facts
from scoring.groups import GroupScorer, group_scorer
from scoring.matching import Dialect, RowTest, row_test
from scoring.moments import zone
from scoring.needs import Needs, needs_of
from scoring.score import Line, Score

_OUT_OF_AUDIENCE = Score(total=None, grade=None, lines=(), valid_until=None)


@dataclass(frozen=True, slots=True)
class Scorer:
    """Immutable, and safe to share between threads; made by `compile_model`."""

    needs: Needs
    entry: RowTest | None
    groups: tuple[GroupScorer, ...]
    grades: tuple[Grade, ...]
    limits: Limits

    def score(self, facts: Facts, at: datetime) -> Score:
        """The score of the lead at that instant, which names its offset; FactError where a row has another shape."""
        if at.utcoffset() is None:
            raise ValueError("the instant to score at must name its offset from UTC")
        if self.entry is not None and not self.entry(facts.lead):
            return _OUT_OF_AUDIENCE
        lines, changes = [], []
        for group in self.groups:
            line, change = group(facts, at)
            lines.append(line)
            if change is not None:
                changes.append(change)
        total = self._limit(lines)
        return Score(total, self._grade(total), tuple(lines), min(changes, default=None))

    def _limit(self, lines: list[Line]) -> int:
        total = sum(line.points_applied for line in lines)
        low = SCORE_MIN if self.limits.min is None else self.limits.min
        high = SCORE_MAX if self.limits.max is None else self.limits.max
        if (cut := max(low, min(total, high)) - total) != 0:
            lines.append(Line(LIMITS_LINE, matched=True, events=None, points=cut, points_applied=cut))
        return total + cut

    def _grade(self, total: int) -> str | None:
        for grade in self.grades:
            if (grade.min is None or grade.min <= total) and (grade.max is None or total <= grade.max):
                return grade.name
        return None


def compile_model(model: ScoringModel) -> Scorer:
    """The model as closures, made once; a model without a time zone is read in UTC."""
    dialect = Dialect(zone(model.time_zone or "UTC"), model.text_accent_sensitive)
    return Scorer(
        needs=needs_of(model),
        entry=None if model.entry is None else row_test(model.entry, dialect),
        groups=tuple(group_scorer(group, dialect) for group in model.groups),
        grades=model.grades,
        limits=model.limits,
    )
