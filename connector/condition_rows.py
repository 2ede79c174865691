"""Conditions as rows: one level of a tree in a group's condition rows, anything deeper as JSON on the group."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from connector.tables import ScoringCondition, ScoringGroup
from scoring import DefinitionError, Problem

Row = Mapping[str, Any]

_VALUE_CHARACTERS_MAX = 100_000  # of the column of a condition row; JSON on the group may have ten times as many


def flat(tree: Mapping[str, Any] | None) -> tuple[str, list[Mapping[str, Any]]] | None:
    """The join and the leaves of a tree that is one level deep and fits into rows, else None; no tree has no leaves."""
    if tree is None:
        return "all", []
    if _is_row(tree):
        return "all", [tree]
    for join in ("all", "any"):
        leaves = tree.get(join)
        if leaves and len(leaves) > 1 and all(_is_row(leaf) for leaf in leaves):
            return join, list(leaves)
    return None


def _is_row(tree: Mapping[str, Any]) -> bool:
    value = value_text(tree.get("value")) or ""
    return "column" in tree and len(value.encode("utf-16-le")) // 2 <= _VALUE_CHARACTERS_MAX


def condition_columns(leaf: Mapping[str, Any], order: int) -> dict[str, object]:
    """The columns of a condition row; its name is generated, so that a list of conditions can be read."""
    value = value_text(leaf.get("value"))
    name = " ".join(filter(None, (leaf["column"], leaf["op"], value)))
    return {
        ScoringCondition.NAME: name[:200],
        ScoringCondition.ORDER: order,
        ScoringCondition.COLUMN: leaf["column"],
        ScoringCondition.OPERATOR: leaf["op"],
        ScoringCondition.VALUE: value,
    }


def tree_of(group: Row, conditions: Sequence[Row]) -> Any:
    """The condition tree of a group, from its JSON or from its condition rows, never both; None when it has neither."""
    if text := group.get(ScoringGroup.DEFINITION):
        if conditions:
            name = group.get(ScoringGroup.NAME)
            message = f"group {name!r} has condition rows as well: empty one of the two"
            raise DefinitionError((Problem((ScoringGroup.DEFINITION,), message),))
        return json_in(text, ScoringGroup.DEFINITION)
    leaves = [_leaf(row) for row in sorted(conditions, key=lambda row: row.get(ScoringCondition.ORDER) or 0)]
    if len(leaves) < 2:
        return leaves[0] if leaves else None
    joined = group.get(ScoringGroup.JOIN) == ScoringGroup.JOINS["any"]
    return {"any" if joined else "all": leaves}


def json_in(text: str, column: str) -> Any:
    """What a JSON column holds; DefinitionError names the column when it is not JSON, or says a key twice."""
    try:
        return json.loads(text, parse_constant=_not_a_value, object_pairs_hook=_each_key_once)
    except (ValueError, RecursionError):
        raise DefinitionError((Problem((column,), "is not JSON"),)) from None


def value_text(value: object) -> str | None:
    """A value as people type it: text plain, all else as JSON, and text that would read as JSON in quotes."""
    if value is None:
        return None
    if isinstance(value, str) and value_of(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)


def value_of(text: str) -> object:
    """What was typed: a number, true, false, a list or quoted text by JSON's rules, anything else as text."""
    try:
        return json.loads(text, parse_constant=_not_a_value)
    except (ValueError, RecursionError):
        return text


def _not_a_value(name: str) -> NoReturn:
    raise ValueError(name)


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError(pairs)
    return dict(pairs)


def _leaf(row: Row) -> dict[str, object]:
    leaf = {"column": row.get(ScoringCondition.COLUMN), "op": row.get(ScoringCondition.OPERATOR)}
    text = row.get(ScoringCondition.VALUE)
    return leaf if text is None else leaf | {"value": value_of(text)}
