"""The client follows a table in the emulator: every change once, every deletion, and a link that grew too old."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from dataverse import (
    ChangePage,
    DataverseClient,
    ExpiredDeltaError,
    StaticToken,
    Table,
    TooManyRowsError,
    changes,
    count,
    create,
    delete,
    update,
    write_rows,
)
from dataverse.odata import eq
from emulator.running import RunningEmulator, running_emulator
from tests.world import World

ROOT = Path(__file__).resolve().parents[2]
LEADS = Table("leads", "lead", "leadid")
SELECT = ["leadid", "lastname", "jobtitle", "telephone1", "emailaddress1", "statecode", "statuscode", "modifiedon"]
GROWTH_MB_MAX = 60


def follow(client: DataverseClient, since: str | None = None, page_size: int = 5_000) -> list[ChangePage]:
    return list(changes(client, "leads", select=SELECT, since=since, page_size=page_size))


def ids(pages: list[ChangePage]) -> list[object]:
    return [row["leadid"] for page in pages for row in page.changed]


def gone(pages: list[ChangePage]) -> set[str]:
    return {row_id for page in pages for row_id in page.deleted}


def test_a_table_is_followed_from_its_first_row_on(unprovisioned: World) -> None:
    client = unprovisioned.app.client
    leads = [str(unprovisioned.new_lead(jobtitle=f"{number}")) for number in range(7)]
    first = follow(client, page_size=3)
    assert sorted(map(str, ids(first))) == sorted(leads)
    assert [len(page.changed) for page in first] == [3, 3, 1]
    assert [page.delta_link is None for page in first] == [True, True, False]

    client.send(update("leads", leads[0], {"jobtitle": "CEO"}, etag="*"))
    client.send(update("leads", leads[0], {"jobtitle": "CFO"}, etag="*"))
    client.send(delete("leads", leads[1], etag="*"))
    brief = str(uuid4())
    client.send(create("leads", {"leadid": brief, "lastname": "Brief"}, id_column="leadid"))
    client.send(delete("leads", brief, etag="*"))
    second = follow(client, first[-1].delta_link)
    assert [row["jobtitle"] for page in second for row in page.changed] == ["CFO"]
    assert gone(second) == {leads[1], brief}

    assert ids(follow(client, second[-1].delta_link)) == []
    assert ids(follow(client, first[-1].delta_link)) == [leads[0]], "a link may be followed again"


def test_a_sync_that_broke_off_goes_on_where_it_was(unprovisioned: World) -> None:
    client = unprovisioned.app.client
    leads = {str(unprovisioned.new_lead()) for _ in range(5)}
    pages = changes(client, "leads", select=SELECT, page_size=2)
    first = next(pages)
    pages.close()  # type: ignore[attr-defined]  # a generator, as it happens
    rest = follow(client, first.next_link, page_size=2)
    assert {str(one) for one in ids([first, *rest])} == leads
    assert rest[-1].delta_link is not None


def test_a_link_that_is_older_than_a_week_is_expired_and_a_new_sync_works(unprovisioned: World) -> None:
    client = unprovisioned.app.client
    lead = str(unprovisioned.new_lead())
    link = follow(client)[-1].delta_link
    unprovisioned.clock.forward(days=6.9)
    link = follow(client, link)[-1].delta_link
    unprovisioned.clock.forward(days=8)
    with pytest.raises(ExpiredDeltaError):
        follow(client, link)
    assert ids(follow(client)) == [lead]


def test_a_count_is_exact_up_to_its_cap_and_an_error_above_it(unprovisioned: World) -> None:
    unprovisioned.emulator.load("lead", ({"lastname": "x" if number % 2 else "y"} for number in range(50_000)))
    client = unprovisioned.app.client
    assert count(client, "leads") == 50_000
    assert count(client, "leads", eq("lastname", "x")) == 25_000
    unprovisioned.new_lead()
    assert count(client, "leads", eq("lastname", "Durand")) == 1
    with pytest.raises(TooManyRowsError):
        count(client, "leads")


# The most memory that the process ever had, by the kernel: ru_maxrss would begin with its parent's.
SYNC = f"""
import json, re, sys, time
from pathlib import Path
from dataverse import DataverseClient, StaticToken, changes, query

def most_mb():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text()).group(1)) / 1024

url, token = sys.argv[1:3]
with DataverseClient(url, StaticToken(token)) as client:
    list(client.rows(query("accounts", select=["name"])))
    before, began, rows, pages = most_mb(), time.monotonic(), 0, 0
    for page in changes(client, "leads", select={SELECT!r}):
        rows += len(page.changed)
        pages += 1
    took, growth = time.monotonic() - began, most_mb() - before
    link = page.delta_link
    print(json.dumps(dict(rows=rows, pages=pages, growth_mb=growth, rows_per_s=round(rows / took), link=link)))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the kernel does not tell a process its peak")
@pytest.mark.parametrize("leads", [20_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_a_whole_table_is_read_in_bounded_memory_and_a_delta_touches_only_what_changed(leads: int) -> None:
    rows = [{"leadid": str(uuid4()), "lastname": "Durand", "jobtitle": f"Chef {number}"} for number in range(leads)]
    with running_emulator() as running:
        running.emulator.load("lead", rows)
        synced = sync(running)
        assert (synced["rows"], synced["pages"]) == (leads, -(-leads // 5_000))
        assert 0 < synced["growth_mb"] <= GROWTH_MB_MAX
        print(f"{synced['rows_per_s']} rows/s, {synced['growth_mb']:.0f} MB")
        with DataverseClient(running.addresses.dataverse_url, StaticToken(running.addresses.token)) as client:
            changed = [{"leadid": row["leadid"], "jobtitle": "CEO"} for row in rows[:1_000]]
            assert not [one for one in write_rows(client, "UpdateMultiple", LEADS, changed) if one.error]
            (only,) = follow(client, synced["link"])
    assert {row["leadid"] for row in only.changed} == {row["leadid"] for row in changed}


def sync(running: RunningEmulator) -> dict[str, Any]:
    """A sync in a process of its own, so that the memory is the client's alone."""
    address = running.addresses
    done = subprocess.run(
        [sys.executable, "-c", SYNC, address.dataverse_url, address.token],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found
