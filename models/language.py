"""Which language a text is written in, where that can be told."""

import functools
from itertools import islice
from typing import TYPE_CHECKING

from models.terms import terms, weight

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

CONFIDENCE = 0.8  # below this the guess is as often wrong as right on one-line goals
FEWEST_WORDS = 3  # two content words are too few to tell Dutch from German from English
UNHEARD = 3.5  # decades of rarity: "quantum" has 2.6, "und" 3.0, "quiero" 4.0
ENGLISH = 0.8  # a text with more well-known English words is English, whatever its letters say
_ASCII_END = 128


@functools.lru_cache(maxsize=1_000)
def foreign_language(text: str) -> str | None:
    """The ISO 639 code of `text` when it is clearly not English, else None."""
    other_script = not text.isascii() and _is_in_other_letters(text)
    if not other_script and sum(1 for _ in islice(terms(text), FEWEST_WORDS)) < FEWEST_WORDS:
        return None
    if not other_script and _english_words(text) >= ENGLISH:
        return None
    language, probability = _identifier().classify(text)
    if language == "en" or not (other_script or probability >= CONFIDENCE):
        return None
    return str(language)


def _is_in_other_letters(text: str) -> bool:
    letters = [c for c in text if c.isalpha()]
    return 2 * sum(ord(c) >= _ASCII_END for c in letters) > len(letters)


def _english_words(text: str) -> float:
    """The share of its words that English texts hold often, range [0, 1]."""
    words = [word.casefold() for word in text.split() if word.isalpha()]
    return sum(weight(word) < UNHEARD for word in words) / max(1, len(words))


@functools.cache
def _identifier() -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # most of a second to load

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
