"""Recommenders over small pools, closed when the test ends."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recommender.recommend import Recommender
from tests.fakes import recommender


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Callable[..., Recommender]]:
    """Makes a recommender over the records given, or over the five of the fakes."""
    made: list[Recommender] = []

    def make(*records: dict[str, object]) -> Recommender:
        made.append(recommender(tmp_path / str(len(made)), *records))
        return made[-1]

    yield make
    for one in made:
        one._store.close()


@pytest.fixture
def remove(tmp_path: Path) -> Callable[..., None]:
    """Takes mentors out of the store of the first recommender, behind its back."""

    def delete(*ids: str) -> None:
        with sqlite3.connect(tmp_path / "0" / "mentors.db") as database:
            database.executemany("DELETE FROM mentors WHERE id = ?", [(id,) for id in ids])
        database.close()

    return delete
