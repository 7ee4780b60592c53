"""Reasons: the parts of the score, traced back to the mentor's own words.

Nothing here changes a score or is computed from anything but what made it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.goals import GoalPart, Goals, GoalVectors
from models.mentor import Mentor, as_record, string_at
from models.passage import Leaf, Passage
from models.ports import Index, Recipe
from models.recommendation import Fact, Reason
from models.terms import Term, terms
from recommender.scoring import BEST_PASSAGES, LEXICAL, MICRO, PASSAGES, micro

QUOTED = 0.20  # cosine below which a passage is counted but not worth reading as a reason
COVERED = 0.35  # cosine from which a passage answers a goal part
TELLING = 2.0  # decades: a shared word this rare ("Nextflow", "midwife") answers a part by itself
READABLE = 1.0  # decades: sharing a word as common as "four" counts, but is no reason to read
ASKING = 0.25  # share of the most informative part's weight below which a part asks nothing
MOST_TERMS = 5  # lexical reasons shown; the others are in other_terms


@dataclass(frozen=True, slots=True)
class Explanation:
    """The reasons of one recommendation; sums as in `models.recommendation.Recommendation`."""

    reasons: tuple[Reason, ...]
    other_passages: float
    other_terms: float
    uncovered_goals: tuple[int, ...]


def explain(
    goals: Goals,
    vectors: GoalVectors,
    row: int,
    mentor: Mentor,
    parts: NDArray[np.int64],
    index: Index,
    recipe: Recipe,
) -> Explanation:
    """Why the mentor at `row` has these `parts` (millionths: passages, profile, lexical)."""
    at = np.asarray([row])
    cosines, _ = index.dense.cosines(np.vstack([vectors.goal[None], vectors.parts]), at)
    record = as_record(mentor)
    said = _passage_reasons(goals, vectors, cosines, recipe.passages(mentor), record, recipe)
    shared = _shared_terms(goals, mentor, recipe)
    named = _lexical_reasons(goals, row, shared, record, index)
    return Explanation(
        (*said, *named),
        _rest(int(parts[0]), said),
        _rest(int(parts[2]), named),
        _uncovered(goals, cosines[1:], shared),
    )


def _passage_reasons(
    goals: Goals,
    vectors: GoalVectors,
    cosines: NDArray[np.float64],
    passages: Sequence[Passage],
    record: Mapping[str, object],
    recipe: Recipe,
) -> tuple[Reason, ...]:
    best = np.argsort(-cosines[0], kind="stable")[:BEST_PASSAGES]
    shown = [int(i) for i in best if i == best[0] or cosines[0, i] >= QUOTED]
    adds = _shares(PASSAGES * cosines[0, best] / len(best))
    reasons: list[Reason] = []
    for i, contribution in zip(shown, adds, strict=False):
        leaf = _best_leaf(passages[i], vectors, recipe, {(r.field, r.start) for r in reasons})
        reasons.append(
            Reason(
                _answered(goals.parts, cosines[1:, i]),
                "passages",
                leaf.pointer,
                string_at(record, leaf.pointer)[leaf.start : leaf.end],
                leaf.start,
                leaf.end,
                round(float(cosines[0, i]), 6),
                contribution,
            )
        )
    return tuple(reasons)


def _best_leaf(
    passage: Passage, vectors: GoalVectors, recipe: Recipe, quoted: Collection[tuple[str, int]]
) -> Leaf:
    """The stretch to quote: of a passage joined from several, the one nearest to the goal.

    One that another reason quotes already is passed over while there is another.
    """
    if not passage.items:
        return passage.leaves[0]
    cosines = (recipe.vectors(passage.items) @ vectors.goal).tolist()
    order = sorted(range(len(cosines)), key=lambda i: -cosines[i])
    nearest = [passage.leaves[i] for i in order]
    fresh = [leaf for leaf in nearest if (leaf.pointer, leaf.start) not in quoted]
    return (fresh or nearest)[0]


def _answered(parts: Sequence[GoalPart], cosines: NDArray[np.float64]) -> int:
    """The goal part that a passage answers best, among those that ask for something."""
    return max(_asking(parts), key=lambda part: cosines[part])


def _asking(parts: Sequence[GoalPart]) -> list[int]:
    most = max(part.informativeness for part in parts)
    return [part.part for part in parts if part.informativeness >= ASKING * most]


def _shared_terms(
    goals: Goals, mentor: Mentor, recipe: Recipe
) -> dict[str, list[tuple[str, Term]]]:
    """Where each of the goal's stems stands in the mentor's words, by JSON Pointer."""
    found: dict[str, list[tuple[str, Term]]] = {}
    for pointer, term in recipe.words(mentor):
        if term.stem in goals.terms:
            found.setdefault(term.stem, []).append((pointer, term))
    return found


def _lexical_reasons(
    goals: Goals,
    row: int,
    shared: Mapping[str, list[tuple[str, Term]]],
    record: Mapping[str, object],
    index: Index,
) -> tuple[Reason, ...]:
    attainable = sum(goals.terms.values())
    stems = list(shared)
    saturations = index.lexical.saturations(stems, np.asarray([row]))[0]
    worth = {
        stem: LEXICAL * goals.terms[stem] * saturation / attainable
        for stem, saturation in zip(stems, saturations, strict=True)
    }
    readable = [stem for stem in stems if goals.terms[stem] >= READABLE]
    strongest = sorted(readable, key=lambda stem: (-worth[stem], stem))[:MOST_TERMS]
    adds = _shares(np.asarray([worth[stem] for stem in strongest]))
    reasons = []
    for stem, contribution in zip(strongest, adds, strict=True):
        pointer, term = shared[stem][0]
        reasons.append(
            Reason(
                _asked_in(goals, stem),
                "lexical",
                pointer,
                string_at(record, pointer)[term.start : term.end],
                term.start,
                term.end,
                None,
                contribution,
            )
        )
    return tuple(reasons)


def _asked_in(goals: Goals, stem: str) -> int:
    holding = [p.part for p in goals.parts if any(t.stem == stem for t in terms(p.text))]
    return holding[0] if holding else 0


def _shares(amounts: NDArray[np.float64]) -> list[float]:
    """Each amount in whole millionths, so rounded that every running sum is the rounded one."""
    sums = micro(np.cumsum(amounts)).tolist()
    return [(sum_ - before) / MICRO for before, sum_ in zip([0, *sums], sums, strict=False)]


def _rest(part: int, reasons: Sequence[Reason]) -> float:
    return (part - sum(round(reason.contribution * MICRO) for reason in reasons)) / MICRO


def _uncovered(
    goals: Goals, cosines: NDArray[np.float64], shared: Mapping[str, object]
) -> tuple[int, ...]:
    """Goal parts that ask for something no passage and no telling word answers."""
    return tuple(
        part
        for part in _asking(goals.parts)
        if cosines[part].max() < COVERED
        and not any(t.stem in shared and t.weight >= TELLING for t in terms(goals.parts[part].text))
    )


def facts(mentor: Mentor) -> tuple[Fact, ...]:
    """What is true of the mentor besides the match."""
    if mentor.capacity is None:
        return ()
    free, of = mentor.places_free or 0, mentor.capacity
    return (Fact("places_free", f"{free} of {of} places free", (("free", free), ("of", of))),)
