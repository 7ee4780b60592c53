"""Measure recommendations: this engine, each part alone and left out, and the baselines.

Every system ranks the same mentors in the same run, with the default encoder where nothing else is
said; whole profiles, txtai and the rows "plain encoder" have the plain model that it was trained
from. Means are over the judged goals; the interval is that of the paired difference to whole
profiles with the plain model, by 10,000 bootstrap resamplings of the goals with a fixed seed. The
untuned blend is the whole profile, the best passage, the mean over goal parts of the best passage,
and 0.75 of BM25, each standardised by one mean and deviation of the set. Nothing in the engine is
fitted to these goals but its weights; "weights chosen in folds" picks them from a grid on four
fifths of the goals and is measured on the rest, 20 times 5 folds.
"""

import argparse
import math
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np
from bars import picture
from machine import ROOT, stamp
from numpy.typing import NDArray
from occupations import OCCUPATIONS, occupation_set
from peers import peer_runs
from pool import Pool, judged_pools

from api.settings import Settings
from api.wiring import default_encoder
from evaluation.baselines import NAME as WHOLE
from evaluation.baselines import whole_profile, whole_profile_run
from evaluation.intervals import paired_gain
from evaluation.judgments import JudgedSet
from evaluation.measures import MEASURES, means, per_goal
from indexer.live import LiveIndex
from indexer.mapping import ColumnMapping
from indexer.passages import words
from indexer.reading import read_records
from indexer.records import mentor_from
from models.goals import Goals, GoalVectors
from models.mentor import Mentor
from models.neutral import neutral_terms
from models.ports import Encoder
from models.weights import PLAIN_MODEL
from recommender.goals import understand
from recommender.recommend import encode_goals
from recommender.scoring import LEXICAL, PARTS, PASSAGES, PROFILE, score

OUT = ROOT / "benchmarks" / "quality.md"
DEPTH = 300
BLEND = "untuned blend"
OURS = "this engine"
TRAINED = "whole-profile embedding, default encoder"
PLAIN = "this engine, plain encoder"
WEIGHTS = np.asarray([PASSAGES, PROFILE, LEXICAL])
GRID = [
    np.asarray([a, b, c])
    for a in (0.1, 0.2, 0.35)
    for b in (0.1, 0.25, 0.4)
    for c in (0.4, 0.55, 0.7)
]
SEED, SEEDS, FOLDS = 7, 20, 5
DRAWN = 200  # occupations outside the evaluation list

