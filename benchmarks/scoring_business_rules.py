"""business-rules: a rule list over a class of variables and a class of actions. It knows no `not`, `ne` and `in`."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from benchmarks.scoring_facts import BITS
from benchmarks.scoring_libraries import asked
from benchmarks.scoring_rules import Evaluate, Library

_OPERATORS = {
    "begins": "starts_with",
    "ends": "ends_with",
    "contains": "contains",
    "eq": "equal_to",
    "ge": "greater_than_or_equal_to",
    "lt": "less_than",
    "filled": "non_empty",
}


class BusinessRules(Library):
    """Fifteen rules, each with an action that adds its group."""

    def compiled(self) -> Evaluate:
        run_all = import_module("business_rules").run_all
        variables, actions = self._variables()(), _actions()()
        entry = [{"conditions": _document(self.entry), "actions": []}]
        rules = [
            _rule(_document(group["when"]), "add", worth=self.worth(at, group)) for at, group in enumerate(self.own)
        ]
        rules += [self._counted(at, group) for at, group in enumerate(self.counting)]

        def evaluate(facts: Sequence[object]) -> float | None:
            variables.facts, actions.facts, actions.packed = facts, facts, 0
            if not run_all(entry, variables, actions):
                return None
            run_all(rules, variables, actions)
            return int(actions.packed)

        return evaluate

    def _counted(self, at: int, group: Mapping[str, Any]) -> dict[str, Any]:
        rows, name, worth = group["interactions"], f"events{at}", self.worth(at + len(self.own), group)
        match rows.get("count", "each"):
            case "none":
                return _rule(_condition(name, "less_than", 1), "add", worth=worth)
            case "at-least":
                return _rule(_condition(name, "greater_than_or_equal_to", rows["n"]), "add", worth=worth)
        points, most = group["points"] << BITS, group["cap"] << BITS
        each = {"fact": self.names.index(name), "points": points, "most": most, "bit": worth - points}
        return _rule(_condition(name, "greater_than_or_equal_to", 1), "add_each", **each)

    def _variables(self) -> type[Any]:
        library = import_module("business_rules.variables")
        kinds = [
            library.string_rule_variable if name in self.texts else library.numeric_rule_variable for name in self.names
        ]
        named = zip(self.names, kinds, strict=True)
        members = {name: kind(label=name)(_reader(at)) for at, (name, kind) in enumerate(named)}
        return type("Variables", (library.BaseVariables,), members)


def _actions() -> type[Any]:
    library, fields = import_module("business_rules.actions"), import_module("business_rules.fields")

    def add(self: Any, worth: int) -> None:
        self.packed += worth

    def add_each(self: Any, fact: int, points: int, most: int, bit: int) -> None:
        self.packed += min(points * self.facts[fact], most) + bit

    number = fields.FIELD_NUMERIC
    params = {"fact": number, "points": number, "most": number, "bit": number}
    members = {
        "add": library.rule_action(params={"worth": number})(add),
        "add_each": library.rule_action(params=params)(add_each),
    }
    return type("Actions", (library.BaseActions,), members)


def _reader(at: int) -> Callable[[Any], object]:
    return lambda self: self.facts[at]


def _rule(conditions: Mapping[str, Any], action: str, **params: int) -> dict[str, Any]:
    return {"conditions": conditions, "actions": [{"name": action, "params": params}]}


def _condition(name: str, operator: str, value: object) -> dict[str, Any]:
    return {"name": name, "operator": operator, "value": value}


def _document(tree: Mapping[str, Any], *, negated: bool = False) -> dict[str, Any]:
    if "not" in tree:
        return _document(tree["not"], negated=not negated)
    for key, other in (("all", "any"), ("any", "all")):
        if key in tree:
            return {other if negated else key: [_document(member, negated=negated) for member in tree[key]]}
    verb, name, value = asked(tree)
    if verb == "in":
        return {"any": [_condition(name, "equal_to", one) for one in value]}
    if verb == "ne" or negated:
        return _differs(name, value)
    return _condition(name, _OPERATORS[verb], value)


def _differs(name: str, value: object) -> dict[str, Any]:
    if isinstance(value, str):
        return _condition(name, "matches_regex", f"^(?!{value}$)")
    return {"any": [_condition(name, "less_than", value), _condition(name, "greater_than", value)]}
