"""A scoring model as files and published versions spell it (one form for both)."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StrictBool, StrictInt, StrictStr

from scoring.column_types import ColumnType, stored_column
from scoring.conditions import Condition, column_path, logical_name
from scoring.consistency import (
    MAX_GRADES,
    depth_problems,
    dotted_columns,
    order_problems,
    overlaps,
    repeated_names,
    too_many_conditions,
)
from scoring.errors import Problem
from scoring.moments import zone_names
from scoring.parts import Part, listed, problem_error, quoted
from scoring.values import has_half_a_character

MAX_GROUPS = 40
MAX_POINTS = 1_000_000
MAX_UNITS = 10_000
LEAD = "lead"
"""The table whose rows are scored."""

LIMITS_LINE = "Limits"
SCORE_MIN, SCORE_MAX = -(2**31), 2**31 - 1  # what a whole-number column of Dataverse holds
_MAX_DAYS = 36_525  # a century


def _one_line(text: str) -> str:
    if not text.strip():
        raise problem_error("must not be empty")
    if not text.isprintable():
        raise problem_error("must be one line of printable text")
    return text


def _at_most(characters: int) -> AfterValidator:
    """Refuses text that is too long for the column that holds it: Dataverse counts UTF-16 units."""

    def check(text: str) -> str:
        if len(text.encode("utf-16-le", "surrogatepass")) // 2 > characters:
            message = f"must have at most {characters:,} characters"
            raise problem_error(message)
        return text

    return AfterValidator(check)


def _whole_text(text: str) -> str:
    if has_half_a_character(text):
        raise problem_error("is not valid text (it has half of a surrogate pair)")
    return text


def _guid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise problem_error("must be a GUID") from None


def _time_zone(name: str) -> str:
    if name in zone_names():
        return name
    message = f"unknown time zone {quoted(name)}: it must be an IANA name, such as Europe/Paris"
    raise problem_error(message)


Name = Annotated[StrictStr, AfterValidator(_one_line), _at_most(200)]
UnitName = Annotated[StrictStr, AfterValidator(_one_line), _at_most(160)]
LogicalName = Annotated[StrictStr, AfterValidator(logical_name)]
ScoreBound = Annotated[StrictInt, Field(ge=SCORE_MIN, le=SCORE_MAX)]
ColumnPath = Annotated[StrictStr, AfterValidator(column_path)]
Id = Annotated[StrictStr, AfterValidator(_guid)]
Days = Annotated[StrictInt, Field(ge=1, le=_MAX_DAYS)]


class Interactions(Part):
    """Which rows of a table count as a lead's behaviour, and how they are counted."""

    table: LogicalName
    lead: LogicalName | None = None
    contact: LogicalName | None = None
    at: LogicalName
    where: Condition | None = None
    within_days: Days | None = None
    count: Literal["each", "at-least", "none"] = "each"
    n: Annotated[StrictInt, Field(ge=1, le=MAX_POINTS)] | None = None
    half_life_days: Days | None = None

    @classmethod
    def cross_checks(cls, document: Mapping[str, object]) -> Iterator[Problem]:
        """Rules between lead and contact, and between count, n and half_life_days."""
        if document.get("lead") is None and document.get("contact") is None:
            yield Problem((), "must name the lookup to the lead (lead), to its parent contact (contact), or both")
        count = document.get("count", "each")
        if count == "at-least" and document.get("n") is None:
            yield Problem(("n",), "is missing: count at-least needs it")
        if count != "at-least" and document.get("n") is not None:
            yield Problem(("n",), "goes only with count at-least")
        if count != "each" and document.get("half_life_days") is not None:
            yield Problem(("half_life_days",), "goes only with count each")
        yield from depth_problems(document.get("where"), ("where",))
        yield from dotted_columns(document.get("where"), ("where",))


class Group(Part):
    """Points for a condition on the lead, or for its interactions; `cap` bounds their total by absolute value."""

    name: Name
    points: Annotated[StrictInt, Field(ge=-MAX_POINTS, le=MAX_POINTS)]
    cap: Annotated[StrictInt, Field(ge=0, le=SCORE_MAX)] | None = None
    when: Condition | None = None
    interactions: Interactions | None = None

    @classmethod
    def cross_checks(cls, document: Mapping[str, object]) -> Iterator[Problem]:
        """Exactly one of when and interactions."""
        if (document.get("when") is None) == (document.get("interactions") is None):
            yield Problem((), "must have exactly one of when and interactions")
        yield from depth_problems(document.get("when"), ("when",))
        if str(document.get("name")).strip().casefold() == LIMITS_LINE.casefold():
            yield Problem(("name",), f"must not be {LIMITS_LINE}: so is the line called that says what the limits cut")


class Grade(Part):
    """A name for the scores from `min` to `max`, both included, either open."""

    name: Name
    min: ScoreBound | None = None
    max: ScoreBound | None = None

    @classmethod
    def cross_checks(cls, document: Mapping[str, object]) -> Iterator[Problem]:
        """min at most max."""
        yield from order_problems(document)


class Limits(Part):
    """Bounds of the total; without them it stays within what a whole-number column holds."""

    min: ScoreBound | None = None
    max: ScoreBound | None = None

    @classmethod
    def cross_checks(cls, document: Mapping[str, object]) -> Iterator[Problem]:
        """min at most max."""
        yield from order_problems(document)


class ScoringModel(Part):
    """Who is scored (`entry`), what for (`groups`), and what a score is called (`grades`).

    Publishing fills in what the environment knows: the ids of the business unit and its children (`business_units`),
    and the types of columns by table (`columns`). Without types, what a condition compares with says what a column is.
    """

    name: Name = Field(alias="model")
    description: Annotated[StrictStr, AfterValidator(_whole_text), _at_most(2_000)] = ""
    time_zone: Annotated[StrictStr, AfterValidator(_time_zone)] | None = None
    text_accent_sensitive: StrictBool = False
    show_on_lead: StrictBool = False
    business_unit: UnitName | None = None
    business_units: Annotated[tuple[Id, ...], listed(0, MAX_UNITS)] = ()
    columns: Mapping[LogicalName, Mapping[ColumnPath, ColumnType]] | None = None
    entry: Condition | None = None
    groups: Annotated[tuple[Group, ...], listed(1, MAX_GROUPS)]
    grades: Annotated[tuple[Grade, ...], listed(0, MAX_GRADES)] = ()
    limits: Limits = Limits()

    @classmethod
    def cross_checks(cls, document: Mapping[str, object]) -> Iterator[Problem]:
        """Rules over the whole model: names used once, grades apart, the number of conditions."""
        yield from depth_problems(document.get("entry"), ("entry",))
        yield from repeated_names("groups", document.get("groups"))
        yield from repeated_names("grades", document.get("grades"))
        yield from overlaps(document.get("grades"))
        yield from too_many_conditions(document)

    def types_of(self, table: str) -> Mapping[str, ColumnType]:
        """The types of the table's columns, as far as they are known."""
        return (self.columns or {}).get(table, {})

    def column_type(self, table: str | None, column: str) -> ColumnType | None:
        """The type of a column of the table (None: of the lead), if it is known."""
        return self.types_of(table or LEAD).get(column)

    def stored_column(self, table: str | None, column: str) -> str:
        """The column that is read for a condition on `column`: money is compared in the base currency."""
        return stored_column(column, self.column_type(table, column))
