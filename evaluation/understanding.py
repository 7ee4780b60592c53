"""How well goals are understood: parts, what they are about, the help asked for, hints.

Parts are compared by their first and last word, so that a comma here or there changes nothing
(strict segmentation agreement); boundaries by the words that begin a part after the first.
"""

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

_WORD = re.compile(r"\w+")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Counted:
    """What was found rightly, found wrongly, and missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """Range [0, 1]; 1 where nothing was found."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """Range [0, 1]; 1 where there was nothing to find."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of both, range [0, 1]."""
        both = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / both if both else 1.0


def counted(pairs: Iterable[tuple[AbstractSet[Any], AbstractSet[Any]]]) -> Counted:
    """Over all pairs of what is there and what was found."""
    right = wrong = missed = 0
    for there, found in pairs:
        right += len(there & found)
        wrong += len(found - there)
        missed += len(there - found)
    return Counted(right, wrong, missed)


def placed(text: str, parts: Sequence[str]) -> list[Span]:
    """Code-point offsets of parts that stand in `text` one after the other.

    Raises ValueError naming the part that does not.
    """
    spans, at = [], 0
    for part in parts:
        found = text.find(part, at)
        if found < 0:
            raise ValueError(f"The part {part!r} does not stand in {text[at:]!r}.")
        at = found + len(part)
        spans.append((found, at))
    return spans


def words_of(text: str, spans: Iterable[Span]) -> set[Span]:
    """The number of the first and of the last word of each span that holds one."""
    words = [match.span() for match in _WORD.finditer(text)]
    found: set[Span] = set()
    for start, end in spans:
        inside = [i for i, (begin, stop) in enumerate(words) if begin >= start and stop <= end]
        if inside:
            found.add((inside[0], inside[-1]))
    return found


def beginnings(words: set[Span]) -> set[int]:
    """The words at which parts begin, without the first of the text."""
    return {first for first, _ in words if first}


def macro_f1(gold: Sequence[str], found: Sequence[str | None], labels: Sequence[str]) -> float:
    """The mean over `labels` of each one's F1, range [0, 1]."""
    scores = [
        Counted(
            sum(g == f == label for g, f in zip(gold, found, strict=True)),
            sum(f == label != g for g, f in zip(gold, found, strict=True)),
            sum(g == label != f for g, f in zip(gold, found, strict=True)),
        ).f1
        for label in labels
    ]
    return sum(scores) / len(scores)
