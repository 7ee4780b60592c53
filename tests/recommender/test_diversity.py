import numpy as np
import pytest

from models.recommendation import Move
from recommender.diversity import SMALLEST_WINDOW, diversified, likeness, marginal_order
from recommender.recommend import Request
from recommender.scoring import Scored

GOAL = "I work in audit and want to move into venture capital"
# Two who are all but the same, one who is half like them, one who is like nobody.
MEANS = np.float32([[1, 0, 0], [1, 0, 0], [0.6, 0.8, 0], [0, 0, 1]])


class Means:
    """The one thing that diversity asks of a passage index."""

    def __init__(self, means=MEANS):
        self.of_row = means

    def means(self, rows):
        assert rows.tolist() == sorted(rows.tolist())
        return self.of_row[rows]


def scored(*scores, rows=None):
    rows = np.arange(len(scores)) if rows is None else np.asarray(rows)
    return Scored(rows, np.asarray([[score, 0, 0] for score in scores], dtype=np.int64))


def reordered(diversity, *scores, limit=10, rows=None):
    found, moves = diversified(scored(*scores, rows=rows), diversity, limit, Means())
    return found.rows.tolist(), moves


def test_without_diversity_the_order_is_that_of_the_score_and_nobody_moved():
    ranked = scored(400_000, 390_000, 300_000, 100_000)
    found, moves = diversified(ranked, 0.0, 10, Means())
    assert found is ranked
    assert moves == {}


def test_who_resembles_the_best_makes_way_and_says_how_far():
    rows, moves = reordered(0.5, 400_000, 390_000, 300_000, 40_000)
    assert rows == [0, 2, 3, 1]
    assert moves == {2: Move(3, 2), 3: Move(4, 3), 1: Move(2, 4)}


def test_a_little_diversity_moves_only_who_is_all_but_the_same():
    assert reordered(0.1, 400_000, 390_000, 380_000, 100_000)[0] == [0, 2, 1, 3]


def test_with_all_diversity_the_best_still_comes_first_and_then_who_is_least_alike():
    assert reordered(1.0, 400_000, 390_000, 300_000, -200_000)[0] == [0, 3, 2, 1]


def test_likeness_counts_to_the_most_alike_of_those_above_not_to_their_sum():
    alike = 100_000 * np.asarray([[10, 6, 0, 6], [6, 10, 6, 0], [0, 6, 10, 0], [6, 0, 0, 10]])
    assert marginal_order(np.asarray([30, 29, 28, 27]), alike, 0.5).tolist() == [0, 2, 1, 3]


def test_a_score_counts_as_a_share_of_the_best_one():
    alike = 100_000 * np.asarray([[10, 5, 0], [5, 10, 0], [0, 0, 10]])
    for scale in (1, 1_000, 10_000):
        assert marginal_order(scale * np.asarray([40, 30, 8]), alike, 0.5).tolist() == [0, 1, 2]
        assert marginal_order(scale * np.asarray([40, 26, 8]), alike, 0.5).tolist() == [0, 2, 1]


def test_where_the_best_score_is_below_zero_scores_count_as_they_are():
    alike = np.zeros((2, 2), np.int64)
    assert marginal_order(np.asarray([-10, -20]), alike, 0.5).tolist() == [0, 1]


def test_ties_go_to_the_better_placed():
    assert marginal_order(np.full(3, 5), np.zeros((3, 3), np.int64), 0.7).tolist() == [0, 1, 2]


def test_scores_move_with_their_mentors():
    found, _ = diversified(scored(400_000, 390_000, 300_000, 40_000), 0.5, 10, Means())
    assert found.parts[:, 0].tolist() == [400_000, 300_000, 40_000, 390_000]


def test_likeness_is_in_millionths_and_in_the_order_of_the_rows_given():
    assert likeness(np.asarray([3, 2, 0]), Means()).tolist() == [
        [1_000_000, 0, 0],
        [0, 1_000_000, 600_000],
        [0, 600_000, 1_000_000],
    ]


@pytest.mark.parametrize(("limit", "window"), [(1, SMALLEST_WINDOW), (10, 50), (11, 55)])
def test_only_the_first_five_pages_are_reordered_and_fifty_at_least(limit, window):
    ranked = scored(*range(1_000_000, 999_920, -1))
    alone = np.zeros((80, 2), np.float32)
    alone[:79, 0], alone[window - 1 : window + 1] = 1, (0, 1)
    found, moves = diversified(ranked, 0.5, limit, Means(alone))
    assert found.rows.tolist() == [0, window - 1, *range(1, window - 1), *range(window, 80)]
    assert moves[window - 1] == Move(window, 2)


def test_nobody_is_in_no_order():
    found, moves = diversified(scored(), 0.5, 10, Means())
    assert (found.rows.tolist(), moves) == ([], {})


def people(*words):
    return [{"id": f"m{i:02}", "bio": f"I know {w}."} for i, w in enumerate(words)]


MIXED = people(*["audit capital"] * 20, *["audit venture capital law"] * 20, *["audit sea"] * 20)


def places(recommender, **request):
    found = recommender.recommend(Request(GOAL, **request)).recommendations
    return {one.mentor.id: one for one in found}


def test_diversity_changes_places_and_no_score(pool):
    one = pool(*MIXED)
    plain, varied = places(one, limit=60), places(one, limit=60, diversity=0.5)
    assert list(plain) != list(varied)
    assert {id: r.score for id, r in plain.items()} == {id: r.score for id, r in varied.items()}
    assert {id: r.contributions for id, r in plain.items()} == {
        id: r.contributions for id, r in varied.items()
    }


def test_every_mentor_who_moved_tells_from_where_to_where(pool):
    one = pool(*MIXED)
    before, after = list(places(one, limit=60)), places(one, limit=60, diversity=0.5)
    for to, (id, found) in enumerate(after.items(), start=1):
        place = before.index(id) + 1
        assert found.adjustments == ({"diversity": Move(place, to)} if place != to else {})


def test_zero_diversity_is_the_order_by_score_without_adjustments(pool):
    one = pool(*MIXED)
    assert one.recommend(Request(GOAL, diversity=0.0)) == one.recommend(Request(GOAL))
    assert {str(found.adjustments) for found in places(one, limit=60).values()} == {"{}"}


@pytest.mark.parametrize("limit", [7, 10, 59])
def test_pages_of_a_varied_list_give_every_mentor_once_in_one_order(pool, limit):
    one, found, offset = pool(*MIXED), [], 0
    while offset is not None:
        answer = one.recommend(Request(GOAL, limit, offset, explain=False, diversity=0.4))
        found += [r.mentor.id for r in answer.recommendations]
        offset = answer.next_offset
    assert sorted(found) == [record["id"] for record in MIXED]
    assert found[:limit] == list(places(one, limit=limit, diversity=0.4))


def test_a_varied_page_skips_who_was_removed_and_goes_on(pool, remove):
    one = pool(*MIXED)
    before = places(one, limit=10, diversity=0.4)
    first, gone, *others = before
    remove(gone)
    after = places(one, limit=10, diversity=0.4)
    assert list(after)[:9] == [first, *others]
    assert all(after[id].adjustments == before[id].adjustments for id in others)
