"""A message is done, put off or set aside, never lost; and no more than ids and reasons are kept of it."""

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest

from connector.breaker import Breaker
from connector.errors import IncompleteError, QueueError, VersionError
from connector.live_versions import InForce, LiveVersions
from connector.messages import RowChanges
from connector.outcome import Outcome
from connector.queries import InteractionQuery
from connector.reach import NOTHING_REACHED, Reach, RelatedTable
from connector.run_report import RunReport
from connector.score_leads import LeadScoring
from connector.settings import Mode
from connector.worker import Worker, send_leads
from dataverse import (
    AuthenticationError,
    DataverseClient,
    PrivilegeError,
    Request,
    Response,
    ThrottledError,
    UnavailableError,
)
from tests.unit.connector.fakes import CONTACT, LEAD, NOW, ListQueue
from tests.unit.connector.read_meter import ReadMeter

QUEUE = "leadgate-lead-changes"
BULK = "leadgate-lead-changes-bulk"
REACH = Reach(
    {
        "account": RelatedTable("account", "accounts", "accountid", ("customerid", "parentaccountid")),
        "contact": RelatedTable("contact", "contacts", "contactid", ("customerid",)),
    },
    {
        "lgate_leadinteraction": InteractionQuery(
            "lgate_leadinteraction",
            "lgate_leadinteractions",
            "lgate_leadinteractionid",
            (),
            ("lgate_leadid",),
            ("lgate_contactid",),
        )
    },
)
POISON = "leadgate-lead-changes-poison"


@dataclass
class Versions:
    """What is in force: nothing that the fake scoring looks at, a reach, or a fault."""

    fault: Exception | None = None
    reach: Reach = REACH

    def now(self) -> InForce:
        if self.fault is not None:
            raise self.fault
        return cast("InForce", SimpleNamespace(reach=self.reach))


@dataclass
class Scoring:
    """Keeps what it was asked to score; `outcomes` says what becomes of it, all done otherwise."""

    asked: list[tuple[tuple[UUID, ...], str]] = field(default_factory=list)
    outcomes: Callable[[Sequence[UUID]], Outcome] = lambda ids: Outcome(done=len(ids))

    def score(self, ids: Sequence[UUID], in_force: InForce, correlation: str) -> Outcome:
        del in_force
        self.asked.append((tuple(ids), correlation))
        return self.outcomes(ids)


@dataclass
class Rows:
    """A client that answers queries from a list per entity set, or with a fault."""

    by_set: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    fault: Exception | None = None
    asked: list[str] = field(default_factory=list)
    next_links: list[str] = field(default_factory=list)

    def rows(self, request: Request) -> Iterator[dict[str, object]]:
        yield from self.send(request).rows

    def send(self, request: Request) -> Response:
        if self.fault is not None:
            raise self.fault
        self.asked.append(request.path)
        body: dict[str, object] = {"value": self.by_set.get(request.path.partition("?")[0], [])}
        if self.next_links:
            body["@odata.nextLink"] = self.next_links.pop(0)
        return Response(200, {}, body, "request")

    def linked(self, link: object, request: Request, *, request_id: str = "") -> Request:
        del request_id
        return Request("GET", str(link), request.headers)


@dataclass
class Bench:
    """A worker, and everything it works with."""

    queue: ListQueue = field(default_factory=ListQueue)
    scoring: Scoring = field(default_factory=Scoring)
    versions: Versions = field(default_factory=Versions)
    client: Rows = field(default_factory=Rows)
    mode: Mode = "live"
    at: datetime = NOW
    down: Exception | None = None
    probes: int = 0
    meter: ReadMeter = field(default_factory=ReadMeter)

    def __post_init__(self) -> None:
        self.breaker = Breaker(self.probe, lambda: self.at, lambda: 0.0, self.meter.telemetry)
        self.report = RunReport(self.meter.telemetry, lambda: self.at)

    def probe(self) -> None:
        self.probes += 1
        if self.down is not None:
            raise self.down

    def open_breaker(self) -> None:
        self.breaker.failed(PrivilegeError(status=403), of_leads=True)
        assert self.breaker.is_open

    def work(self, text: str, queue: str = QUEUE, inserted_on: datetime | None = None) -> None:
        Worker(
            cast("DataverseClient", self.client),
            cast("LiveVersions", self.versions),
            cast("LeadScoring", self.scoring),
            self.queue,
            lambda: 0.0,
            self.mode,
            self.breaker,
            self.report,
            lambda: NOW,
        ).work(text, queue, inserted_on)

    @property
    def scored(self) -> list[tuple[UUID, ...]]:
        return [ids for ids, _ in self.scoring.asked]

    def sent(self, queue: str = QUEUE) -> list[dict[str, Any]]:
        return [json.loads(text) for name, text, _ in self.queue.sent if name == queue]

    @property
    def delays_s(self) -> list[float]:
        return [delay_s for _, _, delay_s in self.queue.sent]


