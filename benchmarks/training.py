"""Measure what training an encoder brings, and how far seeds, strength and length matter.

Each row is an encoder: whole profiles and the whole engine with it, on the same mentors in the same
run. "1.43 times the change" is the trained model itself, which is averaged with the plain one by
keeping 0.7 of what was learnt; "dimensions" are the first ones of each vector, at length 1 again.
Other seeds are files that `python -m training.encoder --seed` made, named with --adapters.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from machine import ROOT, stamp
from numpy.typing import NDArray
from pool import judged_pools
from quality import DEPTH, engine_run, indexed, interval
from safetensors.torch import load_file
from sentence_transformers import SentenceTransformer

from evaluation.baselines import whole_profile_run
from evaluation.judgments import JudgedSet
from evaluation.measures import MEASURES, means, per_goal
from models.adapter import DOWN, add
from models.encoder import SentenceTransformerEncoder
from models.mentor import Mentor
from models.ports import Encoder
from models.weights import CAREERS_FILE, PLAIN_MODEL, plain_model_folder

OUT = ROOT / "benchmarks" / "training.md"
KEPT = (1 / 0.7,)  # all of what was learnt: training keeps 0.7 of it
DIMENSIONS = (256, 128)


@dataclass(frozen=True, slots=True)
class ShortenedReading:
    """A query of which the first dimensions are wanted."""

    rows: Callable[[Sequence[tuple[int, int]]], NDArray[np.float32]]


class Shortened:
    """The first dimensions of another encoder's vectors."""

    def __init__(self, encoder: Encoder, dimension: int) -> None:
        self._encoder = encoder
        self.dimension = dimension
        self.space_id = f"{encoder.space_id}-{dimension}"
        self.runtime_id = encoder.runtime_id

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._short(self._encoder.encode_passages(texts))

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._short(self._encoder.encode_queries(texts))

    def read_query(self, text: str) -> "ShortenedReading":
        reading = self._encoder.read_query(text)
        return ShortenedReading(lambda stretches: self._short(reading.rows(stretches)))

    def _short(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        short = rows[:, : self.dimension]
        return short / np.linalg.norm(short, axis=1, keepdims=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judged", type=Path, help="folder of a judged set of real mentors")
    parser.add_argument("--adapters", type=Path, nargs="*", default=[], help="of other seeds")
    given = parser.parse_args()
    sets = list(judged_pools(given.judged))
    rows: dict[str, list[dict[str, Mapping[str, Mapping[str, float]]]]] = {}
    for name, encoder in encoders(given.adapters):
        rows[name] = [measured(mentors, judged, encoder) for _, mentors, judged in sets]
        print(name, [round(means(one["engine"])[MEASURES[0]], 4) for one in rows[name]])
    tables = [
        table(name, [(system, one[at]) for system, one in rows.items()])
        for at, (name, _, _) in enumerate(sets)
    ]
    intro = (
        f"# Training the encoder\n\n{stamp()}\n\nMade by `make bench-training`. "
        f"{' '.join(__doc__.split())}\n"
    )
    OUT.write_text("\n".join([intro, *tables]), encoding="utf-8")
    print(OUT.read_text(encoding="utf-8"))


def encoders(others: Sequence[Path]) -> Iterator[tuple[str, Encoder]]:
    """Each encoder with its name, made when it is its turn."""
    yield "plain", SentenceTransformerEncoder(PLAIN_MODEL)
    shipped = load_file(CAREERS_FILE)
    careers = adapted(shipped)
    yield "shipped", careers
    for dimension in DIMENSIONS:
        yield f"shipped, {dimension} dimensions", Shortened(careers, dimension)
    for path in others:
        yield f"another seed ({path.name})", adapted(load_file(path))
    for kept in KEPT:
        yield f"shipped, {kept:.2f} times the change", adapted(scaled(shipped, kept))


def scaled(changes: Mapping[str, torch.Tensor], kept: float) -> dict[str, torch.Tensor]:
    """The changes times `kept`; of a product one factor is enough."""
    return {
        name: change if name.endswith(DOWN) else change.float() * kept
        for name, change in changes.items()
    }


def adapted(changes: Mapping[str, torch.Tensor]) -> SentenceTransformerEncoder:
    """The plain model with `changes`."""
    model = SentenceTransformer(str(plain_model_folder()), device="cpu", local_files_only=True)
    add(model.state_dict(), changes)
    with tempfile.TemporaryDirectory() as folder:
        model.save(folder)
        return SentenceTransformerEncoder(folder)


def measured(
    mentors: Sequence[Mentor], judged: JudgedSet, encoder: Encoder
) -> dict[str, Mapping[str, Mapping[str, float]]]:
    """Every measure of every goal, of whole profiles and of the engine."""
    texts = {goal: judged.texts[goal] for goal in judged.judged}
    whole = whole_profile_run(mentors, texts, encoder, DEPTH)
    engine = engine_run(indexed(mentors, encoder), texts, encoder)
    return {"whole": per_goal(judged, whole), "engine": per_goal(judged, engine)}


def table(
    name: str, rows: Sequence[tuple[str, Mapping[str, Mapping[str, Mapping[str, float]]]]]
) -> str:
    base = rows[0][1]["whole"]
    lines = [
        f"## {name}",
        "",
        "| encoder | whole profiles, condensed nDCG@10 | engine, condensed | raw | unjudged@10 | "
        "engine over whole profiles with the plain model, 95 % |",
        "|---|---|---|---|---|---|",
    ]
    for encoder, one in rows:
        whole, engine = means(one["whole"]), means(one["engine"])
        cells = [f"{whole[MEASURES[0]]:.3f}"]
        cells += [f"{engine[m]:.3f}" for m in (MEASURES[0], MEASURES[1], MEASURES[4])]
        lines.append(f"| {encoder} | {' | '.join(cells)} | {interval(base, one['engine'])} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
