"""The few kinds of Python expressions and statements that a compiled model is made of, as nodes of `ast`."""

import ast
from collections.abc import Sequence

Sign = type[ast.cmpop]

SIGNS: dict[str, Sign] = {"eq": ast.Eq, "gt": ast.Gt, "ge": ast.GtE, "lt": ast.Lt, "le": ast.LtE}


class Constants:
    """The values that compiled code uses, each under a name of ours: no text of a model becomes part of the code."""

    def __init__(self) -> None:
        self.by_name: dict[str, object] = {}
        self._names: dict[int, str] = {}

    def bind(self, value: object) -> ast.expr:
        """The expression for the value; the same object has one name."""
        name = self._names.setdefault(id(value), f"constant_{len(self.by_name)}")
        self.by_name[name] = value
        return load(name)


def load(name: str) -> ast.expr:
    """A variable."""
    return ast.Name(name, ast.Load())


def none() -> ast.expr:
    """None."""
    return ast.Constant(None)


def number(value: int) -> ast.expr:
    """A number of ours: a place, or a bit."""
    return ast.Constant(value)


def truth(*, value: bool) -> ast.expr:
    """True or False."""
    return ast.Constant(value)


def call(function: ast.expr, *arguments: ast.expr) -> ast.expr:
    """function(arguments)."""
    return ast.Call(function, list(arguments), [])


def method(owner: ast.expr, name: str, *arguments: ast.expr) -> ast.expr:
    """owner.name(arguments)."""
    return call(attribute(owner, name), *arguments)


def attribute(owner: ast.expr, name: str) -> ast.expr:
    """owner.name."""
    return ast.Attribute(owner, name, ast.Load())


def item(owner: ast.expr, index: int) -> ast.expr:
    """owner[index], of a place that we know."""
    return at(owner, number(index))


def at(owner: ast.expr, index: ast.expr) -> ast.expr:
    """owner[index]."""
    return ast.Subscript(owner, index, ast.Load())


def add(left: ast.expr, right: ast.expr) -> ast.expr:
    """left + right."""
    return ast.BinOp(left, ast.Add(), right)


def compare(left: ast.expr, *steps: tuple[Sign, ast.expr]) -> ast.expr:
    """left sign right, or a chain of them."""
    return ast.Compare(left, [sign() for sign, _ in steps], [right for _, right in steps])


def is_none(value: ast.expr) -> ast.expr:
    """value is None."""
    return compare(value, (ast.Is, none()))


def is_filled(value: ast.expr) -> ast.expr:
    """value is not None."""
    return compare(value, (ast.IsNot, none()))


def negation(value: ast.expr) -> ast.expr:
    """not value."""
    return ast.UnaryOp(ast.Not(), value)


def every(values: Sequence[ast.expr]) -> ast.expr:
    """a and b and c."""
    return values[0] if len(values) == 1 else ast.BoolOp(ast.And(), list(values))


def either(values: Sequence[ast.expr]) -> ast.expr:
    """a or b or c."""
    return values[0] if len(values) == 1 else ast.BoolOp(ast.Or(), list(values))


def choice(test: ast.expr, when_true: ast.expr, when_false: ast.expr) -> ast.expr:
    """when_true if test else when_false."""
    return ast.IfExp(test, when_true, when_false)


def named(name: str, value: ast.expr) -> ast.expr:
    """(name := value)."""
    return ast.NamedExpr(ast.Name(name, ast.Store()), value)


def row_of(values: Sequence[ast.expr]) -> ast.expr:
    """(a, b, c)."""
    return ast.Tuple(list(values), ast.Load())


def assign(name: str, value: ast.expr) -> ast.stmt:
    """name = value."""
    return ast.Assign([ast.Name(name, ast.Store())], value)


def unpack(names: Sequence[str], value: ast.expr) -> ast.stmt:
    """a, b = value."""
    return ast.Assign([_targets(names)], value)


def _targets(names: Sequence[str]) -> ast.expr:
    stored: list[ast.expr] = [ast.Name(name, ast.Store()) for name in names]
    return stored[0] if len(stored) == 1 else ast.Tuple(stored, ast.Store())


def when(test: ast.expr, then: Sequence[ast.stmt], otherwise: Sequence[ast.stmt] = ()) -> ast.stmt:
    """An if statement."""
    return ast.If(test, list(then), list(otherwise))


def for_each(names: Sequence[str], values: ast.expr, body: Sequence[ast.stmt]) -> ast.stmt:
    """for a, b in values, or for a in values."""
    return ast.For(_targets(names), values, list(body), [])


def skip() -> ast.stmt:
    """Go on with the next of a loop."""
    return ast.Continue()


def grow(name: str, value: ast.expr) -> ast.stmt:
    """name += value."""
    return ast.AugAssign(ast.Name(name, ast.Store()), ast.Add(), value)


def grow_at(owner: ast.expr, index: ast.expr, value: ast.expr) -> ast.stmt:
    """owner[index] += value."""
    return ast.AugAssign(ast.Subscript(owner, index, ast.Store()), ast.Add(), value)


def put(owner: ast.expr, index: ast.expr, value: ast.expr) -> ast.stmt:
    """owner[index] = value."""
    return ast.Assign([ast.Subscript(owner, index, ast.Store())], value)


def attempt(body: ast.stmt, errors: ast.expr, instead: Sequence[ast.stmt], otherwise: Sequence[ast.stmt]) -> ast.stmt:
    """try body, except errors instead, else otherwise."""
    return ast.Try([body], [ast.ExceptHandler(errors, None, list(instead))], list(otherwise), [])


def do(value: ast.expr) -> ast.stmt:
    """An expression for its effect."""
    return ast.Expr(value)


def give(value: ast.expr) -> ast.stmt:
    """A return statement."""
    return ast.Return(value)


def function(name: str, parameters: Sequence[str], body: Sequence[ast.stmt]) -> ast.FunctionDef:
    """A function of these parameters."""
    arguments = ast.arguments([], [ast.arg(parameter) for parameter in parameters], None, [], [], None, [])
    return ast.FunctionDef(name, arguments, list(body), [])
