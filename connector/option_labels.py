"""Labels of options in models become values, as the environment's metadata has them, before a draft is written."""

from collections.abc import Sequence
from functools import cache
from typing import cast, get_args

from dataverse import DataverseClient
from dataverse.metadata import ColumnMetadata, OptionKind, TableMetadata, choice_options, table
from scoring import ScoringModel
from scoring.labels import Option, with_values

_KINDS = frozenset(get_args(OptionKind))


class OptionLabels:
    """Reads the options of columns, each once, and only where a condition compares with text."""

    def __init__(self, client: DataverseClient) -> None:
        self._client = client
        self._table = cache(lambda name: table(client, name))
        self._options = cache(self._read_options)

    def resolved(self, model: ScoringModel) -> ScoringModel:
        """The model with values for labels; DefinitionError names labels that are none, or of several options."""
        return with_values(model, self._options)

    def _read_options(self, table_name: str, path: str) -> Sequence[Option] | None:
        """None also for what is not there, or may not be asked: publishing says what is wrong with the column."""
        found = self._column(table_name, path)
        if found is None or found[1].type not in _KINDS:
            return None
        owner, column = found
        kind = cast("OptionKind", column.type)
        return [
            Option(bool(option.value) if kind == "Boolean" else option.value, tuple(option.labels.values()))
            for option in choice_options(self._client, owner.logical_name, column.logical_name, kind)
        ]

    def _column(self, table_name: str, path: str) -> tuple[TableMetadata, ColumnMetadata] | None:
        owner, (own, _, related) = self._table(table_name), path.partition(".")
        if owner is not None and related:
            targets = owner.lookups.get(own, ())
            owner = self._table(targets[0]) if len(targets) == 1 else None
        column = None if owner is None else owner.columns.get(related or own)
        return None if owner is None or column is None else (owner, column)
