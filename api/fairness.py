"""`mentors fairness`: the mentors under other names and genders, and the orders compared."""

import functools
import itertools
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api import screen
from api.recommending import read_goals
from api.settings import Settings
from api.wiring import Serving
from evaluation.fairness import DEPTH, Agreement, Orders
from evaluation.names import MAN, PLAIN, WOMAN, Names, read_names
from evaluation.rewriting import written_as
from evaluation.swapping import swapped
from indexer.following import Follower
from indexer.generations import Generations
from indexer.recipe import TextRecipe
from indexer.store import Store
from indexer.vectors import Vectors
from indexer.writing import Writer
from models.errors import BadInput
from models.mentor import Mentor
from models.naming import own_name
from models.ports import Encoder, QueryReading
from models.stretches import Span
from recommender.eligibility import Filters
from recommender.recommend import Recommender, Request

FAIR = 0.99  # mean overlap from which the order does not depend on who the mentors are
TOGETHER = 1_000  # mentors written at once
# Who is written as what. Where everybody changes alike, everybody may gain alike; in the mixed
# versions every second mentor stays behind.
EXCHANGED = "goals with he and she exchanged"
VERSIONS = (
    ("all as men", (MAN, MAN)),
    ("all as women", (WOMAN, WOMAN)),
    ("men and women by turns", (MAN, WOMAN)),
    ("women and men by turns", (WOMAN, MAN)),
)


def fairness(goals: Path, names: Path | None, settings: Settings) -> dict[str, Any]:
    """How far the order of the first ten depends on names and genders.

    Raises SourceUnreadable, BadInput or what `Serving` raises.
    """
    texts = dict(read_goals(goals))
    people = PLAIN if names is None else read_names(names)
    serving = Serving(settings)
    try:
        _, mentors = serving.store.all(settings.tenant)
        if not mentors:
            raise BadInput("There are no mentors here, so there is no order to compare.")
        found = compared(mentors, texts, people, _Known(serving.encoder, serving.store))
    finally:
        serving.close()
    return {
        "goals": len(texts),
        "mentors": len(mentors),
        "named": sum(bool(mentor.name) for mentor in mentors),
        "introduced": sum(not m.name and bool(own_name("", m.bio)) for m in mentors),
        "depth": DEPTH,
        "versions": [{"name": name} | asdict(one) for name, one in found.items()],
        "fair": all(one.mean >= FAIR for one in found.values()),
    }


def compared(
    mentors: Sequence[Mentor], goals: Mapping[str, str], people: Names, encoder: Encoder
) -> dict[str, Agreement]:
    """Each version's order beside the order of the mentors as they are."""
    exchanged = {goal: swapped(text) for goal, text in goals.items()}
    with trial(encoder) as recommends, screen.progress("ranking", len(VERSIONS) + 1) as progress:
        as_they_are = recommends(mentors)
        original = orders(as_they_are, goals)
        found = {EXCHANGED: Agreement.between(original, orders(as_they_are, exchanged))}
        progress(1)
        for done, (name, turns) in enumerate(VERSIONS, start=2):
            written = [
                written_as(mentor, people.person(turns[number % len(turns)], number))
                for number, mentor in enumerate(mentors)
            ]
            found[name] = Agreement.between(original, orders(recommends(written), goals))
            progress(done)
    return found


@contextmanager
def trial(encoder: Encoder) -> Iterator[Callable[[Sequence[Mentor]], Recommender]]:
    """What makes a recommender of mentors, as often as needed, in a folder that goes at the end.

    Each is a tenant of one store, so whatever reads the same in two of them is encoded once.
    """
    with tempfile.TemporaryDirectory() as name:
        folder, store = Path(name), Store.in_folder(Path(name))
        vectors, tenants = Vectors(store, encoder), itertools.count()

        def recommends(mentors: Sequence[Mentor]) -> Recommender:
            tenant = f"version-{next(tenants)}"
            writer = Writer(store, tenant, vectors)
            for first in range(0, len(mentors), TOGETHER):
                writer.put(mentors[first : first + TOGETHER])
            index = Follower(store, tenant, Generations(folder / tenant), vectors).index
            return Recommender(tenant, index, encoder, store, TextRecipe(vectors))

        try:
            yield recommends
        finally:
            store.close()


def orders(recommender: Recommender, goals: Mapping[str, str], depth: int = DEPTH) -> Orders:
    """The best mentors of each goal, full ones too: who fits is asked, not who has time."""
    found = {}
    for goal, text in goals.items():
        request = Request(text, depth, filters=Filters(available=None), explain=False)
        answer = recommender.recommend(request)
        found[goal] = [one.mentor.id for one in answer.recommendations]
    return found


class _Known:
    """An encoder that reads a data folder's vectors, writes none there, and repeats no goal."""

    def __init__(self, encoder: Encoder, store: Store) -> None:
        self.encode_passages = Vectors(store, encoder).of
        self.space_id = encoder.space_id
        self.runtime_id = encoder.runtime_id
        self.dimension = encoder.dimension
        self.encode_queries = encoder.encode_queries
        self.read_query = functools.cache(lambda text: _ReadOnce(encoder.read_query(text)))


class _ReadOnce:
    def __init__(self, reading: QueryReading) -> None:
        self._rows = functools.cache(reading.rows)

    def rows(self, stretches: Sequence[Span]) -> NDArray[np.float32]:
        return self._rows(tuple(stretches))
