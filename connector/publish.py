"""Publishing and stopping: a draft becomes a version that scores, or ends; nothing is written when it is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from connector.drafts import Draft, read_model, read_rule
from connector.errors import PublicationError
from connector.existing_leads import ExistingLeads, Scan
from connector.ids import version_id
from connector.live import Live, LiveModel
from connector.live_rows import live_rule_of
from connector.live_versions import LiveVersions, read_lead_table
from connector.ports import Clock, Queue
from connector.preview import PAGE_SIZE
from connector.publication import RESCORE_DELAY_S, Publication, Publications
from connector.rehearsal import rehearsal_problems
from connector.rules import rule_json
from connector.tables import QualificationRule
from connector.validate_model import check_model, rules_naming
from connector.validate_rule import check_rule
from connector.versions import MODEL, RULE, highest_number, text_hash
from dataverse import DataverseClient
from scoring import canonical_json, compile_model

FLIPS_UNCONFIRMED_MAX = 500
"""A rule that would act on more leads at once is published only when their number is confirmed."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """Publishes and stops models and rules by name."""

    client: DataverseClient
    queue: Queue
    clock: Clock
    versions: LiveVersions
    default_time_zone: str
    text_accent_sensitive: bool
    rescore_delay_s: float = RESCORE_DELAY_S
    page_size: int = PAGE_SIZE

    def publish_model(self, name: str) -> Publication:
        """Put the draft of a model in force; PublicationError names everything that speaks against it."""
        return self.publish_model_draft(_found(read_model, self.client, name))

    def publish_rule(
        self, name: str, *, confirmed_flips: int = 0, on_seen: Callable[[int], None] = lambda _seen: None
    ) -> Publication:
        """The same for a rule; `on_seen` hears how many open leads were held against it so far."""
        scan = Scan()
        while True:
            draft = _found(read_rule, self.client, name)
            done = self.publish_rule_draft(draft, scan, confirmed_flips=confirmed_flips, on_seen=on_seen)
            if isinstance(done, Publication):
                return done
            scan = done

    def stop_model(self, name: str) -> Publication:
        """End a model; refused while a live rule names it."""
        return self.stop_model_draft(_found(read_model, self.client, name))

    def stop_rule(self, name: str) -> Publication:
        """End a rule; what it did stands."""
        return self.stop_rule_draft(_found(read_rule, self.client, name))

    def publish_model_draft(self, draft: Draft) -> Publication:
        """Put this draft of a model in force."""
        live = self.versions.fresh().live
        organisation = {"time_zone": self.default_time_zone, "text_accent_sensitive": self.text_accent_sensitive}
        model = check_model(self.client, draft, live, organisation)
        text = canonical_json(model)
        if already := self.publications.in_force_already(draft, MODEL, text):
            return self._told(already)
        number = highest_number(self.client, MODEL, draft.row_id) + 1
        version = LiveModel(draft.row_id, version_id(draft.row_id, number), model, compile_model(model))
        self._rehearse(draft, Live((version,), ()))
        return self._told(self.publications.put_in_force(draft, MODEL, number, text))

    def publish_rule_draft(
        self,
        draft: Draft,
        scan: Scan,
        *,
        confirmed_flips: int = 0,
        until: datetime | None = None,
        on_seen: Callable[[int], None] = lambda _seen: None,
    ) -> Publication | Scan:
        """Put this draft of a rule in force, or the scan to go on from when the time was up before that."""
        lead, live = read_lead_table(self.client), self.versions.fresh().live
        rule = check_rule(self.client, draft, live, lead)
        text = rule_json(rule)
        if already := self.publications.in_force_already(draft, RULE, text):
            return self._told(already)
        if scan.number is None or scan.sha256 != text_hash(text):
            scan = Scan(highest_number(self.client, RULE, draft.row_id) + 1, text_hash(text))
        number = scan.number or 1
        version = live_rule_of(draft.row_id, version_id(draft.row_id, number), rule, lead)
        if scan.link is None:
            self._rehearse(draft, Live(live.models, (version,)))
        leave_alone = rule.existing_leads == "exclude"
        if leave_alone:
            self.publications.write_version(draft, RULE, number, text)
        existing = ExistingLeads(self.client, self.versions, self.clock, self.page_size)
        scan = existing.scan(version, scan, leave_alone=leave_alone, until=until, on_seen=on_seen)
        if not scan.is_done:
            return scan
        if problem := _flips_problem(rule.existing_leads, scan.met, max(confirmed_flips, _confirmed(draft))):
            raise PublicationError(draft.name, [problem])
        return self._told(self.publications.put_in_force(draft, RULE, number, text, is_written=leave_alone))

    def stop_model_draft(self, draft: Draft) -> Publication:
        """End this model."""
        if using := [rule for _, rule in rules_naming(self.versions.fresh().live, draft)]:
            named = [f"rule {rule!r} is live and names it: stop the rule first" for rule in using]
            raise PublicationError(draft.name, named)
        return self._told(self.publications.stop(draft, MODEL))

    def stop_rule_draft(self, draft: Draft) -> Publication:
        """End this rule."""
        return self._told(self.publications.stop(draft, RULE))

    @property
    def publications(self) -> Publications:
        """What writes and ends versions."""
        return Publications(self.client, self.queue, self.clock, self.rescore_delay_s)

    def _told(self, done: Publication) -> Publication:
        """The same, and the workers of this process hear of it at once; those of others when their caches end."""
        self.versions.forget()
        return done

    def _rehearse(self, draft: Draft, version: Live) -> None:
        """Refuse what the service may not ask, or cannot."""
        rehearsed = self.versions.in_force_of(version, self.clock())
        if problems := rehearsal_problems(self.client, rehearsed, read_lead_table(self.client).metadata):
            raise PublicationError(draft.name, problems)


def _flips_problem(existing_leads: str, met: int, confirmed: int) -> str | None:
    """What speaks against acting on the open leads that meet the rule already."""
    if existing_leads == "ask" and met:
        return f"existing_leads: {met:,} open leads meet the rule already: choose include or exclude"
    if existing_leads == "include" and met > max(FLIPS_UNCONFIRMED_MAX, confirmed):
        return f"existing_leads: {met:,} open leads would be acted on at once: confirm {met} (--confirm-flips {met})"
    return None


def _confirmed(draft: Draft) -> int:
    value = draft.row.get(QualificationRule.CONFIRMED_FLIPS)
    return value if isinstance(value, int) else 0


def _found(read: Callable[[DataverseClient, str], Draft | None], client: DataverseClient, name: str) -> Draft:
    draft = read(client, name)
    if draft is None:
        raise PublicationError(name, ["there is none of this name"])
    return draft
