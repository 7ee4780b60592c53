"""Small real parts for tests: an encoder with a fixed table of words, and what it needs."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from api.settings import Settings
from indexer.build import snapshot_of
from indexer.folder import DataFolder
from indexer.recipe import TextRecipe
from indexer.records import canonical_json, mentor_from
from indexer.snapshot import Snapshot
from indexer.store import Change, Store
from indexer.vectors import Vectors
from models.mentor import Mentor
from recommender.recommend import Recommender

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

    def _vector(self, text: str) -> NDArray[np.float32]:
        vector = np.zeros(self.dimension, dtype=np.float32)
        for word in re.findall(r"\w+", text.lower()):
            vector[_AXIS.get(word, _REST)] += 1.0 if word in _AXIS else 0.1
        if not vector.any():
            vector[_REST] = 1.0
        return vector / np.linalg.norm(vector)


def table_encoder(_settings: Settings) -> TableEncoder:
    """The encoder factory that wiring takes."""
    return TableEncoder()


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


def snapshot(store: Store, encoder: TableEncoder, *records: dict[str, object]) -> Snapshot:
    """An index of the records, which are put into the store as well."""
    found = mentors(*records)
    sequence = store.write("default", [Change(m, canonical_json(m)) for m in found])
    return snapshot_of(found, sequence, encoder, Vectors(store, encoder))


def recommender(folder: Path, *records: dict[str, object]) -> Recommender:
    """A recommender over the records, with its store in `folder`."""
    DataFolder(folder).ensure_writable()
    store, encoder = Store.in_folder(folder), TableEncoder()
    index = snapshot(store, encoder, *records)
    return Recommender("default", index, encoder, store, TextRecipe(Vectors(store, encoder)))
