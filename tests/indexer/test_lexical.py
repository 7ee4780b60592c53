from collections import Counter

import numpy as np
import pytest

from indexer.lexical import AVERAGE_WORDS, SparseLexicalIndex

PROFILES = (
    Counter({"bread": 2, "rye": 1}),
    Counter({"rye": 1}),
    Counter({"mill": 1, "rye": 3}),
    Counter(),
)


@pytest.fixture
def index():
    return SparseLexicalIndex.build(PROFILES)


def saturation(count: int, words: int) -> float:
    """BM25 with k1 = 1.2, b = 0.75 and an average of 65 words, to the precision kept."""
    return float(np.float32(count / (count + 1.2 * (0.25 + 0.75 * words / 65))))


def test_the_constants_are_those_that_scores_rest_on():
    assert AVERAGE_WORDS == 65.0
    assert saturation(1, 65) == float(np.float32(1 / 2.2))


def test_saturations_are_bm25s_exactly(index):
    found = index.saturations(["rye", "bread"], np.arange(4))
    assert found.tolist() == [
        [saturation(1, 3), saturation(2, 3)],
        [saturation(1, 1), 0.0],
        [saturation(3, 4), 0.0],
        [0.0, 0.0],
    ]


def test_saturations_follow_the_rows_and_stems_asked_for(index):
    found = index.saturations(["mill", "unheard", "rye"], np.asarray([2, 0]))
    assert found.tolist() == [[saturation(1, 4), 0.0, saturation(3, 4)], [0, 0, saturation(1, 3)]]


def test_nobody_has_no_saturation(index):
    assert index.saturations(["rye"], np.zeros(0, dtype=np.int64)).shape == (0, 1)


@pytest.mark.parametrize(
    ("weights", "top_k", "rows"),
    [
        ({"rye": 1.0}, 4, [0, 1, 2]),
        ({"rye": 1.0}, 1, [2]),
        ({"rye": 1.0, "bread": 9.0}, 1, [0]),
        ({"rye": 1.0, "unheard": 9.0}, 1, [2]),
        ({"unheard": 9.0}, 4, []),
        ({}, 4, []),
        ({"rye": 0.0}, 4, []),
    ],
)
def test_the_best_have_the_greatest_weighted_sum_above_zero(index, weights, top_k, rows):
    assert index.best(weights, top_k, None).tolist() == rows


def test_who_is_not_eligible_is_not_among_the_best(index):
    assert index.best({"rye": 1.0}, 1, np.asarray([True, True, False, True])).tolist() == [1]
    assert index.best({"rye": 1.0}, 4, np.zeros(4, dtype=np.bool_)).tolist() == []


def test_ties_at_the_edge_all_come_along():
    index = SparseLexicalIndex.build([Counter(rye=1)] * 3 + [Counter(rye=2)])
    assert index.best({"rye": 1.0}, 2, None).tolist() == [0, 1, 2, 3]


def test_who_else_is_indexed_changes_nobodys_saturation(index):
    alone = SparseLexicalIndex.build(PROFILES[2:3])
    stems, row = ["rye", "mill"], np.asarray([0])
    found = alone.saturations(stems, row)
    assert found.tolist() == index.saturations(stems, row + 2).tolist()


def test_an_index_without_a_word_finds_nobody():
    index = SparseLexicalIndex.build([Counter(), Counter()])
    assert index.best({"rye": 1.0}, 5, None).tolist() == []
    assert index.saturations(["rye"], np.arange(2)).tolist() == [[0.0], [0.0]]
