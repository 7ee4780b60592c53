import faiss
import numpy as np
import pytest

from indexer import dense, lists
from indexer.dense import FaissPassageIndex
from indexer.lists import PassageLists

DIMENSION, MENTORS = 16, 500
FIRST = np.arange(MENTORS + 1) * 4


def directions(count: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((count, DIMENSION))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


VECTORS = directions(4 * MENTORS, 1)
QUERIES = directions(20, 2)


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch):
    monkeypatch.setattr(lists, "FROM", 1_000)
    monkeypatch.setattr(dense, "FEW", 100)


@pytest.fixture
def index():
    return FaissPassageIndex.build(VECTORS, FIRST)


@pytest.fixture
def exact(monkeypatch, index):
    """The same passages without lists."""
    return FaissPassageIndex(index.vectors, FIRST)


def everybody(index: FaissPassageIndex) -> list[tuple[FaissPassageIndex, np.ndarray]]:
    return [(index, np.arange(len(index.first) - 1))]


def found(lists_: PassageLists, top_k=50, allowed=None, share=1.0):
    return lists_.search(QUERIES, top_k, allowed, share)


def test_lists_are_made_from_a_size_on():
    small = FaissPassageIndex.build(VECTORS[:996], FIRST[:250])
    large = FaissPassageIndex.build(VECTORS[:1_000], FIRST[:251])
    assert small.lists is None
    assert large.lists.index.nlist == 32  # 1.3 times the root of 1,000 is 41


def test_where_all_lists_are_read_passages_and_cosines_are_the_exact_ones(index, exact):
    assert index.lists.index.nlist <= lists.READ
    for one, other in zip(index.top(QUERIES, 50), exact.top(QUERIES, 50), strict=True):
        assert one.tolist() == other.tolist()


def test_where_few_lists_are_read_most_are_found_and_their_cosines_are_exact(
    index, exact, monkeypatch
):
    monkeypatch.setattr(lists, "READ", 16)
    cosines, _ = index.top(QUERIES, 50)
    right, _ = exact.top(QUERIES, 50)
    shared = [len(np.intersect1d(*each)) / 50 for each in zip(cosines, right, strict=True)]
    assert 0.8 < np.mean(shared) < 1


def test_fewer_lists_read_find_less(index):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lists, "READ", 1)
        one = found(index.lists, 20)
    passages = index.lists.numbers()
    assert all(len(np.unique(passages[row[row >= 0]])) == 1 for row in one)


def test_only_those_allowed_are_found_and_as_exactly(index, exact):
    eligible = np.arange(MENTORS) % 3 == 0
    for one, other in zip(
        index.top(QUERIES, 30, index.allowed(eligible)),
        exact.top(QUERIES, 30, exact.allowed(eligible)),
        strict=True,
    ):
        assert one.tolist() == other.tolist()


@pytest.mark.parametrize("count", [0, 1, 25, 26])
def test_few_are_read_one_by_one_and_found_to_the_last(index, exact, count, monkeypatch):
    monkeypatch.setattr(lists, "READ", 1)
    eligible = np.arange(MENTORS) < count
    allowed = index.allowed(eligible)
    assert (allowed.count, allowed.numbers is not None) == (4 * count, count <= 25)
    cosines, owners = index.top(QUERIES, 200, allowed)
    right, theirs = exact.top(QUERIES, 200, exact.allowed(eligible))
    assert (cosines.tolist(), owners.tolist()) == (right.tolist(), theirs.tolist())


def test_all_lists_are_read_where_those_nearest_hold_too_few(index, monkeypatch):
    monkeypatch.setattr(lists, "READ", 1)
    far = index.lists.numbers() == index.lists.nearest((-QUERIES[:1]).astype(np.float16))[0]
    bits = np.packbits(far, bitorder="little")
    near = index.lists.search(QUERIES[:1], 5, bits, far.sum() / len(far))
    assert (near >= 0).all()
    assert far[near].all()


def test_everybody_allowed_is_nothing_to_look_at(index):
    assert index.allowed(np.ones(MENTORS, np.bool_)) is None


