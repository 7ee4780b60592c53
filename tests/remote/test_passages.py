"""One suite for the `PassageIndex` port, on FAISS and on a real Milvus: the same results."""

import itertools

import numpy as np
import pytest

from indexer import remote
from indexer.passages import passages
from indexer.records import mentor_from
from recommender.eligibility import Exclusions, Filters, eligible
from tests.fakes import AXES, WordEncoder
from tests.remote.brought import Brought

MENTORS = 900
COUNTRIES = ("KE", "PL", "SG", "GB")
WORDS = [word for axis in AXES for word in axis.split()]
_prefixes = (f"tests{i}" for i in itertools.count())


def record(i: int, chance: np.random.Generator) -> dict[str, object]:
    words = chance.choice(WORDS, chance.integers(4, 12))
    return {
        "id": f"m{i:04}",
        "headline": " ".join(words[:3]),
        "bio": f"{' '.join(words)}. {' '.join(chance.choice(WORDS, 6))} {i}.",
        "skills": [str(chance.choice(WORDS))],
        "location": {"country": str(chance.choice(COUNTRIES)), "timezone": "Asia/Singapore"},
        "languages": ["en"] if i % 3 else ["en", "pl"],
        "seniority": "head" if i % 5 == 0 else "",
        "capacity": 2,
        "active_mentees": int(i % 4 == 0) * 2,
        "attributes": {"even": i % 2 == 0},
    }


@pytest.fixture(scope="module")
def brought(shared_milvus, tmp_path_factory):
    chance = np.random.default_rng(1)
    made = Brought(
        tmp_path_factory.mktemp("data"),
        f"{shared_milvus.url}/{next(_prefixes)}",
        WordEncoder(),
        [mentor_from(record(i, chance)) for i in range(MENTORS)],
    )
    made.bringer.bring_all()
    made.passages.flush()
    return made


@pytest.fixture(autouse=True)
def ask_for_all(monkeypatch):
    """However few are eligible, Milvus is asked, which it is not where few are read here."""
    monkeypatch.setattr(remote, "HOST_READS", 0)


@pytest.fixture(scope="module", params=["faiss", "milvus"])
def index(request, brought):
    return brought.there() if request.param == "milvus" else brought.here()


@pytest.fixture(scope="module")
def faiss(brought):
    return brought.here()


def goal(*words: str) -> np.ndarray:
    return WordEncoder().encode_queries([" ".join(words)])


FILTERS = {
    "everybody": (Filters(available=None), Exclusions()),
    "who has a place": (Filters(), Exclusions()),
    "a country": (Filters(country=("SG",)), Exclusions()),
    "two countries and a language": (Filters(country=("SG", "pl"), language=("pl",)), Exclusions()),
    "a seniority and an attribute": (
        Filters(seniority=("head",), attributes={"even": True}),
        Exclusions(),
    ),
    "a skill": (Filters(skills_any=("audit",)), Exclusions()),
    "near in time": (Filters(max_hours_apart=2.0, timezone="Asia/Tokyo"), Exclusions()),
    "without some": (Filters(available=None), Exclusions(ids=("m0001", "m0007", "m0500"))),
    "nobody": (Filters(country=("XX",)), Exclusions()),
}


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("top_k", [1, 40, 500])
def test_the_nearest_are_those_that_reading_every_passage_finds(index, faiss, name, top_k):
    filters, exclude = FILTERS[name]
    mask = eligible(index.catalogue, filters, exclude)
    query = goal("audit", "fund", "invest")
    found = index.dense.nearest(query, top_k, mask)
    cosines, counts = faiss.dense.cosines(query, np.flatnonzero(mask))
    owner = np.repeat(np.flatnonzero(mask), counts)
    edge = np.sort(cosines[0])[-top_k:][0] if len(owner) else 0.0
    expected = np.unique(owner[cosines[0] >= edge - 1e-7])
    missed = np.setdiff1d(expected, found)
    assert np.isin(found, np.flatnonzero(mask)).all()
    assert np.isin(found, expected).all()
    assert len(missed) <= 0.01 * len(expected)


def test_scores_and_directions_are_equal_to_the_last_bit(index, faiss):
    rows = np.arange(0, MENTORS, 7)
    query = goal("ward", "nurse")
    ours, counts = index.dense.cosines(query, rows)
    theirs, same = faiss.dense.cosines(query, rows)
    assert ours.tobytes() == theirs.tobytes()
    assert counts.tolist() == same.tolist()
    assert index.dense.means(rows).tobytes() == faiss.dense.means(rows).tobytes()


def test_the_padding_where_too_few_are_eligible_is_nobody(index):
    mask = np.zeros(MENTORS, np.bool_)
    mask[[3, 5]] = True
    assert index.dense.nearest(goal("sea"), 300, mask).tolist() == [3, 5]
    assert index.dense.nearest(goal("sea"), 300, np.zeros(MENTORS, np.bool_)).tolist() == []


def test_several_queries_bring_the_nearest_of_each(index, faiss):
    both = np.concatenate([goal("audit"), goal("vessel")])
    one, other = (faiss.dense.nearest(query[None], 30, None) for query in both)
    expected = np.union1d(one, other)
    found = index.dense.nearest(both, 30, None)
    assert len(np.setxor1d(found, expected)) <= 0.02 * len(expected)


def test_filters_are_pushed_down_and_take_no_one_out_who_is_eligible(brought):
    dense = brought.there().segments[0].dense
    catalogue = brought.here().catalogue
    narrow = dense._plan(eligible(catalogue, *FILTERS["two countries and a language"]))
    assert "country in [" in narrow.where
    assert "languages in [" in narrow.where
    assert narrow.passages < dense.size / 3
    without = dense._plan(eligible(catalogue, *FILTERS["without some"]))
    assert without.where.startswith("owner not in [")
    everybody = dense._plan(None)
    assert (everybody.where, everybody.passages) == ("", dense.size)


def test_rows_are_those_of_the_store_and_their_vectors_as_scoring_reads_them(brought):
    assert brought.is_exact()
    here = brought.here()
    everything = sum(len(passages(m)) for m in brought.store.all("default")[1])
    assert brought.passages.count() == everything == here.segments[0].passages
