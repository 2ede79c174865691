"""How often a rule may still run QualifyLead within the hour: a brake for rules that mean more leads than meant."""

from datetime import datetime, timedelta

from connector.live import LiveRule
from connector.tables import QualificationLog
from dataverse import DataverseClient, TooManyRowsError
from dataverse.counts import count
from dataverse.odata import all_of, any_of, eq, gt

HOUR = timedelta(hours=1)
WAIT_S = 900.0
"""After so long a lead that had to wait is looked at again."""

_RAN = (QualificationLog.QUALIFIED, QualificationLog.QUALIFYING)


def left_this_hour(client: DataverseClient, rule: LiveRule, now: datetime) -> int:
    """How many leads the rule may still act on. Workers that ask at the same moment may exceed it by a batch each."""
    recent = all_of(
        eq(f"_{QualificationLog.RULE}_value", rule.rule_id),
        any_of(*(eq(QualificationLog.OUTCOME, outcome) for outcome in _RAN)),
        gt(QualificationLog.DECIDED_ON, now - HOUR),
    )
    try:
        return max(0, rule.max_per_hour - count(client, QualificationLog.SET, recent))
    except TooManyRowsError:
        return 0
