"""Change tracking over a socket: the real client against the emulator, whose leads are loaded and not posted.

`make bench-sync` prints rows a second of a full initial sync and of a delta, what the client's process grew by, and how
long a `$filter` on an indexed column takes. The emulator runs in a process of its own.
"""

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from uuid import UUID

from dataverse import DataverseClient, StaticToken, query, update
from dataverse.change_tracking import changes
from dataverse.odata import eq
from emulator.running import running_emulator

TOKEN = "a-token-of-the-bench"  # noqa: S105  it opens nothing but the emulator started here
CHANGED = 1_000


def main() -> None:
    """Serve in one process, measure in another."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sync", description=__doc__)
    parser.add_argument("--leads", type=int, default=100_000, help="how many leads (100,000 unless told)")
    parser.add_argument("--url", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.url is not None:
        _measure(arguments.url, arguments.leads)
        return
    with running_emulator(token=TOKEN) as running:
        began = time.perf_counter()
        running.emulator.load("lead", _leads(arguments.leads))
        took_s = time.perf_counter() - began
        print(f"loaded    {arguments.leads / took_s:>10,.0f} rows/s  by the loader, not by HTTP")
        url = running.addresses.dataverse_url
        command = [sys.executable, "-m", "benchmarks.sync", "--leads", str(arguments.leads), "--url", url]
        subprocess.run(command, check=True)  # noqa: S603  this module, under this interpreter


def _measure(url: str, leads: int) -> None:
    with DataverseClient(url, StaticToken(TOKEN)) as client:
        next(client.rows(query("leads", select=["leadid"], top=1)))
        before_mb, began = _peak_mb(), time.perf_counter()
        rows, pages, link = _follow(client, None)
        took_s = time.perf_counter() - began
        growth_mb = _peak_mb() - before_mb
        speed = f"{rows / took_s:>10,.0f} rows/s"
        print(f"initial   {speed}  {rows:,} rows, {pages} pages, client grew by {growth_mb:.0f} MB")
        ids = [str(row["leadid"]) for row in client.rows(query("leads", select=["leadid"], top=CHANGED))]
        for each in ids:
            client.send(update("leads", each, {"jobtitle": "changed"}, etag="*"))
        began = time.perf_counter()
        rows, _, _ = _follow(client, link)
        took_s = time.perf_counter() - began
        print(f"delta     {rows / took_s:>10,.0f} rows/s  {rows:,} of {leads:,} rows, {len(ids):,} changed")
        filter_ms = median(_filter_ms(client, each) for each in ids[:50])
        print(f"filter    {filter_ms:>10,.1f} ms      median of 50, on an indexed column")


def _filter_ms(client: DataverseClient, lead: str) -> float:
    began = time.perf_counter()
    (_,) = client.rows(query("leads", select=["jobtitle"], filter=eq("leadid", UUID(lead))))
    return (time.perf_counter() - began) * 1000


def _follow(client: DataverseClient, link: str | None) -> tuple[int, int, str | None]:
    rows = pages = 0
    for page in changes(client, "leads", select=["leadid", "statecode"], since=link):
        rows, pages, link = rows + len(page.changed), pages + 1, page.delta_link
    return rows, pages, link


def _leads(count: int) -> Iterator[dict[str, object]]:
    return ({"lastname": f"Lead {number}", "jobtitle": "CEO" if number % 2 else None} for number in range(count))


def _peak_mb() -> float:
    """The most memory that the process ever had, by the kernel: getrusage would begin with the parent's."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(found[1]) / 1024 if found else float("nan")


if __name__ == "__main__":
    main()
