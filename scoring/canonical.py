"""The one text of a model: what is hashed, stored and compared."""

import json
from collections.abc import Mapping

from scoring.definition import ScoringModel
from scoring.parts import Part


def canonical_json(model: ScoringModel) -> str:
    """The model with sorted keys, without spaces and without what is as by default; parsing it gives an equal model."""
    # By hand: pydantic serialises a union by trying its members, which costs four to the power of the depth.
    return json.dumps(_document(model), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _document(value: object) -> object:
    if isinstance(value, Part):
        return {
            field.alias or name: _document(getattr(value, name))
            for name, field in type(value).model_fields.items()
            if getattr(value, name) != field.default
        }
    if isinstance(value, Mapping):
        return {key: _document(member) for key, member in value.items()}
    return [_document(member) for member in value] if isinstance(value, tuple) else value
