"""Publishing and stopping: a draft becomes a version that scores, or ends; nothing is written when it is refused."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from connector.business_units import unit_and_children
from connector.changeset import bind
from connector.drafts import Draft, read_model, read_rule, write_together
from connector.errors import PublicationError
from connector.ids import version_id
from connector.lead_table import LeadTable
from connector.live import Live
from connector.live_versions import CACHE_S, read_lead_table
from connector.messages import LEAD_CHANGES_BULK
from connector.ports import Clock, Queue
from connector.related import all_open_leads
from connector.rules import QualificationRule, parse_rule, rule_json
from connector.tables import ACTIVE, INACTIVE, Lifecycle, PublishedVersion, ScoringModel
from connector.validation import validated
from connector.versions import MODEL, RULE, Kind, current_version, end_version, highest_number, new_version
from connector.worker import send_leads
from dataverse import DataverseClient, Request, update
from scoring import DefinitionError, canonical_json, parse_model
from scoring import ScoringModel as Model

RESCORE_DELAY_S = 2 * CACHE_S
"""Two cache lifetimes: by then no worker holds the versions from before."""

PAGE_SIZE = 5000


@dataclass(frozen=True, slots=True)
class Publication:
    """What a publication or a stop did: the version in force (None: none), and how many open leads were queued."""

    name: str
    number: int | None
    changed: bool
    leads_queued: int


@dataclass(frozen=True, slots=True)
class Publisher:
    """Publishes and stops models and rules by name."""

    client: DataverseClient
    queue: Queue
    clock: Clock
    live: Callable[[], Live]
    default_time_zone: str
    text_accent_sensitive: bool
    rescore_delay_s: float = RESCORE_DELAY_S

    def publish_model(self, name: str) -> Publication:
        """Put the draft of a model in force; PublicationError names everything that speaks against it."""
        draft = _found(read_model, self.client, name)
        with refused(name):
            model = self._frozen(parse_model(draft.definition))
        live = self.live()
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
            raise PublicationError(name, problems)
        return self._publish(draft, canonical_json(model), MODEL)

    def publish_rule(self, name: str) -> Publication:
        """Put the draft of a rule in force, in the same way."""
        draft = _found(read_rule, self.client, name)
        with refused(name):
            rule = parse_rule(draft.definition)
        if problems := self._rule_problems(rule, read_lead_table(self.client)):
            raise PublicationError(name, problems)
        return self._publish(draft, rule_json(rule), RULE)

    def stop_model(self, name: str) -> Publication:
        """End a model; refused while a live rule names it."""
        draft = _found(read_model, self.client, name)
        if using := [rule for _, rule in _rules_naming(self.live(), draft)]:
            raise PublicationError(name, [f"rule {rule!r} is live and names it: stop the rule first" for rule in using])
        return self._stop(draft, MODEL)

    def stop_rule(self, name: str) -> Publication:
        """End a rule; what it did stands."""
        return self._stop(_found(read_rule, self.client, name), RULE)

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

    def _rule_problems(self, rule: QualificationRule, lead: LeadTable) -> list[str]:
        problems = []
        try:
            lead.resolve(rule)
        except DefinitionError as error:
            problems += [str(problem) for problem in error.problems]
        live = {model.name for model in self.live().models}
        for index, criterion in enumerate(rule.criteria):
            if criterion.model not in live:
                problems.append(f"criteria[{index}].model: {criterion.model!r} is not live: publish it first")
        if rule.existing_leads == "ask" and next(all_open_leads(self.client, 1), None) is not None:
            problems.append("existing_leads: there are open leads already: choose include")
        return problems

    def _publish(self, draft: Draft, text: str, kind: Kind) -> Publication:
        """Write the version and put it in force in one changeset; what is in force already queues its leads again."""
        current = current_version(self.client, draft)
        if draft.is_live and current is not None and current.text == text:
            return Publication(
                draft.name, current.number, changed=False, leads_queued=self._queue_open_leads("publish")
            )
        number = highest_number(self.client, kind, draft.row_id) + 1
        in_force = {
            "statecode": ACTIVE,
            "statuscode": Lifecycle.LIVE,
            ScoringModel.UNPUBLISHED_CHANGES: False,
            ScoringModel.ERROR_DETAILS: None,
            **bind(ScoringModel.CURRENT_VERSION, PublishedVersion.SET, version_id(draft.row_id, number)),
        }
        write_together(
            self.client,
            [
                new_version(kind, draft, number, text, self.clock()),
                _update(draft, kind.entity_set, in_force),
                *(end_version(current.row_id) for current in [current] if current is not None),
            ],
        )
        return Publication(draft.name, number, changed=True, leads_queued=self._queue_open_leads("publish"))

    def _stop(self, draft: Draft, kind: Kind) -> Publication:
        if not draft.is_live:
            return Publication(draft.name, None, changed=False, leads_queued=0)
        ended = {"statecode": INACTIVE, "statuscode": Lifecycle.STOPPED}
        write_together(self.client, [_update(draft, kind.entity_set, ended)])
        return Publication(draft.name, None, changed=True, leads_queued=self._queue_open_leads("stop"))

    def _queue_open_leads(self, cause: str) -> int:
        leads = all_open_leads(self.client, PAGE_SIZE)
        return send_leads(self.queue, LEAD_CHANGES_BULK, leads, cause=cause, delay_s=self.rescore_delay_s)


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


def _update(draft: Draft, entity_set: str, changes: Mapping[str, object]) -> Request:
    return update(entity_set, str(draft.row_id), changes, etag=str(draft.row["@odata.etag"]))
