"""chromadb with the same passages, in its own environment (`make chroma`), served by FastAPI.

    python peer_chroma.py index FOLDER     FOLDER/passages.jsonl, with FOLDER/vectors.npy if there
    python peer_chroma.py serve FOLDER --port N

A line of passages.jsonl is {"mentor", "text"}; passages without vectors are embedded. The model is
the folder in PEER_MODEL, for queries too. Nothing of this project is imported.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import chromadb
import numpy as np
from pydantic import BaseModel
from sentence_transformers import SentenceTransformer

AT_ONCE = 5_000  # passages added together; the library takes 5,461 at most
PASSAGES_A_MENTOR = 10  # how many passages are fetched for each mentor wanted


class Question(BaseModel):
    """A goal in free text, and how many mentors to find."""

    goal: str
    limit: int = 10


def collection(folder: Path) -> Any:
    client = chromadb.PersistentClient(str(folder / "chroma"))
    return client.get_or_create_collection(
        "passages", embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
    )


def model() -> SentenceTransformer:
    return SentenceTransformer(os.environ["PEER_MODEL"], device="cpu")


def index(folder: Path) -> None:
    with (folder / "passages.jsonl").open(encoding="utf-8") as lines:
        passages = [json.loads(line) for line in lines]
    kept = folder / "vectors.npy"
    if kept.is_file():
        vectors = np.load(kept, mmap_mode="r")
    else:
        texts = [one["text"] for one in passages]
        vectors = model().encode(
            texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False
        )
    found = collection(folder)
    for first in range(0, len(passages), AT_ONCE):
        some = passages[first : first + AT_ONCE]
        found.add(
            ids=[str(first + i) for i in range(len(some))],
            embeddings=np.ascontiguousarray(vectors[first : first + len(some)]),
            documents=[one["text"] for one in some],
            metadatas=[{"mentor": one["mentor"]} for one in some],
        )


def serve(folder: Path, port: int) -> None:
    import uvicorn
    from fastapi import FastAPI

    encoder, found, app = model(), collection(folder), FastAPI()

    @app.post("/recommend")
    def recommend(question: Question) -> list[dict[str, Any]]:
        query = encoder.encode([question.goal], normalize_embeddings=True, show_progress_bar=False)
        near = found.query(
            query_embeddings=query,
            n_results=PASSAGES_A_MENTOR * question.limit,
            include=["documents", "metadatas", "distances"],
        )
        best: dict[str, dict[str, Any]] = {}
        for about, text, distance in zip(
            near["metadatas"][0], near["documents"][0], near["distances"][0], strict=True
        ):
            one = {"mentor": about["mentor"], "score": 1 - distance, "quote": text}
            best.setdefault(about["mentor"], one)
        return list(best.values())[: question.limit]

    @app.get("/health")
    def health() -> str:
        found.count()
        return "ready"

    uvicorn.run(app, port=port, log_level="warning")


if __name__ == "__main__":
    if sys.argv[1] == "index":
        index(Path(sys.argv[2]))
    else:
        serve(Path(sys.argv[2]), int(sys.argv[4]))
