"""Rank with txtai, inside its own environment (`make txtai`); talks through two files.

    python txtai_run.py ASKED.json ANSWERED.json

ASKED: {"model": folder, "depth": n, "profiles": {id: text}, "goals": {id: text}}.
ANSWERED: {"version": txtai's, "runs": {kind: {goal id: [profile id, best first]}}}, where kind is
dense, hybrid or BM25. Nothing of this project is imported, and no model hub is asked.
"""

import importlib.metadata
import json
import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"  # read when txtai is imported

import txtai

# How much of a hybrid search's score is dense; at either end only one of its two searches is made.
DENSE_SHARE = {"dense": 1.0, "hybrid": 0.5, "BM25": 0.0}


def main() -> None:
    asked = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    embeddings = txtai.Embeddings(path=asked["model"], hybrid=True, gpu=False)
    embeddings.index((id, text, None) for id, text in asked["profiles"].items())
    answered = {
        "version": importlib.metadata.version("txtai"),
        "runs": {
            kind: run(embeddings, asked["goals"], asked["depth"], share)
            for kind, share in DENSE_SHARE.items()
        },
    }
    Path(sys.argv[2]).write_text(json.dumps(answered), encoding="utf-8")


def run(
    embeddings: txtai.Embeddings, goals: dict[str, str], depth: int, dense: float
) -> dict[str, list[str]]:
    """The ids found for each goal, best first; txtai leaves out what scores 0 or less."""
    found = embeddings.batchsearch(list(goals.values()), depth, weights=dense)
    return {goal: [id for id, _ in hits] for goal, hits in zip(goals, found, strict=True)}


if __name__ == "__main__":
    main()
