"""Figures of speed that are taken inside a process, not over HTTP; each command prints JSON.

python speed_inside.py encoding PASSAGES.jsonl TEXTS RUNS
python speed_inside.py quality FOLDER|-
python speed_inside.py recall DATA OCCUPATIONS GOALS
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
from crowds import Goals
from machine import ROOT
from numpy.typing import NDArray
from pool import Pool, judged_pools

from api.settings import Settings
from api.wiring import Serving, default_encoder
from evaluation.judgments import JudgedSet
from evaluation.measures import MEASURES, means, per_goal
from models.encoder import SentenceTransformerEncoder
from models.mentor import Mentor
from models.ports import Encoder
from models.weights import DEFAULT_MODEL, plain_model_folder

DEPTH, TOP, NEAREST = 300, 10, 50
AT_ONCE = 100_000  # vectors read together
PLAIN = "plain sentence-transformers"
REFERENCE = "this engine's reference"


def encoders() -> dict[str, Callable[[], Encoder]]:
    """The reference, then every precision that the settings offer, by name."""
    found: dict[str, Callable[[], Encoder]] = {
        REFERENCE: lambda: SentenceTransformerEncoder(DEFAULT_MODEL)
    }
    field = Settings.model_fields.get("precision")
    offered = get_args(field.annotation) if field else ()
    for precision in offered:
        if precision not in ("auto", "reference"):
            found[precision] = lambda p=precision: default_encoder(_settings(p))  # type: ignore[misc]
    return found


def _settings(precision: str) -> Settings:
    values: dict[str, Any] = {"precision": precision, "compile": True}
    return Settings(**{k: v for k, v in values.items() if k in Settings.model_fields})


def opened() -> dict[str, Encoder]:
    """Those that this machine can run, loaded, by name."""
    found = {}
    for name, make in encoders().items():
        encoder = make()
        encoder.encode_queries(["to load it"])
        compiled = "sentence-transformers" not in encoder.runtime_id
        if compiled or name == REFERENCE:  # else it is what stands in for one that cannot be made
            found[name] = encoder
    return found


def encoding(path: Path, count: int, runs: int) -> dict[str, Any]:
    """Tokens a second by encoder, runs in turn; a token is one that the model reads, no padding."""
    from sentence_transformers import SentenceTransformer

    with path.open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for _, line in zip(range(count), lines, strict=False)]
    plain = SentenceTransformer(str(plain_model_folder()), device="cpu")
    tokens = sum(map(len, plain.tokenizer(texts, truncation=True)["input_ids"]))
    ours = opened()
    ways: dict[str, Callable[[Sequence[str]], object]] = {
        PLAIN: lambda some: plain.encode(list(some), batch_size=32, normalize_embeddings=True)
    } | {name: one.encode_passages for name, one in ours.items()}
    found: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way(texts[:64])
    for _ in range(runs):
        for name, way in ways.items():
            began = time.perf_counter()
            way(texts)
            found[name].append(tokens / (time.perf_counter() - began))
    used = default_encoder(_settings("auto"))
    used.encode_queries(["to load it"])
    runtimes = {name: one.runtime_id for name, one in ours.items()}
    return {
        "texts": len(texts),
        "tokens": tokens,
        "per_second": found,
        "runtimes": runtimes,
        "default": next((n for n, r in runtimes.items() if r == used.runtime_id), REFERENCE),
    }


def quality(folder: Path | None) -> dict[str, Any]:
    """Quality on judged goals by set and encoder, and how far lists are those of the reference."""
    ours = opened()
    return {
        name: quality_of_set(mentors, judged, ours)
        for name, mentors, judged in judged_pools(folder)
    }


def quality_of_set(
    mentors: Sequence[Mentor], judged: JudgedSet, ours: Mapping[str, Encoder]
) -> dict[str, dict[str, float]]:
    reference = quality_of(ours[REFERENCE], mentors, judged)
    found = {}
    for name, encoder in ours.items():
        ndcg, best, near = reference if name == REFERENCE else quality_of(encoder, mentors, judged)
        found[name] = {
            "ndcg": ndcg,
            "mentors": overlap(best, reference[1]),
            "passages": overlap(near, reference[2]),
        }
    return found


def quality_of(
    encoder: Encoder, mentors: Sequence[Mentor], judged: JudgedSet
) -> tuple[float, list[list[str]], list[list[int]]]:
    """Condensed nDCG@10; of each goal the ten best mentors, and its ten nearest passages."""
    with tempfile.TemporaryDirectory() as folder:
        pool = Pool(Path(folder), mentors, encoder)
        run = {goal: pool.ranking(judged.texts[goal])[:DEPTH] for goal in judged.judged}
        texts = sorted({text for one in mentors for text in texts_of(one)})
        pool.close()
    queries = encoder.encode_queries([judged.texts[goal] for goal in judged.judged])
    cosines = queries @ encoder.encode_passages(texts).T
    near = np.argsort(-cosines, axis=1, kind="stable")[:, :TOP].tolist()
    ndcg = means(per_goal(judged, run))[MEASURES[0]]
    return ndcg, [run[goal][:TOP] for goal in judged.judged], near


def texts_of(mentor: Mentor) -> list[str]:
    from indexer.passages import passages

    return [one.text for one in passages(mentor)]


def overlap(some: Sequence[Sequence[Any]], others: Sequence[Sequence[Any]]) -> float:
    """The mean share of each list that is in the other one too, whatever the order."""
    shares = [len(set(a) & set(b)) / max(1, len(b)) for a, b in zip(some, others, strict=True)]
    return float(np.mean(shares))


def recall(data: Path, occupations: Path, count: int) -> dict[str, float]:
    """Share of the exactly nearest passages that the index finds, a goal a query.

    Exact search is over all vectors of the index, in float32.
    """
    serving = Serving(Settings(data=data))
    (segment,) = serving.follower.index.segments
    queries = serving.encoder.encode_queries(Goals(occupations, seed=3).take(count))
    began = time.perf_counter()
    found = [segment.dense.nearest(query[None], NEAREST)[1][0] for query in queries]
    took_ms = 1000 * (time.perf_counter() - began) / count
    exact = exactly_nearest(queries, segment.dense.vectors)
    serving.close()
    shares = [
        len(set(row.tolist()) & set(one.tolist())) / len(row)
        for one, row in zip(found, exact, strict=True)
    ]
    return {
        "recall": float(np.mean(shares)),
        "worst": min(shares),
        "goals": count,
        "nearest_ms": took_ms,
    }


def exactly_nearest(
    queries: NDArray[np.float32], vectors: NDArray[np.float16]
) -> NDArray[np.int64]:
    """The numbers of the `NEAREST` rows with the greatest inner product, (n_queries, NEAREST)."""
    best = np.full((len(queries), 0), 0.0, np.float32)
    numbers = np.zeros((len(queries), 0), np.int64)
    for first in range(0, len(vectors), AT_ONCE):
        cosines = queries @ vectors[first : first + AT_ONCE].astype(np.float32).T
        here = np.arange(first, first + cosines.shape[1])
        both = np.concatenate([best, cosines], axis=1)
        named = np.concatenate([numbers, np.broadcast_to(here, cosines.shape)], axis=1)
        if both.shape[1] > NEAREST:
            order = np.argpartition(-both, NEAREST - 1, axis=1)[:, :NEAREST]
            both = np.take_along_axis(both, order, axis=1)
            named = np.take_along_axis(named, order, axis=1)
        best, numbers = both, named
    return numbers


def main() -> None:
    what, *given = sys.argv[1:]
    if what == "encoding":
        found: Any = encoding(Path(given[0]), int(given[1]), int(given[2]))
    elif what == "quality":
        found = quality(None if given[0] == "-" else Path(given[0]))
    else:
        found = recall(Path(given[0]), Path(given[1]), int(given[2]))
    print(json.dumps(found))  # the last line; others may have printed before


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
