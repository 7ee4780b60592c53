import pytest

from evaluation.fairness import Agreement, places_changed, rbo

TEN = "abcdefghij"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (TEN, TEN, 1.0),
        (TEN, "klmnopqrst", 0.0),
        # Equation 32 by hand, p = 0.9.
        ("ab", "ba", 0.1 / 0.9 * 0.81 + 0.81),
        ("b", "ab", 0.1 / 0.9 * 0.81 / 2 + 0.81 / 2),
        ("a", "ab", 1.0),
        (TEN, "abcdefghji", 1 - 0.1 / 0.9 / 9 * 0.9**9),
        (TEN, "abcdefghix", 1 - 0.9**10 / 10 * (0.1 / 0.9 + 1)),
        ("", "", 1.0),
        ("", "a", 0.0),
    ],
)
def test_the_overlap_is_that_of_the_paper(one, other, expected):
    assert rbo(one, other) == pytest.approx(expected, abs=1e-12)
    assert rbo(other, one) == rbo(one, other)


@pytest.mark.parametrize(
    ("one", "other", "changed"), [("abc", "abc", 0), ("abc", "acb", 2), ("abc", "ab", 1)]
)
def test_a_place_is_changed_where_somebody_else_or_nobody_stands(one, other, changed):
    assert places_changed(one, other) == changed


def test_an_agreement_names_the_goal_with_the_least_overlap():
    found = Agreement.between({"g": "ab", "h": "ab"}, {"g": "ab", "h": "ba"})
    assert found == Agreement(0.95, 0.9, "h", 2, 4)
