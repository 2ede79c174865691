"""The rule libraries, each in its fastest form; `benchmarks/scoring.txt` pins them.

Tried and slower: JSON text in place of objects (both Rust libraries), named facts (datalogic-py: by position is 1.7
times as fast), a list of points in place of one number, a whole page in one call of `map`, zen's decision tables.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from benchmarks.scoring_facts import BITS, folded, numbered
from benchmarks.scoring_rules import Evaluate, Library

Asked = tuple[str, str, Any]
"""What is asked, of which fact, against what: contains, begins, ends, eq, ne, in, ge, lt, filled."""

_VERBS = {"begins-with": "begins", "ends-with": "ends", "like": "contains", "not-null": "filled"}


def asked(comparison: Mapping[str, Any]) -> Asked:
    """A comparison over prepared facts: text is folded on both sides, numbers and booleans are numbers."""
    value = comparison.get("value")
    many = value if isinstance(value, list) else [value]
    plain = [folded(one).strip("%") if isinstance(one, str) else numbered(one) for one in many]
    verb = _VERBS.get(comparison["op"], comparison["op"])
    return verb, comparison["column"], plain if isinstance(value, list) else plain[0]


def joined(tree: Mapping[str, Any], leaf: Callable[[Asked], str]) -> str:
    """A condition in infix notation with `and`, `or`, `not`."""
    if "not" in tree:
        return f"not ({joined(tree['not'], leaf)})"
    for key, word in (("all", " and "), ("any", " or ")):
        if key in tree:
            return f"({word.join(joined(member, leaf) for member in tree[key])})"
    return leaf(asked(tree))


class Infix(Library):
    """A library that takes text such as `(a == 1 and b) ? 5 : 0`."""

    def expression(self, leaf: Callable[[Asked], str]) -> str:
        """The packed number of a lead in the audience, and null outside."""
        terms = [f"({joined(group['when'], leaf)} ? {self.worth(at, group)} : 0)" for at, group in enumerate(self.own)]
        for at, group in enumerate(self.counting):
            terms.append(self._counted(f"events{at}", group, self.worth(at + len(self.own), group)))
        return f"{joined(self.entry, leaf)} ? ({' + '.join(terms)}) : null"

    def _counted(self, name: str, group: Mapping[str, Any], worth: int) -> str:
        rows = group["interactions"]
        match rows.get("count", "each"):
            case "none":
                return f"({name} == 0 ? {worth} : 0)"
            case "at-least":
                return f"({name} >= {rows['n']} ? {worth} : 0)"
        points, most = group["points"] << BITS, group["cap"] << BITS
        bit = worth - points
        return f"({name} * {points} > {most} ? {most + bit} : {name} > 0 ? {name} * {points} + {bit} : 0)"


class DataLogic(Library):
    """datalogic-py: JSONLogic in Rust; facts by position, one number back."""

    def compiled(self) -> Evaluate:
        engine = import_module("datalogic_py").Engine()
        terms = [{"if": [self._logic(group["when"]), self.worth(at, group), 0]} for at, group in enumerate(self.own)]
        terms += [self._counted(at, group) for at, group in enumerate(self.counting)]
        rule, session = engine.compile({"if": [self._logic(self.entry), {"+": terms}, None]}), engine.session()
        return lambda facts: session.evaluate(rule, facts)

    def _counted(self, at: int, group: Mapping[str, Any]) -> dict[str, Any]:
        rows, events = group["interactions"], {"var": str(self.names.index(f"events{at}"))}
        worth = self.worth(at + len(self.own), group)
        match rows.get("count", "each"):
            case "none":
                return {"if": [events, 0, worth]}
            case "at-least":
                return {"if": [{">=": [events, rows["n"]]}, worth, 0]}
        points, most = group["points"] << BITS, group["cap"] << BITS
        return {"if": [events, {"+": [{"min": [{"*": [events, points]}, most]}, worth - points]}, 0]}

    def _logic(self, tree: Mapping[str, Any]) -> dict[str, Any]:
        if "not" in tree:
            return {"!": [self._logic(tree["not"])]}
        for key, word in (("all", "and"), ("any", "or")):
            if key in tree:
                return {word: [self._logic(member) for member in tree[key]]}
        verb, column, value = asked(tree)
        fact = {"var": str(self.names.index(column))}
        match verb:
            case "filled":
                return {"!=": [fact, ""]}
            case "contains":
                return {"in": [value, fact]}
            case "begins" | "ends":
                return {{"begins": "starts_with", "ends": "ends_with"}[verb]: [fact, value]}
        return {{"eq": "==", "ne": "!=", "in": "in", "ge": ">=", "lt": "<"}[verb]: [fact, value]}


class Zen(Infix):
    """GoRules zen-engine: its expression language in Rust."""

    def compiled(self) -> Evaluate:
        expression, names = import_module("zen").compile_expression(self.expression(_zen)), self.names
        return lambda facts: expression.evaluate(dict(zip(names, facts, strict=True)))


class RuleEngine(Infix):
    """rule-engine: an expression language in Python."""

    def compiled(self) -> Evaluate:
        rule, names = import_module("rule_engine").Rule(self.expression(_rule_engine)), self.names
        return lambda facts: rule.evaluate(dict(zip(names, facts, strict=True)))


def _zen(one: Asked) -> str:
    verb, fact, value = one
    match verb:
        case "filled":
            return f'{fact} != ""'
        case "contains" | "begins" | "ends":
            function = {"contains": "contains", "begins": "startsWith", "ends": "endsWith"}[verb]
            return f"{function}({fact}, {_literal(value)})"
    return f"{fact} {_SIGNS[verb]} {_literal(value)}"


def _rule_engine(one: Asked) -> str:
    verb, fact, value = one
    match verb:
        case "filled":
            return f'{fact} != ""'
        case "contains":
            return f"{_literal(value)} in {fact}"
        case "begins":
            return (
                f"{fact} =~ {_literal(value)}"  # a regular expression from the start of the text; none is special here
            )
        case "ends":
            return f'{fact} =~~ "{str(value).replace(".", "[.]")}$"'
    return f"{fact} {_SIGNS[verb]} {_literal(value)}"


_SIGNS = {"eq": "==", "ne": "!=", "in": "in", "ge": ">=", "lt": "<"}


def _literal(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)
