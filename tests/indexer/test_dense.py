import numpy as np
import pytest

from indexer.dense import FaissPassageIndex

# Three mentors with two, one and two passages.
VECTORS = np.asarray([[1, 0], [0.6, 0.8], [0, 1], [-1, 0], [0, -1]], dtype=np.float32)
FIRST = np.asarray([0, 2, 3, 5])
EAST, NORTH = np.float32([[1, 0]]), np.float32([[0, 1]])
SIX, EIGHT = float(np.float32(0.6)), float(np.float32(0.8))


@pytest.fixture
def index():
    return FaissPassageIndex.build(VECTORS, FIRST)


def mask(*rows: int) -> np.ndarray:
    return np.isin(np.arange(3), rows)


@pytest.mark.parametrize(
    ("query", "top_k", "rows"),
    [(EAST, 1, [0]), (NORTH, 1, [1]), (NORTH, 2, [0, 1]), (-NORTH, 1, [2]), (NORTH, 5, [0, 1, 2])],
)
def test_the_owners_of_the_nearest_passages_are_found_and_sorted(index, query, top_k, rows):
    assert index.nearest(query, top_k, None).tolist() == rows


def test_every_query_brings_its_own_nearest(index):
    assert index.nearest(np.vstack([NORTH, -EAST]), 1, None).tolist() == [1, 2]


def test_who_is_not_eligible_is_not_found(index):
    assert index.nearest(EAST, 1, mask(1, 2)).tolist() == [1]
    assert index.nearest(NORTH, 2, mask(0, 2)).tolist() == [0]


def test_the_padding_where_too_few_are_eligible_is_nobody(index):
    assert index.nearest(EAST, 5, mask(1)).tolist() == [1]
    assert index.nearest(EAST, 5, mask()).tolist() == []


def test_more_than_there_are_may_be_asked_for(index):
    assert index.nearest(EAST, 1000, None).tolist() == [0, 1, 2]


def test_eligibility_reaches_past_the_first_byte_of_the_mask():
    vectors = np.tile(EAST, (20, 1))
    index = FaissPassageIndex.build(vectors, np.arange(21))
    assert index.nearest(EAST, 20, np.arange(20) % 9 == 8).tolist() == [8, 17]


def test_cosines_are_exact_and_grouped_by_mentor_in_the_order_asked(index):
    cosines, counts = index.cosines(np.vstack([EAST, NORTH]), np.asarray([2, 0]))
    assert cosines.tolist() == [[-1.0, 0.0, 1.0, SIX], [0.0, -1.0, 0.0, EIGHT]]
    assert counts.tolist() == [2, 2]


def test_cosines_are_summed_in_double_precision(index):
    query = np.float32([[0.6, 0.8]])
    cosines, _ = index.cosines(query, np.asarray([0]))
    assert cosines.dtype == np.float64
    assert cosines[0, 1] == SIX * SIX + EIGHT * EIGHT


def test_a_mentor_has_the_same_cosines_alone_and_among_others(index):
    everybody, _ = index.cosines(EAST, np.asarray([0, 1, 2]))
    alone, _ = index.cosines(EAST, np.asarray([2]))
    assert alone.tolist() == everybody[:, 3:].tolist()


def test_nobody_has_no_cosine(index):
    cosines, counts = index.cosines(EAST, np.zeros(0, dtype=np.int64))
    assert cosines.shape == (1, 0)
    assert counts.shape == (0,)


def test_the_mean_of_passages_that_agree_is_long_and_of_opposites_short(index):
    expected = [np.hypot(1 + SIX, EIGHT) / 2, 1.0, np.sqrt(2) / 2]
    assert index.mean_norms() == pytest.approx(expected, abs=1e-15)


def test_an_index_of_nobody_finds_nobody():
    index = FaissPassageIndex.build(np.zeros((0, 2), np.float32), np.zeros(1, np.int64))
    assert index.nearest(EAST, 5, None).tolist() == []
    assert index.mean_norms().tolist() == []
