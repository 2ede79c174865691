"""When no text can meet some patterns and miss others; silent where that cannot be told."""

from collections.abc import Callable, Iterable
from itertools import combinations

from scoring.conditions import Comparison
from scoring.values import fold

PATTERNS = frozenset({"like", "begins-with", "ends-with"})
_WILD = "%_["
_ANY = "\ue000"  # a character of private use: in a text, only a wildcard takes it

Holds = Callable[[Comparison, str], bool | None]
"""The engine's answer for a comparison and a text."""


def is_plain(comparison: Comparison) -> bool:
    """Whether a `like` has no wildcard, and so asks for one text."""
    return comparison.op == "like" and not any(wild in str(comparison.value) for wild in _WILD)


def conflict(met: Iterable[Comparison], missed: Iterable[Comparison], holds: Holds, *, accent_sensitive: bool) -> bool:
    """Whether it is certain that no text meets the patterns of `met` and none of `missed`."""
    met, missed = tuple(met), tuple(missed)

    def folded(text: str) -> str:
        return fold(text, accent_sensitive=accent_sensitive)

    beginnings = [folded(_beginning(one)) for one in met]
    endings = [folded(_ending(one)) for one in met]
    if any(not (a.startswith(b) or b.startswith(a)) for a, b in combinations(beginnings, 2)):
        return True
    if any(not (a.endswith(b) or b.endswith(a)) for a, b in combinations(endings, 2)):
        return True
    return any(_implies(one, other, holds, folded) for one in met for other in missed)


def _implies(one: Comparison, other: Comparison, holds: Holds, folded: Callable[[str], str]) -> bool:
    """Whether every text of the one pattern is a text of the other.

    In a text of the one with a stranger for each of its wildcards, only a % of the other can take the strangers; so it
    would take whatever stands there. This needs another pattern whose only wildcards are %.
    """
    if folded(_whole(one)) == folded(_whole(other)):
        return True
    asked = _whole(other)
    if "_" in asked or "[" in asked or "[" in _whole(one):
        return False
    return holds(other, _whole(one).replace("%", _ANY).replace("_", _ANY)) is True


def _whole(comparison: Comparison) -> str:
    written = str(comparison.value)
    whole = {"begins-with": f"{written}%", "ends-with": f"%{written}"}.get(comparison.op, written)
    return whole.rstrip(" ")


def _beginning(comparison: Comparison) -> str:
    whole = _whole(comparison)
    return whole[: min((at for wild in _WILD if (at := whole.find(wild)) >= 0), default=len(whole))]


def _ending(comparison: Comparison) -> str:
    whole = _whole(comparison)
    return whole[max(whole.rfind(wild) for wild in "%_]") + 1 :]
