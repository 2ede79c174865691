"""The machine over the code as it is: whatever happens, what was promised holds (reliability.md 3)."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from emulator.fault_rules import FaultRule
from tests.evidence import keep_evidence
from tests.faults.machine.lead_machine import OUTAGE, OUTAGE_STEPS, PROFILES, REFUSED, Profile, machine
from tests.faults.machine.promises import quiesce
from tests.faults.machine.stage import TITLE, Stage

BY_NAME = pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)


def run(profile: Profile, examples: int, steps: int, *, derandomize: bool) -> None:
    tried = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=derandomize,
        suppress_health_check=list(HealthCheck),
        print_blob=not derandomize,
    )
    run_state_machine_as_test(machine(profile), settings=tried)
    keep_evidence(f"state-machine-{profile.name}", examples=examples, steps=steps, violations=0)


@pytest.mark.parametrize(
    ("fault", "times"),
    [(OUTAGE, OUTAGE_STEPS), (REFUSED, 1)],
    ids=["outage", "refused"],
)
def test_the_breaker_opens_and_after_a_probe_all_is_done(fault: FaultRule, times: int) -> None:
    stage = Stage()
    stage.new_lead(jobtitle=TITLE)
    stage.deliver_all()
    for _ in range(times):
        stage.work(None, fault)
        stage.wait(31)
    assert stage.process.app.breaker.is_open
    quiesce(stage)
    assert not stage.process.app.breaker.is_open


@BY_NAME
def test_whatever_happens_the_promises_are_kept(profile: Profile) -> None:
    run(profile, 50, 30, derandomize=True)


@BY_NAME
@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_whatever_happens_for_long_the_promises_are_kept(profile: Profile) -> None:
    run(profile, 1_000, 40, derandomize=False)
