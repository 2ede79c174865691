"""What can go wrong, by what the caller does about it.

ScoringError
 +-- DefinitionError   the model is wrong: its author mends it
 +-- FactError         a row is not of the shape that the model expects: a fault, never a score of zero
"""

from dataclasses import dataclass

Place = tuple[str | int, ...]
"""Where in a document, from its root: ("groups", 2, "when", "any", 0, "op")."""


def place_text(place: Place) -> str:
    """The place as people write it: groups[2].when.any[0].op."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return text.removeprefix(".")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a definition, and where in the author's document."""

    place: Place
    message: str

    def __str__(self) -> str:
        return f"{place_text(self.place)}: {self.message}" if self.place else self.message


class ScoringError(Exception):
    """Anything that this package refuses."""


class DefinitionError(ScoringError):
    """The definition cannot be used; `problems` holds everything that is wrong with it, in one go."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class FactError(ScoringError):
    """A column holds another kind of value than the model compares it with; names both kinds, never the value."""

    def __init__(self, column: str, wanted: str, found: str) -> None:
        super().__init__(column, wanted, found)
        self.column, self.wanted, self.found = column, wanted, found

    def __str__(self) -> str:
        return f"column {self.column} holds {self.found} where the model expects {self.wanted}"