def ids(count: int, start: int = 1) -> tuple[UUID, ...]:
    return tuple(UUID(int=number) for number in range(start, start + count))


def message(*row_ids: UUID, table: str = "lead", attempt: int = 0, correlation: str = "c") -> str:
    return RowChanges(table=table, ids=row_ids, cause="webhook", attempt=attempt, correlation=correlation).text()


def test_a_message_that_waits_alone_is_done_alone() -> None:
    bench = Bench()
    bench.work(message(LEAD, correlation="c0ffee"))
    assert bench.scoring.asked == [((LEAD,), "c0ffee")]
    assert (bench.queue.sent, bench.queue.deleted) == ([], [])


def test_up_to_31_more_are_taken_under_a_lease_longer_than_any_run() -> None:
    bench = Bench()
    bench.queue.waiting = [message(lead) for lead in ids(40)]
    bench.work(message(LEAD))
    assert bench.queue.taken_with == [(31, 600)]
    assert bench.scored == [(LEAD, *ids(31))]
    assert len(bench.queue.deleted) == 31
    assert len(bench.queue.waiting) == 9


def test_messages_taken_together_are_merged_each_lead_once_and_fifty_at_a_time() -> None:
    bench = Bench()
    bench.queue.waiting = [message(*ids(50)), message(*ids(50, start=41)), message(LEAD)]
    bench.work(message(LEAD))
    assert [len(leads) for leads in bench.scored] == [50, 41]
    assert [lead for leads in bench.scored for lead in leads] == [LEAD, *ids(90)]


def test_messages_are_deleted_only_after_their_leads_are_settled() -> None:
    bench = Bench(scoring=Scoring(outcomes=lambda _ids: Outcome(again=[LEAD])))
    bench.queue.waiting = [message(LEAD)]
    bench.queue.failing = True
    with pytest.raises(QueueError):
        bench.work(message(LEAD))
    assert bench.queue.deleted == []


def test_an_unforeseen_fault_leaves_every_message_where_it_is() -> None:
    def defect(_ids: Sequence[UUID]) -> Outcome:
        raise KeyError("a defect")

    bench = Bench(scoring=Scoring(outcomes=defect))
    bench.queue.waiting = [message(LEAD)]
    with pytest.raises(KeyError):
        bench.work(message(LEAD))
    assert (bench.queue.deleted, bench.queue.sent) == ([], [])


def test_leads_to_be_tried_again_wait_for_what_the_service_asked() -> None:
    one, two = ids(2)
    bench = Bench(scoring=Scoring(outcomes=lambda _ids: Outcome(done=1, again=[two], retry_after_s=37)))
    bench.work(message(one, two, attempt=4))
    (successor,) = bench.sent()
    assert (successor["ids"], successor["attempt"], successor["correlation"]) == ([str(two)], 5, "c")
    assert bench.delays_s == [37]


@pytest.mark.parametrize(("attempt", "delay_s"), [(0, 1), (3, 8), (30, 450)])
def test_without_such_a_wish_they_wait_longer_each_time(attempt: int, delay_s: float) -> None:
    bench = Bench(scoring=Scoring(outcomes=lambda row_ids: Outcome(again=list(row_ids))))
    bench.work(message(LEAD, attempt=attempt))
    assert bench.delays_s == [delay_s]


def test_the_most_tried_of_merged_messages_says_how_long_all_wait() -> None:
    bench = Bench(scoring=Scoring(outcomes=lambda row_ids: Outcome(again=list(row_ids))))
    bench.queue.waiting = [message(*ids(1), attempt=5)]
    bench.work(message(LEAD))
    assert [sent["attempt"] for sent in bench.sent()] == [6]
    assert bench.delays_s == [32]


