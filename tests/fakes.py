"""Small real parts for tests: an encoder with a fixed table of words, and what it needs."""

import functools
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from api.settings import Settings
from indexer.folder import DataFolder
from indexer.live import LiveIndex
from indexer.recipe import TextRecipe
from indexer.records import mentor_from
from indexer.snapshot import Snapshot
from indexer.store import Store
from indexer.vectors import Vectors
from indexer.writing import Writer
from models.mentor import Mentor
from models.stretches import ReadAlone
from recommender.recommend import Recommender
from recommender.scoring import VERSION

# One axis a field of work: texts that share a field are near, others are orthogonal.
AXES = (
    "audit accountant accounting books ledger acca",
    "venture capital fund startup startups investor",
    "nurse nursing ward patients hospital clinical",
    "teach teacher teaching pupils school classroom",
    "software python code developer programming",
    "ship vessel sea officer engine maritime",
    "weld welding welder electrician apprentice trade",
    "law lawyer solicitor court legal",
)
_AXIS = {word: axis for axis, words in enumerate(AXES) for word in words.split()}
_REST = len(AXES)


class TableEncoder:
    """Counts words along fixed axes; a text without any lies on an axis of its own."""

    def __init__(self, space_id: str = "table-1") -> None:
        self.space_id = space_id
        self.runtime_id = "numpy"
        self.dimension = len(AXES) + 1
        self.encoded: list[str] = []

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.encoded += texts
        return np.stack([self._vector(text) for text in texts])

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([self._vector(text) for text in texts])

    def read_query(self, text: str) -> ReadAlone:
        return ReadAlone(text, self.encode_queries)

    def _vector(self, text: str) -> NDArray[np.float32]:
        vector = np.zeros(self.dimension, dtype=np.float32)
        for word in re.findall(r"\w+", text.lower()):
            vector[_AXIS.get(word, _REST)] += 1.0 if word in _AXIS else 0.1
        if not vector.any():
            vector[_REST] = 1.0
        return vector / np.linalg.norm(vector)


