import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.recommendation import Move
from recommender.exposure import SPAN, spread
from recommender.scoring import MICRO, Scored


class Shown:
    """A catalogue of which only who was shown how often matters."""

    def __init__(self, *shown, alive=None):
        self._shown = np.asarray(shown, dtype=np.int64)
        self._alive = np.ones(len(shown), np.bool_) if alive is None else np.asarray(alive)

    def shown(self):
        return self._shown

    def alive(self):
        return self._alive


def ranked(*scores):
    parts = np.zeros((len(scores), 3), dtype=np.int64)
    parts[:, 0] = scores
    return Scored(np.arange(len(scores), dtype=np.int64), parts)


def order(scored):
    return scored.rows.tolist()


def test_without_strength_or_attention_the_order_is_that_of_scores():
    scored = ranked(500_000, 500_000, 400_000)
    for strength, catalogue in ((0.0, Shown(9, 0, 0)), (1.0, Shown(0, 0, 0))):
        found, moves, costs = spread(scored, strength, 10, catalogue)
        assert (order(found), moves, costs.any()) == ([0, 1, 2], {}, False)


def test_of_equals_those_shown_least_come_first():
    found, moves, _ = spread(ranked(500_000, 500_000, 500_000), 1.0, 10, Shown(9, 3, 0))
    assert order(found) == [2, 1, 0]
    assert moves == {2: Move(3, 1), 0: Move(1, 3)}


def test_who_had_as_much_as_is_usual_pays_half_of_the_most():
    _, _, costs = spread(ranked(500_000, 400_000), 1.0, 10, Shown(4, 4))
    assert costs.tolist() == [round(SPAN * MICRO / 2)] * 2
    _, _, costs = spread(ranked(500_000, 400_000), 0.5, 10, Shown(4, 4))
    assert costs.tolist() == [round(SPAN * MICRO / 4)] * 2


def test_who_has_left_does_not_say_what_is_usual():
    here, _, costs = spread(ranked(500_000, 499_999), 1.0, 10, Shown(2, 2, 10**6, alive=[1, 1, 0]))
    assert order(here) == [0, 1]
    assert costs[0] == round(SPAN * MICRO / 2)


@given(
    st.lists(st.integers(0, 1_000_000), min_size=1, max_size=60),
    st.lists(st.integers(0, 10**9), min_size=60, max_size=60),
    st.floats(0, 1),
)
def test_nobody_passes_somebody_who_is_clearly_better(scores, shown, strength):
    scored = ranked(*sorted(scores, reverse=True))
    found, moves, _ = spread(scored, strength, 10, Shown(*shown[: len(scores)]))
    totals = found.parts.sum(axis=1)
    for place, total in enumerate(totals.tolist()):
        assert (totals[place + 1 :] <= total + SPAN * MICRO + 1).all()
    assert sorted(order(found)) == sorted(order(scored))
    for row, move in moves.items():
        assert order(scored).index(row) == move.before - 1
        assert order(found).index(row) == move.after - 1


@pytest.mark.parametrize("limit", [1, 10, 100])
def test_only_the_first_places_are_reordered(limit):
    scored = ranked(*[500_000] * 1_000)
    found, _, costs = spread(scored, 1.0, limit, Shown(*range(1_000, 0, -1)))
    window = max(50, 5 * limit)
    assert len(costs) == window
    assert order(found)[window:] == list(range(window, 1_000))
    assert order(found)[:window] == list(range(window))[::-1]
