"""From foreign data to a model, or to everything that is wrong with it."""

from pydantic import ValidationError

from scoring.canonical import canonical_json
from scoring.definition import ScoringModel
from scoring.errors import DefinitionError, Problem
from scoring.needs import type_problems
from scoring.parts import problems_of

MAX_CHARACTERS = 1_000_000
_MAX_MAPPINGS = 10_000  # 500 conditions five deep, and room
_MAX_NESTING = 40  # above what any model needs, below what recursion minds


def parse_model(data: object) -> ScoringModel:
    """The model that YAML or JSON gave; DefinitionError names every problem with its place."""
    _check_bounds(data)
    try:
        model = ScoringModel.model_validate(data)
    except ValidationError as error:
        raise DefinitionError(tuple(dict.fromkeys(problems_of(error)))) from None
    if misfits := tuple(type_problems(model)):
        raise DefinitionError(misfits)
    if (characters := len(canonical_json(model))) > MAX_CHARACTERS:
        raise DefinitionError((Problem((), f"has {characters:,} characters: at most {MAX_CHARACTERS:,}"),))
    return model


def _check_bounds(data: object) -> None:
    """Refuses what would be costly to look at closely, layer by layer and without recursion."""
    size, mappings, layer = 0, 0, [data]
    for _ in range(_MAX_NESTING):
        size += sum(len(value) if isinstance(value, str) else 1 for value in layer)
        mappings += sum(isinstance(value, dict) for value in layer)
        # Twice: a file may spell out defaults that the canonical text leaves out.
        if size > 2 * MAX_CHARACTERS or mappings > _MAX_MAPPINGS:
            raise DefinitionError(
                (Problem((), f"is too large: at most {MAX_CHARACTERS:,} characters in {_MAX_MAPPINGS:,} mappings"),)
            )
        layer = [inner for value in layer for inner in _inside(value)]
        if not layer:
            return
    raise DefinitionError((Problem((), "is nested too deep"),))


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return list(value) if isinstance(value, list | tuple) else []