COMMON_FAULTS = [
    (ThrottledError(retry_after_s=120), 120),
    (UnavailableError(), 1),
    (VersionError("Fit", "has changed since its publication"), 1),
    (IncompleteError("lead", ["merged"]), 1),
]


@pytest.mark.parametrize(("fault", "delay_s"), COMMON_FAULTS)
@pytest.mark.parametrize("place", ["scoring", "versions", "lookup"])
def test_a_fault_that_concerns_everybody_puts_off_and_burns_nothing(
    fault: Exception, delay_s: float, place: str
) -> None:
    def raising(_ids: Sequence[UUID]) -> Outcome:
        raise fault

    bench = Bench()
    table = "lead"
    if place == "scoring":
        bench.scoring.outcomes = raising
    elif place == "versions":
        bench.versions.fault = fault
    else:
        bench.client.fault, table = fault, "contact"
    bench.queue.waiting = [message(*ids(2), table=table)]
    bench.work(message(LEAD, table=table))
    (successor,) = bench.sent()
    assert (successor["table"], successor["attempt"]) == (table, 1)
    assert successor["ids"] == [str(row_id) for row_id in (LEAD, *ids(2))]
    assert bench.delays_s == [delay_s]
    assert (bench.sent(POISON), len(bench.queue.deleted)) == ([], 1)


def test_leads_that_are_refused_are_set_aside_by_reason_and_the_rest_are_done() -> None:
    one, two, three = ids(3)
    refused = {"0x80040265": [one, two], "FactError": [three]}
    bench = Bench(scoring=Scoring(outcomes=lambda _ids: Outcome(done=1, refused=refused)))
    bench.work(message(LEAD, one, two, three))
    assert bench.sent() == []
    assert [(sent["reason"], sent["ids"]) for sent in bench.sent(POISON)] == [
        ("0x80040265", [str(one), str(two)]),
        ("FactError", [str(three)]),
    ]


