from collections import Counter

import numpy as np
import pytest

from indexer.catalogue import ArrowCatalogue
from indexer.dense import FaissPassageIndex, owners_of_nearest
from indexer.lexical import SparseLexicalIndex
from indexer.live import LiveIndex
from indexer.segment import Segment
from models.mentor import Mentor

# Three mentors with two, one and two passages.
VECTORS = np.asarray([[1, 0], [0.6, 0.8], [0, 1], [-1, 0], [0, -1]], dtype=np.float32)
ROUNDED = VECTORS.astype(np.float16)
FIRST = np.asarray([0, 2, 3, 5])
EAST, NORTH = np.float32([[1, 0]]), np.float32([[0, 1]])
NORTH_EAST = np.float32([[0.6, 0.8]])
NOBODY = -np.inf
SIX, EIGHT = float(np.float16(0.6)), float(np.float16(0.8))


@pytest.fixture
def index():
    return FaissPassageIndex.build(VECTORS, FIRST)


def live(*parts: FaissPassageIndex) -> LiveIndex:
    """An index of which only the passages matter."""
    segments = []
    for part in parts:
        size = len(part.first) - 1
        at = sum(segment.size for segment in segments)
        nameless = [Mentor(f"m{at + i:02}", headline="x") for i in range(size)]
        catalogue = ArrowCatalogue.build(nameless, np.ones(size))
        lexical = SparseLexicalIndex.build([Counter()] * size)
        segments.append(Segment(catalogue, part, lexical))
    return LiveIndex("space", 2, 3, segments)


@pytest.fixture(params=[[], [1], [2], [1, 2], [0, 2, 2]], ids="cut at {}".format)
def spread(request, index):
    """The three mentors in one segment, or cut into several."""
    rows = np.split(np.arange(3), request.param)
    return live(*(FaissPassageIndex.joined([(index, some)], 2) for some in rows)).dense


def mask(*rows: int) -> np.ndarray:
    return np.isin(np.arange(3), rows)


@pytest.mark.parametrize(
    ("query", "top_k", "rows"),
    [(EAST, 1, [0]), (NORTH, 1, [1]), (NORTH, 2, [0, 1]), (-NORTH, 1, [2]), (NORTH, 5, [0, 1, 2])],
)
def test_the_owners_of_the_nearest_passages_are_found_and_sorted(spread, query, top_k, rows):
    assert spread.nearest(query, top_k, None).tolist() == rows


def test_every_query_brings_its_own_nearest(spread):
    assert spread.nearest(np.vstack([NORTH, -EAST]), 1, None).tolist() == [1, 2]


def test_who_is_not_eligible_is_not_found(spread):
    assert spread.nearest(NORTH_EAST, 1, mask(1, 2)).tolist() == [1]
    assert spread.nearest(NORTH, 1, mask(0, 2)).tolist() == [0]


def test_passages_that_tie_at_the_edge_all_come_along(spread):
    # Of the second and third mentor one passage each is at a right angle to the query.
    assert spread.nearest(EAST, 1, mask(1, 2)).tolist() == [1, 2]
    assert spread.nearest(EAST, 2, None).tolist() == [0]
    assert spread.nearest(EAST, 3, None).tolist() == [0, 1, 2]


def test_the_padding_where_too_few_are_eligible_is_nobody(spread):
    assert spread.nearest(EAST, 5, mask(1)).tolist() == [1]
    assert spread.nearest(EAST, 5, mask()).tolist() == []


def test_more_than_there_are_may_be_asked_for(spread):
    assert spread.nearest(EAST, 1000, None).tolist() == [0, 1, 2]


@pytest.mark.parametrize("cut", [0, 7, 9, 18])
def test_eligibility_reaches_past_the_first_byte_of_the_mask(cut):
    parts = [np.arange(cut + 1), np.arange(20 - cut + 1)]
    many = [FaissPassageIndex.build(np.tile(EAST, (len(p) - 1, 1)), p) for p in parts]
    assert live(*many).dense.nearest(EAST, 20, np.arange(20) % 9 == 8).tolist() == [8, 17]


def test_cosines_over_segments_are_those_of_one(index, spread):
    queries, rows = np.vstack([EAST, NORTH_EAST]), np.asarray([0, 2])
    found, counts = spread.cosines(queries, rows)
    expected, _ = index.cosines(queries, rows)
    assert found.tolist() == expected.tolist()
    assert counts.tolist() == [2, 2]


def test_the_nearest_passages_of_a_segment_come_with_their_owners(index):
    cosines, owners = index.top(np.vstack([EAST, NORTH]), 3, index.allowed(mask(0, 1)))
    assert cosines.tolist() == [[1.0, SIX, 0.0], [1.0, EIGHT, 0.0]]
    assert owners.tolist() == [[0, 0, 1], [1, 0, 0]]


def test_where_fewer_are_eligible_nobody_fills_the_places(index):
    cosines, owners = index.top(EAST, 3, index.allowed(mask(1)))
    assert (cosines.tolist(), owners.tolist()) == ([[0.0, NOBODY, NOBODY]], [[1, -1, -1]])
    cosines, owners = index.top(EAST, 2, index.allowed(mask()))
    assert (cosines.tolist(), owners.tolist()) == ([[NOBODY, NOBODY]], [[-1, -1]])


