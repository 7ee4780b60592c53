from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from indexer.catalogue import ArrowCatalogue
from indexer.dense import FaissPassageIndex
from indexer.lexical import AVERAGE_WORDS, SparseLexicalIndex, best_rows
from indexer.live import LiveIndex, LiveLexical
from indexer.segment import Segment
from models.mentor import Mentor

PROFILES = (
    Counter({"bread": 2, "rye": 1}),
    Counter({"rye": 1}),
    Counter({"mill": 1, "rye": 3}),
    Counter(),
)


@pytest.fixture
def index():
    return SparseLexicalIndex.build(PROFILES)


def live(*parts: SparseLexicalIndex) -> LiveLexical:
    """Segments of which only the words matter."""
    segments = []
    for part in parts:
        size = part.matrix.shape[0]
        at = sum(segment.size for segment in segments)
        nameless = [Mentor(f"m{at + i:02}", headline="x") for i in range(size)]
        catalogue = ArrowCatalogue.build(nameless, np.ones(size))
        dense = FaissPassageIndex.build(np.ones((size, 1), np.float32), np.arange(size + 1))
        segments.append(Segment(catalogue, dense, part))
    return LiveIndex("space", 1, 4, segments).lexical


@pytest.fixture(params=[[], [1], [2], [1, 3], [0, 2, 2]], ids="cut at {}".format)
def spread(request):
    """The four profiles in one segment, or cut into several."""
    cuts = pairwise([0, *request.param, 4])
    return live(*(SparseLexicalIndex.build(PROFILES[start:end]) for start, end in cuts))


def dense(found, mentors, stems):
    """Saturations as one row a mentor and one column a stem, 0 where there is no entry."""
    assert np.diff(found.mentor).min(initial=0) >= 0
    whole = np.zeros((mentors, stems))
    whole[found.mentor, found.stem] = found.saturation
    assert np.count_nonzero(whole) == len(found.saturation)
    return whole.tolist()


def saturation(count: int, words: int) -> float:
    """BM25 with k1 = 1.2, b = 0.75 and an average of 65 words, to the precision kept."""
    return float(np.float32(count / (count + 1.2 * (0.25 + 0.75 * words / 65))))


def test_the_constants_are_those_that_scores_rest_on():
    assert AVERAGE_WORDS == 65.0
    assert saturation(1, 65) == float(np.float32(1 / 2.2))


def test_saturations_are_bm25s_exactly(index):
    found = index.saturations(["rye", "bread"], np.arange(4))
    assert dense(found, 4, 2) == [
        [saturation(1, 3), saturation(2, 3)],
        [saturation(1, 1), 0.0],
        [saturation(3, 4), 0.0],
        [0.0, 0.0],
    ]


def test_saturations_follow_the_rows_and_stems_asked_for(index):
    found = index.saturations(["mill", "unheard", "rye"], np.asarray([2, 0]))
    assert dense(found, 2, 3) == [
        [saturation(1, 4), 0.0, saturation(3, 4)],
        [0, 0, saturation(1, 3)],
    ]


def test_nobody_has_no_saturation(index):
    found = index.saturations(["rye"], np.zeros(0, dtype=np.int64))
    assert [column.tolist() for column in found] == [[], [], []]


def test_saturations_have_the_types_that_are_told(index):
    for stems in (["rye", "bread"], ["unheard"], []):
        found = index.saturations(stems, np.arange(4))
        assert [column.dtype for column in found] == [np.int64, np.int64, np.float64]


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
def test_the_best_have_the_greatest_weighted_sum_above_zero(spread, weights, top_k, rows):
    assert spread.best(weights, top_k, None).tolist() == rows


def test_who_is_not_eligible_is_not_among_the_best(spread):
    assert spread.best({"rye": 1.0}, 1, np.asarray([True, True, False, True])).tolist() == [1]
    assert spread.best({"rye": 1.0}, 4, np.zeros(4, dtype=np.bool_)).tolist() == []


def test_ties_at_the_edge_all_come_along():
    one = SparseLexicalIndex.build([Counter(rye=1)] * 2)
    other = SparseLexicalIndex.build([Counter(rye=1), Counter(rye=2)])
    assert live(one, other).best({"rye": 1.0}, 2, None).tolist() == [0, 1, 2, 3]


def test_the_best_rows_are_those_of_the_greatest_sums_above_zero():
    sums = np.asarray([0.5, 0.0, 2.0, 1.0])
    found = [best_rows(sums, top_k).tolist() for top_k in (1, 2, 4, 9)]
    assert found == [[2], [2, 3], [0, 2, 3], [0, 2, 3]]


def test_saturations_over_segments_are_those_of_one(index, spread):
    stems, rows = ["rye", "mill", "unheard"], np.asarray([0, 2, 3])
    found = spread.saturations(stems, rows)
    assert dense(found, 3, 3) == dense(index.saturations(stems, rows), 3, 3)


def test_sums_are_of_each_mentor_and_zero_without_a_known_stem(index):
    weights = {"bread": 2.0, "mill": 1.0, "unheard": 5.0}
    found = index.sums(weights, np.arange(4))
    assert found.tolist() == [2 * saturation(2, 3), 0.0, saturation(1, 4), 0.0]
    assert index.sums(weights, np.asarray([2])).tolist() == [saturation(1, 4)]
    assert index.sums({"unheard": 5.0}, np.arange(4)).tolist() == [0.0, 0.0, 0.0, 0.0]
    assert index.sums({}, np.arange(4)).tolist() == [0.0, 0.0, 0.0, 0.0]


