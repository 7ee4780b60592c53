"""Measure recommendations: this engine, each part alone and left out, and the baselines.

Every system ranks the same mentors with the same encoder in the same run. Means are over the
judged goals; the interval is that of the paired difference to whole-profile embedding, by
10,000 bootstrap resamplings of the goals with a fixed seed.
"""

import argparse
import math
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from machine import ROOT, stamp
from peers import peer_runs

from api.settings import Settings
from api.wiring import default_encoder
from evaluation.baselines import NAME as WHOLE
from evaluation.baselines import whole_profile_run
from evaluation.judgments import JudgedSet, read_judged_set
from evaluation.measures import MEASURES, means, per_goal
from indexer.following import Follower
from indexer.generations import Generations
from indexer.importing import Import
from indexer.live import LiveIndex
from indexer.mapping import ColumnMapping
from indexer.passages import words
from indexer.reading import read_records
from indexer.records import mentor_from
from indexer.store import Store
from indexer.vectors import Vectors
from indexer.writing import Writer
from models.goals import Goals, GoalVectors
from models.mentor import Mentor
from models.ports import Encoder
from recommender.goals import understand
from recommender.recommend import encode_goals
from recommender.scoring import score

OUT = ROOT / "benchmarks" / "quality.md"
DEPTH = 300
RESAMPLINGS = 10_000
PARTS = ("passages", "profile", "lexical")