def test_owners_are_those_at_the_edge_of_each_query_or_nearer():
    cosines = [np.float32([[0.9, 0.5], [0.2, 0.1]]), np.float32([[0.5, NOBODY], [0.8, 0.7]])]
    owners = [np.asarray([[4, 1], [2, 3]]), np.asarray([[7, -1], [8, 9]])]
    found, complete = owners_of_nearest(cosines, owners, 1)
    assert (found.tolist(), complete) == ([4, 8], True)


def test_ties_that_may_go_on_beyond_what_was_found_ask_for_a_wider_search():
    cosines, owners = [np.float32([[0.5, 0.5]])], [np.asarray([[4, 1]])]
    found, complete = owners_of_nearest(cosines, owners, 1)
    assert (found.tolist(), complete) == ([1, 4], False)


def test_all_of_many_that_tie_are_found_however_they_are_cut_into_segments():
    parts = [
        FaissPassageIndex.build(np.tile(EAST, (count, 1)), np.arange(count + 1))
        for count in (40, 3, 57)
    ]
    assert live(*parts).dense.nearest(EAST, 5, None).tolist() == list(range(100))


def test_joined_passages_are_those_of_the_rows_wanted_in_their_order(index):
    joined = FaissPassageIndex.joined([(index, np.asarray([2])), (index, np.asarray([0, 1]))], 2)
    assert joined.vectors.tolist() == ROUNDED[[3, 4, 0, 1, 2]].tolist()
    assert joined.first.tolist() == [0, 2, 4, 5]


@pytest.mark.parametrize("parts", [0, 1])
def test_joined_passages_of_nobody_are_none(index, parts):
    joined = FaissPassageIndex.joined([(index, np.zeros(0, dtype=np.int64))] * parts, 2)
    assert (joined.size, joined.vectors.shape, joined.first.tolist()) == (0, (0, 2), [0])


def test_the_same_passages_stand_in_another_order(index):
    parts = [(index, np.asarray([0, 1])), (index, np.asarray([2]))]
    turned = FaissPassageIndex.joined(parts, 2, np.asarray([1, 2, 0]))
    assert turned.vectors.tolist() == ROUNDED[[2, 3, 4, 0, 1]].tolist()
    assert turned.first.tolist() == [0, 1, 3, 5]


def test_an_index_in_use_shares_its_rounded_vectors_without_a_copy(index):
    assert index.vectors.tobytes() == ROUNDED.tobytes()
    assert index.vectors.base is not None


def test_cosines_are_exact_and_grouped_by_mentor_in_the_order_asked(index):
    cosines, counts = index.cosines(np.vstack([EAST, NORTH]), np.asarray([2, 0]))
    assert cosines.tolist() == [[-1.0, 0.0, 1.0, SIX], [0.0, -1.0, 0.0, EIGHT]]
    assert counts.tolist() == [2, 2]


def test_cosines_are_summed_in_double_precision(index):
    query = np.float32([[0.6, 0.8]])
    cosines, _ = index.cosines(query, np.asarray([0]))
    assert cosines.dtype == np.float64
    assert cosines[0, 1] == float(query[0, 0]) * SIX + float(query[0, 1]) * EIGHT


def test_a_mentor_has_the_same_cosines_alone_and_among_others(index):
    everybody, _ = index.cosines(EAST, np.asarray([0, 1, 2]))
    alone, _ = index.cosines(EAST, np.asarray([2]))
    assert alone.tolist() == everybody[:, 3:].tolist()


def test_a_vector_that_rounding_made_longer_is_no_nearer_than_can_be():
    row = np.float32([[0.0102, np.sqrt(1 - 0.0102**2)]])
    index = FaissPassageIndex.build(row, np.asarray([0, 1]))
    assert np.linalg.norm(index.vectors.astype(float)) > 1
    assert index.cosines(row / row[0, 1], np.asarray([0]))[0].tolist() == [[1.0]]


def test_nobody_has_no_cosine(index):
    cosines, counts = index.cosines(EAST, np.zeros(0, dtype=np.int64))
    assert cosines.shape == (1, 0)
    assert counts.shape == (0,)


def test_the_mean_of_passages_that_agree_is_long_and_of_opposites_short(index):
    expected = [np.hypot(1 + SIX, EIGHT) / 2, 1.0, np.sqrt(2) / 2]
    assert index.mean_norms() == pytest.approx(expected, abs=1e-15)


def test_the_direction_of_a_mean_has_length_one(index):
    found = index.means(np.asarray([0, 1, 2]))
    assert found.dtype == np.float32
    expected = [
        np.asarray([1 + SIX, EIGHT]) / np.hypot(1 + SIX, EIGHT),
        [0, 1],
        [-np.sqrt(0.5), -np.sqrt(0.5)],
    ]
    assert found == pytest.approx(np.asarray(expected), abs=1e-7)


def test_directions_over_segments_are_those_of_one_to_the_last_bit(index, spread):
    rows = np.asarray([0, 2])
    assert spread.means(rows).tobytes() == index.means(rows).tobytes()


def test_passages_that_cancel_out_have_no_direction():
    both = FaissPassageIndex.build(np.vstack([EAST, -EAST]), np.asarray([0, 2]))
    assert both.means(np.asarray([0])).tolist() == [[0.0, 0.0]]


def test_nobody_has_no_direction(index):
    assert index.means(np.zeros(0, dtype=np.int64)).shape == (0, 2)


def test_an_index_of_nobody_finds_nobody():
    index = FaissPassageIndex.build(np.zeros((0, 2), np.float32), np.zeros(1, np.int64))
    assert live(index).dense.nearest(EAST, 5, None).tolist() == []
    assert index.mean_norms().tolist() == []
