"""Values of rows, read as Dataverse compares them: text without case and accents, numbers as numbers."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal

_ACCENTS = dict.fromkeys(range(0x0300, 0x0370))  # elsewhere a combining mark may be a vowel, not an accent


def kind_of(value: object) -> str:
    """The kind of a value in words, without the value."""
    for kind, name in _KINDS:
        if isinstance(value, kind):
            return name
    return "null" if value is None else "a value of an unknown kind"


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "a boolean"),  # before the numbers: Python's bool is an int
    ((int, float, Decimal), "a number"),
    (str, "text"),
    (Mapping, "a related row"),
    ((list, tuple), "a list"),
)


def has_half_a_character(text: str) -> bool:
    """Whether half of a surrogate pair is in it: Python takes it for text, UTF-8 does not."""
    return any("\ud800" <= character <= "\udfff" for character in text)


def fold(text: str, *, accent_sensitive: bool) -> str:
    """The text as its collation sees it, but for trailing spaces: those are for the comparison to drop."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFD", text)
    if not accent_sensitive:
        # Most letters are one of ASCII and an accent. Where as many are left as there were, no other was lost, and a
        # fifth of the time is enough.
        letters = decomposed.encode("ascii", "ignore")
        if len(letters) == len(text):
            return letters.decode().lower()
        decomposed = decomposed.translate(_ACCENTS)
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", decomposed.casefold()))


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a model reads values: the zone of its days, and its collation."""

    zone: tzinfo
    accent_sensitive: bool

    def folded(self, text: str) -> str:
        """`fold` under this collation."""
        return fold(text, accent_sensitive=self.accent_sensitive)


def as_decimal(value: object) -> Decimal | None:
    """The number as its shortest decimal spelling, so that 0.1 is 0.1 whatever its type; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return Decimal(repr(value))
    return Decimal(value) if isinstance(value, int | Decimal) else None