Run = Mapping[str, Sequence[str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judged", type=Path, help="folder of a judged set of real mentors")
    folder = parser.parse_args().judged
    encoder = default_encoder(Settings())
    examples = ROOT / "examples"
    sets = [("The sample mentors (`examples/`)", examples, "goals.jsonl", "judgments.tsv")]
    if folder and (folder / "dev_qrels.tsv").is_file():
        name = "Real mentors with judged goals (`--judged`)"
        sets.insert(0, (name, folder, "dev_goals.jsonl", "dev_qrels.tsv"))
    else:
        print(f"No judged set of real mentors at {folder}: only examples/ is measured.")
    sections = [
        section(name, at, at / goals, at / qrels, encoder) for name, at, goals, qrels in sets
    ]
    intro = (
        f"# Quality of recommendations\n\n{stamp()} Encoder {encoder.space_id}.\n\nMade by "
        f"`make eval`; with `JUDGED=FOLDER` also on a set of real mentors, which is not part of "
        f"this project. {__doc__.split(chr(10), 2)[2].strip()}\n"
    )
    OUT.write_text("\n".join([intro, *sections]), encoding="utf-8")
    print(OUT.read_text(encoding="utf-8"))


def section(name: str, folder: Path, goals: Path, qrels: Path, encoder: Encoder) -> str:
    """One table: a row a system."""
    judged = read_judged_set(goals, qrels)
    mentors, index = indexed(folder / "mentors.jsonl", encoder)
    texts = {goal: judged.texts[goal] for goal in judged.judged}
    runs: dict[str, Run] = {WHOLE: whole_profile_run(mentors, texts, encoder, DEPTH)}
    runs |= peer_runs(mentors, texts, DEPTH)
    runs |= engine_runs(mentors, index, texts, encoder)
    return table(name, len(mentors), judged, runs)


def indexed(path: Path, encoder: Encoder) -> tuple[list[Mentor], LiveIndex]:
    with tempfile.TemporaryDirectory() as folder:
        store = Store.in_folder(Path(folder))
        vectors = Vectors(store, encoder)
        Import("jsonl", ColumnMapping()).read(path, Writer(store, "default", vectors))
        _, mentors = store.all("default")
        index = Follower(store, "default", Generations(Path(folder)), vectors).index
        store.close()
    return mentors, index


def engine_runs(
    mentors: Sequence[Mentor], index: LiveIndex, texts: Mapping[str, str], encoder: Encoder
) -> dict[str, Run]:
    """The engine, each part left out, each part alone, and the corpus's own word weights."""
    understood = {goal: understand(text) for goal, text in texts.items()}
    vectors = {goal: encode_goals(goals, encoder) for goal, goals in understood.items()}
    documents = document_frequencies(mentors)

    def ranked(use: Sequence[int], change: Callable[[Goals], Goals] = lambda g: g) -> Run:
        return {
            goal: ranking(change(goals), vectors[goal], index, use)
            for goal, goals in understood.items()
        }

    everything = range(len(PARTS))
    runs = {"this engine": ranked(everything)}
    for left_out, part in enumerate(PARTS):
        runs[f"without {part}"] = ranked([i for i in everything if i != left_out])
    for alone, part in enumerate(PARTS):
        runs[f"{part} alone"] = ranked([alone])

    def by_corpus(goals: Goals) -> Goals:
        return replace(
            goals, terms={t: corpus_idf(documents[t], len(mentors)) for t in goals.terms}
        )

    runs["lexical alone, weights of this corpus (BM25)"] = ranked([2], by_corpus)
    runs["this engine, weights of this corpus"] = ranked(everything, by_corpus)
    return runs


def ranking(goals: Goals, vectors: GoalVectors, index: LiveIndex, use: Sequence[int]) -> list[str]:
    everybody = np.flatnonzero(index.catalogue.alive())
    scored = score(goals, vectors, everybody, index.catalogue, index.dense, index.lexical)
    ids = np.asarray(index.catalogue.ids(scored.rows))
    order = np.lexsort((ids, -scored.parts[:, list(use)].sum(axis=1)))[:DEPTH]
    return [str(id) for id in ids[order]]


def documents_of(path: Path) -> tuple[list[str], list[list[str]]]:
    """The ids and the stems of the mentors in a file, in the order of ids."""
    found = (mentor_from(raw.value) for raw in read_records(path, "jsonl", ColumnMapping()))
    mentors = sorted(found, key=lambda mentor: mentor.id)
    return [m.id for m in mentors], [[term.stem for _, term in words(m)] for m in mentors]


def document_frequencies(mentors: Sequence[Mentor]) -> Counter[str]:
    return Counter(stem for m in mentors for stem in {term.stem for _, term in words(m)})


def corpus_idf(documents: int, size: int) -> float:
    """Lucene's inverse document frequency."""
    return math.log(1 + (size - documents + 0.5) / (documents + 0.5))


def table(name: str, size: int, judged: JudgedSet, runs: Mapping[str, Run]) -> str:
    values = {system: per_goal(judged, run) for system, run in runs.items()}
    judgments = sum(len(judged.grades[goal]) for goal in judged.judged)
    lines = [
        f"## {name}",
        "",
        f"{size:,} mentors, {len(judged.judged)} goals, {judgments:,} judgments.",
        "",
        f"| system | {' | '.join(MEASURES)} | condensed nDCG@10 gained, 95 % |",
        "|---" * (len(MEASURES) + 2) + "|",
    ]
    for system, per in values.items():
        mean = means(per)
        cells = [f"{mean[measure]:.3f}" for measure in MEASURES]
        gained = "" if system == WHOLE else interval(values[WHOLE], per)
        lines.append(f"| {system} | {' | '.join(cells)} | {gained} |")
    return "\n".join(lines) + "\n"


def interval(
    base: Mapping[str, Mapping[str, float]], ours: Mapping[str, Mapping[str, float]]
) -> str:
    measure = MEASURES[0]
    gains = np.asarray([ours[goal][measure] - base[goal][measure] for goal in base])
    picks = np.random.default_rng(7).integers(0, len(gains), (RESAMPLINGS, len(gains)))
    low, high = np.quantile(gains[picks].mean(axis=1), [0.025, 0.975])
    return f"{gains.mean():+.3f} ({low:+.3f} to {high:+.3f})"


if __name__ == "__main__":
    main()
