"""YAML and JSON text -> plain data that remembers where each value stands; bounded, and data only.

Built from PyYAML's events rather than its constructor: values follow YAML 1.2's core schema, so that `on`, `no`, dates
and 007 stay the text that was written, and only true and false are booleans. Aliases, tags and repeated keys are flaws.
"""

import re
from dataclasses import dataclass, field
from typing import Protocol

import yaml

from scoring import Place

_MAX_NESTING = 50
_MAX_DIGITS = 400
_STANDARD = "tag:yaml.org,2002:"
_TEXT_TAGS = {"!", f"{_STANDARD}str"}
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CONSTANTS: dict[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN", "NaN"), float("nan")),
    **dict.fromkeys((".inf", ".Inf", ".INF", "Infinity"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF", "-Infinity"), float("-inf")),
}


class _Mark(Protocol):
    """Where PyYAML stands, from 0; its two parsers have a class of their own each."""

    line: int
    column: int


Position = tuple[int, int]
"""Line and column, from 1."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something in the text that is not plain data."""

    position: Position
    message: str


@dataclass(slots=True)
class Node:
    """One value: a scalar, the nodes of a list, or those of a mapping, which also knows where its keys stand."""

    position: Position
    value: object = None
    keys: dict[str, Position] = field(default_factory=dict)

    def plain(self) -> object:
        """The value as dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        return [node.plain() for node in self.value] if isinstance(self.value, list) else self.value

    def position_of(self, place: Place) -> Position:
        """Where that place stands: a scalar itself, the key of anything larger, and for what is absent its parent."""
        node, position = self, self.position
        for step in place:
            if isinstance(node.value, dict) and isinstance(step, str) and step in node.value:
                key, node = node.keys[step], node.value[step]
                position = key if isinstance(node.value, dict | list) else node.position
            elif isinstance(node.value, list) and isinstance(step, int) and 0 <= step < len(node.value):
                node = node.value[step]
                position = node.position
            else:
                break
        return position


def read_nodes(text: str) -> tuple[list[Node], list[Flaw]]:
    """The documents of a stream, up to where it can be read, and everything in it that is not plain data."""
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if not builder.take(event):
                break
    except yaml.reader.ReaderError as error:
        lines = text[: error.position].splitlines() or [""]
        builder.flaws.append(Flaw((len(lines), len(lines[-1]) + 1), "a character that no text file should hold"))
    except yaml.MarkedYAMLError as error:
        position = _position(error.problem_mark or error.context_mark)
        builder.flaws.append(Flaw(position, f"not readable as YAML: {error.problem or error.context}"))
    return builder.documents, builder.flaws


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come."""

    node: Node
    key: str | None = None
    awaits_key: bool = True


class _Builder:
    """Events in, documents and flaws out; without recursion, so that depth is a number and not a crash."""

    def __init__(self) -> None:
        self.documents: list[Node] = []
        self.flaws: list[Flaw] = []
        self._open: list[_Open] = []

    def take(self, event: yaml.Event) -> bool:
        """Whether to go on reading."""
        position = _position(event.start_mark)
        match event:
            case yaml.ScalarEvent():
                self._place(Node(position, self._scalar(event, position)))
            case yaml.AliasEvent():
                self._flaw(position, "aliases (*name) are not supported")
                self._place(Node(position))
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                return self._start(event, position)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._place(self._open.pop().node)
        return True

    def _start(self, event: yaml.SequenceStartEvent | yaml.MappingStartEvent, position: Position) -> bool:
        if event.tag not in {None, "!", f"{_STANDARD}map", f"{_STANDARD}seq"}:
            self._flaw(position, "tags (!name) are not supported")
        if len(self._open) == _MAX_NESTING:
            self._flaw(position, "nested too deep")
            return False
        self._open.append(_Open(Node(position, {} if isinstance(event, yaml.MappingStartEvent) else [])))
        return True

    def _place(self, node: Node) -> None:
        if not self._open:
            self.documents.append(node)
            return
        parent = self._open[-1]
        if isinstance(parent.node.value, list):
            parent.node.value.append(node)
        elif parent.awaits_key:
            parent.key, parent.awaits_key = self._key(node, parent.node), False
        elif isinstance(parent.node.value, dict):
            if parent.key is not None:
                parent.node.value[parent.key] = node
            parent.awaits_key = True

    def _key(self, node: Node, parent: Node) -> str | None:
        if not isinstance(node.value, str):
            self._flaw(node.position, "a key must be text")
        elif node.value in parent.keys:
            self._flaw(node.position, f"key {node.value[:40]!r} is there twice")
        else:
            parent.keys[node.value] = node.position
            return node.value
        return None

    def _scalar(self, event: yaml.ScalarEvent, position: Position) -> object:
        text: str = event.value
        is_key = bool(self._open) and isinstance(self._open[-1].node.value, dict) and self._open[-1].awaits_key
        if event.tag is None and event.implicit[0] and not is_key:
            if len(text) > _MAX_DIGITS and _INT.fullmatch(text):
                self._flaw(position, f"a number of more than {_MAX_DIGITS} digits")
                return 0
            return _plain_scalar(text)
        if event.tag is not None and event.tag not in _TEXT_TAGS:
            self._flaw(position, "tags (!name) are not supported")
        try:
            # JSON spells characters beyond U+FFFF as two halves.
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self._flaw(position, "half of a surrogate pair is not text")
            return ""

    def _flaw(self, position: Position, message: str) -> None:
        self.flaws.append(Flaw(position, message))


def _position(mark: _Mark | None) -> Position:
    return (1, 1) if mark is None else (mark.line + 1, mark.column + 1)


def _plain_scalar(text: str) -> object:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
