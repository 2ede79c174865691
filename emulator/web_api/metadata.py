"""The read model of the metadata: tables, columns, choices and relationships, parsed from their Web API definitions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

LOOKUP_TYPES = frozenset({"Lookup", "Owner", "Customer"})
TEXT_TYPES = frozenset({"String", "Memo", "EntityName"})
MULTIPLE = "MultiSelectPicklist"
MERGEABLE_TABLES = frozenset({"lead", "account", "contact"})
CHOICE_TYPES = frozenset({"Picklist", "State", "Status"})


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a choice; `state` is set on status values, `default_status` on states."""

    value: int
    label: str
    state: int | None = None
    default_status: int | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `type` is its AttributeTypeName without "Type" (String, Money, Lookup, Picklist, State...)."""

    logical_name: str
    schema_name: str
    type: str
    metadata_id: UUID
    max_length: int | None
    minimum: float | None
    maximum: float | None
    precision: int
    date_only: bool
    targets: tuple[str, ...]
    options: tuple[Option, ...]
    valid_for_create: bool
    valid_for_update: bool
    valid_for_read: bool
    default_value: int | None
    definition: Mapping[str, Any] = field(repr=False)
    is_secured: bool = False

    @property
    def is_lookup(self) -> bool:
        """Whether the column points at a row: read as `_name_value`, written by `@odata.bind`."""
        return self.type in LOOKUP_TYPES

    @property
    def is_text(self) -> bool:
        """Whether the column compares as text: without case, accents and trailing spaces."""
        return self.type in TEXT_TYPES

    @property
    def property_name(self) -> str:
        """The name in the Web API's JSON, `$select` and `$filter`."""
        return f"_{self.logical_name}_value" if self.is_lookup else self.logical_name

    def option(self, value: int) -> Option | None:
        """The option of that value, if the column has it."""
        return next((option for option in self.options if option.value == value), None)


@dataclass(frozen=True, slots=True)
class Relationship:
    """One N:1 relationship: `referencing.column` points at `referenced`; `navigation` is its property, case and all."""

    schema_name: str
    metadata_id: UUID
    referenced: str
    referenced_column: str
    referencing: str
    column: str
    navigation: str
    cascade: Mapping[str, str]
    definition: Mapping[str, Any] = field(repr=False)

    @property
    def collection(self) -> str:
        """The navigation property of the referenced table that leads back."""
        return str(self.definition["ReferencedEntityNavigationPropertyName"])

    @property
    def is_parental(self) -> bool:
        """Parental as Microsoft defines it: Delete is Cascade, or another action but Merge cascades."""
        actions = (self.cascade.get(action) for action in ("Assign", "Share", "Unshare", "Reparent"))
        return self.cascade.get("Delete") == "Cascade" or any(a in {"Cascade", "UserOwned", "Active"} for a in actions)


@dataclass(frozen=True, slots=True)
class AlternateKey:
    """Columns that address a row; `failed` when rows with equal values kept its index from being built."""

    logical_name: str
    columns: tuple[str, ...]
    metadata_id: UUID
    created: datetime
    failed: bool
    definition: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Table:
    """One table with its columns by logical name, its N:1 relationships by navigation property and its keys."""

    logical_name: str
    schema_name: str
    entity_set: str
    metadata_id: UUID
    primary_id: str
    primary_name: str | None
    type_code: int
    ownership: str
    is_custom: bool
    definition: Mapping[str, Any] = field(repr=False)
    columns: Mapping[str, Column] = field(repr=False)
    navigations: Mapping[str, Relationship] = field(repr=False)
    properties: Mapping[str, Column] = field(repr=False)
    keys: tuple[AlternateKey, ...] = ()

    @property
    def tracks_changes(self) -> bool:
        """Whether deltas can be asked for."""
        return bool(self.definition["ChangeTrackingEnabled"])

    @property
    def is_user_owned(self) -> bool:
        """Whether rows have an owner, and follow it."""
        return self.ownership == "UserOwned"

    @property
    def type_name(self) -> str:
        """The OData type, as error messages print it."""
        return f"Microsoft.Dynamics.CRM.{self.logical_name}"


class Metadata:
    """All tables, by logical name and by entity set name; immutable, replaced as a whole when a definition changes."""

    def __init__(self, tables: Iterable[Table]) -> None:
        self.tables: Mapping[str, Table] = {table.logical_name: table for table in tables}
        self._by_set = {table.entity_set: table for table in self.tables.values()}
        self._by_id = {table.metadata_id: table for table in self.tables.values()}
        self._children: dict[str, list[Relationship]] = {}
        for table in self.tables.values():
            for relationship in table.navigations.values():
                self._children.setdefault(relationship.referenced, []).append(relationship)

    def table(self, logical_name: str) -> Table:
        """The table of that logical name; KeyError when there is none."""
        return self.tables[logical_name]

    def find(self, logical_name: str) -> Table | None:
        """The table of that logical name, if there is one."""
        return self.tables.get(logical_name)

    def by_entity_set(self, entity_set: str) -> Table | None:
        """The table behind an entity set name; case matters, as in the service."""
        return self._by_set.get(entity_set)

    def by_metadata_id(self, metadata_id: UUID) -> Table | None:
        """The table whose definition has that MetadataId."""
        return self._by_id.get(metadata_id)

    def children(self, logical_name: str) -> tuple[Relationship, ...]:
        """The relationships in which other rows point at rows of this table."""
        return tuple(self._children.get(logical_name, ()))

    def collection(self, logical_name: str, navigation: str) -> Relationship | None:
        """The relationship whose rows a collection-valued navigation property of the table leads to."""
        children = self._children.get(logical_name, ())
        return next((child for child in children if child.collection == navigation), None)

    def relationship(self, schema_name: str) -> Relationship | None:
        """The relationship of that schema name."""
        found = (
            r for table in self.tables.values() for r in table.navigations.values() if r.schema_name == schema_name
        )
        return next(found, None)

    def without(self, logical_name: str) -> "Metadata":
        """The same metadata without one table."""
        return Metadata(table for name, table in self.tables.items() if name != logical_name)

    def replacing(self, *tables: Table) -> "Metadata":
        """The same metadata with these tables added or put in place of the old ones."""
        return Metadata({**self.tables, **{table.logical_name: table for table in tables}}.values())
