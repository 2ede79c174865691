"""What can be held against the environment of a definition that is not valid as a whole: the parts of it that are.

So that a model's author hears of an unknown operator in one group and of a missing column in another at once.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from scoring import Comparison, Place, PlacedComparison
from scoring.definition import Interactions

_DEPTH_MAX = 20

PlacedInteractions = tuple[Place, Interactions]


def readable_comparisons(content: Mapping[str, Any]) -> Iterator[PlacedComparison]:
    """The conditions that can be read, and of others the column alone, as one that asks for nothing more."""
    yield from _in_tree(content.get("entry"), ("entry",), None)
    for at, group in _groups(content):
        yield from _in_tree(group.get("when"), ("groups", at, "when"), None)
        counted = group.get("interactions")
        if isinstance(counted, Mapping) and isinstance(table := counted.get("table"), str):
            yield from _in_tree(counted.get("where"), ("groups", at, "interactions", "where"), table)


def readable_interactions(content: Mapping[str, Any]) -> Iterator[PlacedInteractions]:
    """The table, the lookups and the date of each group that counts rows, where these can be read."""
    for at, group in _groups(content):
        counted = group.get("interactions")
        if isinstance(counted, Mapping):
            named = {name: counted[name] for name in ("table", "lead", "contact", "at") if name in counted}
            try:
                yield ("groups", at, "interactions"), Interactions.model_validate(named)
            except ValidationError:
                continue


def _groups(content: Mapping[str, Any]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    groups = content.get("groups")
    for at, group in enumerate(groups if isinstance(groups, list) else ()):
        if isinstance(group, Mapping):
            yield at, group


def _in_tree(node: object, place: Place, table: str | None) -> Iterator[PlacedComparison]:
    if not isinstance(node, Mapping) or len(place) > _DEPTH_MAX:
        return
    if "column" in node:
        yield from (PlacedComparison(place, table, found) for found in _comparison(node))
    yield from _in_tree(node.get("not"), (*place, "not"), table)
    for join in ("all", "any"):
        members = node.get(join)
        for at, member in enumerate(members if isinstance(members, list) else ()):
            yield from _in_tree(member, (*place, join, at), table)


def _comparison(node: Mapping[str, Any]) -> Iterator[Comparison]:
    for document in (dict(node), {"column": node["column"], "op": "not-null"}):
        try:
            yield Comparison.model_validate(document)
        except ValidationError:
            continue
        return
