"""The shape of the schema's data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from dataverse.column_definitions import ColumnDefinition
from dataverse.definitions import Cascade, Ownership
from dataverse.labels import Labels

Say: TypeAlias = Callable[[str, str], Labels]
"""An English and a French text as labels in the languages of the environment."""

PARENTAL: Final[Mapping[str, Cascade]] = dict.fromkeys(
    ("Assign", "Delete", "Merge", "Reparent", "Share", "Unshare"), "Cascade"
)
"""Belongs to the lead and follows it; Merge may be nothing but Cascade on lookups to lead and contact."""

MERGED_ALONG: Final[Mapping[str, Cascade]] = {"Merge": "Cascade"}
DELETED_ALONG: Final[Mapping[str, Cascade]] = {"Delete": "Cascade"}
KEPT_FROM_DELETION: Final[Mapping[str, Cascade]] = {"Delete": "Restrict"}
LEFT_BEHIND: Final[Mapping[str, Cascade]] = {}


@dataclass(frozen=True, slots=True)
class Lookup:
    """A lookup column `column` of a table, to `target`; `cascade` overrides what is nothing but a link."""

    column: str
    target: str
    labels: Labels
    cascade: Mapping[str, Cascade]


@dataclass(frozen=True, slots=True)
class StatusReason:
    """A status reason of a state; 1 and 2 are there already and are only given another label."""

    state: int
    value: int
    labels: Labels

    @property
    def is_default(self) -> bool:
        """Whether every table has it from the start."""
        return self.value in {1, 2}


@dataclass(frozen=True, slots=True)
class TableForm:
    """A table of Leadgate, whole."""

    name: str
    labels: Labels
    plural_labels: Labels
    ownership: Ownership
    primary_name: ColumnDefinition
    columns: tuple[ColumnDefinition, ...]
    lookups: tuple[Lookup, ...] = ()
    status_reasons: tuple[StatusReason, ...] = ()
    auditing: bool = False
    change_tracking: bool = False
