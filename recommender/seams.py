"""What speaks for and against a new part at a seam, as features of a linear model.

Three things are looked at: what is written at the seam (mark, joining word, line), the words
beside it (each as itself where it is common, else as its sort), and what either side would be
labelled. Most are looked at together with the mark, since "and" after a comma means another thing
than "and" alone.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.terms import weight
from recommender.help import FILLER, KINDS, SELF
from recommender.reading import JOINERS, Reading, Seam
from recommender.wordclass import word_class

Chances = Callable[[int, int], NDArray[np.float64]]
"""How likely each label is for the words from one number to before another."""

NEAR = 30  # words: more on a side change no decision, and a text without any stop costs the square
COMMON = 1.6  # decades of rarity: commoner words are looked at as themselves
_STEPS = (1, 2, 3, 4, 6, 9, 14, 99)  # lengths in words are told apart this finely
_SEVERAL = 3
_STRENGTH = 4.0  # how much a chance counts beside a feature that is there or not
_JOINS = frozenset(["and", "but", "so", "or", "because", "while", "as"])
_SUBJECTS = frozenset(("I", "WE", "THEY"))
_VERBS = frozenset(("I", "WE", "WISH", "AUX", "V", "VED", "THEY"))
_CONDITIONS = frozenset(
    [
        "if",
        "when",
        "whenever",
        "although",
        "though",
        "because",
        "unless",
        "once",
        "after",
        "before",
        "since",
        "every",
        "while",
    ]
)


@dataclass(frozen=True, slots=True)
class _Side:
    """Where the clause and the sentence around a seam begin and end, as numbers of words."""

    sentence: int
    clause: int
    here: int
    head: int
    clause_end: int
    sentence_end: int


def features(reading: Reading, chances: Chances) -> list[dict[str, float]]:
    """The features of each seam of `reading`, by name."""
    words, seams = len(reading.words), reading.seams
    hard = [0, *(s.word for s in seams if s.ends_sentence or s.certain), words]
    soft = [
        0,
        *(s.word for s in seams if s.mark != "_" or reading.words[s.word] in JOINERS),
        words,
    ]
    shapes = [_shape(word) for word in reading.words]
    style = _style(reading)
    found = []
    for seam in seams:
        here = seam.word
        sentence, sentence_end = _around(hard, here)
        clause, clause_end = _around(soft, here)
        head = here
        while head < min(here + 2, sentence_end - 1) and reading.words[head] in JOINERS:
            head += 1
        side = _Side(sentence, clause, here, head, clause_end, sentence_end)
        names = _names(reading, seam, side, shapes, style, _commas(seams, sentence, sentence_end))
        found.append(dict.fromkeys(names, 1.0) | _of_labels(reading, seam, side, chances))
    return found


def _around(bounds: Sequence[int], here: int) -> tuple[int, int]:
    return bounds[bisect_left(bounds, here) - 1], bounds[bisect_right(bounds, here)]


def _commas(seams: Sequence[Seam], start: int, end: int) -> int:
    return min(_SEVERAL, sum(1 for s in seams if start < s.word < end and s.mark == ","))


def _style(reading: Reading) -> str:
    """How many stops a text has, whether commas and capitals: some people write none."""
    stops = sum(reading.text.count(sign) for sign in ".!?;\n") / len(reading.words)
    lower = reading.text == reading.text.lower()
    return f"{(stops >= 0.03) + (stops >= 0.08)}{',' in reading.text:d}{lower:d}"  # noqa: PLR2004


def _shape(word: str) -> str:
    sort = word_class(word)
    if sort in {"NUM", "N", "Ns"}:
        return sort
    return sort if sort in {"V", "VED", "VING"} and weight(word) >= COMMON else word


def _length(words: int) -> int:
    return next((step for step in _STEPS if words <= step), _STEPS[-1])


def _join(reading: Reading, side: _Side) -> str:
    if side.head == side.here:
        return "-"
    word = reading.words[side.here]
    return word if word in _JOINS else "then"


def _names(
    reading: Reading, seam: Seam, side: _Side, shapes: Sequence[str], style: str, commas: int
) -> list[str]:
    """Features that are there or not."""
    sorts, mark, join = reading.classes, seam.sort, _join(reading, side)
    here, head = side.here, side.head
    first = reading.head(side.sentence, side.sentence_end)
    left = reading.head(side.clause, here)
    opener, before = sorts[head], sorts[here - 1]
    two = " ".join(sorts[head : head + 2])
    subject_left = not _SUBJECTS.isdisjoint(sorts[left:here])
    subject_right = not _SUBJECTS.isdisjoint(sorts[head : side.clause_end])
    verb_left = next((s for s in sorts[left:here] if s in _VERBS), "-")
    verb_right = next((s for s in sorts[head : side.clause_end] if s in _VERBS), "-")
    condition = reading.words[left] in _CONDITIONS
    conditional = condition or reading.words[first] in _CONDITIONS
    capital = reading.text[reading.spans[here][0]].isupper()
    names = [
        f"mark {mark}", f"written {seam.mark}", f"join {join}", f"mark-join {mark} {join}",
        f"joins {' '.join(reading.words[here:head])}", f"mark-ends {seam.mark} {seam.ends_sentence}",
        f"open {opener}", f"open2 {two}", f"open3 {' '.join(sorts[head : head + 3])}",
        f"mark-open {mark} {opener}", f"join-open {join} {opener}",
        f"mark-join-open {mark} {join} {opener}", f"join-open2 {join} {two}",
        f"mark-open2 {mark} {two}",
        *(f"word {' '.join(shapes[head : head + n])}" for n in (1, 2, 3)),
        f"join-word {join} {shapes[head]}", f"join-word2 {join} {' '.join(shapes[head : head + 2])}",
        f"mark-word {mark} {shapes[head]}",
        f"before {before}", f"mark-before-open {mark} {before} {opener}",
        f"last {shapes[here - 1]}", f"last2 {' '.join(shapes[max(0, here - 2) : here])}",
        f"last-join {shapes[here - 1]} {join}",
        f"before2-join {' '.join(sorts[max(0, here - 2) : here])} {join}",
        f"capital {capital} {seam.mark}",
        f"commas {mark} {commas}", f"commas {mark} {join} {commas}",
        f"first-open {sorts[first]} {opener}", f"first-open {join} {sorts[first]} {opener}",
        f"left-open {sorts[left]} {opener}", f"left-open {mark} {sorts[left]} {opener}",
        f"first-word {shapes[first]} {opener} {join}", f"first-words {shapes[first]} {shapes[head]}",
        f"alike {sorts[first] == opener} {sorts[left] == opener} {mark} {join}",
        f"verb {verb_right} {mark} {join}", f"verbs {verb_left} {verb_right}",
        f"verbs {verb_left} {verb_right} {mark}",
        f"subjects {subject_left} {subject_right} {mark} {join}",
        f"condition {conditional} {mark} {join}", f"condition {condition} {opener} {mark}",
        f"style {style} {mark}", f"style {style} {seam.mark} {join}",
        f"style {style} {opener} {seam.mark} {join}",
    ]  # fmt: skip
    opened = reading.text[: reading.spans[here][0]]
    if opened.count("(") > opened.count(")"):
        names += ["inside", f"inside {seam.mark}"]
    lengths = {
        "left": here - side.clause,
        "right": side.clause_end - here,
        "so-far": here - side.sentence,
        "to-come": side.sentence_end - here,
    }
    for name, words in lengths.items():
        step = _length(words)
        names += [f"{name} {step}", f"{name} {mark} {step}", f"{name} {join} {step}"]
    names.append(f"left-right {_length(lengths['left'])} {_length(lengths['right'])}")
    return names


def _of_labels(reading: Reading, seam: Seam, side: _Side, chances: Chances) -> dict[str, float]:
    """Features from how likely each label is for the words on either side, range [-4, 4]."""
    mark, join = seam.sort, _join(reading, side)
    right = _length(side.clause_end - side.here)
    found: dict[str, float] = {}
    for name, first, last in (
        ("clause", side.clause, side.clause_end),
        ("sentence", side.sentence, side.sentence_end),
    ):
        start, end = max(first, side.here - NEAR), min(last, side.here + NEAR)
        before, after, whole = (
            chances(start, side.here),
            chances(side.head, end),
            chances(start, end),
        )
        for i, chance in enumerate(before):
            found[f"{name} before {i}"] = chance
        for i, chance in enumerate(after):
            found[f"{name} after {i}"] = chance
        kinds = float(before[: len(KINDS)] @ after[: len(KINDS)])
        gain = float(before.max() + after.max() - 2 * whole.max())
        found |= {
            f"{name} kinds {join}": kinds,
            f"{name} gain": gain / 2,
            f"{name} gain {mark}": gain / 2,
            f"{name} sure {mark} {join}": float(after.max()) / 2,
            f"{name} sure": float(after.max()) / 2,
            f"{name} sure before": float(before.max()) / 2,
        }
        pairs = _pairs(before, after) | {"same": float(before @ after)}
        for pair, chance in pairs.items():
            found[f"{name} {pair}"] = chance
            found[f"{name} {pair} {mark}"] = chance
            found[f"{name} {pair} {join}"] = chance
            found[f"{name} {pair} {mark} {join}"] = chance
            found[f"{name} {pair} right {right}"] = chance / 2
    return {feature: _STRENGTH * value for feature, value in found.items()}


def _pairs(before: NDArray[np.float64], after: NDArray[np.float64]) -> dict[str, float]:
    """How likely it is that the sides are about the writer or a wish, each way."""
    self_before, self_after = float(before[SELF]), float(after[SELF])
    filler_before, filler_after = float(before[FILLER]), float(after[FILLER])
    wish_before = 1.0 - self_before - filler_before
    wish_after = 1.0 - self_after - filler_after
    return {
        "self-self": self_before * self_after,
        "self-wish": self_before * wish_after,
        "wish-self": wish_before * self_after,
        "wish-wish": wish_before * wish_after,
        "filler": filler_before + filler_after - filler_before * filler_after,
    }
