"""Where a reading begins: never later than what is not queued yet."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.sources import Source
from connector.standing import beginning, is_of_everything, is_under_way, is_worth_saving, watermarked, whole
from connector.sync_state import Kind, Stream
from connector.watermark import BEGINNING, Watermark, read_watermark

NOW = datetime(2026, 8, 1, 12, 0, tzinfo=UTC)
ACCOUNTS = Source("changes-account", "account", "accounts", "accountid", ("accountid",), {"account": ("accountid",)})
QUIET = Stream("changes-account", ACCOUNTS.columns_hash, "delta", 7, "link", None, 'W/"1"', NOW - timedelta(hours=1))


def unasked() -> bool:
    raise AssertionError("whether the table is large was asked for")


def small() -> bool:
    return False


def large() -> bool:
    return True


def mark(stream: Stream) -> Watermark:
    assert stream.kind == "watermark"
    return read_watermark(stream.cursor)


def test_what_was_never_read_begins_as_a_first_reading_or_of_a_large_table_now() -> None:
    assert beginning(ACCOUNTS, None, NOW, small) == Stream("changes-account", ACCOUNTS.columns_hash, "first")
    assert mark(beginning(ACCOUNTS, None, NOW, large)) == Watermark(NOW)


@pytest.mark.parametrize("kind", ["first", "resync", "delta"])
def test_a_quiet_stream_goes_on_from_its_link_and_asks_nothing(kind: Kind) -> None:
    found = beginning(ACCOUNTS, replace(QUIET, kind=kind), NOW, unasked)
    assert found == replace(QUIET, kind="delta", rows=0)


@pytest.mark.parametrize("kind", ["first", "resync", "delta"])
def test_a_reading_goes_on_from_its_cursor(kind: Kind) -> None:
    stopped = replace(QUIET, kind=kind, cursor="page")
    assert beginning(ACCOUNTS, stopped, NOW, unasked) == stopped


@pytest.mark.parametrize("lost", [{"columns_hash": "x"}, {"delta_link": None}, {"columns_hash": "x", "cursor": "page"}])
def test_other_columns_or_no_link_mean_the_whole_table_again(lost: dict[str, str | None]) -> None:
    found = beginning(ACCOUNTS, replace(QUIET, **lost), NOW, small)  # type: ignore[arg-type]
    assert (found.kind, found.rows, found.delta_link, found.cursor) == ("resync", 0, None, None)
    assert (found.columns_hash, found.etag) == (ACCOUNTS.columns_hash, 'W/"1"')


def test_a_large_table_that_was_quiet_is_read_on_from_when_its_link_was_kept() -> None:
    assert mark(whole(ACCOUNTS, QUIET, large)) == Watermark(NOW - timedelta(hours=1))


@pytest.mark.parametrize("stopped", [{"cursor": "page"}, {"delta_link": None}, {"saved_on": None}])
def test_a_large_table_that_was_in_the_middle_of_a_reading_is_read_from_the_beginning(stopped: dict[str, str]) -> None:
    found = whole(ACCOUNTS, replace(QUIET, **stopped), large)  # type: ignore[arg-type]
    assert mark(found) == Watermark(BEGINNING)
    assert is_of_everything(found)


def test_a_watermark_goes_on_in_its_reading_and_from_its_start_when_the_columns_are_others() -> None:
    stopped = Watermark(NOW - timedelta(days=1), NOW, "page")
    stream = watermarked(QUIET, stopped)
    assert mark(beginning(ACCOUNTS, stream, NOW, unasked)) == stopped
    found = beginning(ACCOUNTS, replace(stream, columns_hash="x"), NOW, unasked)
    assert mark(found) == Watermark(NOW - timedelta(days=1))
    assert found.columns_hash == ACCOUNTS.columns_hash


UNDER_WAY = watermarked(QUIET, Watermark(NOW, NOW, "page"))
AT_REST = watermarked(QUIET, Watermark(NOW))
WHOLE = watermarked(QUIET, Watermark(BEGINNING, NOW, "page"))


def test_a_stream_is_under_way_while_there_is_a_page_to_go_on_with() -> None:
    assert [is_under_way(each) for each in (QUIET, replace(QUIET, cursor="page"), AT_REST, UNDER_WAY)] == [
        False,
        True,
        False,
        True,
    ]


def test_a_reading_is_of_everything_unless_it_is_of_what_changed_since() -> None:
    kinds = [is_of_everything(replace(QUIET, kind=kind)) for kind in ("first", "resync", "delta")]
    assert kinds == [True, True, False]
    assert [is_of_everything(each) for each in (AT_REST, UNDER_WAY, WHOLE)] == [False, False, True]


DAY_OLD = {"saved_on": NOW - timedelta(days=1)}


@pytest.mark.parametrize(
    ("before", "after", "queued", "worth"),
    [
        (QUIET, QUIET, 0, False),
        (QUIET, QUIET, 1, True),
        (QUIET, replace(QUIET, **DAY_OLD), 0, True),
        (QUIET, replace(QUIET, saved_on=None), 0, True),
        (QUIET, replace(QUIET, cursor="page"), 0, True),
        (replace(QUIET, cursor="page"), QUIET, 0, True),
        (replace(QUIET, kind="first"), replace(QUIET, kind="first"), 0, True),
        (replace(QUIET, kind="resync"), replace(QUIET, kind="resync"), 0, True),
        (QUIET, AT_REST, 0, True),
        (AT_REST, AT_REST, 0, False),
        (AT_REST, AT_REST, 1, True),
        (AT_REST, UNDER_WAY, 0, True),
        (UNDER_WAY, AT_REST, 0, True),
        (WHOLE, AT_REST, 0, True),
        (AT_REST, replace(AT_REST, **DAY_OLD), 0, True),
    ],
)
def test_only_a_reading_that_found_nothing_is_not_kept(before: Stream, after: Stream, queued: int, worth: bool) -> None:
    assert is_worth_saving(before, after, queued, NOW) is worth
