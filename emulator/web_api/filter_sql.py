"""`$filter` to SQL: names checked against the metadata, literals against the columns' types, values as parameters only.

Logic is two-valued, as in the platform's queries: a comparison with null is false, so its negation is true, and `ne`
matches rows whose column is null.
"""
# ruff: noqa: S608 - names in these statements come from the metadata, which checked them; values are parameters

from dataclasses import dataclass, field
from datetime import datetime

from emulator.web_api.catalogue import target_column
from emulator.web_api.database import SqlValue
from emulator.web_api.errors import BadRequestError, SecuredColumnError, UnknownPropertyError, UnsupportedError
from emulator.web_api.filter_tree import (
    Comparison,
    Either,
    Every,
    Filter,
    Lambda,
    Membership,
    Not,
    Property,
    QueryFunction,
    TextMatch,
)
from emulator.web_api.filter_values import NUMBERS, incompatible, listed_value, literal_value
from emulator.web_api.metadata import MULTIPLE, Column, Metadata, Relationship, Table
from emulator.web_api.query_functions import function_condition
from emulator.web_api.values import edm_type

_SIGNS = {"eq": "=", "ne": "IS NOT", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_ROOT = "t0"
_INSIDE = "c0"


@dataclass(slots=True)
class Where:
    """A condition as SQL, the joins it needs on `root`, and its parameters in order.

    `now` is what relative dates count from. Inside a lambda, paths begin with its `variable`.
    """

    metadata: Metadata
    table: Table
    now: datetime
    joins: dict[str, str] = field(default_factory=dict)
    parameters: list[SqlValue] = field(default_factory=list)
    root: str = _ROOT
    variable: str = ""

    def condition(self, tree: Filter) -> str:
        """The SQL of the tree; adds to joins and parameters."""
        match tree:
            case Every(operands):
                return "(" + " AND ".join(self.condition(operand) for operand in operands) + ")"
            case Either(operands):
                return "(" + " OR ".join(self.condition(operand) for operand in operands) + ")"
            case Not(operand):
                return f"({self.condition(operand)}) IS NOT TRUE"
            case _:
                return self._leaf(tree)

    def _leaf(self, tree: Comparison | TextMatch | Membership | QueryFunction | Lambda) -> str:
        match tree:
            case Comparison():
                return self._comparison(tree)
            case TextMatch():
                return self._text_match(tree)
            case Membership():
                return self._membership(tree)
            case QueryFunction():
                return self._query_function(tree)
            case Lambda():
                return self._lambda(tree)

    def _comparison(self, comparison: Comparison) -> str:
        path, operator, literal = comparison.left, comparison.operator, comparison.right
        if isinstance(literal, Property):
            return self._two_columns(path, operator, literal)
        sql, column = self._resolved(path)
        if literal.kind == "null":
            if operator not in {"eq", "ne"}:
                message = f"{operator} with null in $filter"
                raise UnsupportedError(message)
            return f"{sql} IS {'NOT ' if operator == 'ne' else ''}NULL"
        if column.type == MULTIPLE:
            message = f"{operator} on a multi-select choice in $filter: use ContainValues"
            raise UnsupportedError(message)
        self.parameters.append(literal_value(column, operator, literal))
        return f"{sql} {_SIGNS[operator]} ?"

    def _two_columns(self, left: Property, operator: str, right: Property) -> str:
        (left_sql, left_column), (right_sql, right_column) = self._resolved(left), self._resolved(right)
        types = {edm_type(left_column), edm_type(right_column)}
        if len(types) > 1 and not types <= NUMBERS:
            raise incompatible(operator, edm_type(left_column), edm_type(right_column))
        return f"{left_sql} {_SIGNS[operator]} {right_sql}"

    def _text_match(self, match: TextMatch) -> str:
        sql, column = self._resolved(match.path)
        if not column.is_text:
            message = f"No function signature for the function with name '{match.function}' matches."
            raise BadRequestError(message, "0x80060888")
        before, after = match.function != "startswith", match.function != "endswith"
        self.parameters.append("%" * before + match.text + "%" * after)
        return f"matches({sql}, ?)"

    def _membership(self, membership: Membership) -> str:
        column = self._named(membership.column)
        self.parameters += [listed_value(column, value) for value in membership.values]
        places = ", ".join("?" * len(membership.values))
        condition = f'{self.root}."{column.logical_name}" IN ({places})'
        return f"({condition}) IS NOT TRUE" if membership.negated else condition

    def _query_function(self, function: QueryFunction) -> str:
        column = self._named(function.column)
        sql, parameters = function_condition(function, f'{self.root}."{column.logical_name}"', column, self.now)
        self.parameters += parameters
        return sql

    def _lambda(self, tree: Lambda) -> str:
        if self.variable:
            raise UnsupportedError("a lambda expression inside another in $filter")
        relationship = self.metadata.collection(self.table.logical_name, tree.navigation)
        if relationship is None:
            raise UnknownPropertyError(tree.navigation, self.table.type_name)
        child = self.metadata.table(relationship.referencing)
        inside = Where(self.metadata, child, self.now, parameters=self.parameters, root=_INSIDE, variable=tree.variable)
        link = points_at(child, relationship, _INSIDE, f'{self.root}."{self.table.primary_id}"')
        condition = inside.condition(tree.condition) if tree.condition else "TRUE"
        met = f"({condition}) IS NOT TRUE" if tree.every else condition
        source = f'"{child.logical_name}" {_INSIDE} {" ".join(inside.joins.values())}'
        return f"{'NOT ' if tree.every else ''}EXISTS (SELECT 1 FROM {source} WHERE {link} AND {met})"

    def _named(self, name: str) -> Column:
        if self.variable:
            raise UnsupportedError("Microsoft.Dynamics.CRM functions inside a lambda expression in $filter")
        return _readable(self.table, self.table.columns.get(name), name)

    def _resolved(self, path: Property) -> tuple[str, Column]:
        names = path.names
        if self.variable:
            if names[0] != self.variable or len(names) == 1:
                raise UnknownPropertyError(names[0], self.table.type_name)
            names = names[1:]
        if len(names) > 2:
            raise UnsupportedError("paths over more than one navigation property in $filter")
        *navigation, name = names
        table, alias = (self.table, self.root) if not navigation else self._joined(navigation[0])
        column = _readable(table, table.properties.get(name), name)
        return f'{alias}."{column.logical_name}"', column

    def _joined(self, navigation: str) -> tuple[Table, str]:
        relationship = self.table.navigations.get(navigation)
        if relationship is None:
            raise UnknownPropertyError(navigation, self.table.type_name)
        target = self.metadata.table(relationship.referenced)
        alias = f'"{self.root}:{navigation}"'
        on = points_at(self.table, relationship, self.root, f'{alias}."{target.primary_id}"')
        self.joins[navigation] = f'LEFT JOIN "{target.logical_name}" {alias} ON {on}'
        return target, alias


def points_at(table: Table, relationship: Relationship, alias: str, target_id: str) -> str:
    """The SQL condition that a row of `table`, under an alias, points at the row of that id."""
    on = f'{alias}."{relationship.column}" = {target_id}'
    if len(table.columns[relationship.column].targets) > 1:
        on += f""" AND {alias}."{target_column(relationship.column)}" = '{relationship.referenced}'"""
    return on


def _readable(table: Table, column: Column | None, name: str) -> Column:
    if column is None or not column.valid_for_read:
        raise UnknownPropertyError(name, table.type_name)
    if column.is_secured:
        raise SecuredColumnError("0x8004f504", "read")
    return column
