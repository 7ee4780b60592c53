"""What speaks for and against a new part at a seam, as features of a linear model.

Three things are looked at: what is written at the seam (mark, joining word, line), the words
beside it (each as itself where it is common, else as its sort), and what either side would be
labelled. Most are looked at together with the mark, since "and" after a comma means another thing
than "and" alone.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from models.terms import weight
from recommender.help import FILLER, KINDS, SELF
from recommender.reading import JOINERS, Reading, Seam

Chances = Callable[[Sequence[tuple[int, int]]], NDArray[np.float64]]
"""How likely each label is for the words from one number to before another, a row a pair."""

Span = tuple[int, int]
Told = Mapping[Span, NDArray[np.float64]]

NEAR = 30  # words: more on a side change no decision, and a text without any stop costs the square
COMMON = 1.6  # decades of rarity: commoner words are looked at as themselves
_STEPS = (1, 2, 3, 4, 6, 9, 14, 99)  # lengths in words are told apart this finely
_SEVERAL = 3
_STRENGTH = 4.0  # how much a chance counts beside a feature that is there or not
_JOINS = frozenset(("and", "but", "so", "or", "because", "while", "as"))
_SUBJECTS = frozenset(("I", "WE", "THEY"))
_VERBS = frozenset(("I", "WE", "WISH", "AUX", "V", "VED", "THEY"))
_CONDITIONS = frozenset(
    """
    if when whenever although though because unless once after before since every while
    """.split()  # noqa: SIM905 (a list of quoted words is harder to read)
)


@dataclass(frozen=True, slots=True)
class _Place:
    """A seam and what lies around it, as numbers of words.

    The words `here` to `head` join; `clause` and `sentence` are where those before the seam begin.
    `sorts` are the word sorts of the text, `shapes` its common words and the sorts of the others.
    """

    reading: Reading
    seam: Seam
    sentence: int
    clause: int
    head: int
    clause_end: int
    sentence_end: int
    sorts: Sequence[str]
    shapes: Sequence[str]

    @property
    def here(self) -> int:
        return self.seam.word

    @property
    def mark(self) -> str:
        return self.seam.sort

    @property
    def join(self) -> str:
        if self.head == self.here:
            return "-"
        word = self.reading.words[self.here]
        return word if word in _JOINS else "then"

    @property
    def opener(self) -> str:
        return self.sorts[self.head]


def features(reading: Reading, chances: Chances) -> list[dict[str, float]]:
    """The features of each seam of `reading`, by name."""
    style = _style(reading)
    places = list(_places(reading))
    between = list(
        dict.fromkeys(span for one in places for _, *spans in _sides(one) for span in spans)
    )
    told: Told = dict(zip(between, chances(between), strict=True)) if between else {}
    found = []
    for place in places:
        names = chain(
            _of_marks(place), _of_words(place), _of_sides(place), _of_lengths(place),
            _of_style(place, style),
        )  # fmt: skip
        found.append(dict.fromkeys(names, 1.0) | _of_labels(place, told))
    return found


def _places(reading: Reading) -> Iterator[_Place]:
    words, seams = reading.words, reading.seams
    hard = [0, *(s.word for s in seams if s.ends_sentence or s.certain), len(words)]
    soft = [s.word for s in seams if s.mark != "_" or words[s.word] in JOINERS]
    soft = [0, *soft, len(words)]
    shapes = [_shape(word, sort) for word, sort in zip(words, reading.classes, strict=True)]
    for seam in seams:
        sentence, sentence_end = _around(hard, seam.word)
        clause, clause_end = _around(soft, seam.word)
        head = seam.word
        while head < min(seam.word + 2, sentence_end - 1) and words[head] in JOINERS:
            head += 1
        bounds = (sentence, clause, head, clause_end, sentence_end)
        yield _Place(reading, seam, *bounds, reading.classes, shapes)


def _around(bounds: Sequence[int], here: int) -> tuple[int, int]:
    return bounds[bisect_left(bounds, here) - 1], bounds[bisect_right(bounds, here)]


def _shape(word: str, sort: str) -> str:
    if sort in {"NUM", "N", "Ns"}:
        return sort
    return sort if sort in {"V", "VED", "VING"} and weight(word) >= COMMON else word


def _of_marks(place: _Place) -> Iterator[str]:
    """What is written at the seam."""
    reading, seam, mark, join = place.reading, place.seam, place.mark, place.join
    here = place.here
    yield f"mark {mark}"
    yield f"written {seam.mark}"
    yield f"join {join}"
    yield f"mark-join {mark} {join}"
    yield f"joins {' '.join(reading.words[here : place.head])}"
    yield f"mark-ends {seam.mark} {seam.ends_sentence}"
    yield f"capital {reading.text[reading.spans[here][0]].isupper()} {seam.mark}"
    inside = range(place.sentence + 1, place.sentence_end)
    commas = min(_SEVERAL, sum(1 for s in reading.seams if s.mark == "," and s.word in inside))
    yield f"commas {mark} {commas}"
    yield f"commas {mark} {join} {commas}"
    opened = reading.text[: reading.spans[here][0]]
    if opened.count("(") > opened.count(")"):
        yield "inside"
        yield f"inside {seam.mark}"


def _of_words(place: _Place) -> Iterator[str]:
    """The words beside the seam."""
    sorts, shapes, mark, join = place.sorts, place.shapes, place.mark, place.join
    here, head, opener, before = place.here, place.head, place.opener, place.sorts[place.here - 1]
    two = " ".join(sorts[head : head + 2])
    yield f"open {opener}"
    yield f"open2 {two}"
    yield f"open3 {' '.join(sorts[head : head + 3])}"
    yield f"mark-open {mark} {opener}"
    yield f"join-open {join} {opener}"
    yield f"mark-join-open {mark} {join} {opener}"
    yield f"join-open2 {join} {two}"
    yield f"mark-open2 {mark} {two}"
    for n in (1, 2, 3):
        yield f"word {' '.join(shapes[head : head + n])}"
    yield f"join-word {join} {shapes[head]}"
    yield f"join-word2 {join} {' '.join(shapes[head : head + 2])}"
    yield f"mark-word {mark} {shapes[head]}"
    yield f"before {before}"
    yield f"mark-before-open {mark} {before} {opener}"
    yield f"last {shapes[here - 1]}"
    yield f"last2 {' '.join(shapes[max(0, here - 2) : here])}"
    yield f"last-join {shapes[here - 1]} {join}"
    yield f"before2-join {' '.join(sorts[max(0, here - 2) : here])} {join}"


def _of_sides(place: _Place) -> Iterator[str]:
    """How the clauses on either side begin, and whether they have a subject and a verb."""
    reading, sorts, shapes = place.reading, place.sorts, place.shapes
    mark, join, opener, head = place.mark, place.join, place.opener, place.head
    first = reading.head(place.sentence, place.sentence_end)
    left = reading.head(place.clause, place.here)
    yield f"first-open {sorts[first]} {opener}"
    yield f"first-open {join} {sorts[first]} {opener}"
    yield f"left-open {sorts[left]} {opener}"
    yield f"left-open {mark} {sorts[left]} {opener}"
    yield f"first-word {shapes[first]} {opener} {join}"
    yield f"first-words {shapes[first]} {shapes[head]}"
    yield f"alike {sorts[first] == opener} {sorts[left] == opener} {mark} {join}"
    before, after = sorts[left : place.here], sorts[head : place.clause_end]
    verb_before, verb = (next((s for s in side if s in _VERBS), "-") for side in (before, after))
    yield f"verb {verb} {mark} {join}"
    yield f"verbs {verb_before} {verb}"
    yield f"verbs {verb_before} {verb} {mark}"
    subjects = " ".join(str(not _SUBJECTS.isdisjoint(side)) for side in (before, after))
    yield f"subjects {subjects} {mark} {join}"
    condition = reading.words[left] in _CONDITIONS
    yield f"condition {condition or reading.words[first] in _CONDITIONS} {mark} {join}"
    yield f"condition {condition} {opener} {mark}"


def _of_lengths(place: _Place) -> Iterator[str]:
    here, mark, join = place.here, place.mark, place.join
    left, right = _length(here - place.clause), _length(place.clause_end - here)
    so_far, to_come = _length(here - place.sentence), _length(place.sentence_end - here)
    named = {"left": left, "right": right, "so-far": so_far, "to-come": to_come}
    for name, length in named.items():
        yield f"{name} {length}"
        yield f"{name} {mark} {length}"
        yield f"{name} {join} {length}"
    yield f"left-right {left} {right}"


def _length(words: int) -> int:
    return next((step for step in _STEPS if words <= step), _STEPS[-1])


def _of_style(place: _Place, style: str) -> Iterator[str]:
    yield f"style {style} {place.mark}"
    yield f"style {style} {place.seam.mark} {place.join}"
    yield f"style {style} {place.opener} {place.seam.mark} {place.join}"


def _style(reading: Reading) -> str:
    """How many stops a text has, whether commas and capitals: some people write none."""
    stops = sum(reading.text.count(sign) for sign in ".!?;\n") / len(reading.words)
    lower = reading.text == reading.text.lower()
    return f"{(stops >= 0.03) + (stops >= 0.08)}{',' in reading.text:d}{lower:d}"  # noqa: PLR2004


def _sides(place: _Place) -> Iterator[tuple[str, Span, Span, Span]]:
    """The words before and after a seam, and both, in its clause and in its sentence."""
    for name, first, last in (
        ("clause", place.clause, place.clause_end),
        ("sentence", place.sentence, place.sentence_end),
    ):
        start, end = max(first, place.here - NEAR), min(last, place.here + NEAR)
        yield name, (start, place.here), (place.head, end), (start, end)


def _of_labels(place: _Place, told: Told) -> dict[str, float]:
    """How likely each label is for the words on either side, times 4, range [-4, 4]."""
    found: dict[str, float] = {}
    for name, *spans in _sides(place):
        found |= _of_pair(place, name, *(told[span] for span in spans))
    return {feature: _STRENGTH * value for feature, value in found.items()}


def _of_pair(place: _Place, name: str, *told: NDArray[np.float64]) -> dict[str, float]:
    """Features of what is told of the words before, after, and on both sides."""
    mark, join = place.mark, place.join
    before, after, both = told
    found = {f"{name} before {i}": chance for i, chance in enumerate(before.tolist())}
    found |= {f"{name} after {i}": chance for i, chance in enumerate(after.tolist())}
    gain = float(before.max() + after.max() - 2 * both.max()) / 2
    found |= {
        f"{name} kinds {join}": float(before[: len(KINDS)] @ after[: len(KINDS)]),
        f"{name} gain": gain,
        f"{name} gain {mark}": gain,
        f"{name} sure {mark} {join}": float(after.max()) / 2,
        f"{name} sure": float(after.max()) / 2,
        f"{name} sure before": float(before.max()) / 2,
    }
    right = _length(place.clause_end - place.here)
    for pair, chance in _pairs(before, after).items():
        found[f"{name} {pair}"] = chance
        found[f"{name} {pair} {mark}"] = chance
        found[f"{name} {pair} {join}"] = chance
        found[f"{name} {pair} {mark} {join}"] = chance
        found[f"{name} {pair} right {right}"] = chance / 2
    return found


def _pairs(before: NDArray[np.float64], after: NDArray[np.float64]) -> dict[str, float]:
    """How likely the sides are about the writer or a wish, each way; and the same."""
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
        "same": float(before @ after),
    }
