from collections import Counter

import numpy as np
import pytest

from indexer.dense import FaissPassageIndex
from indexer.lexical import SparseLexicalIndex
from models.goals import GoalPart, Goals, GoalVectors
from recommender.scoring import (
    LEXICAL,
    PASSAGES,
    PROFILE,
    best_passages_mean,
    goal_vector,
    lexical_share,
    micro,
    profile_cosine,
    score,
    unit,
)
from recommender.scoring import VERSION as SCORING_VERSION

EAST, NORTH = np.eye(2, dtype=np.float32)


def goals(*informativeness, **terms):
    parts = tuple(GoalPart(i, "x", 0, 1, w, None) for i, w in enumerate(informativeness))
    return Goals("x", parts, terms, ())


def test_the_weights_sum_to_one():
    assert sum((PASSAGES, PROFILE, LEXICAL)) == pytest.approx(1.0, abs=1e-12)


def test_the_scoring_version_is_the_one_these_values_belong_to():
    assert (SCORING_VERSION, PASSAGES, PROFILE, LEXICAL) == ("s1", 0.25, 0.20, 0.55)


def test_the_goal_is_half_its_whole_text_and_half_its_parts():
    found = goal_vector(goals(5.0), EAST, np.stack([NORTH]))
    np.testing.assert_allclose(found.goal, [0.5**0.5, 0.5**0.5], atol=1e-6)
    assert found.goal.dtype == np.float32


def test_a_part_counts_by_the_root_of_what_it_says():
    found = goal_vector(goals(16.0, 0.0), EAST, np.stack([EAST, NORTH]))
    np.testing.assert_allclose(found.goal, [1.0, 0.000125], atol=1e-6)


def test_parts_that_say_nothing_still_give_a_unit_vector():
    found = goal_vector(goals(0.0), EAST, np.stack([NORTH]))
    assert np.linalg.norm(found.goal) == pytest.approx(1.0, abs=1e-6)


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


def test_a_goal_without_terms_shares_none():
    assert lexical_share({}, np.arange(3), lexicon()).tolist() == [0.0, 0.0, 0.0]


def test_parts_are_rounded_to_whole_millionths():
    assert micro(np.array([0.1234564, 0.1234566, -1e-7])).tolist() == [123456, 123457, 0]


def test_a_zero_vector_stays_zero():
    assert unit(np.zeros(3)).tolist() == [0.0, 0.0, 0.0]


def test_the_best_comes_first_and_ties_stand_in_the_order_of_rows():
    dense = FaissPassageIndex.build(np.stack([NORTH, EAST, NORTH, EAST]), np.arange(5))
    vectors = GoalVectors(EAST, np.stack([EAST]))
    found = score(goals(1.0), vectors, np.arange(4), np.ones(4), dense, lexicon())
    assert found.rows.tolist() == [1, 3, 0, 2]
    assert found.parts.tolist() == [[250_000, 200_000, 0]] * 2 + [[0, 0, 0]] * 2


def test_the_opposite_of_the_goal_has_the_lowest_score():
    dense = FaissPassageIndex.build(np.stack([-EAST]), np.arange(2))
    vectors = GoalVectors(EAST, np.stack([EAST]))
    found = score(goals(1.0), vectors, np.arange(1), np.ones(1), dense, lexicon())
    assert found.parts.sum() == -450_000


def test_nobody_to_score_is_no_error():
    dense = FaissPassageIndex.build(np.stack([EAST]), np.arange(2))
    nobody = np.zeros(0, dtype=np.int64)
    vectors = GoalVectors(EAST, np.stack([EAST]))
    assert score(goals(1.0), vectors, nobody, np.ones(1), dense, lexicon()).parts.shape == (0, 3)
