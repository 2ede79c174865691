"""What the demo prints: who qualified and why."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from admin.demo.delays import Delays
from admin.demo.expected import Expected
from admin.demo.outcome import Outcome
from admin.demo.plans import Plan
from connector.tables import ACTIVE, Lead, LeadScore
from emulator.running import RunningEmulator

Row = Mapping[str, Any]
ROWS_MAX = 60


def leads_table(
    outcomes: Mapping[str, Outcome],
    plan: Plan,
    models: Sequence[str],
    statuses: Mapping[int, str],
) -> Table:
    """One line per lead: who, score and grade per model, status before and after, and the points that made it."""
    table = Table(title=f"{len(outcomes):,} leads" + (f", the first {ROWS_MAX}" if len(outcomes) > ROWS_MAX else ""))
    for name in ("lead", *models, "status before", "status after", "why"):
        table.add_column(name, overflow="fold")
    ranked = sorted(outcomes.items(), key=lambda item: (-_total(item[1], models), item[0]))
    for lead_id, outcome in ranked[:ROWS_MAX]:
        after = statuses.get(outcome.lead[Lead.STATUS], "?")
        table.add_row(
            Text(str(outcome.lead.get("fullname") or lead_id)),
            *(_score_text(outcome.scores.get(model)) for model in models),
            statuses.get(plan.before[lead_id], "?"),
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
    return sum(int(row[LeadScore.SCORE]) for row in rows if row and row["statecode"] == ACTIVE)


def _score_text(row: Row | None) -> str:
    if row is None:
        return "-"
    if row["statecode"] != ACTIVE:
        return f"({row[LeadScore.SCORE]})"
    return f"{row[LeadScore.SCORE]} {row[LeadScore.GRADE] or ''}".strip()


def _why(expected: Expected) -> str:
    lines = (line for score in expected.scores.values() for line in score.lines if line.matched)
    return ", ".join(f"{line.points_applied:+} {line.group}" for line in lines) or "-"
