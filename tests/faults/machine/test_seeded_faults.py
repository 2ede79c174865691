"""Each seeded fault, caught by a scenario of a few lines that the right code passes, and found by the machine."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from emulator.fault_rules import FaultRule
from tests.evidence import keep_evidence
from tests.faults.machine.history import ViolationError
from tests.faults.machine.interruptions import Interruption, kill
from tests.faults.machine.klint import fit
from tests.faults.machine.lead_machine import WEEK_AND_A_DAY_S, machine
from tests.faults.machine.promises import keep_promises, quiesce
from tests.faults.machine.seeded_faults import SEEDED_FAULTS, SeededFault
from tests.faults.machine.stage import DISQUALIFIED, PHONE, REOPENED, TITLE, Stage

EXAMPLES, STEPS = 2_000, 50
BOTH = {"jobtitle": TITLE, "telephone1": PHONE}


def no_if_match(stage: Stage) -> None:
    lead = stage.new_lead(**BOTH)
    stage.deliver_all()
    stage.work(Interruption(lambda: stage.edit(lead, telephone1=None), kind="write"))


def ack_first(stage: Stage) -> None:
    stage.new_lead(**BOTH)
    stage.new_lead(**BOTH)
    stage.deliver_all()
    stage.work(Interruption(kill, kind="read"))


def token_before_enqueue(stage: Stage) -> None:
    stage.new_lead(**BOTH)
    stage.poll(Interruption(kill, kind="send"))


def token_taken_at_end(stage: Stage) -> None:
    lead = stage.new_lead(**BOTH)
    stage.poll(Interruption(lambda: stage.edit(lead, jobtitle=None), "after", kind="send"))


def store_fail_is_cold_start(stage: Stage) -> None:
    stage.new_lead(**BOTH)
    stage.poll(None, FaultRule(method="GET", path="/lgate_syncstates", status=503, count=2))


def dispatch_error_swallowed(stage: Stage) -> None:
    stage.new_lead(**BOTH)
    stage.poll(refusals=1)


def dedupe_by_lead_window(stage: Stage) -> None:
    lead = stage.new_lead(jobtitle=TITLE)
    stage.deliver_all()
    stage.work_all()
    stage.edit(lead, telephone1=PHONE)


def always_write(stage: Stage) -> None:
    stage.new_lead(jobtitle=TITLE)


def unqualify_on_drop(stage: Stage) -> None:
    lead = stage.new_lead(**BOTH)
    stage.deliver_all()
    stage.work_all()
    stage.edit(lead, telephone1=None)


def trust_payload(stage: Stage) -> None:
    lead = stage.new_lead()
    stage.edit(lead, **BOTH)
    stage.edit(lead, telephone1=None)
    stage.deliver(2)
    stage.deliver(1)
    stage.work_all()


def no_state_check(stage: Stage) -> None:
    lead = stage.new_lead(**BOTH)
    stage.edit(lead, **DISQUALIFIED)


def transient_to_poison(stage: Stage) -> None:
    stage.new_lead(**BOTH)
    stage.deliver_all()
    stage.work(None, FaultRule(path=r"\$batch", status=503, count=2))


def expired_starts_from_now(stage: Stage) -> None:
    stage.new_lead(**BOTH)
    stage.wait(WEEK_AND_A_DAY_S)


def retry_412_same_decision(stage: Stage) -> None:
    lead = stage.new_lead(**BOTH)
    stage.deliver_all()
    stage.work(Interruption(lambda: stage.edit(lead, telephone1=None), kind="write"))


def swallow_412(stage: Stage) -> None:
    lead = stage.new_lead(**BOTH)
    stage.deliver_all()
    stage.work(Interruption(lambda: stage.edit_elsewhere(lead), kind="write"))


def ack_before_enqueue(stage: Stage) -> None:
    stage.new_lead(**BOTH)
    stage.deliver(0, "enqueue_error")


def deleted_is_transient(stage: Stage) -> None:
    lead = stage.new_lead(**BOTH)
    stage.deliver_all()
    stage.remove(lead)


def no_rescore_on_publish(stage: Stage) -> None:
    stage.new_lead(jobtitle=TITLE)
    quiesce(stage)
    stage.publish(fit(110, 10))


def model_fail_scores_zero(stage: Stage) -> None:
    stage.new_lead(**BOTH)
    stage.deliver_all()
    stage.work(None, FaultRule(method="GET", path="/lgate_scoringmodels", status=503, count=2))


def drop_own_by_modifiedby(stage: Stage) -> None:
    stage.new_lead(jobtitle=TITLE)
    quiesce(stage)
    stage.publish(fit(110, 10))


def no_second_look(stage: Stage) -> None:
    """The slow worker read that the title is gone; when it writes, the title is back and all others are content."""
    lead = stage.new_lead(jobtitle=TITLE)
    stage.deliver_all()
    stage.work_all()
    stage.edit(lead, jobtitle=None)
    stage.deliver_all()

    def meanwhile() -> None:
        stage.edit(lead, jobtitle=TITLE)
        stage.work_elsewhere()

    stage.work(Interruption(meanwhile, kind="write"))


def reconsider_for_ever(stage: Stage) -> None:
    """Of a lead with so many causes to write it that I5 does not come first."""
    lead = stage.new_lead(**BOTH)
    for _ in range(8):
        stage.edit_elsewhere(lead)
    quiesce(stage)
    stage.publish_rule(reconsider=True)


def never_again(stage: Stage) -> None:
    lead = stage.new_lead(**BOTH)
    quiesce(stage)
    stage.edit(lead, **DISQUALIFIED)
    quiesce(stage)
    stage.edit(lead, **REOPENED)


def log_of_the_other_lead_binds(stage: Stage) -> None:
    stays, goes = stage.new_lead(jobtitle=TITLE), stage.new_lead(**BOTH)
    quiesce(stage, polls=False, delivers=True)
    stage.merge(stays, goes)
    stage.edit(stays, telephone1=PHONE)


def closing_of_the_other_lead_counts(stage: Stage) -> None:
    """The one that goes was seen closed, and nobody has looked at it since it is open again."""
    stays, goes = stage.new_lead(**BOTH), stage.new_lead(jobtitle=TITLE)
    quiesce(stage)
    stage.edit(goes, **DISQUALIFIED)
    quiesce(stage)
    stage.edit(goes, **REOPENED)
    stage.merge(stays, goes)


SCENARIOS: dict[str, tuple[Callable[[Stage], None], str]] = {
    "no_if_match": (no_if_match, "I4"),
    "ack_first": (ack_first, "I14"),
    "token_before_enqueue": (token_before_enqueue, "I8"),
    "token_taken_at_end": (token_taken_at_end, "I8"),
    "store_fail_is_cold_start": (store_fail_is_cold_start, "I8"),
    "dispatch_error_swallowed": (dispatch_error_swallowed, "I8"),
    "dedupe_by_lead_window": (dedupe_by_lead_window, "I14"),
    "always_write": (always_write, "I5"),
    "unqualify_on_drop": (unqualify_on_drop, "I2"),
    "trust_payload": (trust_payload, "I4"),
    "no_state_check": (no_state_check, "I11"),
    "transient_to_poison": (transient_to_poison, "I11"),
    "expired_starts_from_now": (expired_starts_from_now, "I8"),
    "retry_412_same_decision": (retry_412_same_decision, "I4"),
    "swallow_412": (swallow_412, "I12"),
    "ack_before_enqueue": (ack_before_enqueue, "I10"),
    "deleted_is_transient": (deleted_is_transient, "I11"),
    "no_rescore_on_publish": (no_rescore_on_publish, "I12"),
    "model_fail_scores_zero": (model_fail_scores_zero, "I4"),
    "drop_own_by_modifiedby": (drop_own_by_modifiedby, "I12"),
    "no_second_look": (no_second_look, "I12"),
    "reconsider_for_ever": (reconsider_for_ever, "I3"),
    "never_again": (never_again, "I12"),
    "log_of_the_other_lead_binds": (log_of_the_other_lead_binds, "I12"),
    "closing_of_the_other_lead_counts": (closing_of_the_other_lead_counts, "I3"),
}
EACH = pytest.mark.parametrize("fault", SEEDED_FAULTS, ids=lambda fault: fault.name)


def broken(fault: SeededFault) -> str:
    """The first invariant that the scenario of a fault finds broken; nothing when all hold."""
    polls = fault.profile.polls
    stage = Stage(polls=polls)
    scenario, _ = SCENARIOS[fault.name]
    try:
        scenario(stage)
        keep_promises(stage)
        quiesce(stage, polls=polls, delivers=not polls)
    except ViolationError as violation:
        return violation.number
    return ""


def test_each_fault_has_a_scenario() -> None:
    assert SCENARIOS.keys() == {fault.name for fault in SEEDED_FAULTS}


@EACH
def test_a_seeded_fault_breaks_its_invariant_and_the_right_code_does_not(
    fault: SeededFault, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert broken(fault) == ""
    fault.seed(monkeypatch)
    assert broken(fault) == SCENARIOS[fault.name][1]


@EACH
@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_machine_finds_a_seeded_fault_by_itself(fault: SeededFault, monkeypatch: pytest.MonkeyPatch) -> None:
    fault.seed(monkeypatch)
    found: list[str] = []
    runs = 0

    class Counted(machine(fault.profile)):  # type: ignore[misc]  the class is made for the profile
        def __init__(self) -> None:
            nonlocal runs
            runs += 1
            super().__init__()

    tried = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    with suppress(ExceptionGroup):
        try:
            run_state_machine_as_test(Counted, settings=tried)
        except ViolationError as violation:
            found.append(violation.number)
    keep_evidence(f"seeded-fault-{fault.name}", profile=fault.profile.name, found=found, runs=runs)
    assert found, f"{fault.name} was not found in {runs} runs"