def test_each_queue_has_a_poison_queue_of_its_own() -> None:
    bench = Bench(scoring=Scoring(outcomes=lambda _ids: Outcome(refused={"x": [LEAD]}, again=[LEAD])))
    bench.work(message(LEAD), "leadgate-lead-changes-bulk")
    assert [name for name, _, _ in bench.queue.sent] == [
        "leadgate-lead-changes-bulk",
        "leadgate-lead-changes-bulk-poison",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [("canary", "unreadable"), ('{"v": 3, "lead": "canary"}', "unknown-version"), ("", "unreadable")],
)
def test_a_message_that_cannot_be_read_is_set_aside_without_its_text_and_the_rest_are_done(
    text: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bench = Bench()
    bench.queue.waiting = [text, message(LEAD)]
    bench.work(text)
    assert bench.scored == [(LEAD,)]
    assert bench.sent(POISON) == [{"v": 1, "reason": reason, "length": len(text)}] * 2
    assert len(bench.queue.deleted) == 2
    assert "canary" not in caplog.text + repr(bench.queue.sent)


def test_a_contact_stands_for_its_open_leads_which_are_queued_once_each() -> None:
    bench = Bench(client=Rows({"leads": [{"leadid": str(lead)} for lead in (*ids(60), *ids(5))]}))
    bench.work(message(CONTACT, table="contact"))
    assert bench.scored == []
    assert [len(sent["ids"]) for sent in bench.sent()] == [50, 10]
    assert {(sent["table"], sent["attempt"], sent["cause"]) for sent in bench.sent()} == {("lead", 0, "webhook")}
    assert "statecode%20eq%200" in bench.client.asked[0]
    assert "parentcontactid" in bench.client.asked[0]


def test_an_interaction_stands_for_its_lead_and_for_its_contact_whose_leads_are_looked_up_next() -> None:
    lookups = {"_lgate_leadid_value": str(LEAD), "_lgate_contactid_value": str(CONTACT)}
    bench = Bench(client=Rows({"lgate_leadinteractions": [lookups, {**lookups, "_lgate_contactid_value": None}]}))
    bench.work(message(*ids(1, start=99), table="lgate_leadinteraction"))
    assert [(sent["table"], sent["ids"]) for sent in bench.sent()] == [
        ("lead", [str(LEAD)]),
        ("contact", [str(CONTACT)]),
    ]


def test_a_related_row_stands_for_its_leads_by_every_lookup_that_live_models_use() -> None:
    bench = Bench(client=Rows({"leads": [{"leadid": str(LEAD)}]}))
    bench.work(message(CONTACT, table="contact"))
    bench.work(message(CONTACT, table="account"))
    assert [
        [name for name in ("customerid", "parentaccountid", "parentcontactid") if f"'{name}'" in asked]
        for asked in bench.client.asked
    ] == [["customerid", "parentcontactid"], ["customerid", "parentaccountid"]]


def test_what_no_live_model_needs_any_more_concerns_nobody_and_asks_nothing() -> None:
    bench = Bench(versions=Versions(reach=NOTHING_REACHED))
    bench.work(message(LEAD, table="account"))
    bench.work(message(LEAD, table="lgate_leadinteraction"))
    assert (bench.client.asked, bench.queue.sent, bench.queue.deleted) == ([], [], [])


def test_more_leads_than_a_page_holds_are_gone_on_with_by_a_successor_on_the_bulk_queue() -> None:
    bench = Bench(client=Rows({"leads": [{"leadid": str(LEAD)}]}, next_links=["leads?page=2", "leads?page=3"]))
    bench.work(message(CONTACT, table="account"))
    assert [sent["table"] for sent in bench.sent()] == ["lead"]
    (second,) = bench.sent(BULK)
    assert (second["v"], second["table"], second["ids"], second["after"]) == (
        2,
        "account",
        [str(CONTACT)],
        "leads?page=2",
    )
    (text,) = (text for name, text, _ in bench.queue.sent if name == BULK)
    bench.queue.sent.clear()
    bench.work(text, BULK)
    assert bench.client.asked[-1] == "leads?page=2"
    assert [(sent["table"], sent.get("after")) for sent in bench.sent(BULK)] == [
        ("lead", None),
        ("account", "leads?page=3"),
    ]


def test_pages_that_wait_together_are_each_gone_on_with_by_their_own_link() -> None:
    bench = Bench()
    changes = RowChanges(table="account", ids=ids(2), cause="poll")
    bench.queue.waiting = [changes.next_page("leads?page=7").text(), changes.text()]
    bench.work(changes.next_page("leads?page=9").text())
    assert [asked for asked in bench.client.asked if "page=" in asked] == ["leads?page=9", "leads?page=7"]
    assert len(bench.client.asked) == 3


def test_a_page_that_meets_a_fault_is_put_off_with_its_link() -> None:
    bench = Bench(client=Rows(fault=ThrottledError(retry_after_s=9)))
    bench.work(RowChanges(table="account", ids=ids(2), cause="poll").next_page("leads?page=7").text())
    ((_, text, delay_s),) = bench.queue.sent
    assert (json.loads(text)["after"], json.loads(text)["attempt"], delay_s) == ("leads?page=7", 1, 9)


def test_a_page_that_leads_back_to_itself_is_not_gone_round_for_ever() -> None:
    bench = Bench(client=Rows(next_links=["leads?page=7"]))
    bench.work(RowChanges(table="account", ids=ids(2), cause="poll").next_page("leads?page=7").text())
    assert [delay_s for _, _, delay_s in bench.queue.sent] == [1]


def test_rows_that_are_gone_concern_nobody() -> None:
    bench = Bench()
    bench.work(message(LEAD, table="lgate_leadinteraction"))
    assert bench.queue.sent == []


def test_tables_that_wait_together_are_each_done() -> None:
    bench = Bench(client=Rows({"leads": [{"leadid": str(LEAD)}]}))
    bench.queue.waiting = [message(*ids(1)), message(*ids(1, start=7), table="contact")]
    bench.work(message(CONTACT, table="contact"))
    assert bench.scored == [ids(1)]
    assert len(bench.client.asked) == 1
    assert [sent["ids"] for sent in bench.sent()] == [[str(LEAD)]]


def test_an_app_that_is_off_puts_each_message_off_by_a_minute_and_looks_at_none() -> None:
    bench = Bench(mode="off")
    bench.queue.waiting = [message(LEAD)]
    text = message(LEAD, attempt=7)
    bench.work(text)
    assert bench.queue.sent == [(QUEUE, text, 60)]
    assert (bench.scored, bench.queue.taken_with) == ([], [])


@pytest.mark.parametrize(
    "fault", [PrivilegeError(status=403), AuthenticationError(code="AADSTS7000222")], ids=["privilege", "identity"]
)
def test_a_fault_of_the_app_itself_keeps_all_that_waits_and_counts_no_try(fault: Exception) -> None:
    def raising(_ids: Sequence[UUID]) -> Outcome:
        raise fault

    bench = Bench(scoring=Scoring(outcomes=raising))
    bench.queue.waiting = [message(*ids(50), attempt=3), message(*ids(20, start=51))]
    bench.work(message(LEAD))
    assert len(bench.scored) == 1
    assert [len(sent["ids"]) for sent in bench.sent()] == [50, 21]
    assert {sent["attempt"] for sent in bench.sent()} == {3}
    assert min(bench.delays_s) >= 30
    assert (bench.sent(POISON), len(bench.queue.deleted)) == ([], 2)


def test_a_privilege_that_lacks_for_contacts_puts_off_their_messages_alone() -> None:
    bench = Bench(client=Rows(fault=PrivilegeError(status=403)))
    bench.queue.waiting = [message(LEAD)]
    bench.work(message(CONTACT, table="contact"))
    assert bench.scored == [(LEAD,)]
    assert [(sent["table"], sent["attempt"]) for sent in bench.sent()] == [("contact", 1)]


def test_while_dataverse_is_down_it_is_not_asked_and_many_messages_become_few() -> None:
    bench = Bench()
    bench.open_breaker()
    bench.queue.waiting = [message(lead) for lead in ids(600)]
    bench.work(message(LEAD))
    assert (bench.scored, bench.probes) == ([], 0)
    assert [len(sent["ids"]) for sent in bench.sent()] == [50] * 9 + [47]
    assert {sent["attempt"] for sent in bench.sent()} == {0}
    assert len(bench.queue.deleted) == 496
    assert min(bench.delays_s) >= 30


def test_one_message_in_half_a_minute_asks_whether_dataverse_is_back() -> None:
    bench = Bench(down=UnavailableError(status=503))
    bench.open_breaker()
    for seconds in (29, 30, 31, 59, 60, 61):
        bench.at = NOW + timedelta(seconds=seconds)
        bench.work(message(LEAD))
    assert (bench.probes, bench.scored) == (2, [])


def test_when_it_is_back_the_message_that_asked_is_done_and_those_behind_it_too() -> None:
    bench = Bench()
    bench.open_breaker()
    bench.at = NOW + timedelta(seconds=30)
    bench.queue.waiting = [message(*ids(50)), message(*ids(50, start=51))]
    bench.work(message(LEAD))
    assert bench.probes == 1
    assert sum(map(len, bench.scored)) == 101
    assert (bench.sent(), bench.breaker.is_open) == ([], False)


def test_when_the_probe_is_answered_and_the_work_fails_the_rest_is_kept() -> None:
    def raising(_ids: Sequence[UUID]) -> Outcome:
        raise UnavailableError(status=503, retry_after_s=600)

    bench = Bench(scoring=Scoring(outcomes=raising))
    bench.open_breaker()
    bench.at = NOW + timedelta(seconds=30)
    bench.queue.waiting = [message(*ids(50))]
    bench.work(message(LEAD))
    assert len(bench.scored) == 1
    assert [len(sent["ids"]) for sent in bench.sent()] == [50, 1]
    assert bench.delays_s[0] == 600
    assert bench.breaker.is_open


def test_after_an_exception_the_messages_taken_are_given_back_at_once_but_for_the_hosts_own() -> None:
    def defect(_ids: Sequence[UUID]) -> Outcome:
        raise KeyError("a defect")

    bench = Bench(scoring=Scoring(outcomes=defect))
    bench.queue.waiting = [message(*ids(1)), message(*ids(2))]
    with pytest.raises(KeyError):
        bench.work(message(LEAD))
    assert bench.queue.released == ["id-0", "id-1"]


def test_messages_that_cannot_be_given_back_do_not_hide_the_exception() -> None:
    def defect(_ids: Sequence[UUID]) -> Outcome:
        bench.queue.failing = True
        raise KeyError("a defect")

    bench = Bench(scoring=Scoring(outcomes=defect))
    bench.queue.waiting = [message(*ids(1))]
    with pytest.raises(KeyError):
        bench.work(message(LEAD))


def test_what_is_logged_of_a_run_is_one_line_of_counts(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="leadgate")
    outcome = Outcome(done=3, written=2, qualified=1, again=[LEAD])
    Bench(scoring=Scoring(outcomes=lambda _ids: outcome)).work(message(LEAD))
    (line,) = map(json.loads, caplog.messages)
    assert line == {
        "event": "scored",
        "cause": "webhook",
        "done": 3,
        "held": 0,
        "written": 2,
        "qualified": 1,
        "again": 1,
        "refused": 0,
        "correlation": "c",
    }


def test_a_thousand_leads_refused_for_one_reason_are_one_alarm_an_hour(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, logger="leadgate")
    bench = Bench(scoring=Scoring(outcomes=lambda row_ids: Outcome(refused={"0x80040265": list(row_ids)})))
    for lead in ids(1_000):
        bench.work(message(lead))
    assert [json.loads(text)["reason"] for text in caplog.messages] == ["0x80040265"]
    assert bench.meter.points("leadgate.leads.refused") == {(("leadgate.reason", "0x80040265"),): 1_000}
    bench.at += timedelta(hours=1)
    bench.work(message(LEAD))
    assert len(caplog.messages) == 2


def test_what_is_counted_of_a_run(caplog: pytest.LogCaptureFixture) -> None:
    outcome = Outcome(done=3, written=2, qualified=1, held=4)
    outcome.put_off(LEAD, "ThrottledError")
    bench = Bench(scoring=Scoring(outcomes=lambda _ids: outcome))
    bench.queue.waiting = [message(LEAD)]
    bench.work(message(*ids(2)))
    counted = {name: bench.meter.total(f"leadgate.leads.{name}") for name in ("done", "written", "qualified", "held")}
    assert counted == {"done": 3, "written": 2, "qualified": 1, "held": 4}
    assert bench.meter.points("leadgate.leads.written") == {(("leadgate.cause", "webhook"),): 2}
    assert bench.meter.points("leadgate.leads.put_off") == {(("leadgate.reason", "ThrottledError"),): 1}
    assert bench.meter.points("leadgate.changes") == {(("leadgate.cause", "webhook"),): 3}
    assert bench.meter.total("messaging.client.consumed.messages") == 2
    assert bench.meter.total("messaging.process.duration") == 1


def test_a_message_that_is_tried_again_is_no_new_change() -> None:
    bench = Bench()
    bench.work(message(LEAD, attempt=1))
    assert bench.meter.total("leadgate.changes") == 0


@pytest.mark.parametrize(("again", "measured"), [([], 1), ([LEAD], 0)], ids=["settled", "put off"])
def test_how_long_a_message_waited_is_measured_when_its_leads_are_settled(again: list[UUID], measured: int) -> None:
    bench = Bench(scoring=Scoring(outcomes=lambda _ids: Outcome(again=list(again))))
    bench.at = NOW + timedelta(seconds=7)
    bench.work(message(LEAD), inserted_on=NOW)
    assert bench.meter.total("leadgate.score.latency") == measured


def test_nothing_that_is_counted_or_logged_names_a_lead(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    outcomes = [
        Outcome(done=1, again=[LEAD], refused={"FactError": [LEAD]}),
        UnavailableError(status=503),
        PrivilegeError(),
    ]

    def each(_ids: Sequence[UUID]) -> Outcome:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    bench = Bench(scoring=Scoring(outcomes=each))
    for _ in range(4):
        bench.work(message(LEAD))
    bench.work("canary")
    assert len(caplog.messages) >= 8
    held = caplog.text + repr(bench.meter.everything())
    assert str(LEAD) not in held
    assert LEAD.hex not in held
    assert "canary" not in held


def test_leads_are_queued_fifty_to_a_message_as_they_come() -> None:
    queue = ListQueue()
    assert send_leads(queue, "bulk", iter(ids(101)), cause="publish", table="contact", delay_s=120) == 101
    assert [(name, len(json.loads(text)["ids"]), delay_s) for name, text, delay_s in queue.sent] == [
        ("bulk", 50, 120),
        ("bulk", 50, 120),
        ("bulk", 1, 120),
    ]
    assert {json.loads(text)["table"] for _, text, _ in queue.sent} == {"contact"}
    assert send_leads(queue, "bulk", [], cause="publish") == 0
