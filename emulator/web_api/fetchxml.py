"""FetchXML, parsed: the elements and attributes that are done, each checked; any other is refused by name."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from emulator.web_api.errors import BadRequestError, UnsupportedError
from emulator.web_api.metadata import Metadata, Table
from emulator.web_api.query import PAGE_MAX
from emulator.web_api.select import Condition, Field, Junction, Link, Output, Select, field_of

_ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "fetch": frozenset(
        {"version", "output-format", "mapping", "distinct", "aggregate", "count", "page", "paging-cookie", "top"}
        | {"no-lock", "latematerialize"}
    ),
    "entity": frozenset({"name"}),
    "attribute": frozenset({"name", "alias", "aggregate", "groupby", "distinct"}),
    "all-attributes": frozenset(),
    "order": frozenset({"attribute", "alias", "descending"}),
    "filter": frozenset({"type"}),
    "condition": frozenset({"attribute", "operator", "value", "entityname"}),
    "value": frozenset(),
    "link-entity": frozenset({"name", "from", "to", "alias", "link-type", "intersect", "visible"}),
}
_ALIAS = re.compile(r"[A-Za-z_]\w{0,127}")
_AGGREGATES = {"count": "count", "countcolumn": "count", "sum": "sum", "avg": "avg", "min": "min", "max": "max"}


@dataclass(frozen=True, slots=True)
class Fetch:
    """A fetch: its query, and which page of which size; `cookie` is where an earlier page ended."""

    select: Select
    count: int
    page: int
    cookie: str | None
    top: int | None


def parse_fetch(text: str, table: Table, metadata: Metadata) -> Fetch:
    """The query of a `fetchXml`; its entity has to be the one of the entity set."""
    root = _read(text)
    entity = root.find("entity")
    if root.tag != "fetch" or entity is None or len(root) != 1:
        raise BadRequestError("A fetch holds one entity.", "0x80040201")
    if entity.get("name") != table.logical_name:
        message = "Entity Name specified in fetchXml does not match the Entity Name specified in the Entity Collection."
        raise BadRequestError(message, "0x80060888")
    top = _number(root, "top", None)
    if top is not None and (root.get("page") or root.get("count")):
        raise BadRequestError("The top attribute can't be specified with paging attribute page", "0x8004E01F")
    count, page = _number(root, "count", PAGE_MAX) or PAGE_MAX, _number(root, "page", 1) or 1
    return Fetch(_select(root, entity, table, metadata), count, page, root.get("paging-cookie"), top)


def _select(root: ET.Element, entity: ET.Element, table: Table, metadata: Metadata) -> Select:
    grouped, distinct = _flag(root, "aggregate"), _flag(root, "distinct")
    reader = _Reader(metadata, {table.logical_name: table}, grouped=grouped)
    reader.read(entity, table.logical_name)
    if grouped and not reader.outputs:
        raise BadRequestError("An aggregate fetch has attributes with an alias.", "0x80040201")
    if not reader.outputs and distinct:
        reader.outputs.append(Output(table.primary_id, field_of(reader.tables, table.logical_name, table.primary_id)))
    return Select(
        table=table,
        alias=table.logical_name,
        outputs=tuple(reader.outputs),
        links=tuple(reader.links),
        where=Junction(any=False, parts=tuple(reader.filters)) if reader.filters else None,
        order=tuple(reader.orders),
        grouped=grouped,
        distinct=distinct,
    )


def _read(text: str) -> ET.Element:
    try:
        # No entity expansion: expat refuses external ones, and what runs here is the developer's own query.
        root = ET.fromstring(text)  # noqa: S314 - see above
    except ET.ParseError:
        raise BadRequestError("Invalid XML.", "0x80040201") from None
    for element in root.iter():
        allowed = _ATTRIBUTES.get(element.tag)
        if allowed is None:
            message = f"the FetchXML element {element.tag}"
            raise UnsupportedError(message)
        for name in element.attrib.keys() - allowed:
            message = f"the FetchXML attribute {name} of {element.tag}"
            raise UnsupportedError(message)
        if not _ALIAS.fullmatch(element.get("alias", "a")):
            message = f"Invalid alias '{element.get('alias')}'."
            raise BadRequestError(message, "0x80040201")
    return root


@dataclass(slots=True)
class _Reader:
    """Collects what an entity and its link-entities ask for."""

    metadata: Metadata
    tables: dict[str, Table]
    grouped: bool
    outputs: list[Output] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    filters: list[Condition | Junction] = field(default_factory=list)
    orders: list[tuple[str, bool]] = field(default_factory=list)

    def read(self, entity: ET.Element, alias: str) -> None:
        for link in entity.iterfind("link-entity"):
            self._link(link, alias)
        for child in entity:
            match child.tag:
                case "attribute":
                    self.outputs.append(self._output(child, alias))
                case "all-attributes":
                    self.outputs += self._all(alias)
                case "filter":
                    self.filters.append(self._filter(child, alias))
                case "order":
                    self._order(child, alias)

    def _output(self, element: ET.Element, alias: str) -> Output:
        found = field_of(self.tables, alias, element.get("name") or "")
        name, aggregate = element.get("alias"), element.get("aggregate")
        if not self.grouped:
            return Output(name or self._name(found), found)
        if not name or (aggregate is None) == (not _flag(element, "groupby")):
            raise BadRequestError(
                "An attribute of an aggregate fetch has an alias, and aggregate or groupby.", "0x8004E024"
            )
        if aggregate is None:
            return Output(name, found)
        if aggregate not in _AGGREGATES:
            message = f"the aggregate {aggregate}"
            raise UnsupportedError(message)
        counted = None if aggregate == "count" else found
        return Output(name, counted, _AGGREGATES[aggregate], _flag(element, "distinct"))

    def _all(self, alias: str) -> Iterator[Output]:
        for column in self.tables[alias].columns.values():
            if column.valid_for_read:
                found = Field(alias, self.tables[alias], column)
                yield Output(self._name(found), found)

    def _name(self, found: Field) -> str:
        is_root = found.alias == next(iter(self.tables))
        return found.column.property_name if is_root else f"{found.alias}.{found.column.logical_name}"

    def _link(self, element: ET.Element, parent: str) -> None:
        table = self.metadata.find(element.get("name") or "")
        kind = element.get("link-type", "inner")
        if table is None:
            message = f"The entity with a name = '{element.get('name')}' was not found in the MetadataCache."
            raise BadRequestError(message, "0x80041102")
        if kind not in {"inner", "outer"}:
            message = f"the link-type {kind}"
            raise UnsupportedError(message)
        alias = element.get("alias") or f"{table.logical_name}{len(self.tables)}"
        if alias in self.tables:
            message = f"The alias {alias} is used twice."
            raise BadRequestError(message, "0x80040201")
        self.tables[alias] = table
        own = field_of(self.tables, alias, element.get("from") or "")
        if own.column.logical_name != table.primary_id:
            message = "a link-entity that is not N:1 (from another column than the primary id)"
            raise UnsupportedError(message)
        self.links.append(Link(own, field_of(self.tables, parent, element.get("to") or ""), kind == "outer"))
        self.read(element, alias)

    def _filter(self, element: ET.Element, alias: str) -> Junction:
        parts: list[Condition | Junction] = []
        for child in element:
            if child.tag == "filter":
                parts.append(self._filter(child, alias))
            else:
                parts.append(self._condition(child, child.get("entityname") or alias))
        return Junction(any=element.get("type", "and") == "or", parts=tuple(parts))

    def _condition(self, element: ET.Element, alias: str) -> Condition:
        value = element.get("value")
        values = tuple(child.text or "" for child in element.iterfind("value"))
        found = field_of(self.tables, alias, element.get("attribute") or "")
        return Condition(found, element.get("operator") or "", values if value is None else (value,))

    def _order(self, element: ET.Element, alias: str) -> None:
        descending = _flag(element, "descending")
        if name := element.get("alias"):
            found = next((output for output in self.outputs if output.name == name), None)
            if found is None:
                message = f"No attribute has the alias {name}."
                raise BadRequestError(message, "0x80040201")
            expression = f'"{name}"' if self.grouped or found.field is None else found.field.sql
            self.orders.append((expression, descending))
        else:
            self.orders.append((field_of(self.tables, alias, element.get("attribute") or "").sql, descending))


def _flag(element: ET.Element, name: str) -> bool:
    return element.get(name, "false").lower() in {"true", "1"}


def _number(element: ET.Element, name: str, default: int | None) -> int | None:
    text = element.get(name)
    if text is None:
        return default
    if not text.isdecimal() or not 0 < int(text) <= 10**9:
        message = f"Invalid value '{text}' of {name}."
        raise BadRequestError(message, "0x80040201")
    return int(text)
