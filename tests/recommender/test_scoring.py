from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.dense import FaissPassageIndex
from indexer.lexical import SparseLexicalIndex
from models.goals import GoalPart, Goals, GoalVectors
from recommender.scoring import (
    LEXICAL,
    PASSAGES,
    PROFILE,
    best_first,
    best_passages_mean,
    lexical_share,
    micro,
    profile_cosine,
    score,
    shares,
)
from recommender.scoring import VERSION as SCORING_VERSION

EAST, NORTH = np.eye(2, dtype=np.float32)
# Millionths of the passages part and of the profile part for whoever says the goal itself.
NEAREST = (round(1_000_000 * PASSAGES), round(1_000_000 * PROFILE))


class Nameless:
    """A catalogue whose mentors have one passage each, and these ids."""

    def __init__(self, *ids):
        self._ids = ids

    def mean_norms(self, rows):
        return np.ones(len(rows))

    def ids(self, rows):
        return [self._ids[row] for row in rows]


def goals(*informativeness, **terms):
    parts = tuple(GoalPart(i, "x", 0, 1, w, None) for i, w in enumerate(informativeness))
    return Goals("x", parts, terms, ())


def test_the_weights_sum_to_one():
    assert sum((PASSAGES, PROFILE, LEXICAL)) == pytest.approx(1.0, abs=1e-12)


def test_the_scoring_version_is_the_one_these_values_belong_to():
    assert (SCORING_VERSION, PASSAGES, PROFILE, LEXICAL) == ("s3", 0.25, 0.20, 0.55)


def test_the_passages_part_is_the_mean_of_the_best_three_or_of_all():
    cosines = np.array([0.1, 0.9, 0.5, 0.4, -0.2, 0.8])
    found = best_passages_mean(cosines, np.array([4, 2]))
    np.testing.assert_allclose(found, [0.6, 0.3], atol=1e-12)


def test_the_profile_part_is_the_cosine_with_the_mean_vector():
    vectors = np.stack([EAST, NORTH]).astype(np.float64)
    mean = vectors.mean(axis=0)
    found = profile_cosine(vectors @ EAST, np.array([2]), np.array([np.linalg.norm(mean)]))
    assert found[0] == pytest.approx(mean @ EAST / np.linalg.norm(mean), abs=1e-12)


def lexicon():
    return SparseLexicalIndex.build([Counter(audit=1, fund=1), Counter(audit=2), Counter()])


def test_the_lexical_part_is_a_share_of_what_the_goal_could_attain():
    found = lexical_share({"audit": 3.0, "kiln": 1.0}, np.arange(3), lexicon())
    norm = 1.2 * (0.25 + 0.75 * 2 / 65)
    np.testing.assert_allclose(found, [0.75 / (1 + norm), 1.5 / (2 + norm), 0.0], atol=1e-7)


def test_a_related_word_adds_to_the_lexical_part_for_what_it_is_worth(monkeypatch):
    table = {"investor": {"fund": 0.4, "audit": 0.3}}
    monkeypatch.setattr("recommender.words.related", lambda stem: table.get(stem, {}))
    found = lexical_share({"investor": 3.0, "audit": 1.0}, np.arange(3), lexicon())
    norm = 1.2 * (0.25 + 0.75 * 2 / 65)
    one, two = 1 / (1 + norm), 2 / (2 + norm)
    expected = [0.75 * 0.4 * one + 0.25 * one, 0.75 * 0.3 * two + 0.25 * two, 0.0]
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_a_goal_whose_words_weigh_nothing_shares_none():
    assert lexical_share({"audit": 0.0}, np.arange(3), lexicon()).tolist() == [0.0, 0.0, 0.0]


def test_a_goal_without_terms_shares_none():
    assert lexical_share({}, np.arange(3), lexicon()).tolist() == [0.0, 0.0, 0.0]


def test_parts_are_rounded_to_whole_millionths():
    assert micro(np.array([0.1234564, 0.1234566, -1e-7])).tolist() == [123456, 123457, 0]


def test_shares_sum_to_the_rounded_sum_at_every_step():
    thirds = shares(np.full(4, 1e-6 / 3))
    assert thirds == [0.0, 1e-6, 0.0, 0.0]
    assert shares(np.array([0.1234564, -0.0234564, 1.0])) == [0.123456, -0.023456, 1.0]
    assert shares(np.zeros(0)) == []


def scored(vectors, ids, rows=None):
    dense = FaissPassageIndex.build(np.stack(vectors), np.arange(len(vectors) + 1))
    rows = np.arange(len(vectors)) if rows is None else np.asarray(rows, dtype=np.int64)
    goal = GoalVectors(EAST, np.stack([EAST]))
    return score(goals(1.0), goal, rows, Nameless(*ids), dense, lexicon())


@pytest.mark.parametrize(("ids", "rows"), [("abcd", [1, 3, 0, 2]), ("dcba", [3, 1, 2, 0])])
def test_the_best_comes_first_and_ties_stand_in_the_order_of_ids(ids, rows):
    found = scored([NORTH, EAST, NORTH, EAST], ids)
    assert found.rows.tolist() == rows
    assert found.parts.tolist() == [[*NEAREST, 0]] * 2 + [[0, 0, 0]] * 2


def test_ids_of_ties_are_ordered_by_code_points():
    found = scored([EAST] * 5, ["b", "a10", "C", "a2", "é"])
    assert found.rows.tolist() == [2, 1, 3, 0, 4]


def test_only_the_rows_asked_for_are_scored():
    found = scored([EAST, NORTH, EAST], "abc", rows=[1, 2])
    assert found.rows.tolist() == [2, 1]
    assert found.parts.sum(axis=1).tolist() == [sum(NEAREST), 0]


def test_the_opposite_of_the_goal_has_the_lowest_score():
    assert scored([-EAST], "a").parts.sum() == -sum(NEAREST)


def test_nobody_to_score_is_no_error():
    assert scored([EAST], "a", rows=[]).parts.shape == (0, 3)


@given(
    st.lists(
        st.lists(st.sampled_from([-1.0, -0.25, 0.0, 0.1, 0.3, 0.7, 1.0]), min_size=1, max_size=6),
        max_size=5,
    )
)
def test_the_best_three_passages_are_added_from_the_best_on(mentors):
    cosines = np.asarray([cosine for one in mentors for cosine in one], dtype=np.float64)
    before = cosines.copy()
    found = best_passages_mean(cosines, np.asarray([len(one) for one in mentors], np.int64))
    best = [sorted(one, reverse=True)[:3] for one in mentors]
    assert found.tolist() == [sum(one, 0.0) / len(one) for one in best]
    assert cosines.tolist() == before.tolist()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=12))
def test_mentors_stand_by_score_and_then_by_id(parts):
    ids = [f"m{(i * 7) % 13:02}" for i in range(len(parts))]  # rows of several segments
    rows = np.arange(len(parts))[::-1]
    ranked = best_first(rows, np.asarray(parts, np.int64).reshape(-1, 2)[::-1], Nameless(*ids))
    assert ranked.rows.tolist() == sorted(rows.tolist(), key=lambda i: (-sum(parts[i]), ids[i]))
    assert ranked.parts.tolist() == [list(parts[i]) for i in ranked.rows.tolist()]