def test_every_passage_is_in_the_list_of_the_nearest_centre(index):
    centres = index.lists.index.quantizer.reconstruct_n(0, index.lists.index.nlist)
    numbers = index.lists.numbers()
    assert numbers.min() >= 0
    nearest = (index.vectors.astype(np.float32) @ centres.T).argmax(axis=1)
    # The centres are the means of those who were nearest to the trained ones.
    assert (numbers == nearest).mean() > 0.8


def test_equal_vectors_make_equal_lists():
    one, other = (FaissPassageIndex.build(VECTORS, FIRST).lists.index for _ in range(2))
    assert (faiss.serialize_index(one) == faiss.serialize_index(other)).all()


def test_joined_lists_keep_the_number_of_each_passage_and_take_up_the_new_ones(index):
    fresh = directions(40, 3)
    small = FaissPassageIndex.build(fresh, np.arange(11) * 4)
    order = np.random.default_rng(4).permutation(MENTORS + 10)
    joined = FaissPassageIndex.joined([*everybody(index), *everybody(small)], DIMENSION, order)
    before = np.concatenate(
        [index.lists.numbers(), index.lists.nearest(fresh.astype(np.float16))]
    ).reshape(-1, 4)
    assert joined.lists.numbers().reshape(-1, 4).tolist() == before[order].tolist()
    assert joined.lists.agree(joined.vectors)


def test_lists_are_trained_anew_when_there_are_several_times_as_many():
    index = FaissPassageIndex.build(VECTORS[:1_000], FIRST[:251])
    for times, count in [(2, 32), (4, 64)]:
        joined = FaissPassageIndex.joined(everybody(index) * times, DIMENSION)
        assert joined.lists.index.nlist == count


def test_who_is_left_out_leaves_nothing_in_lists_that_are_kept(index):
    numbers = index.lists.numbers() % 63 + 1
    numbers[:4] = 0  # a mentor with a list of their own: its centre is the mean of their passages
    vectors = index.vectors.copy()
    vectors[:4] = vectors[0]
    alone = FaissPassageIndex(vectors, FIRST, PassageLists.of(vectors, numbers, 64))
    centre = alone.lists.index.quantizer.reconstruct(0)
    assert centre @ VECTORS[0] > 0.999
    left = FaissPassageIndex.joined([(alone, np.arange(1, MENTORS))], DIMENSION)
    assert centre.tobytes() in faiss.serialize_index(alone.lists.index).tobytes()
    assert centre.tobytes() not in faiss.serialize_index(left.lists.index).tobytes()
    assert left.lists.index.nlist == 64
    assert not left.lists.index.quantizer.reconstruct(0).any()


def test_the_span_of_codes_is_that_of_who_is_there(index):
    vectors = index.vectors.copy()
    vectors[:4] = np.eye(DIMENSION)[0]
    wide = FaissPassageIndex(vectors, FIRST, PassageLists.of(vectors, index.lists.numbers(), 64))
    left = FaissPassageIndex.joined([(wide, np.arange(1, MENTORS))], DIMENSION)
    highest = [
        faiss.vector_to_array(one.lists.index.sq.trained).reshape(2, -1).sum(axis=0)[0]
        for one in (wide, left)
    ]
    assert highest == pytest.approx([1.0, float(vectors[4:, 0].max())], abs=1e-6)


def test_lists_agree_with_their_own_vectors_alone(index):
    assert index.lists.agree(index.vectors)
    other = index.vectors.copy()
    other[7] = other[8]
    assert not index.lists.agree(other)
    assert not index.lists.agree(index.vectors[:-1])


def test_a_passage_in_two_lists_or_none_is_no_agreement(index):
    numbers = index.lists.numbers()
    twice = PassageLists.of(index.vectors, numbers, index.lists.index.nlist)
    ids = twice._ids(int(numbers[0]))
    ids[0] = ids[1]
    assert not twice.agree(index.vectors)


def test_where_lists_are_many_their_centres_are_found_through_lists_too(index, monkeypatch):
    right = index.lists.nearest(index.vectors)
    monkeypatch.setattr(lists, "_MANY", 64)
    found = index.lists.nearest(index.vectors)
    assert 0.2 < (found == right).mean() < 1
    assert found.min() >= 0
