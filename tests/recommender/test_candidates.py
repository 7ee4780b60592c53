import numpy as np
import pytest

from recommender import candidates as depth
from recommender.candidates import candidates, named
from recommender.goals import understand
from recommender.recommend import encode_goals
from tests.fakes import TableEncoder

GOAL = "I want to audit banks with Nextflow"
POOL = (
    {"id": "a", "bio": "Accounting ledger audit."},
    {"id": "b", "bio": "Accounting ledger audit books, and court."},
    {"id": "c", "bio": "Nextflow on a ship."},
    {"id": "d", "bio": "Nurse on a ward."},
)


@pytest.fixture
def found(pool):
    """Ids of the candidates among POOL for GOAL."""
    one = pool(*POOL)
    goals = understand(GOAL)
    vectors = encode_goals(goals, TableEncoder())

    def ids(places, *allowed):
        mask = np.isin([record["id"] for record in POOL], allowed or list("abcd"))
        rows = candidates(named(goals, one._index, places, mask), vectors, one._index, places, mask)
        assert rows.tolist() == sorted(set(rows.tolist()))
        return one._index.catalogue.ids(rows)

    return ids


@pytest.fixture
def shallow(monkeypatch):
    monkeypatch.setattr(depth, "NEAREST_PASSAGES", 1)
    monkeypatch.setattr(depth, "BEST_LEXICAL", 1)
    monkeypatch.setattr(depth, "PASSAGES_PER_PLACE", 1)
    monkeypatch.setattr(depth, "LEXICAL_PER_PLACE", 1)


def test_an_exact_term_far_from_the_goal_in_meaning_is_found(found, shallow):
    assert found(1) == ["a", "c"]


def test_everybody_eligible_comes_when_the_searches_find_too_few(found, shallow):
    assert found(3, "a", "b", "d") == ["a", "b", "d"]


def test_who_is_not_eligible_is_no_candidate(found, shallow):
    assert found(1, "b", "c", "d") == ["b", "c"]


def test_a_longer_page_looks_deeper(found, shallow):
    assert found(2) == ["a", "b", "c"]


def test_nobody_eligible_gives_no_candidate(found):
    assert found(10, "nobody") == []
