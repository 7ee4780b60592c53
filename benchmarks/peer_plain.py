"""What one would write in an afternoon: sentence-transformers, FAISS and FastAPI, nothing of ours.

    python peer_plain.py index FOLDER     embeds FOLDER/passages.jsonl into FOLDER/vectors.npy
    python peer_plain.py serve FOLDER --port N

Every passage is a vector in a flat index; the nearest ones are grouped to mentors by their best
passage, which is quoted. A line of passages.jsonl is {"mentor", "text"}. The model is the folder
in PEER_MODEL. Settings are those of the libraries.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from pydantic import BaseModel
from sentence_transformers import SentenceTransformer

PASSAGES_A_MENTOR = 10  # how many passages are fetched for each mentor wanted


class Question(BaseModel):
    """A goal in free text, and how many mentors to find."""

    goal: str
    limit: int = 10


class Finder:
    """Nearest passages, grouped to mentors."""

    def __init__(self, folder: Path) -> None:
        self.model = SentenceTransformer(os.environ["PEER_MODEL"], device="cpu")
        with (folder / "passages.jsonl").open(encoding="utf-8") as lines:
            self.passages = [(one["mentor"], one["text"]) for one in map(json.loads, lines)]
        vectors = np.load(folder / "vectors.npy", mmap_mode="r")
        self.index = faiss.IndexFlatIP(vectors.shape[1])
        for first in range(0, len(vectors), 100_000):
            self.index.add(np.ascontiguousarray(vectors[first : first + 100_000]))

    def find(self, goal: str, limit: int) -> list[dict[str, Any]]:
        """The best mentors with the passage that speaks for each."""
        query = self.model.encode([goal], normalize_embeddings=True, show_progress_bar=False)
        cosines, found = self.index.search(query, PASSAGES_A_MENTOR * limit)
        best: dict[str, dict[str, Any]] = {}
        for cosine, number in zip(cosines[0].tolist(), found[0].tolist(), strict=True):
            if number < 0:
                continue
            mentor, text = self.passages[number]
            best.setdefault(mentor, {"mentor": mentor, "score": cosine, "quote": text})
        return list(best.values())[:limit]


def index(folder: Path) -> None:
    model = SentenceTransformer(os.environ["PEER_MODEL"], device="cpu")
    with (folder / "passages.jsonl").open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    vectors = model.encode(texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False)
    np.save(folder / "vectors.npy", vectors)
    built = faiss.IndexFlatIP(vectors.shape[1])
    built.add(vectors)
    faiss.write_index(built, str(folder / "passages.faiss"))


def serve(folder: Path, port: int) -> None:
    import uvicorn
    from fastapi import FastAPI

    finder, app = Finder(folder), FastAPI()

    @app.post("/recommend")
    def recommend(question: Question) -> list[dict[str, Any]]:
        return finder.find(question.goal, question.limit)

    @app.get("/health")
    def health() -> str:
        return "ready"

    uvicorn.run(app, port=port, log_level="warning")


if __name__ == "__main__":
    if sys.argv[1] == "index":
        index(Path(sys.argv[2]))
    else:
        serve(Path(sys.argv[2]), int(sys.argv[4]))
