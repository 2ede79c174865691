"""Dataverse's wildcards, matched in one pass over the text: % any run, _ any character, [a-f] [^a-f] one of a set.

The Shift-And automaton: bit n of `states` says that the first n pieces match the text read so far. No backtracking, so
no pattern can be slow. Source: learn.microsoft.com/power-apps/developer/data-platform/wildcard-characters.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

MAX_PATTERN_CHARACTERS = 200
WILDCARDS = frozenset("%_[")

Fold = Callable[[str], str]


class PatternError(ValueError):
    """The pattern has no meaning; says why."""


@dataclass(frozen=True, slots=True)
class _Set:
    """What stands between brackets."""

    text: str
    negated: bool

    def folded(self, fold: Fold) -> Callable[[str], bool]:
        ranges, singles, rest = [], "", self.text
        while rest:
            if len(rest) >= 3 and rest[1] == "-":
                ranges.append((fold(rest[0]), fold(rest[2])))
                rest = rest[3:]
            else:
                singles, rest = singles + rest[0], rest[1:]
        members = frozenset(fold(singles))

        def holds(character: str) -> bool:
            found = character in members or any(low <= character <= high for low, high in ranges)
            return found is not self.negated

        return holds


_Piece = str | _Set  # a character, or "%" or "_" for the wildcards; a literal one of those is a _Set of itself


def check_pattern(pattern: str) -> None:
    """PatternError when the pattern is too long or has a bracket that opens nothing."""
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        message = f"has {len(pattern):,} characters: a pattern has at most {MAX_PATTERN_CHARACTERS}"
        raise PatternError(message)
    for _ in _tokens(pattern):
        pass


def matcher(pattern: str, fold: Fold) -> Callable[[str], bool]:
    """Says whether a folded text is what the pattern describes, whatever spaces trail it."""
    accepted: dict[str, int] = {}
    anything, sets, runs, size = 0, [], 0, 0
    for piece in _folded_tokens(pattern, fold):
        if piece == "%":
            runs |= 1 << size
            continue
        if piece == "_":
            anything |= 1 << size
        elif isinstance(piece, _Set):
            sets.append((1 << size, piece.folded(fold)))
        else:
            accepted[piece] = accepted.get(piece, 0) | 1 << size
        size += 1
    return _automaton(accepted, anything, tuple(sets), runs, 1 << size)


def _automaton(
    accepted: dict[str, int], anything: int, sets: tuple[tuple[int, Callable[[str], bool]], ...], runs: int, end: int
) -> Callable[[str], bool]:
    def accepts(character: str) -> int:
        mask = accepted.get(character, 0) | anything
        for bit, holds in sets:
            if holds(character):
                mask |= bit
        return mask

    def matches(text: str) -> bool:
        states, seen = 1, dict[str, int]()
        for character in text:
            if character not in seen:
                seen[character] = accepts(character)
            stay = runs | end if character == " " else runs  # at the end only trailing spaces may follow
            states = (states & seen[character]) << 1 | states & stay
            if not states:
                return False
        return bool(states & end)

    return matches


def _folded_tokens(pattern: str, fold: Fold) -> Iterator[_Piece]:
    literal = ""  # folded whole, so that a letter and the accent that follows it become one character
    for piece in _tokens(pattern):
        if isinstance(piece, str) and piece not in "%_":
            literal += piece
            continue
        yield from fold(literal)
        literal = ""
        yield piece
    yield from fold(literal)


def _tokens(pattern: str) -> Iterator[_Piece]:
    at = 0
    while at < len(pattern):
        if pattern[at] != "[":
            yield pattern[at]
            at += 1
            continue
        close = pattern.find("]", at)
        if close < 0:
            raise PatternError("has a [ without its ]; a literal [ is written [[]")
        negated = pattern.startswith("[^", at)
        text = pattern[at + 1 + negated : close]
        if not text:
            raise PatternError("has brackets with nothing in them; a literal [ is written [[]")
        yield _Set(text, negated)
        at = close + 1
