"""A deployment swaps the app while messages wait: what one version wrote, the one before and the one after can read.

The texts are literal. A change of the envelope that fails here would set messages aside in the middle of a deployment:
it needs a version number of its own, which is read one release before it is written.
"""

import json
from uuid import UUID

import pytest
from typer.testing import CliRunner

from admin import poison_commands
from admin.__main__ import app as command
from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK, POISON, RowChanges
from connector.tables import Lead
from dataverse import create
from tests.world import FIT, RULE, World

LEAD = UUID("6d81597f-0f9f-4711-8122-000d3aa2331c")
CORRELATION = "0123456789abcdef0123456789abcdef"
WRITTEN = (
    '{"v":1,"table":"lead","ids":["6d81597f-0f9f-4711-8122-000d3aa2331c"],"cause":"webhook","attempt":0,'
    '"correlation":"0123456789abcdef0123456789abcdef"}'
)
READ = {
    "the first release": WRITTEN,
    "a successor": WRITTEN.replace('"attempt":0', '"attempt":7'),
    "other spaces and another order": (
        '{ "ids": ["6D81597F-0F9F-4711-8122-000D3AA2331C"], "correlation": "c", '
        '"table": "lead", "cause": "poll", "v": 1 }'
    ),
    "a writer that knew no attempts": (
        '{"v":1,"table":"lead","ids":["6d81597f-0f9f-4711-8122-000d3aa2331c"],"cause":"due"}'
    ),
}


@pytest.fixture
def live(world: World) -> World:
    world.publish(FIT, RULE)
    row = {"leadid": str(LEAD), "lastname": "Durand", "jobtitle": "CEO", "telephone1": "1"}
    world.app.client.send(create(Lead.SET, row, id_column=Lead.ID))
    return world


@pytest.mark.parametrize("queue", [LEAD_CHANGES, LEAD_CHANGES_BULK])
@pytest.mark.parametrize("text", READ.values(), ids=READ.keys())
def test_a_message_that_the_version_before_wrote_is_done(live: World, text: str, queue: str) -> None:
    live.app.worker.work(text, queue)
    assert live.scores(LEAD)["Fit"]["lgate_score"] == 110
    assert live.queue.sent == []


def test_a_message_of_this_version_is_what_the_version_before_can_read() -> None:
    message = RowChanges(table="lead", ids=(LEAD,), cause="webhook", correlation=CORRELATION)
    assert message.text() == WRITTEN


def test_a_message_of_a_version_to_come_is_set_aside_with_the_reason_and_the_others_are_done(live: World) -> None:
    live.queue.send(LEAD_CHANGES, WRITTEN)
    live.app.worker.work(WRITTEN.replace('"v":1', '"v":9').replace('"ids"', '"rows"'), LEAD_CHANGES)
    (poison,) = live.queue.of(LEAD_CHANGES + POISON)
    assert json.loads(poison)["reason"] == "unknown-version"
    assert str(LEAD) not in poison
    assert live.scores(LEAD)["Fit"]["lgate_score"] == 110
    assert live.queue.of(LEAD_CHANGES) == []


def test_a_message_of_a_version_to_come_that_names_its_leads_can_be_given_back(
    live: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_come = WRITTEN.replace('"v":1', '"v":9,"new":"Durand"')
    live.app.worker.work(to_come, LEAD_CHANGES)
    (poison,) = live.queue.of(LEAD_CHANGES + POISON)
    assert json.loads(poison) == {
        "v": 1,
        "reason": "unknown-version",
        "length": len(to_come),
        "table": "lead",
        "ids": [str(LEAD)],
    }
    monkeypatch.setattr(poison_commands, "connect", lambda: live.app)
    result = CliRunner().invoke(command, ["poison", "redrive"], catch_exceptions=False)
    assert result.stdout == "1 messages given back\n"
    (text,) = live.queue.of(LEAD_CHANGES)
    live.app.worker.work(text, LEAD_CHANGES)
    assert live.scores(LEAD)["Fit"]["lgate_score"] == 110


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"v":9}',
        '{"v":9,"table":"lead","ids":["x"]}',
        '{"v":9,"table":"Lead?","ids":["' + str(LEAD) + '"]}',
    ],
)
def test_what_names_no_rows_is_kept_as_its_length(live: World, text: str) -> None:
    live.app.worker.work(text, LEAD_CHANGES)
    (poison,) = live.queue.of(LEAD_CHANGES + POISON)
    assert json.loads(poison).keys() == {"v", "reason", "length"}
