"""The open leads that meet a rule before it is published: counted, and left alone where the rule asks for that.

A scan goes page by page and can be taken up again where it stopped, so it fits any time limit.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from connector.changeset import note_request
from connector.decision import Decision, Met, Note
from connector.ids import left_alone_id
from connector.live import Live, LiveRule
from connector.live_versions import InForce, LiveVersions
from connector.look import Look
from connector.ports import Clock
from connector.preview import PAGE_SIZE, open_leads_decided
from connector.tables import QualificationLog, Reason
from dataverse import AlreadyExistsError, DataverseClient, send_in_batches


@dataclass(frozen=True, slots=True)
class Scan:
    """How far the open leads were held against a rule: leads seen, those that it would act on, the next page's link.

    `number` is that of the version it is to become, `sha256` the hash of its text: a rule that was edited meanwhile is
    another one, and its scan begins anew.
    """

    number: int | None = None
    sha256: str | None = None
    seen: int = 0
    met: int = 0
    link: str | None = None
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class ExistingLeads:
    """Holds every open lead against a rule that is not in force yet, beside all that is."""

    client: DataverseClient
    versions: LiveVersions
    clock: Clock
    page_size: int = PAGE_SIZE

    def scan(
        self,
        rule: LiveRule,
        scan: Scan,
        *,
        leave_alone: bool,
        until: datetime | None = None,
        on_seen: Callable[[int], None] = lambda _seen: None,
    ) -> Scan:
        """Go on from `scan` to the end, or until the time is up; `leave_alone` writes an entry for each lead met."""
        at = self.clock()
        in_force = self._with(rule, at)
        for page in open_leads_decided(self.client, in_force, at, link=scan.link, page_size=self.page_size):
            met = list(_met(page.leads, rule))
            if leave_alone:
                self._leave_alone(rule, met, at)
            scan = replace(
                scan,
                seen=scan.seen + len(page.leads),
                met=scan.met + len(met),
                link=page.next_link,
                is_done=page.next_link is None,
            )
            on_seen(scan.seen)
            if until is not None and self.clock() >= until:
                return scan
        return replace(scan, is_done=True)

    def _with(self, rule: LiveRule, at: datetime) -> InForce:
        """What would be in force with the rule, in place of the version of it that is."""
        live = self.versions.fresh().live
        others = [other for other in live.rules if other.rule_id != rule.rule_id]
        rules = sorted([*others, self.versions.with_currency(rule)], key=lambda each: (each.rule.order, each.name))
        return self.versions.in_force_of(Live(live.models, tuple(rules)), at)

    def _leave_alone(self, rule: LiveRule, met: list[tuple[Look, Met]], at: datetime) -> None:
        correlation = f"exclude-{rule.version_id}"
        entries = [note_request(_left_alone(rule, look, each), look, at, correlation) for look, each in met]
        for result in send_in_batches(self.client, entries):
            if result.error is not None and not isinstance(result.error, AlreadyExistsError):
                raise result.error


def _met(leads: tuple[tuple[Look, object], ...], rule: LiveRule) -> Iterator[tuple[Look, Met]]:
    """The leads that meet the rule, also those that something holds back now: a clean-up would let it act on them."""
    for look, verdict in leads:
        if isinstance(verdict, Decision):
            yield from ((look, met) for met in verdict.met if met.rule_id == rule.rule_id)


def _left_alone(rule: LiveRule, look: Look, met: Met) -> Note:
    return Note(
        rule_id=rule.rule_id,
        version_id=rule.version_id,
        name=rule.name,
        occurrence=met.occurrence,
        outcome=QualificationLog.BLOCKED,
        reason=Reason.EXISTING_LEAD,
        scores=met.scores,
        row_id=left_alone_id(look.lead_id, rule.version_id),
    )
