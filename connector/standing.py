"""Where a stream of changes stands and where its next reading begins. Pure, but for asking whether a table is large."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from connector.sources import Source
from connector.sync_state import Stream
from connector.watermark import BEGINNING, Watermark, read_watermark

SAVED_AGE_MAX = timedelta(days=1)
"""A link lives for seven days: a quiet one is renewed each day."""


def beginning(source: Source, stored: Stream | None, now: datetime, by_watermark: Callable[[], bool]) -> Stream:
    """Where to go on: from the cursor, the link or the watermark, or from the start where none of them will do."""
    if stored is None:
        first = Stream(source.stream, source.columns_hash)
        return watermarked(first, Watermark(now)) if by_watermark() else first
    if stored.kind == "watermark":
        kept = read_watermark(stored.cursor)
        if stored.columns_hash != source.columns_hash:
            kept = Watermark(kept.upto)  # a page link keeps the columns that it was taken with
        return watermarked(replace(stored, columns_hash=source.columns_hash), kept)
    if stored.columns_hash != source.columns_hash or (stored.cursor is None and stored.delta_link is None):
        return whole(source, stored, by_watermark)
    return stored if stored.cursor is not None else replace(stored, kind="delta", rows=0)


def whole(source: Source, stored: Stream, by_watermark: Callable[[], bool]) -> Stream:
    """The whole table once more; of a large one that was quiet at a link, what was modified since that was kept.

    A stream that stands in the middle of a reading says nothing of the rows which that reading has not come to.
    """
    again = replace(stored, columns_hash=source.columns_hash, kind="resync", rows=0, cursor=None, delta_link=None)
    if not by_watermark():
        return again
    is_quiet = stored.cursor is None and stored.delta_link is not None
    return watermarked(again, Watermark(stored.saved_on if is_quiet and stored.saved_on else BEGINNING))


def watermarked(stream: Stream, mark: Watermark, *, rows: int = 0) -> Stream:
    """The stream as it is followed by watermark."""
    return replace(stream, kind="watermark", delta_link=None, cursor=mark.text(), rows=rows)


def is_under_way(stream: Stream) -> bool:
    """Whether the stream stands in the middle of a reading."""
    if stream.kind == "watermark":
        return read_watermark(stream.cursor).next_link is not None
    return stream.cursor is not None


def is_of_everything(stream: Stream) -> bool:
    """Whether the reading is of a whole table, and not of what changed since an instant."""
    if stream.kind == "watermark":
        return read_watermark(stream.cursor).upto == BEGINNING
    return stream.kind != "delta"


def is_worth_saving(before: Stream, after: Stream, queued: int, now: datetime) -> bool:
    """Not a reading that found nothing: the old link or watermark leads to the same, until it is a day old."""
    is_quiet = before.kind == after.kind and not is_of_everything(before)
    if queued or not is_quiet or is_under_way(before) or is_under_way(after) or after.saved_on is None:
        return True
    return now - after.saved_on >= SAVED_AGE_MAX
