"""Text without case and accents: the quick way to it is the long one's, for every letter."""

import unicodedata

from scoring.values import fold

ACCENTS = dict.fromkeys(range(0x0300, 0x0370))


def plainly(text: str) -> str:
    bare = unicodedata.normalize("NFD", text).translate(ACCENTS)
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", bare.casefold()))


def test_every_character_alone_and_among_letters_folds_as_its_definition_says() -> None:
    for point in range(0x20, 0x10000):
        for text in (chr(point), f"A{chr(point)}z"):
            assert fold(text, accent_sensitive=False) == plainly(text), hex(point)


def test_marks_on_their_own_are_dropped_and_letters_beyond_ascii_are_kept() -> None:
    texts = {"Ge\u0301rant": "gerant", "Stra\u00dfe": "strasse", "\u0141\u00f3d\u017a": "\u0142odz", "\u03a9": "\u03c9"}
    assert {text: fold(text, accent_sensitive=False) for text in texts} == texts


def test_accents_count_where_the_collation_says_so() -> None:
    assert fold("G\u00c9RANT", accent_sensitive=True) == fold("Ge\u0301rant", accent_sensitive=True) == "g\u00e9rant"
