"""Whether `uncovered_goals` names what a mentor cannot help with.

Over goals of two facets and more and their mentors of grade 1 and more: each facet is about the
asking part of the goal whose vector is nearest, and a part counts as covered where the judges found
one of its facets covered.
"""

import numpy as np
from pool import JudgedFiles, Pool

from evaluation.coverage import agreement, assigned, kappa, read_facets
from evaluation.judgments import JudgedSet
from models.neutral import neutralise
from models.ports import Encoder
from recommender.explaining import wished
from recommender.goals import understand

HEAD = (
    "| set | parts of goals asked of mentors | covered, as judged | as said | agreement | kappa "
    "| agreement of “always covered” |\n" + "|---" * 7 + "|"
)


def row(name: str, files: JudgedFiles, judged: JudgedSet, pool: Pool, encoder: Encoder) -> str:
    """What is said and what is judged of every part, over one set."""
    facets = read_facets(files.goals, files.judgments)
    said: list[bool] = []
    true: list[bool] = []
    for goal in judged.judged:
        if len(facets.of[goal]) < 2:
            continue
        about = _facets_by_part(judged.texts[goal], facets.of[goal], encoder)
        wanted = [id for id, grade in judged.grades[goal].items() if grade and id in pool.mentors]
        for one in pool.of(judged.texts[goal], wanted) if wanted else ():
            for part, its in about.items():
                said.append(part not in one.uncovered_goals)
                true.append(bool(its & facets.covered[goal, one.mentor.id]))
    if not said:
        return f"| {name} | 0 |" + " |" * 5
    return (
        f"| {name} | {len(said)} | {np.mean(true):.0%} | {np.mean(said):.0%} "
        f"| {agreement(said, true):.3f} | {kappa(said, true):.3f} | {np.mean(true):.3f} |"
    )


def _facets_by_part(
    text: str, facets: tuple[str, ...], encoder: Encoder
) -> dict[int, frozenset[int]]:
    goals = understand(text)
    # As texts of their own, so that the yardstick does not move with what the engine makes of them.
    parts = encoder.encode_queries([neutralise(part.text).text for part in goals.parts])
    cosines = encoder.encode_queries(facets) @ parts.T
    return assigned(cosines.astype(np.float64), wished(goals.parts))
