"""What 1 million to 1 billion mentors take: bytes, machines and money, by calculation.

Every constant says where it was measured; `python benchmarks/capacity.py` prints the tables that
docs/scale.md has. Nothing here was run at these sizes.
"""

import json
import math
from dataclasses import dataclass

from machine import ROOT

SIZES = (1_000_000, 10_000_000, 100_000_000, 1_000_000_000)
FIGURES = json.loads((ROOT / "benchmarks" / "remote.json").read_text(encoding="utf-8"))

PASSAGES = 7  # a mentor; 6,819 of 980 real profiles
DIMENSION = 384
MILVUS_MEMORY = FIGURES["memory_bytes_a_row"]  # benchmarks/remote.md
MILVUS_RATE = FIGURES["rows_a_second"]  # into a standalone server on two busy cores
VECTOR = 2 * DIMENSION  # float16, in the snapshot
LISTS = DIMENSION + 8 + 4
LOG_DISK = 4 * DIMENSION  # Milvus keeps vectors as float32; its index lies beside them
STORE_DISK = 57_600  # a mentor: the database of the 172 sample mentors, who have 24 texts each
HOST_MEMORY = 1_340  # a mentor: words 1,000, catalogue 300 (words-at-scale.md), keys and facets 40
SPARE = 1.3  # for compaction, growing segments, and a node that fails

NODE_GB = 128  # memory of a query node
NODE_A_MONTH = 500.0  # US dollars, reserved; set your own
DISK_GB_A_MONTH = 0.08
OBJECT_GB_A_MONTH = 0.023
HOST_GB = 64
HOST_A_MONTH = 250.0


@dataclass(frozen=True, slots=True)
class Row:
    """One size."""

    mentors: int

    @property
    def passages(self) -> int:
        return self.mentors * PASSAGES

    @property
    def query_memory_gb(self) -> float:
        return SPARE * self.passages * MILVUS_MEMORY / 1e9

    @property
    def query_nodes(self) -> int:
        return max(1, math.ceil(self.query_memory_gb / (0.8 * NODE_GB)))

    @property
    def object_gb(self) -> float:
        return SPARE * self.passages * (LOG_DISK + DIMENSION) / 1e9

    @property
    def host_memory_gb(self) -> float:
        return self.mentors * HOST_MEMORY / 1e9

    @property
    def host_disk_gb(self) -> float:
        return 2 * self.passages * (VECTOR + LISTS) / 1e9  # the live snapshot and the one before

    @property
    def store_gb(self) -> float:
        return self.mentors * STORE_DISK / 1e9

    @property
    def fill_h(self) -> float:
        return self.passages / MILVUS_RATE / 3600  # one process a tenant fills it

    @property
    def shards(self) -> int:
        """Groups of hosts between which tenants, or parts of one, are divided."""
        return max(1, math.ceil(self.host_memory_gb / (0.6 * HOST_GB)))

    @property
    def a_month(self) -> float:
        hosts = 2 * self.shards
        disk = (hosts * self.host_disk_gb / self.shards + 2 * self.store_gb) * DISK_GB_A_MONTH
        return (
            self.query_nodes * NODE_A_MONTH
            + hosts * HOST_A_MONTH
            + self.object_gb * OBJECT_GB_A_MONTH
            + disk
        )


def main() -> None:
    print(table())


def table() -> str:
    """The table as Markdown."""
    rows = [Row(size) for size in SIZES]
    columns = {
        "passages": [f"{row.passages / 1e6:,.0f} M" for row in rows],
        "Milvus, memory of query nodes": [f"{row.query_memory_gb:,.0f} GB" for row in rows],
        f"query nodes of {NODE_GB} GB": [f"{row.query_nodes:,}" for row in rows],
        "object store": [f"{row.object_gb:,.0f} GB" for row in rows],
        "filling Milvus anew, one tenant": [f"{row.fill_h:,.0f} h" for row in rows],
        "memory that catalogue and words take": [f"{row.host_memory_gb:,.1f} GB" for row in rows],
        "snapshots on disk": [f"{row.host_disk_gb:,.0f} GB" for row in rows],
        f"groups of API hosts of {HOST_GB} GB": [f"{row.shards:,}" for row in rows],
        "database": [f"{row.store_gb:,.0f} GB" for row in rows],
        "US dollars a month, two hosts a group": [f"{row.a_month:,.0f}" for row in rows],
    }
    head = "| mentors | " + " | ".join(f"{row.mentors / 1e6:,.0f} M" for row in rows) + " |"
    lines = [f"| {name} | {' | '.join(cells)} |" for name, cells in columns.items()]
    return "\n".join([head, "|---" * (len(rows) + 1) + "|", *lines])


if __name__ == "__main__":
    main()
