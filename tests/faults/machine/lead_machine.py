"""The stateful test: Hypothesis moves the stage, and the invariants of reliability.md 3.3 must hold after each move.

What destroys or heals (deletes, merges, expiry, publication) is rare or in a profile of its own, and faults begin from
quiet states: else a fault is healed before anything can see it (reliability.md 3.4).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from emulator.fault_rules import Body, Cut, FaultRule
from tests.faults.machine.interruptions import Interruption, kill, lose_answer
from tests.faults.machine.klint import REACH, ROUNDED, fit, reach
from tests.faults.machine.promises import RETRY_AFTER_S, keep_promises, quiesce
from tests.faults.machine.stage import CLEARED, DISQUALIFIED, PHONE, REOPENED, TITLE, DeliveryFault, Stage


@dataclass(frozen=True, slots=True)
class Profile:
    """What may happen in a run."""

    name: str
    polls: bool = True
    publishes: bool = False
    expires: bool = False


PLAIN: Final = Profile("plain")
PUBLISH: Final = Profile("publish", publishes=True)
EXPIRY: Final = Profile("expiry", expires=True)
WEBHOOK_ONLY: Final = Profile("webhook_only", polls=False)
PROFILES: Final = (PLAIN, PUBLISH, EXPIRY, WEBHOOK_ONLY)

WEEK_AND_A_DAY_S: Final = 8 * 86_400

POINTS: Final = st.sampled_from(
    ({"jobtitle": TITLE}, {"telephone1": PHONE}, {"jobtitle": None}, {"telephone1": None})
    + ({"jobtitle": TITLE, "telephone1": PHONE},) * 2
)
LEADS: Final = st.integers(0, 3)
OUTAGE_STEPS: Final = 5
RARELY: Final = st.sampled_from((False,) * 7 + (True,))
OUTAGE: Final = FaultRule(status=503, count=None)
REFUSED: Final = FaultRule(path=r"\$batch", status=403, body=Body.JSON, code="0x80040220")
FAULTS: Final[dict[str, tuple[FaultRule, ...]]] = {
    "none": (),
    "429": (FaultRule(path=r"\$batch", status=429, headers={"Retry-After": "90"}),),
    "500": (FaultRule(path=r"\$batch", status=500, count=2),),
    "html": (FaultRule(path=r"\$batch", body=Body.HTML, count=2),),
    "cut": (FaultRule(path=r"\$batch", cut=Cut.AFTER, nth=2),),
    "refused": (REFUSED,),
    "model_fail": (FaultRule(method="GET", path="/lgate_scoringmodels", status=503, count=2),),
}
POLL_FAULTS: Final = ("none", "store_read_fail", "dispatch_fail", "crash_mid", "crash_before_save", "edit_during")
LOSSLESS: Final[tuple[DeliveryFault, ...]] = ("none", "enqueue_error", "crash_after", "dup")
LOSSY: Final[tuple[DeliveryFault, ...]] = (*LOSSLESS, "crash_before", "lost")


class LeadMachine(RuleBasedStateMachine):
    """One run; `profile` is set by the subclass that `machine` makes."""

    profile: ClassVar[Profile] = PLAIN

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage(polls=self.profile.polls)

    @initialize()
    def two_leads_that_are_scored(self) -> None:
        self.stage.new_lead()
        self.stage.new_lead(jobtitle=TITLE)
        self.stage.deliver_all()
        self.stage.work_all()

    @invariant()
    def promises_are_kept(self) -> None:
        keep_promises(self.stage)

    def teardown(self) -> None:
        """Every run ends quiet."""
        self._quiesce()

    # What people do

    @rule(lead=LEADS, columns=POINTS)
    def rep_points(self, lead: int, columns: dict[str, object]) -> None:
        self.stage.edit(self._lead(lead), **columns)

    @rule(lead=LEADS, columns=st.sampled_from((DISQUALIFIED, REOPENED, REOPENED)))
    def rep_state(self, lead: int, columns: dict[str, object]) -> None:
        self.stage.edit(self._lead(lead), **columns)

    @rule(lead=LEADS)
    def rep_clears_flag(self, lead: int) -> None:
        self.stage.edit(self._lead(lead), **CLEARED)

    @rule(lead=LEADS, other=LEADS, what=st.sampled_from(("edit elsewhere",) * 6 + ("delete", "merge")))
    def rep_other_field_or_worse(self, lead: int, other: int, what: str) -> None:
        if what == "delete":
            self.stage.remove(self._lead(lead))
        elif what == "merge":
            self.stage.merge(self._lead(lead), self._lead(other))
        else:
            self.stage.edit_elsewhere(self._lead(lead))

    @rule(columns=POINTS)
    def new_lead(self, columns: dict[str, object]) -> None:
        if len(self.stage.leads) < 4:
            self.stage.new_lead(**columns)

    @precondition(lambda self: self.profile.publishes)
    @rule(points=st.sampled_from(ROUNDED))
    def publish_model(self, points: tuple[int, int]) -> None:
        self.stage.publish(fit(*points))

    @precondition(lambda self: self.profile.publishes)
    @rule(reconsider=st.booleans())
    def publish_rule(self, reconsider: bool) -> None:
        self.stage.publish_rule(reconsider=reconsider)

    @precondition(lambda self: self.profile.publishes)
    @rule()
    def stop_or_start_model(self) -> None:
        if self.stage.history.live(REACH):
            self.stage.stop(REACH)
        else:
            self.stage.publish(reach())

    # What Dataverse, the queue and time do

    @rule(which=st.integers(0, 5), data=st.data())
    def deliver(self, which: int, data: st.DataObject) -> None:
        self.stage.deliver(which, data.draw(st.sampled_from(LOSSY if self.profile.polls else LOSSLESS)))

    @rule(which=st.integers(1, 3))
    def messages_change_places(self, which: int) -> None:
        self.stage.queue.messages.rotate(which)

    @rule(seconds=st.sampled_from((5, 70, 601)))
    def time_passes(self, seconds: int) -> None:
        """Delays end, caches age, leases expire."""
        self.stage.wait(seconds)

    @precondition(lambda self: self.profile.expires)
    @rule()
    def token_expires(self) -> None:
        self.stage.wait(WEEK_AND_A_DAY_S)

    @rule()
    def throttled_burst(self) -> None:
        burst = FaultRule(status=429, headers={"Retry-After": str(RETRY_AFTER_S)}, count=3)
        for _ in range(3):
            self.stage.work(None, burst)

    @rule(seconds=st.sampled_from((0, 31, 61)))
    def outage(self, seconds: int) -> None:
        """Dataverse answers nothing, until the breaker opens and beyond."""
        for _ in range(OUTAGE_STEPS):
            self.stage.work(None, OUTAGE)
            self.stage.wait(seconds)

    # What the app does, and what may happen meanwhile

    @rule(data=st.data(), fault=st.sampled_from(sorted(FAULTS)))
    def worker_step(self, data: st.DataObject, fault: str) -> None:
        self.stage.work(self._interruption(data), *FAULTS[fault])

    @precondition(lambda self: self.profile.polls)
    @rule(data=st.data())
    def poll(self, data: st.DataObject) -> None:
        self._poll(data)

    @rule(lead=LEADS, first=POINTS, second=POINTS, data=st.data())
    def race(self, lead: int, first: dict[str, object], second: dict[str, object], data: st.DataObject) -> None:
        """From a quiet state: the lead changes between the worker's read and its write."""
        self._quiesce()
        chosen = self._lead(lead)
        self.stage.edit(chosen, **first)
        self.stage.deliver_all()
        meanwhile = data.draw(st.sampled_from(("edit", "edit elsewhere", "edit and other worker", "close", "delete")))
        self.stage.work(Interruption(self._meanwhile(meanwhile, chosen, second), kind="write"))

    @rule(lead=LEADS, columns=POINTS, fault=st.sampled_from(sorted(FAULTS)), data=st.data())
    def whole_message(self, lead: int, columns: dict[str, object], fault: str, data: st.DataObject) -> None:
        """From a quiet state: a change, its webhook, its decision, with a fault in one of them."""
        self._quiesce()
        self.stage.edit(self._lead(lead), **columns)
        self.deliver(0, data)
        self.stage.wait(data.draw(st.sampled_from((0, 70))))
        self.stage.work(self._interruption(data), *FAULTS[fault])

    @precondition(lambda self: self.profile.polls)
    @rule(lead=LEADS, columns=POINTS, data=st.data())
    def whole_poll(self, lead: int, columns: dict[str, object], data: st.DataObject) -> None:
        """From a quiet state: a change that no webhook tells of, and the poll, with a fault in it."""
        self._quiesce()
        self.stage.edit(self._lead(lead), **columns)
        self.stage.webhooks.clear()
        if self.profile.expires and data.draw(RARELY):
            self.stage.wait(WEEK_AND_A_DAY_S)
        self._poll(data)

    @rule(lead=LEADS, other=LEADS, merged=st.booleans())
    def whole_comeback(self, lead: int, other: int, merged: bool) -> None:
        """From a quiet state: a lead is seen closed and is open again, and perhaps gone before anybody looks."""
        self._quiesce()
        self.stage.edit(self._lead(lead), **DISQUALIFIED)
        self._quiesce()
        self.stage.edit(self._lead(lead), **REOPENED)
        if merged:
            self.stage.merge(self._lead(other), self._lead(lead))

    @rule()
    def quiesce(self) -> None:
        self._quiesce()

    def _quiesce(self) -> None:
        quiesce(self.stage, polls=self.profile.polls, delivers=not self.profile.polls)

    def _lead(self, which: int) -> UUID:
        return self.stage.leads[which % len(self.stage.leads)]

    def _poll(self, data: st.DataObject) -> None:
        fault = data.draw(st.sampled_from(POLL_FAULTS))
        lead, columns = self._lead(data.draw(LEADS)), data.draw(POINTS)
        match fault:
            case "none":
                self.stage.poll()
            case "store_read_fail":
                self.stage.poll(None, FaultRule(method="GET", path="/lgate_syncstates", status=503, count=2))
            case "dispatch_fail":
                self.stage.poll(refusals=1)
            case "crash_mid":
                self.stage.poll(Interruption(kill, number=data.draw(st.integers(1, 6))))
            case "crash_before_save":
                self.stage.poll(Interruption(kill, kind="save"))
            case "edit_during":
                during = Interruption(lambda: self._unseen(lead, columns), "after", data.draw(st.integers(1, 6)))
                self.stage.poll(during)

    def _unseen(self, lead: UUID, columns: dict[str, object]) -> None:
        """An edit of which no webhook tells."""
        before = list(self.stage.webhooks)
        self.stage.edit(lead, **columns)
        self.stage.webhooks[:] = before

    def _interruption(self, data: st.DataObject) -> Interruption | None:
        act = data.draw(st.sampled_from(("none", "none", "kill", "lose answer", "edit", "edit and other worker")))
        if act == "none":
            return None
        acts: dict[str, Callable[[], None]] = {"kill": kill, "lose answer": lose_answer}
        chosen, columns = self._lead(data.draw(LEADS)), data.draw(POINTS)
        number = data.draw(st.integers(1, 7))
        return Interruption(
            acts.get(act) or self._meanwhile(act, chosen, columns),
            data.draw(st.sampled_from(("before", "after"))),
            number,
            "write" if act == "lose answer" else None,
        )

    def _meanwhile(self, what: str, lead: UUID, columns: dict[str, object]) -> Callable[[], None]:
        def act() -> None:
            match what:
                case "edit elsewhere":
                    self.stage.edit_elsewhere(lead)
                case "close":
                    self.stage.edit(lead, **DISQUALIFIED)
                case "delete":
                    self.stage.remove(lead)
                case _:
                    self.stage.edit(lead, **columns)
            if what == "edit and other worker":
                self.stage.work_elsewhere()

        return act


def machine(of: Profile) -> type[LeadMachine]:
    """The machine in a profile."""

    class InProfile(LeadMachine):
        profile = of

    InProfile.__name__ = InProfile.__qualname__ = f"LeadMachine_{of.name}"
    return InProfile
