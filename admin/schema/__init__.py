"""What Leadgate adds to an environment, as data: tables, columns, lookups, status reasons, and what the lead gains."""

from admin.schema.forms import Lookup, StatusReason, TableForm
from admin.schema.lead import lead_columns, lead_lookups, lead_status_reasons
from admin.schema.leads import lead_tables
from admin.schema.models import model_tables
from admin.schema.rules import rule_tables

__all__ = [
    "Lookup",
    "StatusReason",
    "TableForm",
    "lead_columns",
    "lead_lookups",
    "lead_status_reasons",
    "lead_tables",
    "model_tables",
    "rule_tables",
]
