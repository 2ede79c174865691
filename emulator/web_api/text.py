"""How Dataverse compares text: without case, accents and trailing spaces (the CI_AI collation of SQL Server)."""

import re
import unicodedata
from functools import lru_cache

_LIGATURES = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l"})
_WILDCARDS = re.compile(r"%|_|\[\^?[^\]]+\]|.", re.DOTALL)
_MEMBERS = re.compile(r"(?P<first>.)-(?P<last>.)|.", re.DOTALL)


def folded(text: str) -> str:
    """The form in which two texts that compare as equal are the same."""
    return _folded(text).rstrip(" ")


def collate(left: str, right: str) -> int:
    """-1, 0 or 1, for SQLite's collation of the text columns."""
    a, b = folded(left), folded(right)
    return (a > b) - (a < b)


def matches(text: str | None, pattern: str) -> bool:
    """SQL Server's LIKE on folded text: `%`, `_`, `[a-z]` and `[^a-z]` are wildcards; null matches nothing."""
    return text is not None and _compiled(pattern).fullmatch(_folded(text)) is not None


@lru_cache(maxsize=65_536)
def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold()).casefold()
    return "".join(c for c in decomposed if not unicodedata.combining(c)).translate(_LIGATURES)


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(_piece(piece) for piece in _WILDCARDS.findall(pattern)), re.DOTALL)


def _piece(piece: str) -> str:
    if piece == "%":
        return ".*"
    if piece == "_":
        return "."
    if len(piece) == 1:
        return re.escape(_folded(piece))
    negated = piece[1] == "^"
    members = "".join(_member(found) for found in _MEMBERS.finditer(_folded(piece[2 if negated else 1 : -1])))
    if not members:
        return "." if negated else "(?!)"
    return f"[{'^' * negated}{members}]"


def _member(found: re.Match[str]) -> str:
    first, last = found["first"], found["last"]
    if first is None:
        return re.escape(found[0])
    return f"{re.escape(first)}-{re.escape(last)}" if first <= last else ""
