"""Publishing and stopping: a draft becomes a version that scores, or ends; nothing is written when it is refused."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from connector.business_units import unit_and_children
from connector.drafts import Draft, read_model, read_rule
from connector.errors import PublicationError
from connector.existing_leads import ExistingLeads, Scan
from connector.ids import version_id
from connector.live import Live, LiveRule
from connector.live_versions import LiveVersions, read_lead_table
from connector.ports import Clock, Queue
from connector.preview import PAGE_SIZE
from connector.publication import RESCORE_DELAY_S, Publication, Publications
from connector.rules import parse_rule, rule_json
from connector.tables import QualificationRule
from connector.validate_rule import rule_problems
from connector.validation import validated
from connector.versions import MODEL, RULE, highest_number
from dataverse import DataverseClient
from scoring import DefinitionError, canonical_json, parse_model
from scoring import ScoringModel as Model

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
        return self._publications.stop(_found(read_rule, self.client, name), RULE)

    def publish_model_draft(self, draft: Draft) -> Publication:
        """Put this draft of a model in force."""
        with refused(draft.name):
            model = self._frozen(parse_model(draft.definition))
        live = self.versions.fresh().live
        held = validated(self.client, model)
        problems, model = held.problems, model.model_copy(update={"columns": held.columns})
        shown = [other.name for other in live.models if other.show_on_lead and other.model_id != draft.row_id]
        if model.show_on_lead and shown:
            problems.append(f"show_on_lead: {shown[0]!r} is live and shown on the lead already")
        problems += [
            f"model: rule {rule!r} is live and names it {old!r}: stop the rule first"
            for old, rule in _rules_naming(live, draft)
            if old != model.name
        ]
        if problems:
            raise PublicationError(draft.name, problems)
        text = canonical_json(model)
        number = highest_number(self.client, MODEL, draft.row_id) + 1
        publications = self._publications
        return publications.in_force_already(draft, text) or publications.put_in_force(draft, MODEL, number, text)

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
        with refused(draft.name):
            rule = parse_rule(draft.definition)
        lead = read_lead_table(self.client)
        if problems := rule_problems(self.client, rule, self.versions.fresh().live, lead):
            raise PublicationError(draft.name, problems)
        text = rule_json(rule)
        if already := self._publications.in_force_already(draft, text):
            return already
        number = scan.number or highest_number(self.client, RULE, draft.row_id) + 1
        resolved = lead.resolve(rule)
        version = LiveRule(
            draft.row_id,
            version_id(draft.row_id, number),
            rule.rule,
            rule,
            resolved.changes,
            resolved.from_status,
            resolved.qualify,
        )
        leave_alone = rule.existing_leads == "exclude"
        if leave_alone:
            self._publications.write_version(draft, RULE, number, text)
        existing = ExistingLeads(self.client, self.versions, self.clock, self.page_size)
        scan = existing.scan(version, scan.numbered(number), leave_alone=leave_alone, until=until, on_seen=on_seen)
        if not scan.is_done:
            return scan
        if problem := _flips_problem(rule.existing_leads, scan.met, max(confirmed_flips, _confirmed(draft))):
            raise PublicationError(draft.name, [problem])
        return self._publications.put_in_force(draft, RULE, number, text, is_written=leave_alone)

    def stop_model_draft(self, draft: Draft) -> Publication:
        """End this model."""
        if using := [rule for _, rule in _rules_naming(self.versions.fresh().live, draft)]:
            named = [f"rule {rule!r} is live and names it: stop the rule first" for rule in using]
            raise PublicationError(draft.name, named)
        return self._publications.stop(draft, MODEL)

    @property
    def _publications(self) -> Publications:
        return Publications(self.client, self.queue, self.clock, self.rescore_delay_s)

    def _frozen(self, model: Model) -> Model:
        """The model with the organisation's settings and business units written into it, so that a replay is exact."""
        unit = model.business_unit
        return model.model_copy(
            update={
                "time_zone": model.time_zone or self.default_time_zone,
                "text_accent_sensitive": self.text_accent_sensitive,
                "business_units": () if unit is None else unit_and_children(self.client, unit),
            }
        )


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
    with refused(name):
        draft = read(client, name)
    if draft is None:
        raise PublicationError(name, ["there is none of this name"])
    return draft


def _rules_naming(live: Live, draft: Draft) -> Iterator[tuple[str, str]]:
    """The name that a model has in force, with each live rule that goes by it."""
    for model in live.models:
        if model.model_id == draft.row_id:
            for rule in live.rules:
                if any(criterion.model == model.name for criterion in rule.rule.criteria):
                    yield model.name, rule.name


@contextmanager
def refused(name: str) -> Iterator[None]:
    """What is wrong with a definition, as the refusal of the model or rule that it is of."""
    try:
        yield
    except DefinitionError as error:
        raise PublicationError(name, [str(problem) for problem in error.problems]) from error
