import pytest

from evaluation.intervals import paired_gain, wilson


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (29, 29, 0.883, 1.0),
    ],
)
def test_the_wilson_interval_of_published_examples(hits, of, low, high):
    assert wilson(hits, of) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_nothing_seen_can_be_any_share():
    assert wilson(0, 0) == (0.0, 1.0)


def test_the_gain_of_equal_values_is_sure():
    assert paired_gain([0.1, 0.4, 0.5], [0.3, 0.6, 0.7]) == pytest.approx((0.2, 0.2, 0.2))


def test_the_gain_of_one_goal_in_four_lies_between_none_and_its_double():
    # A resampling of four holds the one goal that gains Binomial(4, 1/4) times: 0.316 of them
    # never, 0.004 all four times and 0.051 three or four times.
    assert paired_gain([0, 0, 0, 0], [0, 0, 0, 1]) == (0.25, 0.0, 0.75)


@pytest.mark.parametrize(("base", "ours"), [([], []), ([0.1], [0.1, 0.2])])
def test_values_of_different_goals_are_refused(base, ours):
    with pytest.raises(ValueError, match="Expected values of the same goals"):
        paired_gain(base, ours)
