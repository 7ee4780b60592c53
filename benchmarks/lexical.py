"""Compare the engines that could be behind the lexical index.

Each ranks the same profiles, already reduced to stems, for the goals of `examples/` (and of a
judged set, with --judged). Building and querying for the best 100 are timed on 50,000 profiles,
each mixed from two real ones, and given as a ratio to this project's index in the same run.
"""

import argparse
import sqlite3
import statistics
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
import tantivy
from machine import ROOT, stamp
from quality import documents_of

from evaluation.judgments import JudgedSet, read_judged_set
from evaluation.measures import means, per_goal
from indexer.lexical import SparseLexicalIndex, best_rows
from recommender.goals import understand

OUT = ROOT / "benchmarks" / "lexical.md"
MANY = 50_000
TOP = 100
Search = Callable[[Mapping[str, float], int], list[int]]


class Ours:
    """Our own sparse index with weights from everyday English."""

    name = "sparse matrix, fixed word weights (this project)"
    filters = "mask, exact"
    changes = "base and delta, as the dense index"

    def __init__(self, documents: Sequence[list[str]]) -> None:
        self.index = SparseLexicalIndex.build([Counter(d) for d in documents])
        self.everybody = np.arange(len(documents))

    def search(self, weights: Mapping[str, float], top: int) -> list[int]:
        return self.best_first(weights, top, np.ones(len(self.everybody), np.bool_))

    def filtered(self, weights: Mapping[str, float], mask: np.ndarray) -> list[int]:
        return self.best_first(weights, TOP, mask)

    def best_first(self, weights: Mapping[str, float], top: int, mask: np.ndarray) -> list[int]:
        rows, sums = self.index.best(weights, top, mask)
        best = best_rows(sums, top)
        return rows[best[np.argsort(-sums[best], kind="stable")]].tolist()


class Tantivy:
    """A search library in Rust; statistics of the corpus, deleted documents included."""

    name = "tantivy"
    filters = "only on indexed fields"
    changes = "yes, by segments"

    def __init__(self, documents: Sequence[list[str]]) -> None:
        schema = tantivy.SchemaBuilder()
        schema.add_integer_field("row", stored=True)
        schema.add_text_field("words", tokenizer_name="whitespace")
        self.schema = schema.build()
        self.index = tantivy.Index(self.schema)
        writer = self.index.writer(heap_size=200_000_000, num_threads=1)
        for row, document in enumerate(documents):
            writer.add_document(tantivy.Document(row=row, words=" ".join(document)))
        writer.commit()
        writer.wait_merging_threads()
        self.index.reload()
        self.searcher = self.index.searcher()

    def search(self, weights: Mapping[str, float], top: int) -> list[int]:
        terms = [tantivy.Query.term_query(self.schema, "words", stem) for stem in weights]
        query = tantivy.Query.boolean_query([(tantivy.Occur.Should, term) for term in terms])
        hits = self.searcher.search(query, top).hits
        return [self.searcher.doc(address)["row"][0] for _, address in hits]


class Fts5:
    """SQLite's full text search, in the same file format as the store."""

    name = "SQLite FTS5"
    filters = "joins, after matching"
    changes = "yes, in the transaction"

    def __init__(self, documents: Sequence[list[str]]) -> None:
        self.db = sqlite3.connect(":memory:")
        self.db.execute("CREATE VIRTUAL TABLE d USING fts5(words, tokenize='unicode61')")
        rows = ((row + 1, " ".join(document)) for row, document in enumerate(documents))
        self.db.executemany("INSERT INTO d(rowid, words) VALUES (?, ?)", rows)

    def search(self, weights: Mapping[str, float], top: int) -> list[int]:
        query = " OR ".join(f'"{stem}"' for stem in weights)
        sql = "SELECT rowid FROM d WHERE d MATCH ? ORDER BY bm25(d) LIMIT ?"
        return [row - 1 for (row,) in self.db.execute(sql, (query, top))]


