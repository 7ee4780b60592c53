"""What others rank: BM25 by bm25s, and txtai, over the text that `whole_profile` makes of a record.

txtai has an environment of its own (`make txtai`), since its versions are not ours to choose; it
is asked in a process of its own and reads the same weights from disk.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import bm25s
import numpy as np
import Stemmer
from machine import ROOT

from evaluation.baselines import whole_profile
from models.mentor import Mentor
from models.weights import plain_model_folder

BM25 = "BM25 over whole profiles (bm25s)"
TXTAI = ROOT / ".venv-txtai" / "bin" / "python"
SCRIPT = ROOT / "benchmarks" / "txtai_run.py"

Run = dict[str, list[str]]


def peer_runs(mentors: Sequence[Mentor], goals: Mapping[str, str], depth: int) -> dict[str, Run]:
    """The rankings of BM25 and, where it is installed, of txtai; goals are texts by id."""
    return {BM25: bm25_run(mentors, goals, depth), **txtai_runs(mentors, goals, depth)}


def bm25_run(mentors: Sequence[Mentor], goals: Mapping[str, str], depth: int) -> Run:
    """The `depth` best mentors of each goal that share a word with it, ties in their order.

    English stop words are left out and words stemmed; k1 and b are the library's.
    """
    index = bm25s.BM25()
    index.index(_words([whole_profile(mentor) for mentor in mentors]), show_progress=False)
    found = {}
    for goal, words in zip(goals, _words(list(goals.values())), strict=True):
        known = [word for word in words if word in index.vocab_dict]
        scores = index.get_scores(known) if known else np.zeros(len(mentors))
        best = np.argsort(-scores, kind="stable")[:depth]
        found[goal] = [mentors[row].id for row in best.tolist() if scores[row] > 0]
    return found


def _words(texts: Sequence[str]) -> list[list[str]]:
    return bm25s.tokenize(
        texts,
        stopwords="en",
        stemmer=Stemmer.Stemmer("english"),
        return_ids=False,
        show_progress=False,
    )


def txtai_runs(
    mentors: Sequence[Mentor], goals: Mapping[str, str], depth: int, python: Path = TXTAI
) -> dict[str, Run]:
    """The rankings of txtai by name; none, and a line that says so, where it is not installed.

    Ends the command with the last line that txtai said when it fails.
    """
    if not python.is_file():
        print(f"No txtai at {python}: it is left out. 'make txtai' installs it.")
        return {}
    asked = {
        "model": str(plain_model_folder()),
        "depth": depth,
        "profiles": {mentor.id: whole_profile(mentor) for mentor in mentors},
        "goals": dict(goals),
    }
    with tempfile.TemporaryDirectory() as folder:
        question, answer = Path(folder) / "asked.json", Path(folder) / "answered.json"
        question.write_text(json.dumps(asked), encoding="utf-8")
        done = subprocess.run(
            [python, SCRIPT, question, answer],
            env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode or not answer.is_file():
            said = done.stderr.strip().splitlines() or ["It said nothing."]
            sys.exit(
                f"txtai gave no ranking (exit status {done.returncode}): {said[-1]} "
                f"Run 'make txtai' again."
            )
        answered = json.loads(answer.read_text(encoding="utf-8"))
    version = answered["version"]
    return {f"txtai {version}, {kind}": run for kind, run in answered["runs"].items()}
