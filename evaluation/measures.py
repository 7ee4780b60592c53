"""How good a ranking is, by ir-measures.

Condensed measures (Sakai 2007, "Alternatives to Bpref", doi:10.1145/1277741.1277756) drop
unjudged mentors from the ranking first, so a new system is not punished for finding mentors
that nobody has judged; the raw measure and the share of unjudged mentors stand beside it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import ir_measures
import numpy as np

from evaluation.judgments import JudgedSet

RELEVANT = 2  # grade from which a mentor counts as useful in precision and hits
_NDCG = ir_measures.nDCG(gains={0: 0, 1: 1, 2: 3, 3: 7}) @ 10  # gain 2^grade - 1
_PRECISION = ir_measures.P(rel=RELEVANT) @ 5
_HIT = ir_measures.Success(rel=RELEVANT) @ 3
_JUDGED = ir_measures.Judged @ 10

MEASURES = ("condensed nDCG@10", "raw nDCG@10", "precision@5", "hit@3", "unjudged@10")

Ranking = Sequence[str]


def per_goal(judged: JudgedSet, run: Mapping[str, Ranking]) -> dict[str, dict[str, float]]:
    """Each measure, range [0, 1], of each judged goal; a goal missing from `run` scores 0.

    `run` maps goal ids to mentor ids, best first.
    """
    rankings = {goal: list(run.get(goal, ())) for goal in judged.judged}
    condensed = {
        goal: [mentor for mentor in ranking if mentor in judged.grades[goal]]
        for goal, ranking in rankings.items()
    }
    raw = _values(judged, rankings, [_NDCG, _PRECISION, _HIT, _JUDGED])
    return {
        goal: {
            "condensed nDCG@10": _values(judged, {goal: condensed[goal]}, [_NDCG])[goal][_NDCG],
            "raw nDCG@10": raw[goal][_NDCG],
            "precision@5": raw[goal][_PRECISION],
            "hit@3": raw[goal][_HIT],
            "unjudged@10": 1.0 - raw[goal][_JUDGED],
        }
        for goal in judged.judged
    }


def means(values: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The mean of each measure over the goals."""
    return {
        measure: float(np.mean([one[measure] for one in values.values()])) for measure in MEASURES
    }


def _values(
    judged: JudgedSet, rankings: Mapping[str, Ranking], measures: list[Any]
) -> dict[str, dict[Any, float]]:
    qrels = {goal: judged.grades[goal] for goal in rankings}
    # The position is the score: how a system breaks ties is part of its ranking.
    run = {
        goal: {mentor: float(-place) for place, mentor in enumerate(ranking)}
        for goal, ranking in rankings.items()
        if ranking
    }
    found: dict[str, dict[Any, float]] = {goal: dict.fromkeys(measures, 0.0) for goal in rankings}
    for value in ir_measures.iter_calc(measures, qrels, run):
        found[value.query_id][value.measure] = float(value.value)
    return found
