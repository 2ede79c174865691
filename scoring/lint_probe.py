"""What the engine itself says of one comparison and one value: no rule of comparing is written down twice."""

from datetime import UTC, datetime, tzinfo

from scoring.comparing import Scalar
from scoring.conditions import Comparison
from scoring.definition import Group, Interactions, Limits, ScoringModel
from scoring.errors import FactError
from scoring.facts import Facts, Row
from scoring.lint_values import scalars
from scoring.moments import zone
from scoring.operators import Takes
from scoring.scorer import Scorer, compile_model

_AT = datetime(2026, 1, 1, tzinfo=UTC)  # any instant: no answer that is asked for depends on it
_ID = "00000000-0000-0000-0000-000000000001"
_ANY_OPTION = 1  # of options nothing but null is asked, and labels cannot be compiled
_LOOKUP, _INSTANT = "asked_lookup", "asked_instant"  # apart from every column that a condition may name


class Probe:
    """Asks the engine, as a model reads values, on the lead or on the rows of interactions."""

    def __init__(self, model: ScoringModel, rows: Interactions | None = None) -> None:
        self._model, self._rows = model, rows
        self._scorers: dict[tuple[str, str, str], Scorer] = {}
        self._answers: dict[tuple[str, str, str, str, str], bool | None] = {}

    @property
    def zone(self) -> tzinfo:
        """The zone of the model's days."""
        return zone(self._model.time_zone or "UTC")

    @property
    def accent_sensitive(self) -> bool:
        """Whether accents tell texts apart."""
        return self._model.text_accent_sensitive

    def holds(self, asked: Comparison, value: object) -> bool | None:
        """Whether the comparison holds for that value of its column; None when the engine refuses the value's kind."""
        key = (asked.column, asked.op, repr(asked.value))  # by repr, for 1 and True are equal and not the same
        entry = (*key, type(value).__name__, str(value))
        if entry not in self._answers:
            if key not in self._scorers:
                self._scorers[key] = self._compiled(asked)
            self._answers[entry] = self._ask(self._scorers[key], asked.column, value)
        return self._answers[entry]

    def _compiled(self, asked: Comparison) -> Scorer:
        if asked.operator.takes is Takes.OPTIONS:
            asked = asked.model_copy(update={"value": _ANY_OPTION})
        group = Group.model_construct(name="asked", points=1, when=asked)
        if self._rows is not None:
            rows = Interactions.model_construct(table=self._rows.table, lead=_LOOKUP, at=_INSTANT, where=asked)
            group = Group.model_construct(name="asked", points=1, interactions=rows)
        everybody = {"entry": None, "business_unit": None, "business_units": ()}
        alone = {**everybody, "groups": (group,), "grades": (), "limits": Limits()}
        return compile_model(self._model.model_copy(update=alone))

    def _ask(self, scorer: Scorer, column: str, value: object) -> bool | None:
        try:
            return scorer.score(self._facts(column, value), _AT).lines[0].matched
        except FactError:
            return None

    def _facts(self, column: str, value: object) -> Facts:
        table = None if self._rows is None else self._rows.table
        own, _, related = self._model.stored_column(table, column).partition(".")
        asked: Row = {own: _either_way(related, value)} if related else _either_way(own, value)
        if table is None:
            return Facts({"leadid": _ID, **asked})
        row = {f"_{_LOOKUP}_value": _ID, _INSTANT: _AT.isoformat(), **asked}
        return Facts({"leadid": _ID}, {table: [row]})


def _either_way(column: str, value: object) -> Row:
    """The column as it is read when it holds a value, and when it is a lookup."""
    return {column: value, f"_{column}_value": value}


def operands(asked: Comparison) -> tuple[Scalar, ...]:
    """The values that a comparison compares with."""
    return scalars(asked.value)
