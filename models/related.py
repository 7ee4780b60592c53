"""Related words: which stems mean nearly the same, from a table fixed with the scoring version.

Word matching alone misses "attorney" where the goal says "lawyer". The table holds, for the 20,000
commonest English stems, the nearest others by the cosine of their vectors (a translation model in
the sense of Berger & Lafferty 1999, "Information Retrieval as Statistical Translation",
doi:10.1145/312624.312681). It is a file and not a search in the vocabulary of an index, so what
two words have to do with each other does not depend on who is in the pool.
`training/related_words.py` makes it; `benchmarks/quality.md` has the row without it.
"""

import functools
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_Table = tuple[list[str], dict[str, int], list[int], NDArray[np.uint16], NDArray[np.uint8]]
FILE = Path(__file__).with_name("related.npz")
STEPS = 255
"""Credits are kept in this many steps, range (0, 1]."""


@functools.lru_cache(maxsize=50_000)
def related(stem: str) -> dict[str, float]:
    """Stems near `stem` and how much a match with each is worth, range (0, 1); itself left out."""
    stems, place, first, neighbours, credits = _table()
    at = place.get(stem)
    if at is None:
        return {}
    span = slice(first[at], first[at + 1])
    return {
        stems[other]: step / STEPS
        for other, step in zip(neighbours[span].tolist(), credits[span].tolist(), strict=True)
    }


@functools.cache
def _table() -> _Table:
    with np.load(FILE) as file:
        stems = bytes(file["stems"]).decode().split("\n")
        first = file["first"].tolist()
        return stems, {s: i for i, s in enumerate(stems)}, first, file["stem"], file["credit"]
