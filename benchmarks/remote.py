"""What passages cost in a real Milvus, and what its search misses, by kind of index.

Vectors are drawn as for `benchmarks/search.md`, from the sample mentors' own; queries are the
sample goals; one client asks for 626 passages, as the recommender does. The server is a standalone
one on this machine, with its data in a folder of its own.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from machine import ROOT, stamp
from numpy.typing import NDArray
from search import EACH, drawn, exact, recall

from api.settings import Settings
from api.wiring import default_encoder
from indexer import milvus
from indexer.milvus import Milvus, Passages, Row, key_of, mentor_and_place, mentor_key, owner_key
from indexer.passages import passages
from indexer.records import mentor_from
from recommender.goals import understand
from recommender.recommend import encode_goals
from tests.remote.servers import MilvusServer

OUT = ROOT / "benchmarks" / "remote.md"
FIGURES = ROOT / "benchmarks" / "remote.json"
KINDS = {
    "IVF_SQ8": {"index_type": "IVF_SQ8", "params": {"nlist": 1024}},
    "HNSW": {"index_type": "HNSW", "params": {"M": 16, "efConstruction": 200}},
}
READ = {"IVF_SQ8": (32, 64, 128, 256), "HNSW": (0,)}
WIDE = 626
ROWS_AT_ONCE = 10_000
FIELDS = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[60_000, 240_000])
    given = parser.parse_args()
    bank, queries = embedded()
    rows: list[str] = []
    figures: dict[str, object] = {"dimension": bank.shape[1]}
    for size in given.sizes:
        vectors = drawn(bank, size)
        for kind in KINDS:
            with tempfile.TemporaryDirectory() as folder:
                server = MilvusServer(Path(folder) / "milvus")
                server.start()
                try:
                    found = measured(server, kind, vectors, queries, rows)
                finally:
                    server.kill()
            if kind == milvus.INDEX["index_type"]:
                figures |= found
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    lines = [
        f"# Passages in Milvus\n\n{stamp()}\n\nMade by `make bench-remote`, Milvus 2.3.5. "
        f"{' '.join(__doc__.split())} {len(queries)} goals; medians. *Recall*: share of the 50 "
        f"nearest that are found. *Disk*: all that the server keeps, its message log too, which it "
        f"drops after three days. *Memory*: what the process grew by. Load of the machine: "
        f"{os.getloadavg()[1]:.0f}.\n",
        "| passages | index | rows a second in | ready after, s | disk, bytes a row "
        "| memory, bytes a row | ms a query | recall@50 |",
        "|---|---|---|---|---|---|---|---|",
        *rows,
    ]
    OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(OUT.read_text(encoding="utf-8"))


def measured(
    server: MilvusServer,
    kind: str,
    vectors: NDArray[np.float16],
    queries: NDArray[np.float32],
    rows: list[str],
) -> dict[str, float]:
    assert server.process
    there = Passages(Milvus(server.url), "default", "drawn", vectors.shape[1])
    chosen, milvus.INDEX = milvus.INDEX, KINDS[kind]
    there.make()
    milvus.INDEX = chosen
    before, began = memory(server.process.pid), time.perf_counter()
    for at in range(0, len(vectors), ROWS_AT_ONCE):
        there.insert([row(at + i, v) for i, v in enumerate(vectors[at : at + ROWS_AT_ONCE])])
    rate = len(vectors) / (time.perf_counter() - began)
    began = time.perf_counter()
    there.flush()
    wait_for_index(there)
    ready_s = time.perf_counter() - began
    disk = sum(f.stat().st_size for f in (server.folder / "data").rglob("*") if f.is_file())
    grown = memory(server.process.pid) - before
    right = exact(vectors, queries)
    numbers = {mentor_key("default", str(m), "words"): m for m in range(len(vectors) // EACH)}
    read = milvus.READ
    for lists in READ[kind]:
        milvus.READ = lists or read
        took, found = [], []
        for query in queries:
            began = time.perf_counter()
            hits = there.nearest(query[None], WIDE)[0]
            took.append(time.perf_counter() - began)
            split = [mentor_and_place(key) for key, _ in hits]
            found.append(np.asarray([numbers[m] * EACH + place for m, place in split]))
        name = f"{kind}, {lists} lists read" if lists else kind
        name = f"**{name}**" if (kind, lists) == (chosen["index_type"], read) else name
        rows.append(
            f"| {len(vectors):,} | {name} | {rate:,.0f} | {ready_s:.0f} "
            f"| {disk / len(vectors):,.0f} | {grown / len(vectors):,.0f} "
            f"| {1000 * statistics.median(took):.1f} | {recall(right, found):.3f} |"
        )
    milvus.READ = read
    return {
        "passages": len(vectors),
        "rows_a_second": round(rate),
        "disk_bytes_a_row": round(disk / len(vectors)),
        "memory_bytes_a_row": round(grown / len(vectors)),
    }


def row(number: int, vector: NDArray[np.float16]) -> Row:
    mentor, place = divmod(number, EACH)
    key = key_of(mentor_key("default", str(mentor), "words"), place)
    return Row(key, owner_key("default", str(mentor)), (mentor % 50,) * FIELDS, vector)


def wait_for_index(there: Passages) -> None:
    """Until every row is indexed, and the index searched."""

    def left(client: object) -> int:
        found = client.describe_index(there.collection, "vector")  # type: ignore[attr-defined]
        return int(found["pending_index_rows"]) + (found["indexed_rows"] != found["total_rows"])

    while there.milvus.do(left):
        time.sleep(1)
    time.sleep(10)  # Milvus looks every few seconds whether an index is to be loaded


def memory(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def embedded() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Vectors of the sample mentors' passages, and of the sample goals: float32, unit rows."""
    encoder = default_encoder(Settings(compile=True))
    lines = (ROOT / "examples" / "mentors.jsonl").read_text(encoding="utf-8").splitlines()
    mentors = [mentor_from(json.loads(line)) for line in lines]
    texts = {passage.text for mentor in mentors for passage in passages(mentor)}
    lines = (ROOT / "examples" / "goals.jsonl").read_text(encoding="utf-8").splitlines()
    goals = [understand(json.loads(line)["text"]) for line in lines]
    queries = np.stack([encode_goals(goal, encoder).goal for goal in goals])
    return encoder.encode_passages(sorted(texts)), queries.astype(np.float32)


if __name__ == "__main__":
    main()
