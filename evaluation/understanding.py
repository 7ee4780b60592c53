"""How well goal texts are understood, against what a careful reader says."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TypeVar

_WORD = re.compile(r"\w+")

Span = tuple[int, int]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Counts:
    """How many were found rightly, found wrongly, and missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.right + other.right, self.wrong + other.wrong, self.missed + other.missed
        )

    @property
    def precision(self) -> float:
        """Share of what was found that is right, range [0, 1]; 0 when nothing was found."""
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Share of what is there that was found, range [0, 1]; 0 when nothing is there."""
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall, range [0, 1]."""
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)


def compared(wanted: AbstractSet[T], found: AbstractSet[T]) -> Counts:
    """Counts of one set against another."""
    return Counts(len(wanted & found), len(found - wanted), len(wanted - found))


def parts_found(text: str, wanted: Iterable[Span], found: Iterable[Span]) -> Counts:
    """A part counts as found when its first and its last word are the reader's."""
    return compared(words_of(text, wanted), words_of(text, found))


def borders_found(text: str, wanted: Iterable[Span], found: Iterable[Span]) -> Counts:
    """A border is the first word of a part; that of the text is no border."""
    first, second = ({a for a, _ in words_of(text, spans) if a} for spans in (wanted, found))
    return compared(first, second)


def macro_f1(wanted: Sequence[str], found: Sequence[str], labels: Sequence[str]) -> float:
    """The mean over `labels` of each one's F1, range [0, 1]."""
    return sum(label_counts(wanted, found, label).f1 for label in labels) / len(labels)


def label_counts(wanted: Sequence[str], found: Sequence[str], label: str) -> Counts:
    """Counts of one label."""
    pairs = Counter((w == label, f == label) for w, f in zip(wanted, found, strict=True))
    return Counts(pairs[True, True], pairs[False, True], pairs[True, False])


def accuracy(wanted: Sequence[str], found: Sequence[str]) -> float:
    """Share of equal labels, range [0, 1]; 0 of nothing."""
    equal = sum(w == f for w, f in zip(wanted, found, strict=True))
    return equal / max(1, len(wanted))


def words_of(text: str, spans: Iterable[Span]) -> set[Span]:
    """Spans as numbers of their first and last word; one without a word is left out."""
    words = [match.span() for match in _WORD.finditer(text)]
    found = set()
    for start, end in spans:
        inside = [i for i, (a, b) in enumerate(words) if a >= start and b <= end]
        if inside:
            found.add((inside[0], inside[-1]))
    return found