Run = Mapping[str, Sequence[str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judged", type=Path, help="folder of a judged set of real mentors")
    folder = parser.parse_args().judged
    encoder, plain = (
        default_encoder(Settings(compile=True)),
        default_encoder(Settings(encoder=PLAIN_MODEL, compile=True)),
    )
    sections, shown = [], {}
    for name, mentors, judged in judged_sets(folder):
        values = measured(mentors, judged, encoder, plain)
        sections.append(table(name, len(mentors), judged, values))
        shown[name.split(" (")[0]] = {
            system: means(per)[MEASURES[0]] for system, per in values.items()
        }
        OUT.with_suffix(".svg").write_text(picture(shown, OURS), encoding="utf-8")
    intro = (
        f"# Quality of recommendations\n\n{stamp()} Encoder {encoder.space_id} on "
        f"{encoder.runtime_id}.\n\nMade by "
        f"`make eval`; with `JUDGED=FOLDER` also on a set of real mentors and on O*NET's "
        f"occupations, which are not part of this project. {' '.join(__doc__.split())}\n\n"
        f"![condensed nDCG@10 by system](quality.svg)\n"
    )
    OUT.write_text("\n".join([intro, *sections]), encoding="utf-8")
    print(OUT.read_text(encoding="utf-8"))


def judged_sets(folder: Path | None) -> Iterator[tuple[str, list[Mentor], JudgedSet]]:
    """The judged sets that are there, each with its mentors."""
    yield from judged_pools(folder)
    if not folder or not (folder / OCCUPATIONS).is_file():
        print(f"No {OCCUPATIONS} in {folder}: occupations are not measured.")
        return
    for name, development in (("O*NET, evaluation occupations", False), ("O*NET, others", True)):
        mentors, judged = occupation_set(folder, development=development)
        if development:
            drawn = random.Random(SEED).sample(judged.judged, DRAWN)
            judged = replace(judged, judged=tuple(sorted(drawn)))
        yield name, mentors, judged


def measured(
    mentors: Sequence[Mentor], judged: JudgedSet, encoder: Encoder, plain: Encoder
) -> dict[str, Mapping[str, Mapping[str, float]]]:
    """Every measure of every goal, by system."""
    texts = {goal: judged.texts[goal] for goal in judged.judged}
    index = indexed(mentors, encoder)
    runs: dict[str, Run] = {
        WHOLE: whole_profile_run(mentors, texts, plain, DEPTH),
        TRAINED: whole_profile_run(mentors, texts, encoder, DEPTH),
    }
    runs |= peer_runs(mentors, texts, DEPTH)
    found = engine_runs(mentors, index, texts, encoder)
    found[PLAIN] = engine_run(indexed(mentors, plain), texts, plain)
    values: dict[str, Mapping[str, Mapping[str, float]]] = {
        system: per_goal(judged, run) for system, run in (runs | found).items()
    }
    return values | {"weights chosen in folds": folded(judged, texts, index, encoder)}


def folded(
    judged: JudgedSet, texts: Mapping[str, str], index: LiveIndex, encoder: Encoder
) -> dict[str, dict[str, float]]:
    """Each goal's measures under the weights that were best for goals of other folds."""
    goals = {goal: understand(text) for goal, text in texts.items()}
    vectors = {goal: encode_goals(one, encoder) for goal, one in goals.items()}
    signals = {goal: raw(goals[goal], vectors[goal], index) for goal in goals}
    grid = [
        per_goal(judged, {goal: by(signals[goal], weights) for goal in goals}) for weights in GRID
    ]
    table = np.asarray([[one[goal][MEASURES[0]] for goal in goals] for one in grid])
    names, sums = list(goals), {goal: Counter[str]() for goal in goals}
    for seed in range(SEEDS):
        order = np.random.default_rng(seed).permutation(len(names))
        for fold in range(FOLDS):
            held = order[fold::FOLDS]
            best = int(np.delete(table, held, axis=1).mean(axis=1).argmax())
            for at in held:
                sums[names[at]].update(grid[best][names[at]])
    return {goal: {m: total[m] / SEEDS for m in MEASURES} for goal, total in sums.items()}


def raw(
    goals: Goals, vectors: GoalVectors, index: LiveIndex
) -> tuple[NDArray[np.str_], NDArray[np.float64]]:
    """Everybody's id, and the parts of the score without their weights."""
    rows = np.flatnonzero(index.catalogue.alive())
    scored = score(goals, vectors, rows, index.catalogue, index.dense, index.lexical)
    return np.asarray(index.catalogue.ids(scored.rows)), scored.parts / WEIGHTS


def by(
    signals: tuple[NDArray[np.str_], NDArray[np.float64]], weights: NDArray[np.float64]
) -> list[str]:
    ids, parts = signals
    return [str(id) for id in ids[np.lexsort((ids, -(parts @ weights)))[:DEPTH]]]


def indexed(mentors: Sequence[Mentor], encoder: Encoder) -> LiveIndex:
    with tempfile.TemporaryDirectory() as folder:
        pool = Pool(Path(folder), mentors, encoder)
        pool.close()
    return pool.index


def engine_run(index: LiveIndex, texts: Mapping[str, str], encoder: Encoder) -> Run:
    """The engine as it is, with another encoder."""
    understood = {goal: understand(text) for goal, text in texts.items()}
    return {
        goal: ranking(goals, encode_goals(goals, encoder), index, range(len(PARTS)))
        for goal, goals in understood.items()
    }


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
    runs = {OURS: ranked(everything)}
    for left_out, part in enumerate(PARTS):
        runs[f"without {part}"] = ranked([i for i in everything if i != left_out])
    for alone, part in enumerate(PARTS):
        runs[f"{part} alone"] = ranked([alone])

    def by_corpus(goals: Goals) -> Goals:
        return replace(
            goals, terms={t: corpus_idf(documents[t], len(mentors)) for t in goals.terms}
        )

    with mock.patch("recommender.words.related", return_value={}):
        runs["without related words"] = ranked(everything)
    runs["words about the mentee at half weight"] = ranked(everything, half_self)
    halves = {goal: with_parts(goals, vectors[goal]) for goal, goals in understood.items()}
    runs["goal parts half of the goal's vector"] = {
        goal: ranking(goals, halves[goal], index, everything) for goal, goals in understood.items()
    }
    runs["weights of this corpus for words"] = ranked(everything, by_corpus)
    runs[BLEND] = blend(mentors, index, texts, understood, vectors, documents, encoder)
    return runs


def half_self(goals: Goals) -> Goals:
    """The goal with the words that only its autobiography has at half their weight."""
    wished = {t.stem for p in goals.parts if p.about != "self" for t in neutral_terms(p.text)}
    return replace(goals, terms={t: w if t in wished else w / 2 for t, w in goals.terms.items()})


def with_parts(goals: Goals, vectors: GoalVectors) -> GoalVectors:
    """Half the whole text, half its parts by how much they say, which seemed a good idea."""
    weights = np.sqrt([part.informativeness + 1e-6 for part in goals.parts])
    parts = weights @ vectors.parts
    both = vectors.goal + parts / np.linalg.norm(parts)
    return replace(vectors, goal=(both / np.linalg.norm(both)).astype(np.float32))


def blend(
    mentors: Sequence[Mentor],
    index: LiveIndex,
    texts: Mapping[str, str],
    understood: Mapping[str, Goals],
    vectors: Mapping[str, GoalVectors],
    documents: Counter[str],
    encoder: Encoder,
) -> Run:
    """What one would put together from known pieces without looking at any judgment."""
    rows = np.asarray([index.catalogue.rows([mentor.id])[0] for mentor in mentors])
    order = np.argsort(rows)
    profiles = encoder.encode_passages([whole_profile(mentor) for mentor in mentors])[order]
    signals = {}
    for goal, goals in understood.items():
        one = vectors[goal]
        whole = encoder.encode_queries([texts[goal]])[0]
        queries = np.vstack([whole[None], one.parts])
        cosines, counts = index.dense.cosines(queries.astype(np.float32), rows[order])
        first = np.cumsum(counts) - counts
        best = np.maximum.reduceat(cosines, first, axis=1)
        weights = np.asarray([corpus_idf(documents[t], len(mentors)) for t in goals.terms])
        used = index.lexical.saturations(list(goals.terms), rows[order])
        words = np.bincount(used.mentor, used.saturation * weights[used.stem], len(order))
        signals[goal] = np.column_stack([profiles @ whole, best[0], best[1:].mean(axis=0), words])
    every = np.vstack(list(signals.values()))
    mean, deviation = every.mean(axis=0), every.std(axis=0)
    ids = np.asarray(index.catalogue.ids(rows[order]))
    return {
        goal: [
            str(id)
            for id in ids[
                np.lexsort((ids, -((one - mean) / deviation @ np.asarray([1, 1, 1, 0.75]))))
            ][:DEPTH]
        ]
        for goal, one in signals.items()
    }


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


def table(
    name: str,
    size: int,
    judged: JudgedSet,
    values: Mapping[str, Mapping[str, Mapping[str, float]]],
) -> str:
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
    gain = interval(values[BLEND], values[OURS])
    lines.append(f"\nThis engine over the untuned blend: {gain}.")
    return "\n".join(lines) + "\n"


def interval(
    base: Mapping[str, Mapping[str, float]], ours: Mapping[str, Mapping[str, float]]
) -> str:
    measure = MEASURES[0]
    before, after = ([one[goal][measure] for goal in base] for one in (base, ours))
    mean, low, high = paired_gain(before, after)
    return f"{mean:+.3f} ({low:+.3f} to {high:+.3f})"


if __name__ == "__main__":
    main()
