"""A model as Python functions, made once: they count the events of a page of leads, and then score the leads.

The one module that may call `compile`: on a tree of `ast` nodes that `syntax`, `row_code`, `event_code` and `lead_code`
make of the model's own. No source text is made, no text of a model becomes part of the code (constants are bound by
name), and nothing is executed to get at the functions: their code objects are taken out of the compiled module.
"""

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import CodeType, FunctionType
from typing import Any

from scoring import syntax
from scoring.asking import Relative, question
from scoring.definition import LEAD, ScoringModel
from scoring.event_code import AT, CHANGES, COUNTS, FRAME, PLACE, ROW, count_event, judge_events
from scoring.event_groups import EventGroup, span_of
from scoring.facts import Row
from scoring.findings import layout
from scoring.lead_code import LEADS, LeadCode
from scoring.needs import comparisons
from scoring.row_code import RowCode
from scoring.score import Score
from scoring.syntax import Constants
from scoring.turning import Frame, Frames, frames
from scoring.values import Dialect

Tally = tuple[list[Any], ...]
"""What is counted of the events of a page of leads (scoring.event_code)."""

PlaceOf = Callable[[object], int | None]
"""From what the lookup of a row holds to the place of its lead in the page, where that is plain to see."""

_ROWS, _PLACE_OF, _ELSEWHERE, _TALLY = "rows", "place_of", "elsewhere", "tally"


@dataclass(frozen=True, slots=True)
class EventCount:
    """Counts rows of a table, each at the place of its lead; what is not plain to see is handed over."""

    table: str
    lead: str | None
    contact: str | None
    count: Callable[[Iterable[Row], PlaceOf, Callable[[Row], None], Tally, datetime, Frame], None]


@dataclass(frozen=True, slots=True)
class CompiledModel:
    """First the events of all leads are counted, then each lead is looked at; both need the frame of the instant."""

    events: tuple[EventCount, ...]
    judged: int
    scores: Callable[[Sequence[Row], Tally, datetime, Frame], list[Score]]
    frame: Callable[[datetime], Frame]

    def tally(self, leads: int) -> Tally:
        """The tally of so many leads, nothing counted yet."""
        return [0] * leads, [None] * leads, *([None] * leads for _ in range(self.judged))


def compiled(model: ScoringModel, dialect: Dialect) -> CompiledModel:
    """The model as functions."""
    spans = [span_of(group.interactions) for group in model.groups if group.interactions is not None]
    made = frames(_relative_dates(model, dialect), spans, dialect.zone)
    return _ModelCode(model, dialect, made).compiled()


def _relative_dates(model: ScoringModel, dialect: Dialect) -> Iterable[Relative]:
    for placed in comparisons(model):
        asked = placed.comparison
        test = question(asked, model.column_type(placed.table, asked.column), dialect).test
        if isinstance(test, Relative):
            yield test


class _ModelCode:
    """Puts the functions of a model together."""

    def __init__(self, model: ScoringModel, dialect: Dialect, made: Frames) -> None:
        self._model, self._dialect, self._frames = model, dialect, made
        self._constants, self._layout = Constants(), layout(model)
        self._groups = {
            place: EventGroup(
                f"events_{place}",
                group.points,
                group.interactions,
                self._layout.unit(place) if place in self._layout.counted else None,
            )
            for place, group in enumerate(model.groups)
            if group.interactions is not None
        }
        self._kept = [self._groups[place].kept for place in self._layout.judged]

    def compiled(self) -> CompiledModel:
        counts = tuple(self._count(groups) for groups in self._alike())
        return CompiledModel(counts, len(self._kept), self._scores(), self._frames.at)

    def _scores(self) -> Callable[..., list[Score]]:
        judged = {}
        for place in self._layout.judged:
            group = self._groups[place]
            judged[place] = group, judge_events(self._row_code(ROW, group.rows.table), group)
        code = LeadCode(self._model, self._layout, self._row_code("lead", None), judged)
        return self._function("scores", [LEADS, _TALLY, AT, FRAME], [self._tally(), *code.scores(COUNTS, CHANGES)])

    def _alike(self) -> Iterable[list[EventGroup]]:
        """Groups over the same rows go over them together."""
        alike: dict[tuple[str, str | None, str | None, str], list[EventGroup]] = {}
        for group in self._groups.values():
            key = (group.rows.table, group.rows.lead, group.rows.contact, group.rows.at)
            alike.setdefault(key, []).append(group)
        return alike.values()

    def _count(self, groups: Sequence[EventGroup]) -> EventCount:
        rows, row = groups[0].rows, syntax.load(ROW)
        spelled = syntax.method(row, "get", self._constants.bind(f"_{rows.lead or rows.contact}_value"))
        hand_over = [syntax.do(syntax.call(syntax.load(_ELSEWHERE), row)), syntax.skip()]
        body = [
            syntax.assign(PLACE, syntax.call(syntax.load(_PLACE_OF), spelled)),
            syntax.when(syntax.is_none(syntax.load(PLACE)), hand_over),
            *count_event(self._row_code(ROW, rows.table), groups),
        ]
        loop = syntax.for_each([ROW], syntax.load(_ROWS), body)
        names = [_ROWS, _PLACE_OF, _ELSEWHERE, _TALLY, AT, FRAME]
        return EventCount(rows.table, rows.lead, rows.contact, self._function("count", names, [self._tally(), loop]))

    def _tally(self) -> ast.stmt:
        return syntax.unpack([COUNTS, CHANGES, *self._kept], syntax.load(_TALLY))

    def _row_code(self, row: str, table: str | None) -> RowCode:
        types = self._model.types_of(table or LEAD)
        return RowCode(row, table or "", types, self._dialect, self._constants, self._frames, self._function)

    def _function(self, name: str, parameters: Sequence[str], body: Sequence[ast.stmt]) -> FunctionType:
        """The function, with the constants that it uses as further parameters: a local is what is read fastest."""
        names = {node.id for statement in body for node in ast.walk(statement) if isinstance(node, ast.Name)}
        used = {name: value for name, value in self._constants.by_name.items() if name in names}
        module = ast.Module([syntax.function(name, [*parameters, *used], body)], [])
        code = compile(ast.fix_missing_locations(module), "<model>", "exec")
        inner = next(constant for constant in code.co_consts if isinstance(constant, CodeType))
        return FunctionType(inner, {}, name, tuple(used.values()))
