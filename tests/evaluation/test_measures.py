from math import log2

import pytest

from evaluation.judgments import JudgedSet
from evaluation.measures import MEASURES, means, per_goal

# Gains are 2^grade - 1: a 7, c 3, b 1, d 0.
JUDGED = JudgedSet({"g": "bread"}, {"g": {"a": 3, "b": 1, "c": 2, "d": 0}}, ("g",))
IDEAL = 7 / log2(2) + 3 / log2(3) + 1 / log2(4)
CONDENSED, RAW, PRECISION, HIT, UNJUDGED = MEASURES


def measured(*ranking: str) -> dict[str, float]:
    return per_goal(JUDGED, {"g": ranking})["g"]


def test_the_ideal_ranking_scores_one():
    assert measured("a", "c", "b", "d") == {
        CONDENSED: 1.0,
        RAW: 1.0,
        PRECISION: 0.4,
        HIT: 1.0,
        UNJUDGED: 0.0,
    }


@pytest.mark.parametrize(
    ("ranking", "gain"),
    [
        ("bac", 1 / log2(2) + 7 / log2(3) + 3 / log2(4)),
        ("dbca", 1 / log2(3) + 3 / log2(4) + 7 / log2(5)),
        ("a", 7.0),
        ("d", 0.0),
    ],
)
def test_ndcg_discounts_the_gain_by_the_logarithm_of_the_place(ranking, gain):
    found = measured(*ranking)
    assert found[RAW] == pytest.approx(gain / IDEAL, abs=1e-12)
    assert found[CONDENSED] == found[RAW]


def test_condensed_ndcg_drops_the_unjudged_and_raw_does_not():
    found = measured("x", "b", "y", "a", "c")
    raw = 1 / log2(3) + 7 / log2(5) + 3 / log2(6)
    condensed = 1 / log2(2) + 7 / log2(3) + 3 / log2(4)
    assert found[RAW] == pytest.approx(raw / IDEAL, abs=1e-12)
    assert found[CONDENSED] == pytest.approx(condensed / IDEAL, abs=1e-12)


def test_ndcg_looks_at_ten_places_of_which_the_unjudged_count_only_when_raw():
    found = measured(*"0123456789", "a")
    assert found[RAW] == 0.0
    assert found[CONDENSED] == pytest.approx(7 / IDEAL, abs=1e-12)
    assert found[UNJUDGED] == 1.0


def test_the_eleventh_judged_mentor_does_not_count():
    grades = dict.fromkeys("0123456789", 0) | {"a": 3}
    judged = JudgedSet({"g": "bread"}, {"g": grades}, ("g",))
    assert per_goal(judged, {"g": [*"0123456789", "a"]})["g"][CONDENSED] == 0.0


def test_precision_counts_grades_from_two_among_the_first_five():
    assert measured("a", "b", "d", "x", "c")[PRECISION] == 0.4
    assert measured("b", "d", "x", "y", "z", "a", "c")[PRECISION] == 0.0


@pytest.mark.parametrize(("ranking", "hit"), [("bdc", 1.0), ("bdxc", 0.0), ("b", 0.0), ("c", 1.0)])
def test_a_hit_is_a_grade_from_two_among_the_first_three(ranking, hit):
    assert measured(*ranking)[HIT] == hit


def test_unjudged_is_the_share_of_the_first_ten_without_a_grade():
    assert measured("a", "x", "b", "y", "d")[UNJUDGED] == pytest.approx(0.4, abs=1e-12)


@pytest.mark.parametrize("run", [{}, {"g": []}, {"other": ["a"]}])
def test_a_goal_without_a_ranking_scores_zero(run):
    assert per_goal(JUDGED, run) == {
        "g": {CONDENSED: 0.0, RAW: 0.0, PRECISION: 0.0, HIT: 0.0, UNJUDGED: 1.0}
    }


def test_only_judged_goals_are_measured():
    judged = JudgedSet({"g": "x", "h": "y"}, {"g": {"a": 1}, "h": {"a": 0}}, ("g",))
    assert list(per_goal(judged, {"g": ["a"], "h": ["a"]})) == ["g"]


def test_each_goal_is_measured_by_its_own_grades():
    judged = JudgedSet({"g": "x", "h": "y"}, {"g": {"a": 3}, "h": {"b": 3}}, ("g", "h"))
    found = per_goal(judged, {"g": ["a", "b"], "h": ["a", "b"]})
    assert found["g"][RAW] == 1.0
    assert found["h"][RAW] == pytest.approx(1 / log2(3), abs=1e-12)


def test_a_ranking_of_three_hundred_keeps_its_order():
    ranking = [f"x{i:03}" for i in range(299)]
    assert measured(*ranking[:4], "a", *ranking[4:])[RAW] == pytest.approx(
        7 / log2(6) / IDEAL, abs=1e-12
    )


def test_means_are_over_goals():
    one, other = dict.fromkeys(MEASURES, 0.25), dict.fromkeys(MEASURES, 0.75)
    assert means({"g": one, "h": other}) == dict.fromkeys(MEASURES, 0.5)