def assert_equal(one: SparseLexicalIndex, other: SparseLexicalIndex) -> None:
    assert list(one.stems) == list(other.stems)
    for part in ("data", "indices", "indptr"):
        assert getattr(one.matrix, part).tolist() == getattr(other.matrix, part).tolist()
    assert one.matrix.shape == other.matrix.shape


def test_stems_stand_in_order_so_that_equal_mentors_make_equal_parts(index):
    assert index.stems == ["bread", "mill", "rye"]
    turned = [Counter(dict(reversed(profile.items()))) for profile in PROFILES]
    assert_equal(SparseLexicalIndex.build(turned), index)


@pytest.mark.parametrize("cut", [0, 1, 2, 3, 4])
def test_joined_parts_are_like_one_built_at_once(index, cut):
    parts = [SparseLexicalIndex.build(some) for some in (PROFILES[:cut], PROFILES[cut:])]
    rows = [np.arange(part.matrix.shape[0]) for part in parts]
    assert_equal(SparseLexicalIndex.joined(list(zip(parts, rows, strict=True))), index)


def test_of_joined_parts_only_the_rows_wanted_stay_and_only_their_stems(index):
    joined = SparseLexicalIndex.joined([(index, np.asarray([2])), (index, np.asarray([1, 3]))])
    assert_equal(joined, SparseLexicalIndex.build([PROFILES[2], PROFILES[1], PROFILES[3]]))
    assert joined.stems == ["mill", "rye"]


@pytest.mark.parametrize("parts", [0, 1])
def test_joined_parts_of_nobody_have_no_stem(index, parts):
    joined = SparseLexicalIndex.joined([(index, np.zeros(0, dtype=np.int64))] * parts)
    assert (joined.matrix.shape, joined.stems) == ((0, 0), [])


def test_the_same_mentors_stand_in_another_order(index):
    turned = index.in_order(np.asarray([3, 2, 0, 1]))
    assert_equal(turned, SparseLexicalIndex.build([PROFILES[i] for i in (3, 2, 0, 1)]))


def test_who_else_is_indexed_changes_nobodys_saturation(index):
    alone = SparseLexicalIndex.build(PROFILES[2:3])
    stems, row = ["rye", "mill"], np.asarray([0])
    found = alone.saturations(stems, row)
    assert dense(found, 1, 2) == dense(index.saturations(stems, row + 2), 1, 2)


def test_an_index_without_a_word_finds_nobody():
    index = SparseLexicalIndex.build([Counter(), Counter()])
    assert live(index).best({"rye": 1.0}, 5, None).tolist() == []
    assert dense(index.saturations(["rye"], np.arange(2)), 2, 1) == [[0.0], [0.0]]
    rows, sums = index.best({"rye": 1.0}, 2, np.ones(2, np.bool_))
    assert (rows.tolist(), sums.tolist()) == ([], [])


STEMS = [f"stem{i}" for i in range(12)]
WEIGHTS = {**{f"stem{11 - i}": 0.3 + 0.1 * i for i in range(10)}, "unheard": 9.0, "stem0": 0.0}


def many(seed: int, size: int) -> SparseLexicalIndex:
    """So many mentors that only the best are summed exactly; some stems are popular."""
    chance = np.random.default_rng(seed)
    drawn = np.minimum(chance.geometric(0.2, (size, 4)) - 1, 11).tolist()
    alike = [Counter({STEMS[i]: 1 + i % 3 for i in row}) for row in drawn]
    return SparseLexicalIndex.build(alike)


def exactly(index: SparseLexicalIndex, weights, eligible) -> np.ndarray:
    """Each sum, added up in the order of the weights in double precision."""
    whole = index.matrix.toarray().astype(np.float64)
    sums = np.zeros(len(whole))
    for stem, weight in weights.items():
        if stem in index.stems:
            sums += weight * whole[:, index.stems.index(stem)]
    return np.where(eligible, sums, 0.0)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("size", [100, 9_000, 13_000])
@pytest.mark.parametrize("top_k", [1, 7, 200, 3_000])
def test_the_best_of_many_are_those_of_the_exact_sums(monkeypatch, seed, size, top_k):
    monkeypatch.setattr("indexer.lexical.SETS", 64)  # else few sizes here have several sets
    eligible = np.random.default_rng(seed).random(size) < (0.5, 1.0, 0.01)[seed % 3]
    if seed == 4:  # in one place
        eligible[: size // 2] = False
    index = many(seed, size)
    exact = exactly(index, WEIGHTS, eligible)
    rows, sums = index.best(WEIGHTS, top_k, eligible)
    assert sums.tolist() == exact[rows].tolist()
    assert rows[best_rows(sums, top_k)].tolist() == best_rows(exact, top_k).tolist()
    assert live(index).best(WEIGHTS, top_k, eligible).tolist() == best_rows(exact, top_k).tolist()


def test_sums_too_near_for_single_precision_are_told_apart():
    one, other = Counter(rye=1), Counter(mill=1)
    index = SparseLexicalIndex.build([one, other, one, other])
    hair = {"rye": 1.0, "mill": 1.0 + 2.0**-40}
    assert live(index).best(hair, 1, None).tolist() == [1, 3]
    assert live(index).best({"rye": 1.0, "mill": 1.0}, 1, None).tolist() == [0, 1, 2, 3]
