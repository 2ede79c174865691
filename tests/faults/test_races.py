"""What other people and other workers do between a read and a write."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
import requests

from connector.errors import QueueError
from connector.messages import LEAD_CHANGES, POISON, RowChanges
from connector.ports import TakenMessage
from connector.tables import Lead
from dataverse import create
from tests.world import FIT, RULE, VISITS, ListQueue, World, once


@pytest.fixture
def live(world: World) -> World:
    world.publish(FIT, VISITS, RULE)
    return world


def test_an_edit_between_read_and_write_survives_and_is_scored(live: World) -> None:
    lead = live.new_lead(jobtitle="CEO")
    with once(live.adapter, "before", lambda: live.edit(lead, telephone1="+33 4 99 00 00 00", firstname="Inès")):
        live.work(lead)
    assert live.scores(lead)["Fit"]["lgate_score"] == 110
    assert live.lead(lead, "firstname")["firstname"] == "Inès"
    assert live.lead(lead)["statuscode"] == 482100000


def test_a_lead_that_closes_between_read_and_write_is_not_qualified(live: World) -> None:
    lead = live.new_lead(jobtitle="CEO", telephone1="1")
    with once(live.adapter, "before", lambda: live.edit(lead, statecode=2, statuscode=4)):
        live.work(lead)
    assert live.lead(lead) | {"@odata.etag": ""} == {
        "@odata.etag": "",
        "leadid": str(lead),
        "statecode": 2,
        "statuscode": 4,
    }
    assert live.log(lead) == []


def test_a_lead_deleted_between_read_and_write_does_not_come_back(live: World) -> None:
    lead = live.new_lead(jobtitle="CEO", telephone1="1")
    with once(live.adapter, "before", lambda: live.delete_lead(lead)):
        live.work(lead)
    with pytest.raises(ValueError, match="not enough values"):
        live.lead(lead)
    assert live.scores(lead) == {}
    assert live.queue.sent == []


def test_two_workers_at_once_make_one_score_row_and_one_qualification(live: World) -> None:
    lead = live.new_lead(jobtitle="CEO", telephone1="1")
    adapter, other = live.another_app()
    with once(adapter, "before", lambda: live.work(lead)):
        live.work(lead, app=other)
    other.client.close()
    assert len(live.log(lead)) == 1
    assert {name: row["lgate_score"] for name, row in live.scores(lead).items()} == {"Fit": 110, "Visits": 0}


def test_a_lost_answer_is_found_written_and_nothing_is_done_twice(live: World) -> None:
    lead = live.new_lead(jobtitle="CEO", telephone1="1")

    def lose() -> None:
        raise requests.ConnectionError

    with once(live.adapter, "after", lose):
        live.work(lead)
    assert len(live.log(lead)) == 1
    assert live.scores(lead)["Fit"]["lgate_score"] == 110
    assert live.queue.sent == []


def test_a_network_that_is_down_puts_the_lead_off_and_loses_nothing(live: World) -> None:
    lead = live.new_lead(jobtitle="CEO", telephone1="1")

    def down(_request: requests.PreparedRequest) -> None:
        raise requests.ConnectionError

    live.adapter.before = down
    live.work(lead)
    live.adapter.before = lambda _request: None
    ((queue, text, delay_s),) = live.queue.sent
    assert queue == LEAD_CHANGES
    assert json.loads(text)["ids"] == [str(lead)]
    assert json.loads(text)["attempt"] == 1
    assert delay_s == 1.0
    live.queue.sent.clear()
    live.app.worker.work(text, LEAD_CHANGES)
    assert live.lead(lead)["statuscode"] == 482100000
    assert live.queue.sent == []


def test_a_lead_that_dataverse_refuses_is_set_aside_and_the_others_are_done(live: World) -> None:
    """A status reason that is gone is refused by the service; the lead that needs none is scored all the same."""
    good, bad = live.new_lead(jobtitle="CEO"), live.new_lead(jobtitle="CEO", telephone1="1")
    in_force = live.app.versions.now()
    in_force.live.rules[0].changes["statuscode"] = 3  # type: ignore[index]  a status of another state
    live.work(good, bad)
    ((queue, text, _),) = live.queue.sent
    assert queue == LEAD_CHANGES + POISON
    assert json.loads(text)["ids"] == [str(bad)]
    assert json.loads(text)["reason"] == "0x80048408"
    assert live.scores(good)["Fit"]["lgate_score"] == 100
    assert live.scores(bad)["Fit"]["lgate_score"] == 110
    assert [entry["lgate_outcome"] for entry in live.log(bad)] == [482100003]


def test_an_own_write_comes_back_and_finds_nothing_to_do(live: World) -> None:
    lead = live.new_lead(jobtitle="CEO", telephone1="1")
    live.work(lead)
    before = live.writes()
    for _ in range(3):
        live.work(lead)
    assert live.writes() == before


def test_a_contact_reaches_its_leads_by_messages_of_their_own(live: World) -> None:
    contact = {"contactid": "6d81597f-0f9f-4711-8122-000d3aa2331c", "lastname": "Durand"}
    live.app.client.send(create("contacts", contact, id_column="contactid"))
    bind = {"parentcontactid@odata.bind": f"/contacts({contact['contactid']})"}
    lead, closed = live.new_lead(**bind), live.new_lead(**bind)
    live.edit(closed, statecode=2, statuscode=4)
    live.app.worker.work(
        json.dumps({"v": 1, "table": "contact", "ids": [contact["contactid"]], "cause": "t"}), LEAD_CHANGES
    )
    (text,) = live.queue.of(LEAD_CHANGES)
    assert json.loads(text)["ids"] == [str(lead)]
    assert json.loads(text)["table"] == "lead"


@dataclass
class _Grudging(ListQueue):
    """A queue that will not do one kind of call."""

    refused: str = ""

    def take(self, queue: str, *, at_most: int, lease_s: float) -> Sequence[TakenMessage]:
        self._ask("take", queue)
        return super().take(queue, at_most=at_most, lease_s=lease_s)

    def delete(self, message: TakenMessage) -> None:
        self._ask("delete", message.queue)
        super().delete(message)

    def _ask(self, call: str, queue: str) -> None:
        if call == self.refused:
            raise QueueError(queue, "ServiceRequestError")


@pytest.mark.parametrize("refused", ["take", "delete"])
def test_a_queue_that_will_not_give_or_forget_keeps_no_lead_from_being_scored(live: World, refused: str) -> None:
    live.queue = _Grudging(refused=refused)
    adapter, app = live.another_app()
    first, second = live.new_lead(jobtitle="CEO"), live.new_lead(jobtitle="CTO")
    live.queue.send(LEAD_CHANGES, RowChanges(table=Lead.TABLE, ids=(second,), cause="test").text())
    live.work(first, app=app)
    assert live.scores(first)["Fit"]["lgate_score"] == 100
    assert bool(live.scores(second)) is (refused == "delete")
    assert live.queue.of(LEAD_CHANGES + POISON) == []
    adapter.close()
