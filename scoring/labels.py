"""Labels of options in conditions, and the values that take their place: scoring knows values only.

Authors write what they see on a form ("Consulting", "Oui"). Which options there are, only an environment can say:
whoever reads its metadata hands the options in.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from scoring.comparing import Operand, Scalar, listed_operand
from scoring.conditions import Comparison, Condition, changed
from scoring.definition import LEAD, ScoringModel
from scoring.errors import DefinitionError, Place, Problem
from scoring.needs import PlacedComparison, comparisons
from scoring.operators import Takes
from scoring.parts import quoted
from scoring.values import fold

_MAY_BE_LABELS = frozenset({Takes.SCALAR, Takes.LIST, Takes.OPTIONS})
_MOST_LISTED = 60


@dataclass(frozen=True, slots=True)
class Option:
    """A value that a column may hold (of yes/no columns true and false), and its labels in all languages."""

    value: int | bool
    labels: tuple[str, ...]


OptionsOf = Callable[[str, str], Sequence[Option] | None]
"""The options of a column path of a table; None where it is no column of options, or none that can be found."""


def may_name_options(placed: PlacedComparison) -> bool:
    """Whether a comparison compares with text that would be a label, if its column were one of options."""
    asked = placed.comparison
    return asked.operator.takes in _MAY_BE_LABELS and any(isinstance(one, str) for one in listed_operand(asked.value))


def with_values(model: ScoringModel, options_of: OptionsOf) -> ScoringModel:
    """The model with the value of an option wherever a label of it stood; DefinitionError names each that is none.

    Case and surrounding spaces do not count; text that spells an option's value means the value. Text that is compared
    with other columns is not touched.
    """
    values: dict[Place, Operand] = {}
    problems: list[Problem] = []
    for placed in filter(may_name_options, comparisons(model)):
        table, column = placed.table or LEAD, placed.comparison.column
        options = options_of(table, column)
        if options is not None:
            of_column = _Options(f"{table}.{column}", options)
            values[placed.place] = of_column.operand(placed.comparison.value, (*placed.place, "value"), problems)
    if problems:
        raise DefinitionError(tuple(problems))
    return _with(model, values)


def unresolved(model: ScoringModel) -> Iterator[Problem]:
    """Labels that still stand where only the numbers of options can be compared."""
    for placed in comparisons(model):
        value = placed.comparison.value
        if placed.comparison.operator.takes is Takes.OPTIONS:
            for at, label in enumerate(listed_operand(value)):
                if isinstance(label, str):
                    place = (*placed.place, "value", at) if isinstance(value, tuple) else (*placed.place, "value")
                    yield Problem(place, f"{quoted(label)} is a label: {NEEDS_AN_ENVIRONMENT}")


NEEDS_AN_ENVIRONMENT = (
    "labels are looked up in an environment when the model is applied; without one, write the option's value"
)


class _Options:
    """The options of one column, by what authors may write for them."""

    def __init__(self, column: str, options: Sequence[Option]) -> None:
        self._column, self._options = column, options
        self._by_text: dict[str, list[int | bool]] = {}
        for option in options:
            for text in dict.fromkeys(_same(label) for label in option.labels):
                self._by_text.setdefault(text, []).append(option.value)
        self._by_text |= {str(option.value): [option.value] for option in options if not isinstance(option.value, bool)}

    def operand(self, written: Operand, place: Place, problems: list[Problem]) -> Operand:
        """Values for labels; what cannot be told is added to the problems and left as it is."""
        if isinstance(written, tuple):
            return tuple(self._value(one, (*place, at), problems) for at, one in enumerate(written))
        return None if written is None else self._value(written, place, problems)

    def _value(self, written: Scalar, place: Place, problems: list[Problem]) -> Scalar:
        if not isinstance(written, str):
            return written
        values = self._by_text.get(_same(written), [])
        if len(values) == 1:
            return values[0]
        problems.append(Problem(place, f"{quoted(written)} {self._wrong(values)}"))
        return written

    def _wrong(self, values: Sequence[int | bool]) -> str:
        if values:
            named = " and ".join(_spelled(value) for value in values)
            return f"is the label of several options of {self._column}: write {named} instead, whichever is meant"
        return f"is no option of {self._column}: there is {_listed(self._options)}"


def _listed(options: Sequence[Option]) -> str:
    if not options:
        return "none"
    shown = [_in_words(option) for option in options[:_MOST_LISTED]]
    more = len(options) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def _in_words(option: Option) -> str:
    labels = " / ".join(repr(label) for label in dict.fromkeys(option.labels))  # whole: they are there to be copied
    return f"{_spelled(option.value)} {labels}".rstrip()


def _spelled(value: Scalar) -> str:
    return str(value).lower()


def _same(text: str) -> str:
    return fold(text.strip(), accent_sensitive=True)


def _with(model: ScoringModel, values: dict[Place, Operand]) -> ScoringModel:
    def change(comparison: Comparison, place: Place) -> Comparison:
        return comparison.model_copy(update={"value": values[place]}) if place in values else comparison

    def within(tree: Condition | None, *place: str | int) -> Condition | None:
        return None if tree is None else changed(tree, place, change)

    groups = []
    for at, group in enumerate(model.groups):
        when, rows = within(group.when, "groups", at, "when"), group.interactions
        if rows is not None:
            where = within(rows.where, "groups", at, "interactions", "where")
            rows = rows.model_copy(update={"where": where})
        groups.append(group.model_copy(update={"when": when, "interactions": rows}))
    return model.model_copy(update={"entry": within(model.entry, "entry"), "groups": tuple(groups)})
