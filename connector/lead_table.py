"""The environment's lead table: what its metadata says, never assumed."""

from collections.abc import Mapping
from dataclasses import dataclass

from connector.live import QualifyLead
from connector.rules import QualificationRule
from connector.tables import Lead
from dataverse.metadata import StatusOption, TableMetadata
from scoring import DefinitionError, Place, Problem


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a rule means here: the columns it sets, with values; the reasons it acts on; how it runs QualifyLead."""

    changes: Mapping[str, object]
    from_status: frozenset[int]
    qualify: QualifyLead | None


@dataclass(frozen=True, slots=True)
class LeadTable:
    """Metadata of `lead`, and what Leadgate reads off it."""

    metadata: TableMetadata
    statuses: tuple[StatusOption, ...]

    @property
    def sales_ready(self) -> str | None:
        """Customer Insights' sales-ready column where it is installed, else ours, else none."""
        for column in (Lead.SALES_READY_OF_CUSTOMER_INSIGHTS, Lead.SALES_READY):
            if column in self.metadata.columns:
                return column
        return None

    def open_status(self, wanted: str | int) -> int | None:
        """The value of an open Status Reason given by value, or by its label in any language; None when there is none.

        Where both Customer Insights' option and ours carry the label, Customer Insights' own is meant.
        """
        return self._status(wanted, Lead.OPEN)

    def resolve(self, rule: QualificationRule) -> Resolved:
        """The rule with the environment's own names and values; DefinitionError names everything that is not there."""
        problems: list[Problem] = []
        changes: dict[str, object] = {}
        if rule.actions.status_reason is not None:
            place = ("actions", "status_reason")
            changes[Lead.STATUS] = self._known(rule.actions.status_reason, Lead.OPEN, place, problems)
        if rule.actions.sales_ready:
            if self.sales_ready is None:
                problems.append(Problem(("actions", "sales_ready"), "lead has no sales-ready column: run provision"))
            else:
                changes[self.sales_ready] = True
        wanted = [
            self._known(status, Lead.OPEN, ("from_status", index), problems)
            for index, status in enumerate(rule.from_status)
        ]
        qualify = self._qualify(rule, problems)
        if problems:
            raise DefinitionError(tuple(problems))
        return Resolved(changes, frozenset(wanted), qualify)

    def _qualify(self, rule: QualificationRule, problems: list[Problem]) -> QualifyLead | None:
        asked, place = rule.actions.qualify_lead, ("actions", "qualify_lead")
        if asked is None:
            return None
        matched = asked.match_contact and self.metadata.columns.get(asked.match_contact)
        if asked.match_contact and (not matched or matched.type != "String" or matched.is_secured):
            reason = f"lead has no readable text column {asked.match_contact}"
            problems.append(Problem((*place, "match_contact"), reason))
        status = self._known(asked.qualified_status, Lead.QUALIFIED, (*place, "qualified_status"), problems)
        return QualifyLead(asked.contact, asked.account, asked.opportunity, asked.match_contact, status)

    def _known(self, wanted: str | int, state: int, place: Place, problems: list[Problem]) -> int:
        value = self._status(wanted, state)
        if value is None:
            kind = "open" if state == Lead.OPEN else "qualified"
            problems.append(Problem(place, f"lead has no {kind} Status Reason {wanted!r}"))
        return value or 0

    def _status(self, wanted: str | int, state: int) -> int | None:
        matching = [option.value for option in self.statuses if option.state == state and _is(option, wanted)]
        return max(matching, default=None)


def _is(option: StatusOption, wanted: str | int) -> bool:
    if isinstance(wanted, int):
        return option.value == wanted
    return any(label.casefold() == wanted.strip().casefold() for label in option.labels.values())
