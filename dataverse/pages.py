"""One page of a query, to be gone on with later and elsewhere: the link to the next one is kept as the server gave it.

A page link is the server's own keyset over the order and the primary key. Comparing ids ourselves is no substitute: of
the operators that the platform documents for unique identifiers, none orders them.
"""

from dataclasses import dataclass, field

from dataverse.client import DataverseClient
from dataverse.errors import PagingError
from dataverse.request import Request, Row


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, and the link to the next page; None on the last one. The repr shows neither."""

    rows: tuple[Row, ...] = field(repr=False)
    next_link: str | None = field(repr=False)


def page(client: DataverseClient, request: Request, since: str | None = None) -> Page:
    """The first page of a query, or the one that the link of an earlier page leads to.

    PagingError for a link that leaves this environment's Web API, and for one that leads back to its own page.
    """
    asked = request if since is None else client.linked(since, request)
    answer = client.send(asked)
    link = answer.row.get("@odata.nextLink")
    if link is None:
        return Page(tuple(answer.rows), None)
    request_id = answer.request_id or ""
    if client.linked(link, request, request_id=request_id).path == asked.path:
        raise PagingError(request_id=request_id, about=request.about, explanation="it comes back")
    return Page(tuple(answer.rows), str(link))