class Bm25s:
    """BM25 as a sparse matrix of numbers that hold the corpus's statistics."""

    name = "bm25s"
    filters = "mask"
    changes = "no: built once"

    def __init__(self, documents: Sequence[list[str]]) -> None:
        self.size = len(documents)
        self.index = bm25s.BM25(k1=1.2, b=0.75)
        self.index.index([list(d) for d in documents], show_progress=False)

    def search(self, weights: Mapping[str, float], top: int) -> list[int]:
        known = [stem for stem in weights if stem in self.index.vocab_dict]
        scores = self.index.get_scores(known) if known else np.zeros(self.size)
        best = np.argpartition(-scores, min(top, self.size - 1))[:top]
        return [int(row) for row in best[np.argsort(-scores[best])] if scores[row] > 0]


ENGINES: tuple[Any, ...] = (Ours, Tantivy, Fts5, Bm25s)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judged", type=Path, help="folder of a judged set of real mentors")
    folder = parser.parse_args().judged
    examples = ROOT / "examples"
    sets = {"examples": (examples / "goals.jsonl", examples / "judgments.tsv", examples)}
    if folder and (folder / "dev_qrels.tsv").is_file():
        sets["real mentors"] = (folder / "dev_goals.jsonl", folder / "dev_qrels.tsv", folder)
    loaded = {
        name: (read_judged_set(goals, qrels), *documents_of(at / "mentors.jsonl"))
        for name, (goals, qrels, at) in sets.items()
    }
    rows = [measured(engine, loaded) for engine in ENGINES]
    header = [f"condensed nDCG@10, {name}" for name in loaded]
    lines = [
        f"# Lexical engines\n\n{stamp()}\n\nMade by `make bench-lexical`.",
        f"{__doc__.split(chr(10), 2)[2].strip()}\n",
        f"| engine | {' | '.join(header)} | build | query | add and delete | filters |",
        "|---" * (len(header) + 5) + "|",
    ]
    base = rows[0]
    for row in rows:
        quality = " | ".join(f"{value:.3f}" for value in row["quality"])
        lines.append(
            f"| {row['name']} | {quality} | {row['build'] / base['build']:.2f} "
            f"| {row['query'] / base['query']:.2f} | {row['changes']} | {row['filters']} |"
        )
    lines.append(
        f"\nThis project's index: {base['build']:.1f} s to build, {base['query'] * 1000:.1f} ms a "
        f"query for the best {TOP}; with a mask of a random tenth of the mentors "
        f"{base['filtered'] / base['query']:.2f} times that."
    )
    OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(OUT.read_text(encoding="utf-8"))


def measured(
    engine: Any, loaded: Mapping[str, tuple[JudgedSet, list[str], list[list[str]]]]
) -> Any:
    quality = [judged_quality(engine, *one) for one in loaded.values()]
    judged, _, documents = list(loaded.values())[-1]
    began = time.perf_counter()
    built = engine(mixed(documents))
    build_s = time.perf_counter() - began
    goals = [understand(judged.texts[goal]).terms for goal in judged.judged]
    row = {"name": engine.name, "quality": quality, "build": build_s}
    row["query"] = median_s(lambda terms: built.search(terms, TOP), goals)
    if engine is Ours:
        mask = np.random.default_rng(1).random(MANY) < 0.1
        row["filtered"] = median_s(lambda terms: built.filtered(terms, mask), goals)
    return row | {"changes": engine.changes, "filters": engine.filters}


def judged_quality(
    engine: Any, judged: JudgedSet, ids: list[str], documents: list[list[str]]
) -> float:
    built = engine(documents)
    run = {
        goal: [ids[row] for row in built.search(understand(judged.texts[goal]).terms, len(ids))]
        for goal in judged.judged
    }
    return means(per_goal(judged, run))["condensed nDCG@10"]


def mixed(documents: list[list[str]]) -> list[list[str]]:
    generator = np.random.default_rng(0)
    pairs = generator.integers(0, len(documents), (MANY, 2))
    return [documents[a][::2] + documents[b][1::2] for a, b in pairs.tolist()]


def median_s(search: Callable[[Mapping[str, float]], object], goals: Sequence[Any]) -> float:
    times = []
    for _ in range(5):
        for terms in goals:
            began = time.perf_counter()
            search(terms)
            times.append(time.perf_counter() - began)
    return statistics.median(times)


if __name__ == "__main__":
    main()
