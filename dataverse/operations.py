"""The operations of the Web API as requests; what they do is decided here, when and with what else by the client.

Source: the Web API pages on create, retrieve, update, upsert, conditional operations and query.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from dataverse.errors import InvalidRequestError
from dataverse.odata import Filter, Value, column_name, encode, literal, set_name
from dataverse.request import Request, Row

_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ETAG = re.compile(r'\*|W/"[0-9]+"')
_NOT_IN_A_KEY = re.compile(r"[/<>*%&:\\?+#]|\A\Z")
_ORDER = re.compile(r"(\S+)(?: (?:asc|desc))?")


def query(
    entity_set: str,
    *,
    select: Iterable[str],
    filter: Filter | None = None,  # noqa: A002  the option's own name
    orderby: Iterable[str] = (),
    top: int | None = None,
    expand: Mapping[str, Iterable[str]] | None = None,
    page_size: int | None = None,
) -> Request:
    """Rows of a table; `orderby` items are "column" or "column desc", `expand` maps N:1 navigations to columns."""
    if top is not None and page_size is not None:
        raise InvalidRequestError("top and page_size exclude each other: the service ignores top then")
    if top is not None and top < 1:
        raise InvalidRequestError("top is less than one")
    options = [f"$select={_columns(select)}"]
    if filter is not None:
        options.append(f"$filter={encode(filter.expression)}")
    if order := [_order(item) for item in listed_names(orderby)]:
        options.append(f"$orderby={','.join(order)}")
    if expand:
        options.append(f"$expand={_expansion(expand)}")
    if top is not None:
        options.append(f"$top={top}")
    return Request("GET", f"{set_name(entity_set)}?{'&'.join(options)}", _paging(page_size))


def retrieve(
    entity_set: str, row_id: str, *, select: Iterable[str], expand: Mapping[str, Iterable[str]] | None = None
) -> Request:
    """One row by id; the client raises NotFoundError when it is gone."""
    options = [f"$select={_columns(select)}"] + ([f"$expand={_expansion(expand)}"] if expand else [])
    return Request("GET", f"{row_path(entity_set, row_id)}?{'&'.join(options)}")


def create(entity_set: str, row: Row, *, id_column: str | None = None) -> Request:
    """A new row; with `id_column` the row carries its id there, so a repeat is detected and therefore allowed."""
    if id_column is not None and not _GUID.fullmatch(str(row.get(column_name(id_column)))):
        raise InvalidRequestError("the row has no id in its id column")
    return Request("POST", set_name(entity_set), body=row, repeatable=id_column is not None)


def update(entity_set: str, row_id: str, changes: Row, *, etag: str) -> Request:
    """Changed columns of an existing row, guarded by its ETag; "*" for any version, but never a row that is gone."""
    return Request("PATCH", row_path(entity_set, row_id), {"If-Match": _etag(etag)}, changes)


def upsert(entity_set: str, row_id: str, row: Row, *, only_create: bool = False) -> Request:
    """The row with this id, made or changed; with `only_create` an existing one is left alone (AlreadyExistsError)."""
    return Request("PATCH", row_path(entity_set, row_id), {"If-None-Match": "*"} if only_create else {}, row)


def upsert_by_key(entity_set: str, key: Mapping[str, Value], row: Row, *, only_create: bool = False) -> Request:
    """The row with these values of an alternate key, made or changed; the row does not repeat them.

    InvalidRequestError for a text that the service cannot take in a key.
    """
    if not key:
        raise InvalidRequestError("a key has at least one column")
    values = ",".join(f"{_key_column(column)}={_key_value(value)}" for column, value in key.items())
    headers = {"If-None-Match": "*"} if only_create else {}
    return Request("PATCH", f"{set_name(entity_set)}({values})", headers, row)


def delete(entity_set: str, row_id: str, *, etag: str) -> Request:
    """Removal of a row, guarded by its ETag; "*" for any version."""
    return Request("DELETE", row_path(entity_set, row_id), {"If-Match": _etag(etag)})


def returning(request: Request, select: Iterable[str]) -> Request:
    """The write, answered with these columns of the row as it is then (200 or 201) instead of with nothing."""
    if request.method not in ("POST", "PATCH"):
        raise InvalidRequestError("only a row that is written can be returned")
    prefer = ",".join(filter(None, (request.header("Prefer"), "return=representation")))
    others = {name: value for name, value in request.headers.items() if name.lower() != "prefer"}
    path = _with_option(request.path, f"$select={_columns(select)}")
    return replace(request, path=path, headers=others | {"Prefer": prefer})


def tagged(request: Request, tag: str) -> Request:
    """The request with a shared variable "tag", which plug-ins and webhooks of the write see."""
    return replace(request, path=_with_option(request.path, f"tag={encode(tag)}"))


def row_path(entity_set: str, row_id: str) -> str:
    """How a row is addressed: "leads(60c4e274-...)"; InvalidRequestError when the id is no GUID."""
    if not _GUID.fullmatch(row_id):
        raise InvalidRequestError("a row id is not a GUID")
    return f"{set_name(entity_set)}({row_id})"


def listed_names(names: Iterable[str]) -> list[str]:
    """The names as a list; InvalidRequestError for one text, which is a list of characters to Python."""
    if isinstance(names, str):
        raise InvalidRequestError("a list of column names is one text")
    return list(names)


def _with_option(path: str, option: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}{option}"


def _key_column(column: str) -> str:
    if "/" in column_name(column):
        raise InvalidRequestError("a key has columns of the table itself")
    return column


def _key_value(value: Value) -> str:
    if value is None or (isinstance(value, str) and _NOT_IN_A_KEY.search(value)):
        raise InvalidRequestError("a value of a key is empty or has one of / < > * % & : \\ ? + #")
    return encode(literal(value))


def _columns(names: Iterable[str]) -> str:
    columns = [column_name(name) for name in listed_names(names)]
    if not columns or any("/" in name for name in columns):
        raise InvalidRequestError("select needs at least one column, each of the table itself")
    return ",".join(columns)


def _expansion(expand: Mapping[str, Iterable[str]]) -> str:
    return ",".join(f"{set_name(navigation)}($select={_columns(columns)})" for navigation, columns in expand.items())


def _order(item: str) -> str:
    found = _ORDER.fullmatch(item)
    if found is None:
        raise InvalidRequestError("an order is not a column, or a column with asc or desc")
    column_name(found.group(1))
    return encode(item)


def _etag(etag: str) -> str:
    if not _ETAG.fullmatch(etag):
        raise InvalidRequestError("an ETag is neither that of a row nor *")
    return etag


def _paging(page_size: int | None) -> dict[str, str]:
    if page_size is None:
        return {}
    if not 1 <= page_size <= 5_000:
        raise InvalidRequestError("a page has 1 to 5000 rows")
    return {"Prefer": f"odata.maxpagesize={page_size}"}
