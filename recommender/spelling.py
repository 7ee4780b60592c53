"""Misspelt everyday words, read as what was meant: "I want to lern welding"."""

import functools
from string import ascii_lowercase

from models.terms import frequencies, weight

UNHEARD = 4.0  # decades of rarity: "becom" has 4.8, "lern" 5.1; a typo is rarer than that
EVERYDAY = 2.3  # decades: only a word as common as this is likely to be meant
SHORTEST = 4  # letters; a shorter word is next to too many others


@functools.lru_cache(maxsize=50_000)
def meant(word: str) -> str:
    """The everyday word that is one slip from a lower-case word nobody uses, else the word itself.

    A slip leaves a letter out, doubles or adds one, exchanges two, or hits another (Damerau 1964,
    "A technique for computer detection and correction of spelling errors",
    doi:10.1145/363958.363994); the first letter is taken to be right.
    """
    if len(word) < SHORTEST or not (word.isascii() and word.isalpha()) or weight(word) < UNHEARD:
        return word
    often = frequencies()  # asked directly: hundreds of slips are not worth remembering each
    likely = max(sorted(_slips(word)), key=lambda other: often.get(other, 0.0))
    return likely if weight(likely) < EVERYDAY else word


def _slips(word: str) -> set[str]:
    first, rest = word[0], word[1:]
    splits = [(first + rest[:i], rest[i:]) for i in range(len(rest) + 1)]
    less = {a + b[1:] for a, b in splits if b}
    swapped = {a + b[1] + b[0] + b[2:] for a, b in splits if len(b) > 1}
    other = {a + c + b[1:] for a, b in splits if b for c in ascii_lowercase}
    more = {a + c + b for a, b in splits for c in ascii_lowercase}
    return less | swapped | other | more
