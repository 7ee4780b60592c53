"""Check two claims of the ranking on an indexed folder with judged goals.

How many mentors of the exact top 10 the candidate searches miss, and how far each signal spreads
over the mentors of one goal (mean of the goals' standard deviations), which the weights undo.
"""

import argparse
from pathlib import Path

import numpy as np
from machine import ROOT, stamp

from api.settings import Settings
from api.wiring import Serving
from evaluation.judgments import read_judged_set
from recommender.candidates import candidates, named
from recommender.goals import understand
from recommender.recommend import encode_goals
from recommender.scoring import LEXICAL, MICRO, PASSAGES, PROFILE, score

OUT = ROOT / "benchmarks" / "candidates.md"
TOP = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder made by mentors index")
    parser.add_argument("--goals", type=Path, required=True)
    parser.add_argument("--qrels", type=Path, required=True)
    given = parser.parse_args()
    judged = read_judged_set(given.goals, given.qrels)
    serving = Serving(Settings(data=given.data))
    index, encoder = serving.follower.index, serving.encoder
    mask = index.catalogue.alive()
    everybody = np.flatnonzero(mask)
    missed, sizes, spreads = 0, [], []
    for goal in judged.judged:
        goals = understand(judged.texts[goal])
        vectors = encode_goals(goals, encoder)
        found = candidates(named(goals, index, TOP, mask), vectors, index, TOP, mask)
        exact = score(goals, vectors, everybody, index.catalogue, index.dense, index.lexical)
        missed += len(np.setdiff1d(exact.rows[:TOP], found))
        sizes.append(len(found))
        spreads.append(exact.parts.std(axis=0) / MICRO / (PASSAGES, PROFILE, LEXICAL))
    serving.close()
    passages, profile, lexical = np.mean(spreads, axis=0)
    OUT.write_text(
        f"# Candidates and spreads\n\n{stamp()}\n\nMade by `benchmarks/candidates.py`. "
        f"{' '.join(__doc__.split())}\n\n"
        f"| mentors | goals | candidates a goal | missed of the top {TOP}s | spread: passages "
        f"| profile | lexical |\n|---|---|---|---|---|---|---|\n"
        f"| {len(everybody):,} | {len(sizes)} | {np.mean(sizes):.0f} "
        f"| {missed} of {TOP * len(sizes)} | {passages:.3f} | {profile:.3f} | {lexical:.3f} |\n",
        encoding="utf-8",
    )
    print(OUT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
