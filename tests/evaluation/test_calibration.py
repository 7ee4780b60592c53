import math

import numpy as np
import pytest

from evaluation.calibration import (
    Bin,
    Curve,
    Pair,
    bins,
    brier_skill,
    calibration_error,
    fit,
    held_out,
    useful,
)
from recommender.calibration import BIAS, PER_LOG_WORDS, PER_SCORE, chance

CURVE = Curve(-4.0, 8.0, 0.5)


def judged(goals: int = 10) -> list[Pair]:
    """Ten pairs a goal; the share of useful ones grows with the score and differs by goal."""
    return [
        Pair(f"g{goal}", place / 10, 2 + goal, 2 if (place * 7 + goal * 3) % 10 < place else 1)
        for goal in range(goals)
        for place in range(10)
    ]


def test_a_chance_is_the_logistic_of_the_score_and_the_logarithm_of_words():
    expected = 1 / (1 + math.exp(4.0 - 8.0 * 0.25 - 0.5 * math.log(6)))
    assert CURVE.chances([Pair("g", 0.25, 6, 0)]).tolist() == [pytest.approx(expected, abs=1e-12)]


def test_a_goal_without_words_counts_as_one_word():
    assert CURVE.chances([Pair("g", 0.5, 0, 0)]).tolist() == [0.5]


@pytest.mark.parametrize(("score", "words"), [(-0.45, 0), (0.2, 1), (0.43, 17), (1.0, 400)])
def test_the_shipped_constants_give_the_chance_of_the_recommender(score, words):
    shipped = Curve(BIAS, PER_SCORE, PER_LOG_WORDS)
    (found,) = shipped.chances([Pair("g", score, words, 0)])
    assert found == pytest.approx(chance(score, words), abs=1e-12)


def test_useful_is_a_grade_from_two():
    assert useful([Pair("g", 0, 1, grade) for grade in range(4)]).tolist() == [
        False,
        False,
        True,
        True,
    ]


def test_the_fitted_curve_meets_the_conditions_of_the_likeliest_one():
    pairs = judged()
    left = useful(pairs) - fit(pairs).chances(pairs)
    features = [(1.0, pair.score, math.log(pair.words)) for pair in pairs]
    assert left @ np.asarray(features) == pytest.approx([0.0, 0.0, 0.0], abs=1e-4)


def test_a_curve_is_found_where_all_goals_have_equally_many_words():
    pairs = [Pair("g", pair.score, 5, pair.grade) for pair in judged()]
    chances = fit(pairs).chances(pairs)
    assert chances.mean() == pytest.approx(useful(pairs).mean(), abs=1e-6)


def test_a_pair_is_judged_by_a_curve_that_has_not_seen_its_goal():
    pairs = judged()
    turned = [
        Pair(pair.goal, pair.score, pair.words, 3 - pair.grade if pair.goal == "g0" else pair.grade)
        for pair in pairs
    ]
    before, after = held_out(pairs, 1), held_out(turned, 1)
    assert before.chances[:10].tolist() == after.chances[:10].tolist()
    assert before.base[:10].tolist() == after.base[:10].tolist()
    assert before.chances.tolist() != after.chances.tolist()


def test_the_base_is_the_share_of_useful_pairs_of_the_other_goals():
    pairs = [Pair(f"g{n}", n / 10 + i / 5, 3, 2 * (i == n % 2)) for n in range(5) for i in (0, 1)]
    pairs += [Pair("g4", 0.1, 3, 0), Pair("g4", 0.5, 3, 0)]
    found = held_out(pairs, 3)  # five goals, so each is a fold
    assert found.base[:2] == pytest.approx([4 / 10] * 2)
    assert found.base[8:] == pytest.approx([4 / 8] * 4)


def test_the_same_seed_holds_out_the_same_goals():
    pairs = judged()
    assert held_out(pairs, 4).chances.tolist() == held_out(pairs, 4).chances.tolist()
    assert held_out(pairs, 4).chances.tolist() != held_out(pairs, 5).chances.tolist()


def test_bins_hold_equally_many_pairs_in_the_order_of_chances():
    chances = np.asarray([place / 20 for place in reversed(range(20))])
    found = bins(chances, chances >= 0.75)
    assert [one.pairs for one in found] == [2] * 10
    assert [one.useful for one in found] == [0] * 7 + [1, 2, 2]
    assert found[0] == Bin(2, 0.025, 0)


def test_few_pairs_make_few_bins():
    assert bins(np.asarray([0.3]), np.asarray([True])) == [Bin(1, 0.3, 1)]


def test_the_calibration_error_is_the_mean_distance_of_chance_and_share():
    chances = np.asarray([0.1] * 10 + [0.6] * 10)
    found = np.asarray(([True] + [False] * 9) + ([True] * 8 + [False] * 2))
    # One bin is two pairs here: distances 0.4 and nine times 0.1, then 0.4 and 0.6 beside them.
    first, second = 0.4 + 4 * 0.1, 4 * 0.4 + 0.6
    assert calibration_error(chances, found) == pytest.approx((first + second) / 10, abs=1e-12)


def test_true_chances_have_no_calibration_error():
    assert calibration_error(np.asarray([0.0, 1.0]), np.asarray([False, True])) == 0.0


@pytest.mark.parametrize(
    ("chances", "skill"), [([0.0, 1.0], 1.0), ([0.5, 0.5], 0.0), ([0.25, 0.75], 0.75)]
)
def test_skill_is_the_part_of_the_square_error_that_is_saved(chances, skill):
    found = np.asarray([False, True])
    base = np.asarray([0.5, 0.5])
    assert brier_skill(np.asarray(chances), base, found) == pytest.approx(skill, abs=1e-12)
