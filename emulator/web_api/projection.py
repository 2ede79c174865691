"""Which members of a definition an answer shows: `$select`, `$expand`, and what a cast makes visible."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.web_api.errors import UnknownPropertyError, UnsupportedError
from emulator.web_api.metadata import MULTIPLE
from emulator.web_api.query import split_top_level

_TYPED_MEMBERS: Mapping[str, frozenset[str]] = {
    "String": frozenset({"MaxLength", "Format", "FormatName"}),
    "Memo": frozenset({"MaxLength", "Format", "FormatName", "ImeMode"}),
    "Integer": frozenset({"MinValue", "MaxValue", "Format"}),
    "BigInt": frozenset({"MinValue", "MaxValue"}),
    "Decimal": frozenset({"MinValue", "MaxValue", "Precision"}),
    "Double": frozenset({"MinValue", "MaxValue", "Precision"}),
    "Money": frozenset({"MinValue", "MaxValue", "Precision", "PrecisionSource"}),
    "DateTime": frozenset({"Format", "DateTimeBehavior"}),
    "Boolean": frozenset({"DefaultValue"}),
    "Picklist": frozenset({"DefaultFormValue"}),
    MULTIPLE: frozenset({"DefaultFormValue"}),
    "Lookup": frozenset({"Targets", "Format"}),
    "EntityName": frozenset(),
    "UniqueIdentifier": frozenset(),
    "State": frozenset(),
    "Status": frozenset(),
}
_WITH_OPTIONS = frozenset({"Picklist", MULTIPLE, "State", "Status", "Boolean"})
_ALL_TYPED = frozenset().union(*_TYPED_MEMBERS.values())

Expanded = Mapping[str, Callable[[Mapping[str, Any]], Any]]


@dataclass(frozen=True, slots=True)
class Shape:
    """The type an address answers with: which members can be selected, and which navigation properties expanded."""

    type_name: str
    hidden: frozenset[str]
    unselectable: frozenset[str]
    options: bool = False


def table_shape() -> Shape:
    """EntityMetadata."""
    return Shape("Microsoft.Dynamics.CRM.EntityMetadata", frozenset(), frozenset())


def key_shape() -> Shape:
    """EntityKeyMetadata."""
    return Shape("Microsoft.Dynamics.CRM.EntityKeyMetadata", frozenset(), frozenset())


def relationship_shape() -> Shape:
    """OneToManyRelationshipMetadata."""
    return Shape("Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata", frozenset(), frozenset())


def attribute_shape(kind: str | None) -> Shape:
    """AttributeMetadata, or of a kind ("Picklist"): only such a cast can select or expand the kind's own members."""
    if kind is not None and kind not in _TYPED_MEMBERS:
        message = f"the cast to {kind}AttributeMetadata"
        raise UnsupportedError(message)
    own = _TYPED_MEMBERS.get(kind or "", frozenset())
    hidden = frozenset({"OptionSet"})
    name = f"Microsoft.Dynamics.CRM.{kind or ''}AttributeMetadata"
    return Shape(name, hidden, hidden | (_ALL_TYPED - own), options=kind in _WITH_OPTIONS)


def project(definition: Mapping[str, Any], shape: Shape, select: str | None, expanded: Expanded) -> dict[str, Any]:
    """The selected members (MetadataId always), then the expanded ones."""
    if select is None:
        shown = {name: value for name, value in definition.items() if name not in shape.hidden}
    else:
        names = dict.fromkeys([name.strip() for name in select.split(",")])
        for name in names:
            _require_member(name, definition, shape)
        kind = {"@odata.type": definition["@odata.type"]} if "@odata.type" in definition else {}
        shown = {**kind, **{name: definition[name] for name in (*names, "MetadataId")}}
    return {**shown, **{name: value(definition) for name, value in expanded.items()}}


def expansions(expand: str | None, shape: Shape, nested: Mapping[str, Any]) -> Expanded:
    """What `$expand` asks for: OptionSet and GlobalOptionSet below a cast, collections below a table."""
    return dict(_expansions(expand, shape, nested))


def _expansions(
    expand: str | None, shape: Shape, nested: Mapping[str, Any]
) -> Iterator[tuple[str, Callable[..., Any]]]:
    for item in split_top_level(expand or "", ","):
        name, _, options = item.strip().partition("(")
        select = _nested_select(options.removesuffix(")"))
        if shape.options and name == "OptionSet":
            yield name, _option_set(select)
        elif shape.options and name == "GlobalOptionSet":
            yield name, lambda _definition: None
        elif name in nested:
            shape_inside, read = nested[name]
            yield name, _collection(shape_inside, read, select)
        elif name in {"OneToManyRelationships", "ManyToManyRelationships", "Privileges"}:
            message = f"$expand of {name}"
            raise UnsupportedError(message)
        else:
            raise UnknownPropertyError(name, shape.type_name)


def _collection(shape: Shape, read: Callable[..., Any], select: str | None) -> Callable[[Mapping[str, Any]], Any]:
    return lambda definition: [project(member, shape, select, {}) for member in read(definition)]


def _option_set(select: str | None) -> Callable[[Mapping[str, Any]], Any]:
    def read(definition: Mapping[str, Any]) -> Any:
        options = definition["OptionSet"]
        return {name: options.get(name) for name in select.split(",")} if select else options

    return read


def _nested_select(options: str) -> str | None:
    select = None
    for option in split_top_level(options, ";"):
        name, _, value = option.strip().partition("=")
        if name != "$select":
            message = f"{name} inside $expand"
            raise UnsupportedError(message)
        select = value
    return select


def _require_member(name: str, definition: Mapping[str, Any], shape: Shape) -> None:
    if name not in definition or name in shape.unselectable or name.startswith("@"):
        raise UnknownPropertyError(name, shape.type_name)
