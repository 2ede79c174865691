"""Loading what is in force from Dataverse, and keeping it for at most a minute.

What that is, `live_rows` says.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from uuid import UUID

from connector.customer_insights import CustomerInsights, customer_insights
from connector.errors import VersionError
from connector.lead_table import LeadTable
from connector.live import Live, LiveRule
from connector.live_rows import LIVE_MODELS, LIVE_RULES, live_model, live_rule
from connector.ports import Clock
from connector.queries import lead_queries
from connector.reach import Reach, reach_of, related_lookups
from connector.read_leads import LeadReader
from connector.tables import CustomerInsightsScore, Lead, Organization
from dataverse import DataverseClient, query
from dataverse.metadata import TableMetadata, status_options, table

CACHE_S = 60
METADATA_CACHE_S = 3600


@dataclass(frozen=True, slots=True)
class InForce:
    """One snapshot: what is live, the reader that brings what it needs, and whose changes move it."""

    live: Live
    reader: LeadReader
    reach: Reach
    loaded_on: datetime


class LiveVersions:
    """The snapshot, shared by all threads of the process and never older than `cache_s` seconds."""

    def __init__(
        self,
        client: DataverseClient,
        clock: Clock,
        *,
        cache_s: float = CACHE_S,
        metadata_cache_s: float = METADATA_CACHE_S,
    ) -> None:
        self._client = client
        self._clock = clock
        self._age_max = timedelta(seconds=cache_s)
        self._metadata = _Metadata(client, clock, timedelta(seconds=metadata_cache_s))
        self._in_force: InForce | None = None
        self._lock = Lock()

    def now(self) -> InForce:
        """What is in force; raises VersionError when a version cannot be read, and never leaves it out instead."""
        with self._lock:
            if self._in_force is None or self._clock() - self._in_force.loaded_on >= self._age_max:
                self._in_force = self._load()
            return self._in_force

    def fresh(self) -> InForce:
        """What is in force at this moment, read anew."""
        with self._lock:
            self._in_force = self._load()
            return self._in_force

    def forget(self) -> None:
        """Have the next one who asks read anew: something was put in force or ended here."""
        with self._lock:
            self._in_force = None

    def _load(self) -> InForce:
        loaded_on = self._clock()
        models, rules = list(self._client.rows(LIVE_MODELS)), list(self._client.rows(LIVE_RULES))
        lead = self._metadata.lead()
        read = [self.with_currency(live_rule(row, lead)) for row in rules]
        live = Live(
            models=tuple(sorted((live_model(row) for row in models), key=lambda model: model.name)),
            rules=tuple(sorted(read, key=lambda rule: (rule.rule.order, rule.name))),
        )
        return self.in_force_of(live, loaded_on)

    def in_force_of(self, live: Live, loaded_on: datetime) -> InForce:
        """What is live, or might be, with the reader that brings what it needs."""
        lead = self._metadata.lead()
        needs = [model.scorer.needs for model in live.models]
        names = {need.table for each in needs for need in each.interactions}
        queries = lead_queries(needs, lead, {name: self._metadata.table(name) for name in names}, live.rules)
        lookups = related_lookups(needs, lead.metadata)
        given = self._customer_insights(live)
        followed = [*queries.interactions, *([given.changes] if given is not None else [])]
        reach = reach_of(lookups, {name: self._metadata.table(name) for name in lookups}, followed)
        reader = LeadReader(self._client, queries, needs, given)
        return InForce(live, reader, reach, loaded_on)

    def with_currency(self, rule: LiveRule) -> LiveRule:
        """The rule with the organisation's currency, where it makes opportunities of leads that may have none."""
        if rule.qualify is None or not rule.qualify.opportunity:
            return rule
        return replace(rule, qualify=replace(rule.qualify, currency=self._metadata.base_currency()))

    def _customer_insights(self, live: Live) -> CustomerInsights | None:
        """How Customer Insights' scores are read; None when no rule asks for them."""
        models = live.customer_insights_models
        return customer_insights(self._metadata.table(CustomerInsightsScore.TABLE), models) if models else None


class _Metadata:
    """Table definitions, read again after an hour: a column added meanwhile is found when a model is published."""

    def __init__(self, client: DataverseClient, clock: Clock, age_max: timedelta) -> None:
        self._client = client
        self._clock = clock
        self._age_max = age_max
        self._read_on: datetime | None = None
        self._lead: LeadTable | None = None
        self._tables: dict[str, TableMetadata] = {}

    def lead(self) -> LeadTable:
        self._forget_what_is_old()
        if self._lead is None:
            self._lead = read_lead_table(self._client)
        return self._lead

    def table(self, name: str) -> TableMetadata:
        if name not in self._tables:
            found = table(self._client, name)
            if found is None:
                raise VersionError(name, "the table is missing")
            self._tables[name] = found
        return self._tables[name]

    def base_currency(self) -> UUID | None:
        for row in self._client.rows(query(Organization.SET, select=[f"_{Organization.BASE_CURRENCY}_value"])):
            if value := row[f"_{Organization.BASE_CURRENCY}_value"]:
                return UUID(str(value))
        return None

    def _forget_what_is_old(self) -> None:
        if self._read_on is None or self._clock() - self._read_on >= self._age_max:
            self._read_on, self._lead, self._tables = self._clock(), None, {}


def read_lead_table(client: DataverseClient) -> LeadTable:
    """The environment's lead table; a table that the app may not see is a fault."""
    metadata = table(client, Lead.TABLE)
    if metadata is None:
        raise VersionError(Lead.TABLE, "the table is missing")
    return LeadTable(metadata, tuple(status_options(client, Lead.TABLE)))
