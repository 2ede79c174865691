"""What changed in a table since a link, page by page; the first call reads the whole table.

The table must have change tracking on, and the caller organisation-wide read. Every update of a row brings it back,
also of columns that were not asked for; a row made and deleted in between comes as deleted.
Source: the page "Use change tracking to synchronize data with external systems".
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dataverse.client import DataverseClient
from dataverse.errors import UnavailableError
from dataverse.operations import listed_names, query
from dataverse.request import Request, Response, Row

_NEXT_LINK = "@odata.nextLink"
_DELTA_LINK = "@odata.deltaLink"
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PAGE_ROWS_MAX = 5_000


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Rows that are new or changed, ids in lower case of rows that are gone, and the one link to go on from.

    `next_link` leads to the next page of the same changes; `delta_link`, on the last page alone, to what changes from
    then on. Either may be kept, once this page is worked off. The repr shows no row and no link.
    """

    changed: tuple[Row, ...] = field(repr=False)
    deleted: tuple[str, ...]
    next_link: str | None = field(repr=False)
    delta_link: str | None = field(repr=False)


def changes(
    client: DataverseClient,
    entity_set: str,
    *,
    select: Iterable[str],
    since: str | None = None,
    page_size: int = _PAGE_ROWS_MAX,
) -> Iterator[ChangePage]:
    """The pages of all rows, or of the changes since a link that an earlier page gave; read as they are asked for.

    `select` must be what the link was first taken with, since the link keeps its own: a row without one of these
    columns is a fault (UnavailableError). ExpiredDeltaError when the changes are gone: read again from the start.
    """
    columns = tuple(listed_names(select))
    first = query(entity_set, select=columns, page_size=page_size)
    if since is None:
        request = _tracked(first)
    else:
        request = client.linked(since, first)
        request = request if _is_delta(request) else _tracked(request)
    for page in client.pages(request):
        yield _change_page(client, request, page, columns)


def _tracked(request: Request) -> Request:
    preferences = f"odata.track-changes,{request.header('Prefer')}"
    return Request("GET", request.path, {"Prefer": preferences})


def _is_delta(request: Request) -> bool:
    # A delta link asks for changes by itself; a next link goes on with what the first request preferred.
    return "deltatoken=" in request.path.lower()


def _change_page(client: DataverseClient, request: Request, page: Response, columns: tuple[str, ...]) -> ChangePage:
    next_link, delta_link = (_link(client, request, page, name) for name in (_NEXT_LINK, _DELTA_LINK))
    if next_link is None and delta_link is None:
        raise _fault(request, page, "the last page has no delta link")
    changed: list[Row] = []
    deleted: list[str] = []
    for row in page.rows:
        if _is_deleted(row, columns):
            deleted.append(_deleted_id(row, request, page))
        elif any(column not in row for column in columns):
            raise _fault(request, page, "a row lacks a column that was asked for")
        else:
            changed.append(row)
    return ChangePage(tuple(changed), tuple(deleted), next_link, delta_link if next_link is None else None)


def _link(client: DataverseClient, request: Request, page: Response, name: str) -> str | None:
    link = page.row.get(name)
    if link is None:
        return None
    client.linked(link, request, request_id=page.request_id or "")  # what leads elsewhere must not be kept either
    return str(link)


def _is_deleted(row: Row, columns: tuple[str, ...]) -> bool:
    context = row.get("@odata.context")
    if isinstance(context, str) and context.endswith("$deletedEntity"):
        return True
    return "reason" in row and "reason" not in columns


def _deleted_id(row: Row, request: Request, page: Response) -> str:
    row_id = row.get("id")
    if not isinstance(row_id, str) or not _GUID.fullmatch(row_id):
        raise _fault(request, page, "a deleted row has no id")
    return row_id.lower()


def _fault(request: Request, page: Response, explanation: str) -> UnavailableError:
    return UnavailableError(
        request_id=page.request_id or "", about=request.about, status=page.status, explanation=explanation
    )
