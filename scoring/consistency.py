"""Rules between the fields of a definition, read from its author's document: every field may have any shape."""

from collections.abc import Iterator, Mapping
from math import inf

from scoring.errors import Place, Problem

MAX_CONDITIONS = 500
MAX_DEPTH = 5
MAX_GRADES = 100


def depth_problems(document: object, place: Place, depth: int = 0) -> Iterator[Problem]:
    """Where `all`, `any` and `not` stand more than five deep in one another, in a document of any shape."""
    if not isinstance(document, dict):
        return
    for key in ("all", "any", "not"):
        if key not in document:
            continue
        if depth == MAX_DEPTH:
            yield Problem(place, f"is nested too deep: all, any and not go at most {MAX_DEPTH} deep")
            return
        inner = document[key]
        for at, member in enumerate(inner) if isinstance(inner, list) else ():
            yield from depth_problems(member, (*place, key, at), depth + 1)
        yield from depth_problems(inner, (*place, key), depth + 1)


def order_problems(document: Mapping[str, object]) -> Iterator[Problem]:
    """A min above its max."""
    low, high = document.get("min"), document.get("max")
    if isinstance(low, int) and isinstance(high, int) and low > high:
        yield Problem(("min",), "is above max")


def dotted_columns(where: object, place: Place) -> Iterator[Problem]:
    """Columns of related rows in the condition of interactions."""
    if isinstance(where, dict):
        column = where.get("column")
        if isinstance(column, str) and column.count(".") == 1:
            yield Problem((*place, "column"), "columns of related rows are not supported yet for interactions")
        for key in ("all", "any", "not"):
            yield from dotted_columns(where.get(key), (*place, key))
    for at, member in enumerate(where) if isinstance(where, list) else ():
        yield from dotted_columns(member, (*place, at))


def repeated_names(key: str, parts: object) -> Iterator[Problem]:
    """Names used twice among the parts of one list, whatever their case."""
    first: dict[str, int] = {}
    for at, part in _entries(parts):
        name = part.get("name")
        if isinstance(name, str) and first.setdefault(name.strip().casefold(), at) != at:
            yield Problem((key, at, "name"), f"is the name of {key}[{first[name.strip().casefold()]}] already")


def overlaps(grades: object) -> Iterator[Problem]:
    """Grades that would claim the same score."""
    spans: list[tuple[int, float, float]] = []
    for at, grade in _entries(grades):
        low, high = _bound(grade.get("min"), -inf), _bound(grade.get("max"), inf)
        if low is None or high is None or low > high:
            continue  # said by the grade itself
        for other, other_low, other_high in spans:
            if low <= other_high and other_low <= high:
                yield Problem(("grades", at), f"overlaps grades[{other}]")
                break
        spans.append((at, low, high))


def _bound(value: object, when_open: float) -> float | None:
    if value is None:
        return when_open
    return value if isinstance(value, int | float) else None


def too_many_conditions(document: Mapping[str, object]) -> Iterator[Problem]:
    """The comparisons of a whole model, counted."""
    conditions = _comparisons_in(document.get("entry")) + _comparisons_in(document.get("groups"))
    if conditions > MAX_CONDITIONS:
        yield Problem(("groups",), f"hold {conditions:,} conditions: at most {MAX_CONDITIONS}")


def _comparisons_in(document: object) -> int:
    if isinstance(document, dict):
        return ("column" in document) + sum(_comparisons_in(value) for value in document.values())
    return sum(_comparisons_in(value) for value in document) if isinstance(document, list) else 0


def _entries(parts: object) -> list[tuple[int, dict[str, object]]]:
    entries = parts[:MAX_GRADES] if isinstance(parts, list) else []  # of more, the number is the problem
    return [(at, part) for at, part in enumerate(entries) if isinstance(part, dict)]
