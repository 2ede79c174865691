"""Conditions as definitions write them: `{column, op, value}`, or `all`, `any`, `not` over conditions."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field, StrictStr, ValidationInfo, ValidatorFunctionWrapHandler, WrapValidator, field_validator

from scoring.comparing import Operand
from scoring.consistency import MAX_CONDITIONS
from scoring.errors import Place, Problem
from scoring.operands import findings, normalised, operand
from scoring.operators import OPERATORS, Operator
from scoring.parts import Part, listed, problem_error, problems_error, quoted

_NAME = re.compile(r"[a-z][a-z0-9_]{0,127}", re.ASCII)


def logical_name(text: str) -> str:
    """The text, when it can be the logical name of a table or column."""
    if _NAME.fullmatch(text):
        return text
    hint = ": a lookup goes by its own name" if text.startswith("_") and text.endswith("_value") else ""
    message = f"{quoted(text)} is not a logical name (lower-case letters, digits and _){hint}"
    raise problem_error(message)


def column_path(column: str) -> str:
    """The text, when it can be a column, or `lookup.column` of an N:1 related row."""
    steps = column.split(".")
    if len(steps) > 2:
        message = f"{quoted(column)} goes over two lookups: only one dot is supported yet"
        raise problem_error(message)
    return ".".join(logical_name(step) for step in steps)


class Comparison(Part):
    """One column against one operator; the column may be `lookup.column` of an N:1 related row."""

    column: StrictStr
    op: StrictStr
    value: Operand = Field(default=None, validate_default=True)

    @property
    def operator(self) -> Operator:
        """The operator that `op` names."""
        return OPERATORS[self.op]

    @field_validator("column")
    @classmethod
    def _is_a_path(cls, column: str) -> str:
        return column_path(column)

    @field_validator("op")
    @classmethod
    def _is_known(cls, op: str) -> str:
        if op in OPERATORS:
            return op
        message = f"unknown operator {quoted(op)}"
        raise problem_error(message)

    @field_validator("value", mode="plain")
    @classmethod
    def _suits_the_operator(cls, value: object, info: ValidationInfo) -> Operand:
        if "op" not in info.data:  # what is wrong with the operator is said; what it would take is unknown
            return None
        plain = normalised(value)
        wrong = [Problem(place, message) for place, message in findings(OPERATORS[info.data["op"]], plain)]
        if wrong:
            raise problems_error(wrong)
        return operand(plain)


class AllOf(Part):
    """Holds when every one of its conditions holds."""

    conditions: "Conditions" = Field(alias="all")


class AnyOf(Part):
    """Holds when one of its conditions holds."""

    conditions: "Conditions" = Field(alias="any")


class Not(Part):
    """Holds when its condition does not."""

    condition: "Condition" = Field(alias="not")


_SHAPES: Mapping[str, type[Comparison | AllOf | AnyOf | Not]] = {
    "column": Comparison,
    "all": AllOf,
    "any": AnyOf,
    "not": Not,
}


def _condition(document: Any, _union: ValidatorFunctionWrapHandler) -> Comparison | AllOf | AnyOf | Not:
    if not isinstance(document, dict):
        raise problem_error("must be a condition: {column, op, value}, or all, any, not over conditions")
    shapes = [shape for key, shape in _SHAPES.items() if key in document]
    if len(shapes) != 1:
        raise problem_error("must have exactly one of column, all, any, not")
    return shapes[0].model_validate(document)


# pydantic's own unions name every member that does not fit: choosing by hand keeps the places those of the document.
Condition = Annotated[Comparison | AllOf | AnyOf | Not, WrapValidator(_condition)]
Conditions = Annotated[tuple[Condition, ...], listed(1, MAX_CONDITIONS)]

for _part in (AllOf, AnyOf, Not):
    _part.model_rebuild()


def walk(condition: Comparison | AllOf | AnyOf | Not, place: Place) -> Iterator[tuple[Place, Comparison]]:
    """Every comparison of the tree, with its place."""
    match condition:
        case Comparison():
            yield place, condition
        case Not():
            yield from walk(condition.condition, (*place, "not"))
        case AllOf() | AnyOf():
            key = "all" if isinstance(condition, AllOf) else "any"
            for at, member in enumerate(condition.conditions):
                yield from walk(member, (*place, key, at))


def changed(
    condition: Comparison | AllOf | AnyOf | Not, place: Place, change: Callable[[Comparison, Place], Comparison]
) -> Comparison | AllOf | AnyOf | Not:
    """The same tree with each comparison as `change` gives it; places are those of `walk`."""
    match condition:
        case Comparison():
            return change(condition, place)
        case Not():
            inner = changed(condition.condition, (*place, "not"), change)
            return condition.model_copy(update={"condition": inner})
    key = "all" if isinstance(condition, AllOf) else "any"
    members = (changed(member, (*place, key, at), change) for at, member in enumerate(condition.conditions))
    return condition.model_copy(update={"conditions": tuple(members)})
