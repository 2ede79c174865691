"""Whatever the lead, the models and the rules: done once is done, and nothing is ever taken back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from connector.changeset import changeset
from connector.decide import decide
from connector.decide_scores import instant
from connector.decision import Decision, ScoreWrite
from connector.live import Live, LiveModel, LiveRule
from connector.look import LogEntry, Look, StoredScore
from connector.tables import ACTIVE, INACTIVE, Lead, LeadScore, QualificationLog
from tests.unit.connector.fakes import (
    FIT,
    LEAD,
    MARKETING_QUALIFIED,
    NOW,
    VISITS,
    acted,
    counting_model,
    lead_row,
    live_model,
    live_rule,
    look,
    stored,
    visit,
)

START = datetime(2026, 7, 1, tzinfo=UTC)
instants = st.integers(0, 60 * 86_400_000).map(lambda ms: START + timedelta(milliseconds=ms))
texts = st.none() | st.sampled_from(["x", ""])
rows = st.builds(
    lead_row,
    statecode=st.sampled_from([0, 0, 0, 1, 2]),
    statuscode=st.sampled_from([1, 2, MARKETING_QUALIFIED]),
    jobtitle=texts,
    telephone1=texts,
    merged=st.sampled_from([False, False, False, True, None]),
    msdyn_gdproptout=st.sampled_from([False, False, None, True]),
    msdyncrm_salesready=st.booleans(),
    _lgate_primaryscoreid_value=st.none() | st.uuids().map(str),
)
score_rows = st.builds(
    stored,
    model_id=st.sampled_from([FIT, VISITS, UUID(int=77), None]),
    row_id=st.none() | st.just(UUID(int=88)),
    active=st.booleans(),
    score=st.none() | st.sampled_from([0, 5, 10, 100, 110]),
    grade=st.sampled_from([None, "Hot", "Cold"]),
    rescore_on=st.none() | instants.map(lambda at: at.replace(microsecond=0)),
)
looks = st.builds(
    look,
    rows,
    scores=st.lists(score_rows, max_size=3, unique_by=lambda row: row.row_id),
    log=st.lists(st.builds(acted, st.sampled_from([482100000, 482100001, 482100002]), rule_id=st.uuids()), max_size=2),
    visits=st.lists(instants.map(lambda at: visit(at.isoformat())), max_size=4),
)
models = st.lists(
    st.sampled_from(
        [
            live_model(),
            live_model(show_on_lead=True, entry={"column": "jobtitle", "op": "not-null"}),
            counting_model(half_life_days=7),
            counting_model(),
        ]
    ),
    max_size=2,
    unique_by=lambda model: model.model_id,
)
rules = st.lists(
    st.builds(
        live_rule,
        st.tuples(st.sampled_from(["Fit", "Visits"]), st.integers(-5, 120)),
        rule_id=st.sampled_from([UUID(int=number) for number in range(1, 4)]),
        changes=st.sampled_from([{"statuscode": MARKETING_QUALIFIED}, {"msdyncrm_salesready": True}]),
        from_status=st.sampled_from([(), (1,), (1, 2)]),
    ),
    max_size=3,
    unique_by=lambda rule: rule.rule_id,
)


def in_force(some_models: list[LiveModel], some_rules: list[LiveRule]) -> Live:
    return Live(tuple(some_models), tuple(some_rules))


def done(decision: Decision, seen: Look) -> Look:
    """What the next look sees when the decision was written, as Dataverse keeps it."""
    kept = {row.row_id: row for row in seen.scores}
    for write in decision.scores:
        kept[write.row_id] = written(write, kept.get(write.row_id))
    row = {**seen.row, **decision.lead_changes}
    if decision.primary_score is not None:
        row[f"_{Lead.PRIMARY_SCORE}_value"] = str(decision.primary_score)
    entries = [LogEntry(entry.rule_id, 1, QualificationLog.QUALIFIED) for entry in decision.qualifications]
    return replace(seen, row=row, scores=tuple(kept.values()), log=(*seen.log, *entries))


def written(write: ScoreWrite, before: StoredScore | None) -> StoredScore:
    values = {name: write.changes[column] for name, column in COLUMNS.items() if column in write.changes}
    if LeadScore.RESCORE_ON in write.changes:
        text = write.changes[LeadScore.RESCORE_ON]
        values["rescore_on"] = None if text is None else datetime.fromisoformat(str(text))
    if "statecode" in write.changes:
        values["active"] = write.changes["statecode"] == ACTIVE
    new = before or StoredScore(
        write.row_id, write.model_id, "", active=True, score=None, grade=None, explanation=None, rescore_on=None
    )
    return replace(new, **values)  # type: ignore[arg-type]  # values of the columns' own types


COLUMNS = {"score": LeadScore.SCORE, "grade": LeadScore.GRADE, "explanation": LeadScore.EXPLANATION}


@settings(deadline=None, max_examples=400)
@given(looks, models, rules, instants)
def test_what_was_decided_and_written_leaves_nothing_to_decide(
    seen: Look, some_models: list[LiveModel], some_rules: list[LiveRule], at: datetime
) -> None:
    current = in_force(some_models, some_rules)
    assert decide(done(decide(seen, current, at), seen), current, at).is_empty


@settings(deadline=None, max_examples=200)
@given(looks, models, rules, instants)
def test_no_decision_ever_clears_sales_ready_or_leaves_marketing_qualified(
    seen: Look, some_models: list[LiveModel], some_rules: list[LiveRule], at: datetime
) -> None:
    decision = decide(seen, in_force(some_models, some_rules), at)
    after = done(decision, seen).row
    assert not seen.row["msdyncrm_salesready"] or after["msdyncrm_salesready"]
    assert seen.row["statuscode"] != MARKETING_QUALIFIED or after["statuscode"] == MARKETING_QUALIFIED
    assert bool(decision.lead_changes) == bool(decision.qualifications)
    assert seen.row["statecode"] == 0 or not (decision.lead_changes or decision.primary_score)
    assert {entry.rule_id for entry in decision.qualifications}.isdisjoint(
        entry.rule_id
        for entry in seen.log
        if entry.outcome in {QualificationLog.QUALIFIED, QualificationLog.QUALIFYING}
    )


@settings(deadline=None, max_examples=200)
@given(looks, models, rules, st.lists(instants, min_size=2, max_size=5), st.lists(texts, min_size=5, max_size=5))
def test_over_any_history_each_rule_acts_at_most_once(
    seen: Look,
    some_models: list[LiveModel],
    some_rules: list[LiveRule],
    times: list[datetime],
    titles: list[str | None],
) -> None:
    current = in_force(some_models, some_rules)
    acting: list[UUID] = []
    for at, title in zip(sorted(times), titles, strict=False):
        seen = replace(seen, row={**seen.row, "jobtitle": title, "statuscode": 1})
        decision = decide(seen, current, at)
        acting += [entry.rule_id for entry in decision.qualifications]
        seen = done(decision, seen)
    assert len(acting) == len(set(acting))


@settings(deadline=None, max_examples=200)
@given(looks, models, rules, instants)
def test_every_decision_can_be_said_as_requests_and_touches_no_column_but_ours(
    seen: Look, some_models: list[LiveModel], some_rules: list[LiveRule], at: datetime
) -> None:
    decision = decide(seen, in_force(some_models, some_rules), at)
    if decision.is_empty:
        return
    for request in changeset(decision, seen, "c").requests:
        own = {name for name in request.body or {} if not name.startswith("lgate_")}
        if request.path.startswith("leads("):
            assert own <= {"statuscode", "msdyncrm_salesready"}
        else:
            assert own <= {"statecode", "statuscode", "ownerid@odata.bind"}


@given(instants)
def test_an_ended_row_carries_no_instant(at: datetime) -> None:
    closed = look(lead_row(statecode=1), scores=[stored(rescore_on=NOW)])
    (write,) = decide(closed, Live((live_model(),), ()), at).scores
    assert (write.changes["statecode"], write.changes[LeadScore.RESCORE_ON]) == (INACTIVE, None)
    assert instant(at) is not None
    assert closed.lead_id == LEAD
