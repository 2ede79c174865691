"""What the parts of a definition have in common: every problem of a part is found in one go, with its place.

pydantic stops at the shape: rules between fields would only run once every field is right. A `Part` runs them on the
author's document, beside the shape, and hands pydantic both as errors of one kind, so that the places of nested parts
come out right.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from scoring.errors import Place, Problem

MAX_PROBLEMS = 200  # of one part: a hostile definition could have a million

_WORDING = {
    "missing": "is missing",
    "extra_forbidden": "is not a field of this part of a model",
    "invalid_key": "is not a field of this part of a model",
    "model_type": "must be a mapping of fields",
    "tuple_type": "must be a list",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
}


class Part(BaseModel):
    """A frozen part of a definition that knows no other fields than its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    not_supported_yet: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def cross_checks(cls, document: Mapping[str, object]) -> Iterable[Problem]:
        """What is wrong between the fields; the document is as its author wrote it, so any field may have any shape."""
        del document
        return ()

    @model_validator(mode="wrap")
    @classmethod
    def _find_everything(cls, document: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(document, dict):
            return handler(document)
        problems = [Problem((key,), "is not supported yet") for key in sorted(cls.not_supported_yet & document.keys())]
        problems += cls.cross_checks(document)
        try:
            part = handler({key: value for key, value in document.items() if key not in cls.not_supported_yet})
        except ValidationError as error:
            raise problems_error([*problems_of(error), *problems]) from None
        if problems:
            raise problems_error(problems)
        return part


def problems_error(problems: Sequence[Problem]) -> ValidationError:
    """The problems as pydantic's own error: raised in a validator, it gets the place of what was validated in front."""
    if (more := len(problems) - MAX_PROBLEMS) > 0:
        problems = [*problems[:MAX_PROBLEMS], Problem((), f"and {more:,} more problems")]
    return ValidationError.from_exception_data(
        "definition",
        [InitErrorDetails(type=_custom(problem.message), loc=problem.place, input=None) for problem in problems],
    )


def problem_error(message: str, place: Place = ()) -> ValidationError:
    """`problems_error` of one."""
    return problems_error((Problem(place, message),))


def problems_of(error: ValidationError) -> Iterator[Problem]:
    """pydantic's errors in our words, none of which repeats what the author wrote."""
    for details in error.errors(include_url=False, include_input=False):
        yield Problem(tuple(details["loc"]), _message(details))


def listed(least: int, most: int) -> BeforeValidator:
    """Refuses a list of fewer or more entries, whether those are right or not."""

    def check(document: Any) -> Any:
        if isinstance(document, list | tuple) and not least <= len(document) <= most:
            message = f"has {len(document):,} entries: it must have {least} to {most}"
            raise problem_error(message)
        return document

    return BeforeValidator(check)


def quoted(text: object) -> str:
    """What the author wrote, fit for one line of a terminal: escaped, and cut at 40 characters."""
    written = text if isinstance(text, str) else "?"
    return repr(written if len(written) <= 40 else f"{written[:40]}...")


def _custom(message: str) -> PydanticCustomError:
    return PydanticCustomError("problem", "{message}", {"message": message})


def _message(details: ErrorDetails) -> str:
    context = details.get("ctx", {})
    match details["type"]:
        case "greater_than_equal":
            return f"must be at least {context['ge']:,}"
        case "less_than_equal":
            return f"must be at most {context['le']:,}"
        case "literal_error":
            return f"must be {context['expected']}"
        case kind:
            return _WORDING.get(kind, details["msg"])
