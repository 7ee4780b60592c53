import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recommender.calibration import (
    BIAS,
    GOOD,
    PER_LOG_WORDS,
    PER_SCORE,
    STRONG,
    chance,
    in_millionths,
    logistic,
    match,
)

SCORES = st.floats(-0.45, 1.0)
WORDS = st.integers(1, 800)


@pytest.mark.parametrize(
    ("value", "expected"), [(0.0, 0.5), (math.log(3), 0.75), (-math.log(9), 0.1), (-700.0, 0.0)]
)
def test_the_logistic_curve(value, expected):
    assert logistic(value) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("score", "words"), [(0.0, 1), (0.3, 5), (1.0, 200), (-0.45, 12)])
def test_each_point_of_score_and_each_fold_of_words_multiplies_the_odds(score, words):
    odds = math.exp(BIAS) * math.exp(PER_SCORE) ** score * words**PER_LOG_WORDS
    assert chance(score, words) == pytest.approx(odds / (1 + odds), rel=1e-9)


def test_the_chance_is_even_where_the_score_makes_up_for_the_bias():
    assert chance(-BIAS / PER_SCORE, 1) == pytest.approx(0.5, abs=1e-12)


def test_a_goal_without_a_content_word_counts_as_one_word():
    assert chance(0.3, 0) == chance(0.3, 1)


@given(SCORES, SCORES, WORDS)
def test_a_higher_score_is_no_lower_chance(one, other, words):
    low, high = sorted((one, other))
    assert chance(low, words) <= chance(high, words)
    if high - low >= 1e-6:
        assert chance(low, words) < chance(high, words)


@given(SCORES, WORDS, WORDS)
def test_the_same_score_is_worth_more_for_a_longer_goal(score, one, other):
    few, many = sorted((one, other))
    assert (chance(score, few) < chance(score, many)) == (few < many)


@given(SCORES, st.integers(0, 800))
@example(-0.45, 0)  # where the curve alone rounds to nothing
@example(1.0, 800)
def test_no_score_is_certain_or_hopeless_when_told_in_millionths(score, words):
    told = in_millionths(chance(score, words))
    assert 0 < told < 1
    assert told == pytest.approx(chance(score, words), abs=1e-6)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, "strong"),
        (STRONG, "strong"),
        (math.nextafter(STRONG, 0), "good"),
        (GOOD, "good"),
        (math.nextafter(GOOD, 0), "partial"),
        (0.0, "partial"),
    ],
)
def test_the_chance_in_a_word(value, expected):
    assert match(value) == expected


def test_the_words_begin_where_the_answer_says():
    assert (STRONG, GOOD) == (0.5, 0.2)
