"""A goal text read as words, and the places between them where a part could begin."""

import re
import unicodedata
from dataclasses import dataclass

from models.sentences import sentences
from recommender.spelling import meant
from recommender.wordclass import word_class

JOINERS = frozenset(
    """
    and but so plus then also or yet because while later though und et e aber mais pero mas y og och
    maar
    """.split()  # noqa: SIM905 (a list of quoted words is harder to read)
)
_ENGLISH = {
    **dict.fromkeys(("und", "et", "e", "y", "og", "och"), "and"),
    **dict.fromkeys(("aber", "mais", "pero", "mas", "maar"), "but"),
}
_WORD = re.compile(r"[^\W_]+(?:['’\-.&/+][^\W_]+)*[+#]*")  # noqa: RUF001 (typographic apostrophe)

# "1." is also how a sentence ends ("CFA level 2. Now ..."): in running text it is a marker only
# where the words before it have ended.
_MARKER = re.compile(
    r"(?:^|(?<=\s))\(?(?:[0-9]{1,2}|[a-zA-Z])\)(?=\s)"
    r"|^[ \t]*[0-9]{1,2}\.(?=\s)|(?<=[.;:!?,]\s)[0-9]{1,2}\.(?=\s)",
    re.MULTILINE,
)
_MARK = re.compile(r"[.?!;\n,:()\-–—/→>+•*|\"“”…&=]|[^\w\s'’.,-]")  # noqa: RUF001
_ABBREVIATED = re.compile(
    r"\b(?:esp|e\.g|i\.e|s\.t|incl|approx|resp|vs|yrs?|dept|mgmt)\.$", re.IGNORECASE
)
# Words that open a clause also where the writer sets no mark before them.
_OPENERS = frozenset(
    (
        "I",
        "WE",
        "WISH",
        "WH",
        "POLITE",
        "V",
        "AUX",
        "SOME",
        "MY",
        "CONJ",
        "SUB",
        "NUM",
        "THEY",
        "ADV",
    )
)

# In order: of several marks between two words the first found here is the one that counts.
_MARKS = (
    ("?", "Q"), ("!", "E"), ("…", "DOTS"), ("...", "DOTS"), (".", "P"), (";", ";"), (":", ":"),
    ("→", "AR"), (">", "AR"), ("—", "DASH"), ("–", "DASH"),  # noqa: RUF001
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seam:
    """A place before `word` where a part could begin.

    `mark` is the sort of what is written there ("_" for nothing but blanks), `certain` holds at a
    new line and a list marker.
    """

    word: int
    mark: str
    ends_sentence: bool
    certain: bool

    @property
    def sort(self) -> str:
        return "S" if self.ends_sentence else self.mark


@dataclass(frozen=True, slots=True)
class Reading:
    """The words of a text, list markers left out: code-point offsets, lower case, and sort."""

    text: str
    spans: tuple[tuple[int, int], ...]
    words: tuple[str, ...]
    classes: tuple[str, ...]
    seams: tuple[Seam, ...]

    def between(self, first: int, end: int) -> str:
        """The text from word `first` to the word before `end`."""
        return self.text[self.spans[first][0] : self.spans[end - 1][1]]

    def head(self, at: int, end: int) -> int:
        """The word that a clause at word `at` begins with, joining words passed over."""
        while at + 1 < end and self.words[at] in JOINERS:
            at += 1
        return at


def read(text: str) -> Reading:
    """`text`, which holds a word, as words and seams."""
    markers = [match.span() for match in _MARKER.finditer(text)]
    every = [match.span() for match in _WORD.finditer(text)]
    spans = [s for s in every if not any(a <= s[0] and s[1] <= b for a, b in markers)] or every
    words = [text[a:b].lower().replace("’", "'") for a, b in spans]  # noqa: RUF001
    words = [_ENGLISH.get(word) or meant(word) for word in words]
    classes = [word_class(word) for word in words]
    starts = [start for start, _ in sentences(text) if start]
    seams = []
    for i in range(1, len(spans)):
        before, after = spans[i - 1][1], spans[i][0]
        listed = any(before <= a and b <= after for a, b in markers)
        sentence = any(before <= s <= after for s in starts) and not _abbreviated(text, after)
        gap = _without_accents(text[before:after])
        opens = gap.isspace() and classes[i] in _OPENERS
        if gap and (listed or sentence or opens or _MARK.search(gap)):
            mark = "NL" if listed else _mark(gap)
            seams.append(Seam(i, mark, sentence, mark == "NL"))
    return Reading(text, tuple(spans), tuple(words), tuple(classes), tuple(seams))


def _abbreviated(text: str, after: int) -> bool:
    return text[after].islower() and _ABBREVIATED.search(text[:after].rstrip()) is not None


def _without_accents(gap: str) -> str:
    """`gap` less the combining marks that belong to the letter before them."""
    return "".join(c for c in gap if unicodedata.category(c) not in {"Mn", "Mc", "Me", "Cf"})


def _mark(gap: str) -> str:
    if "\n" in gap:
        return "NL"
    close = "".join(gap.split())
    for sign, mark in _MARKS:
        if sign in close:
            return mark + ")" * (")" in close)
    if re.search(r"\s-+\s", gap):
        return "DASH"
    if ")" in close:
        return "),"[: 1 + ("," in close)]
    for sign in "(,+":
        if sign in close:
            return sign
    if "/" in close:
        return "/" if " / " in gap else "w/w"
    if not close:
        return "_"
    return "EMO" if re.search(r"[^\w\s'\"“”&*•|=-]", close) else "OTH"
