"""What the demo prints: who qualified and why."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from admin.demo.delays import Delays
from admin.demo.expected import Expected
from admin.demo.outcome import Outcome, read_outcomes
from admin.demo.plans import Plan
from admin.lead_views import decision_rows, decisions_table, lead_score_parts
from admin.playground import Playground
from connector.decide_scores import scores_now
from connector.tables import ACTIVE, INACTIVE, Lead, LeadScore
from dataverse.metadata import status_options
from emulator.running import RunningEmulator

Row = Mapping[str, Any]
ROWS_MAX = 30
ENGLISH = 1033


def report(
    play: Playground, plan: Plan, models: Sequence[str], delays: Delays, rows_max: int = ROWS_MAX
) -> Iterator[RenderableType]:
    """All of it, part by part: the leads, one of them in detail, and what was sent to get there."""
    client = play.app.client
    statuses = {option.value: option.labels.get(ENGLISH, "?") for option in status_options(client, Lead.TABLE)}
    outcomes = read_outcomes(client, ("fullname",))
    yield leads_table(outcomes, plan, models, statuses, rows_max)
    if plan.detail is not None:
        yield f"\nWhy {outcomes[plan.detail].lead['fullname']}?"
        yield from _detail(play, UUID(plan.detail), models)
    qualified = sum(bool(outcome.rules) for outcome in outcomes.values())
    contacts = sum(expected.is_closed for expected in plan.wanted.values())
    turned = f", {contacts} of them became contacts" if contacts else ""
    yield f"\n{qualified} of {len(outcomes):,} leads qualified{turned}; each score is what the files say."
    yield sent_text(play.emulated, delays)


def _detail(play: Playground, lead: UUID, names: Sequence[str]) -> Iterator[RenderableType]:
    in_force = play.app.versions.fresh()
    look = in_force.reader.read([lead])[lead]
    scores = scores_now(look, in_force.live, play.app.clock())
    for model in sorted(in_force.live.models, key=lambda model: names.index(model.name)):
        yield from lead_score_parts(look, in_force.live, model, scores)
    yield decisions_table(decision_rows(play.app.client, lead))


def leads_table(
    outcomes: Mapping[str, Outcome],
    plan: Plan,
    models: Sequence[str],
    statuses: Mapping[int, str],
    rows_max: int,
) -> Table:
    """One line per lead: who, score and grade per model, status before and after, and the points that made it."""
    best = f", the best {rows_max}" if len(outcomes) > rows_max else ""
    table = Table(title=f"{len(outcomes):,} leads{best}", title_justify="left", box=SIMPLE_HEAD)
    for name in ("lead", *models, "status before", "status after", "why"):
        table.add_column(name, overflow="fold")
    before = {row[Lead.ID]: row.get(Lead.STATUS, Lead.NEW) for row in plan.rows}
    ranked = sorted(outcomes.items(), key=lambda item: (-_total(item[1], models), item[0]))
    for lead_id, outcome in ranked[:rows_max]:
        after = statuses.get(outcome.lead[Lead.STATUS], "?")
        table.add_row(
            Text(str(outcome.lead.get("fullname") or lead_id)),
            *(_score_text(outcome.scores.get(model)) for model in models),
            statuses.get(before[lead_id], "?"),
            after,
            _why(plan.wanted[lead_id]),
            style="bold" if outcome.rules else "",
        )
    return table


def sent_text(emulated: RunningEmulator, delays: Delays) -> str:
    """What was sent to get there, and how long it took from a change to the write it caused."""
    requests = emulated.emulator.requests
    by_table = ", ".join(f"{count:,} {method} {table}" for (method, table), count in requests.most_common(6))
    webhooks = emulated.webhooks.counts
    return (
        f"Web API: {sum(requests.values()):,} requests, parts of batches counted ({by_table}, ...)\n"
        f"webhooks: {webhooks.sent:,} sent, {webhooks.failed:,} failed\n"
        f"from a change to the write it caused: median {delays.percentile_ms(0.5):,.0f} ms, "
        f"95% within {delays.percentile_ms(0.95):,.0f} ms ({len(delays.measured_ms):,} measured)"
    )


def _total(outcome: Outcome, models: Sequence[str]) -> int:
    rows = (outcome.scores.get(model) for model in models)
    counted = ACTIVE if outcome.lead[Lead.STATE] == Lead.OPEN else INACTIVE
    return sum(int(row[LeadScore.SCORE] or 0) for row in rows if row and row["statecode"] == counted)


def _score_text(row: Row | None) -> str:
    if row is None:
        return "-"
    if row["statecode"] != ACTIVE:
        return f"({row[LeadScore.SCORE]})"
    return f"{row[LeadScore.SCORE]} {row[LeadScore.GRADE] or ''}".strip()


def _why(expected: Expected) -> str:
    lines = (line for score in expected.scores.values() for line in score.lines if line.matched)
    return ", ".join(f"{line.points_applied:+} {line.group}" for line in lines) or "-"
