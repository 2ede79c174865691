"""The model as the rule libraries take it: each writes conditions in a form of its own, over prepared facts."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from benchmarks.scoring_facts import BITS, OUTSIDE, Answer, Counting, explained, folded, numbered, unaccented

Evaluate = Callable[[Sequence[object]], float | None]
"""One lead's facts, by position -> points * 2**BITS + mask, or None outside the audience."""


def comparisons(tree: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every comparison of a condition."""
    if "column" in tree:
        yield tree
    for member in tree.get("all", []) + tree.get("any", []) + [tree[key] for key in ("not",) if key in tree]:
        yield from comparisons(member)


class Library(ABC):
    """Answers pages of leads by a rule library."""

    def __init__(self, definition: Mapping[str, Any]) -> None:
        self.entry = definition["entry"]
        self.own = [group for group in definition["groups"] if "when" in group]
        self.counting = [group for group in definition["groups"] if "interactions" in group]
        self.grades = definition["grades"]
        asked = [one for tree in (self.entry, *(group["when"] for group in self.own)) for one in comparisons(tree)]
        self.texts = sorted({one["column"] for one in asked if _is_text(one)})
        self.numbers = sorted({one["column"] for one in asked} - set(self.texts))
        self.names = [*self.texts, *self.numbers, *(f"events{at}" for at in range(len(self.counting)))]
        kinds = {folded(group["interactions"]["where"]["value"]): at for at, group in enumerate(self.counting)}
        days = [group["interactions"].get("within_days") for group in self.counting]
        self.counter = Counting(kinds, [None if span is None else timedelta(days=span) for span in days])
        self.explain = explained([_own(at, group) for at, group in enumerate(self.own, 1)], self._varying())
        self.evaluate = self.compiled()

    @abstractmethod
    def compiled(self) -> Evaluate:
        """The model in the library's form, made once."""

    def page(self, leads: Sequence[Mapping[str, Any]], events: Sequence[Mapping[str, Any]]) -> list[Answer]:
        """The answers to a page of raw rows."""
        counts = self.counter.of_leads(leads, events)
        texts, numbers, evaluate, answers = self.texts, self.numbers, self.evaluate, list[Answer]()
        for lead in leads:
            counted = counts[lead["leadid"]]
            # A call for each text would cost more than the libraries do: what is plain ASCII is folded here.
            facts: list[object] = [
                text.lower().rstrip(" ") if (text := lead[name] or "").isascii() else unaccented(text) for name in texts
            ]
            facts += [numbered(lead[name]) for name in numbers]
            facts += counted.events
            packed = evaluate(facts)
            if packed is None:
                answers.append(OUTSIDE)
                continue
            total, mask = divmod(int(packed), 1 << BITS)
            answers.append((total, self._grade(total), self.explain(mask, counted.events), counted.until))
        return answers

    def worth(self, at: int, group: Mapping[str, Any]) -> int:
        """What a matched group adds to the packed number."""
        return int(group["points"] << BITS) + (1 << at)

    def _grade(self, total: int) -> str | None:
        for grade in self.grades:
            if grade.get("min", total) <= total <= grade.get("max", total):
                return str(grade["name"])
        return None

    def _varying(self) -> list[Callable[[int], str]]:
        return [_counted(at, group) for at, group in enumerate(self.counting, len(self.own) + 1)]


def _is_text(comparison: Mapping[str, Any]) -> bool:
    value = comparison.get("value", "")
    return isinstance(value[0] if isinstance(value, list) else value, str)


def _own(number: int, group: Mapping[str, Any]) -> str:
    return f'{{"group":{number},"points":{group["points"]}}}'


def _counted(number: int, group: Mapping[str, Any]) -> Callable[[int], str]:
    points, cap, each = group["points"], group.get("cap"), group["interactions"].get("count", "each") == "each"

    def text(events: int) -> str:
        gained = points * events if each else points
        return f'{{"events":{events},"group":{number},"points":{gained if cap is None else min(cap, gained)}}}'

    return text
