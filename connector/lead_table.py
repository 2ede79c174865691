"""The environment's lead table: what its metadata says, never assumed."""

from collections.abc import Mapping
from dataclasses import dataclass

from connector.rules import QualificationRule
from connector.tables import Lead
from dataverse.metadata import StatusOption, TableMetadata
from scoring import DefinitionError, Problem


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
        matching = [option.value for option in self.statuses if option.state == Lead.OPEN and _is(option, wanted)]
        return max(matching, default=None)

    def resolve(self, rule: QualificationRule) -> tuple[Mapping[str, object], frozenset[int]]:
        """The columns a rule sets, with values, and the reasons it acts on; DefinitionError names what is not there."""
        problems: list[Problem] = []
        changes: dict[str, object] = {}
        if rule.actions.status_reason is not None:
            place = ("actions", "status_reason")
            changes[Lead.STATUS] = self._open_status(rule.actions.status_reason, place, problems)
        if rule.actions.sales_ready:
            if self.sales_ready is None:
                problems.append(Problem(("actions", "sales_ready"), "lead has no sales-ready column: run provision"))
            else:
                changes[self.sales_ready] = True
        wanted = [
            self._open_status(status, ("from_status", index), problems) for index, status in enumerate(rule.from_status)
        ]
        if problems:
            raise DefinitionError(tuple(problems))
        return changes, frozenset(wanted)

    def _open_status(self, wanted: str | int, place: tuple[str | int, ...], problems: list[Problem]) -> int:
        value = self.open_status(wanted)
        if value is None:
            problems.append(Problem(place, f"lead has no open Status Reason {wanted!r}"))
        return value or 0


def _is(option: StatusOption, wanted: str | int) -> bool:
    if isinstance(wanted, int):
        return option.value == wanted
    return any(label.casefold() == wanted.strip().casefold() for label in option.labels.values())