def kept(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """Passage vectors as the index keeps them: rounded to float16."""
    return rows.astype(np.float16).astype(np.float64)


class WordEncoder:
    """A text is the sum of its words, each a fixed direction in 64 dimensions: no two alike.

    The directions are other ones in every space.
    """

    runtime_id, dimension = "numpy", 64

    def __init__(self, space_id: str = "words-1") -> None:
        self.space_id = space_id

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([self._vector(text) for text in texts])

    encode_queries = encode_passages

    def read_query(self, text: str) -> ReadAlone:
        return ReadAlone(text, self.encode_queries)

    def _vector(self, text: str) -> NDArray[np.float32]:
        words = re.findall(r"\w+", text.lower()) or [""]
        directions = [_direction(word, self.space_id) for word in words]
        vector = np.sum(directions, axis=0, dtype=np.float32)
        return vector / np.linalg.norm(vector)


@functools.cache
def _direction(word: str, space_id: str) -> NDArray[np.float32]:
    digest = hashlib.blake2b(word.encode(), digest_size=64, salt=space_id.encode()).digest()
    return np.frombuffer(digest, dtype=np.uint8).astype(np.float32) - 127.5


def table_encoder(_settings: Settings) -> TableEncoder:
    """The encoder factory that wiring takes."""
    return TableEncoder()


def encoder_named(settings: Settings) -> TableEncoder:
    """An encoder factory in which "table-2" names the encoder of that space, others the first."""
    named = settings.encoder.startswith("table-")
    return TableEncoder(settings.encoder if named else "table-1")


def words_named(settings: Settings) -> WordEncoder:
    """An encoder factory in which "words-2" names the encoder of that space, others the first."""
    return WordEncoder(settings.encoder if settings.encoder.startswith("words-") else "words-1")


def version(sequence: int, space: str = "table-1") -> str:
    """The index version at a sequence of changes."""
    return f"{space}/{VERSION}/{sequence}"


RECORDS: tuple[dict[str, object], ...] = (
    {
        "id": "auditor",
        "name": "Wanjiru Oduya",
        "headline": "From audit to venture capital",
        "bio": "I spent six years in audit. Then I joined a fund and invest in startups. "
        "Wanjiru also sits on two boards.",
        "skills": ["ACCA", "due diligence", "venture capital"],
        "location": {"country": "KE", "timezone": "Africa/Nairobi"},
        "languages": ["en", "sw"],
        "capacity": 3,
        "active_mentees": 1,
        "organization": "Ledge Fund",
        "attributes": {"years": 11, "cohort": "spring"},
    },
    {
        "id": "nurse",
        "name": "Tomasz Zielny",
        "headline": "Ward nurse turned health informatics lead",
        "bio": "He worked nights on a surgical ward. Now patients rarely see him: he builds "
        "hospital software.",
        "topics": ["leaving the hospital", "clinical software"],
        "location": {"country": "PL", "timezone": "Europe/Warsaw"},
        "languages": ["pl", "en-GB"],
        "capacity": 2,
        "active_mentees": 0,
        "attributes": {"years": 9},
    },
    {
        "id": "teacher",
        "headline": "Maths teacher, head of department",
        "bio": "Fourteen years of teaching. I help new teachers keep a classroom calm.",
        "location": {"country": "SG", "timezone": "Asia/Singapore"},
        "languages": ["en"],
    },
    {
        "id": "welder",
        "headline": "Coded welder",
        "bio": "Apprentice at sixteen, welding inspector at forty.",
        "experience": [
            {
                "title": "Welding inspector",
                "organization": "Harrow Yard",
                "start": "2019",
                "description": "I check welds on ships and teach apprentices to pass their tests.",
            }
        ],
        "languages": ["en"],
        "location": {"country": "GB", "timezone": "Europe/London"},
        "capacity": 1,
        "active_mentees": 1,
    },
    {
        "id": "solicitor",
        "headline": "Solicitor, leaving private practice",
        "bio": "Ten years of law, the last four in court. Ask about in-house jobs.",
        "languages": ["en"],
        "available": False,
    },
)


def mentors(*records: dict[str, object]) -> list[Mentor]:
    """The mentors of `records`, or of the five above, in the order of ids."""
    return sorted((mentor_from(record) for record in records or RECORDS), key=lambda m: m.id)


def vectors(store: Store, encoder: TableEncoder | None = None) -> Vectors:
    """The vectors of the table's space, cached in `store`."""
    return Vectors(store, encoder or TableEncoder())


def put(store: Store, *records: dict[str, object], tenant: str = "default") -> None:
    """Write the records, or the five above, as any door does."""
    Writer(store, tenant, vectors(store)).put(mentors(*records))


def live_index(store: Store, *records: dict[str, object]) -> LiveIndex:
    """An index of everybody in the store, into which the records are put first."""
    put(store, *records)
    head, changes = store.changes("default", 0)
    found = vectors(store)
    empty = LiveIndex.empty(found.space_id, found.encoder.dimension)
    return empty.advanced(head.sequence, changes, found)


def snapshot(store: Store, *records: dict[str, object]) -> Snapshot:
    """Everybody in the store as a snapshot, the records put into the store first."""
    index = live_index(store, *records)
    return Snapshot(index.space_id, "numpy", index.sequence, index.whole())


def recommender(folder: Path, *records: dict[str, object]) -> Recommender:
    """A recommender over the records, with its store in `folder`."""
    DataFolder(folder).ensure_writable()
    store = Store.in_folder(folder)
    index = live_index(store, *records)
    return Recommender("default", index, TableEncoder(), store, TextRecipe(vectors(store)))


class WideEncoder(TableEncoder):
    """A vector of 384 dimensions a text, drawn by its hash: wide enough to be told from others."""

    def __init__(self, space_id: str = "wide-1") -> None:
        super().__init__(space_id)
        self.dimension = 384

    def _vector(self, text: str) -> NDArray[np.float32]:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
        drawn = np.random.default_rng(seed).standard_normal(self.dimension).astype(np.float32)
        return drawn / np.linalg.norm(drawn)
