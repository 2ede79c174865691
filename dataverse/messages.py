"""The actions and functions of the Web API as requests: what is not a row.

Source: the Web API pages "Use Web API actions" and "Use Web API functions".
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from dataverse.errors import InvalidRequestError
from dataverse.json_body import encode_body
from dataverse.odata import Value, encode, literal, set_name
from dataverse.operations import row_path
from dataverse.request import Request, Row

RowReference: TypeAlias = tuple[str, str]  # entity set and id
Parameter: TypeAlias = Value | Sequence[str] | Row


def action(name: str, body: Row, bound_to: RowReference | None = None) -> Request:
    """A message such as "QualifyLead"; `bound_to` is the entity set and id of the row it acts on. Never repeated."""
    return Request("POST", _path(name, bound_to), body=body)


def function(
    name: str, parameters: Mapping[str, Parameter] | None = None, bound_to: RowReference | None = None
) -> Request:
    """A message that only reads, such as "RetrieveTotalRecordCount"; its answer may be an object or a collection.

    A parameter is a value, a list of texts or an object, such as a row by its address:
    `{"@odata.id": row_path("leads", id)}`.
    """
    given = dict(parameters or {})
    names = ",".join(f"{set_name(parameter)}=@p{number}" for number, parameter in enumerate(given, start=1))
    path = f"{_path(name, bound_to)}({names})"
    values = "&".join(f"@p{number}={encode(_argument(value))}" for number, value in enumerate(given.values(), start=1))
    return Request("GET", f"{path}?{values}" if values else path)


def _path(name: str, bound_to: RowReference | None) -> str:
    prefix = f"{row_path(*bound_to)}/Microsoft.Dynamics.CRM." if bound_to else ""
    return f"{prefix}{set_name(name)}"


def _argument(value: Parameter) -> str:
    if isinstance(value, Mapping):
        return encode_body(value).decode()
    if isinstance(value, Sequence) and not isinstance(value, str):
        if not all(isinstance(text, str) for text in value):
            raise InvalidRequestError("a list of a function's parameter has something else than texts")
        return encode_body({"": list(value)}).decode().removeprefix('{"":').removesuffix("}")
    return literal(value)
