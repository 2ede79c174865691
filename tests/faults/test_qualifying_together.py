"""Many workers, the same leads over and over, people who edit meanwhile: one entry and one contact for each lead."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import UUID

import pytest

from connector.bootstrap import App
from connector.messages import LEAD_CHANGES, RowChanges
from connector.tables import Lead
from dataverse import DataverseError, query, update
from tests.evidence import keep_evidence
from tests.world import FIT, RULE, World

QUALIFY = {
    **RULE,
    "existing_leads": "include",
    "max_per_hour": 100_000,
    "actions": {"status_reason": "Marketing Qualified", "qualify_lead": {"match_contact": "emailaddress1"}},
}


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("leads", "workers"), [(100, 8), pytest.param(1_000, 16, marks=pytest.mark.slow)], ids=["small", "full"]
)
def test_each_lead_becomes_one_contact_under_duplicates_reordering_and_rival_edits(
    world: World, leads: int, workers: int
) -> None:
    world.publish(FIT, QUALIFY)
    world.queue.sent.clear()
    ids = [
        world.new_lead(jobtitle="CEO", telephone1="1", emailaddress1=f"{number}@example.org") for number in range(leads)
    ]
    apps = [world.another_app()[1] for _ in range(workers)]
    with ThreadPoolExecutor(workers + 1) as pool:
        working = [pool.submit(_work, app, ids, number) for number, app in enumerate(apps)]
        rival = pool.submit(_edit, world.another_app()[1], ids)
        for each in [*working, rival]:
            each.result()
    for first in range(0, leads, 50):  # what was put off by conflicts, looked at once more
        world.work(*ids[first : first + 50])
    contacts = list(world.app.client.rows(query("contacts", select=["emailaddress1"])))
    entries = list(world.app.client.rows(query("lgate_qualificationlogs", select=["_lgate_leadid_value"])))
    by_lead = Counter(row["_lgate_leadid_value"] for row in entries)
    by_address = Counter(row["emailaddress1"] for row in contacts)
    keep_evidence(f"qualifying-together-{leads}x{workers}", leads=leads, contacts=len(contacts), entries=len(entries))
    assert by_lead == Counter({str(lead): 1 for lead in ids})
    assert by_address == Counter({f"{number}@example.org": 1 for number in range(leads)})
    edited = world.app.client.rows(query("leads", select=["firstname", "statecode"]))
    assert {(row["firstname"] is not None, row["statecode"]) for row in edited} <= {(True, 1), (False, 1)}
    for app in apps:
        app.client.close()


def _work(app: App, ids: list[UUID], seed: int) -> None:
    """Every lead once, some twice, in an order of this worker's own."""
    chance = random.Random(seed)  # noqa: S311  the same in every run
    mine = [*ids, *chance.sample(ids, len(ids) // 10)]
    chance.shuffle(mine)
    for first in range(0, len(mine), 7):
        text = RowChanges(table=Lead.TABLE, ids=tuple(dict.fromkeys(mine[first : first + 7])), cause="test").text()
        app.worker.work(text, LEAD_CHANGES)


def _edit(app: App, ids: list[UUID]) -> None:
    """A sales person who edits the leads that are still open."""
    for number, lead in enumerate(ids):
        with suppress(DataverseError):  # closed meanwhile
            app.client.send(update(Lead.SET, str(lead), {"firstname": f"Edited {number}"}, etag="*"))
    app.client.close()
