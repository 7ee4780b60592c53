"""Words as the lexical part sees them: tokens with offsets, stems, and how rare each word is.

The weight of a word is its rarity in everyday English, in decades: 6.5 minus its Zipf frequency
(van Heuven et al. 2014, "SUBTLEX-UK", doi:10.1080/17470218.2013.850521; data: the wordfreq
package). It takes the place of BM25's inverse document frequency, which would make a mentor's
score depend on who else is in the pool; `benchmarks/quality.md` has the rows that compare the two.
"""

import functools
import math
import re
from collections.abc import Iterator
from typing import NamedTuple

import Stemmer

RAREST = 6.5
"""Weight of a word that the frequency list does not hold, in decades; words more frequent than
one in 320 ("good", "work" come close) weigh nothing."""

NUMBER = 1.0
"""Weight of digits, in decades: the frequency list holds no number above one digit, and an age or
a year that two texts share says next to nothing."""

_TOKEN = re.compile(r"[^\W_]+(?:[.+#'’&-][^\W_]+)*[+#]*")  # noqa: RUF001 (typographic apostrophe)

# Function words, and the words people wrap a wish in: they say nothing about a career.
_STOP_WORDS = frozenset(
    """
    a about above across after again all almost along already also although always am among an and
    another any anyone anybody anything are around as at away back be became because become been
    before being below between both but by came can cannot could did do does doing done don't down
    during each either else enough etc even ever every everyone everything few for from further get
    gets getting give given goes going gonna got had has have having he hello help her here hers
    herself hey hi him himself his how however i i'd i'll i'm i've if in instead into is isn't it
    it's its itself just keep know least less let let's like lot lots make makes making many may
    maybe me might mine more most mostly much must my myself need needs never next no nobody nor not
    nothing now of off often on once one only onto or other others our ours ourselves out over own
    perhaps please put quite rather really same say says see seems shall she should since so some
    somebody someone something sometimes soon still such take takes taking tell than thank thanks
    that that's the their theirs them themselves then there there's these they they're thing things
    think this those though through thus till to together too toward towards try trying under until
    up upon us use used using very via wanna want wanted wants was way we we're well went were what
    what's when where whether which while who whom whose why will wish with within without won't
    would yes yet you you're your yours yourself
    """.split()  # noqa: SIM905 (a list of two hundred quoted words is harder to read)
)


class Term(NamedTuple):
    """One word of a text: its stem, its weight in decades and its code-point offsets."""

    stem: str
    weight: float
    start: int
    end: int


def terms(text: str) -> Iterator[Term]:
    """The content words of `text`, in order; function words are left out."""
    for match in _TOKEN.finditer(text):
        known = _known(match.group())
        if known:
            yield Term(*known, *match.span())


def is_function_word(word: str) -> bool:
    """Whether `word` says nothing about a career."""
    return word.replace("’", "'").casefold() in _STOP_WORDS  # noqa: RUF001


def has_word(text: str) -> bool:
    """Whether `text` holds at least one letter or digit."""
    return _TOKEN.search(text) is not None


@functools.lru_cache(maxsize=100_000)
def _known(written: str) -> tuple[str, float] | None:
    """Stem and weight of a word as it is written; None for a function word."""
    word = written.replace("’", "'").casefold().removesuffix("'s")  # noqa: RUF001
    return None if word in _STOP_WORDS else (stem(word), weight(word))


@functools.lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The stem of a lower-case word (Snowball English)."""
    return str(_stemmer().stemWord(word))


@functools.lru_cache(maxsize=100_000)
def weight(word: str) -> float:
    """How rare a lower-case word is in everyday English, in decades, 0..6.5."""
    if word.isdecimal():
        return NUMBER
    parts = [p for p in re.split(r"[.'&-]", word) if p] or [word]
    return max(_decades(frequencies().get(part, 0.0)) for part in parts)


def _decades(frequency: float) -> float:
    if not frequency:
        return RAREST
    # wordfreq gives a share of all words; the Zipf scale is log10 of occurrences per billion.
    return min(RAREST, max(0.0, RAREST - (math.log10(frequency) + 9.0)))


@functools.cache
def _stemmer() -> Stemmer.Stemmer:
    return Stemmer.Stemmer("english")


@functools.cache
def frequencies() -> dict[str, float]:
    """Each word as a share of all words of everyday English."""
    import wordfreq  # half a second of reading a word list: only when a text is weighed

    return wordfreq.get_frequency_dict("en", "large")
