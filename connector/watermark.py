"""Following a table by `modifiedon`, where change tracking would take too long or is off.

Rows are read in the order of (modifiedon, id) by the server's own page links, so that any number of rows may share a
second. Each reading begins ten minutes before the instant from which the last one began: so late may a transaction
commit, or our clock be wrong. A row that is gone is not seen; what it meant to a lead is told by its webhook's
pre-image, and found by the nightly reconcile.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connector.errors import IncompleteError
from connector.sources import Source
from connector.tables import MODIFIED_ON
from dataverse import DataverseClient, Row, page, query
from dataverse.odata import ge

OVERLAP = timedelta(minutes=10)
BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)
"""Before any row: from here the whole table is read."""


@dataclass(frozen=True, slots=True)
class Watermark:
    """All that was modified before `upto` is queued; in the middle of a reading also when it began, and its next page.

    The instant a reading begins is the next watermark: what is modified while it goes on is behind no page of it.
    """

    upto: datetime
    begun: datetime | None = None
    next_link: str | None = None

    def text(self) -> str:
        """As a stream keeps it."""
        begun = None if self.begun is None else self.begun.isoformat()
        return json.dumps({"upto": self.upto.isoformat(), "begun": begun, "next": self.next_link})


def read_watermark(text: str | None) -> Watermark:
    """The watermark that a stream keeps; one that cannot be read is BEGINNING, from where nothing is missed."""
    try:
        kept = json.loads(text or "")
        begun, link = kept["begun"], kept["next"]
        if (begun is None) != (link is None):
            return Watermark(BEGINNING)
        return Watermark(_instant(kept["upto"]), None if begun is None else _instant(begun), link)
    except (ValueError, TypeError, KeyError):
        return Watermark(BEGINNING)


def modified_rows(
    client: DataverseClient, source: Source, mark: Watermark, now: datetime, page_size: int
) -> Iterator[tuple[Sequence[Row], Watermark]]:
    """The rows modified since, page by page, each with the watermark to keep once that page is worked off."""
    columns = tuple(dict.fromkeys((*source.columns, MODIFIED_ON)))
    since = max(BEGINNING, mark.upto - OVERLAP) if mark.upto > BEGINNING else BEGINNING
    request = query(
        source.entity_set,
        select=columns,
        filter=ge(MODIFIED_ON, since),
        orderby=[MODIFIED_ON, source.row_id],
        page_size=page_size,
    )
    begun, link = mark.begun or now, mark.next_link
    while True:
        found = page(client, request, link)
        link = found.next_link
        yield (
            _complete(found.rows, columns, source),
            Watermark(begun) if link is None else Watermark(mark.upto, begun, link),
        )
        if link is None:
            return


def _complete(rows: Sequence[Row], columns: Sequence[str], source: Source) -> Sequence[Row]:
    if lacking := [column for column in columns if any(column not in row for row in rows)]:
        raise IncompleteError(source.table, lacking)
    return rows


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        message = "an instant has no time zone"
        raise ValueError(message)
    return at
