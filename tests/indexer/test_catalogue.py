from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from indexer.catalogue import ArrowCatalogue
from indexer.dense import FaissPassageIndex
from indexer.lexical import SparseLexicalIndex
from indexer.live import LiveCatalogue, LiveIndex
from indexer.records import text_hash
from indexer.segment import Segment
from models.mentor import Experience, Location, Mentor

BAKER = Mentor(
    "a",
    headline="Baker",
    experience=(Experience(organization="Crumb"), Experience(organization="Past", end="2019")),
    skills=("rye", "spelt"),
    industries=("Food",),
    languages=("en", "pt-BR"),
    location=Location("PT", "Europe/Lisbon", "Porto"),
    organization="Crust & Co",
    seniority="senior",
    attributes={"cohort": "spring", "years": 11, "days": ("mon", "tue"), "remote": True},
)
FULL = Mentor("c", headline="Miller", capacity=1, active_mentees=1)
AWAY = Mentor("e", headline="Brewer", available=False)


@pytest.fixture
def catalogue():
    return ArrowCatalogue.build([BAKER, FULL, AWAY], np.asarray([0.25, 0.5, 1.0]))


def live(*parts: ArrowCatalogue) -> LiveCatalogue:
    """Segments of which only the catalogue matters."""
    segments = []
    for part in parts:
        vectors = np.ones((part.size, 1), np.float32)
        dense = FaissPassageIndex.build(vectors, np.arange(part.size + 1))
        lexical = SparseLexicalIndex.build([Counter()] * part.size)
        segments.append(Segment(part, dense, lexical))
    return LiveIndex("space", 1, 3, segments).catalogue


@pytest.fixture(params=[[], [1], [2], [1, 2], [0, 2, 2]], ids="cut at {}".format)
def spread(request, catalogue):
    """The three mentors in one segment, or cut into several."""
    free = catalogue.available()
    rows = np.split(np.arange(3), request.param)
    return live(*(ArrowCatalogue.joined([(catalogue, some, free[some])]) for some in rows))


def test_a_row_is_a_mentor_in_the_order_given(catalogue):
    assert catalogue.size == 3
    assert catalogue.ids(np.arange(3)) == ["a", "c", "e"]
    assert catalogue.mean_norms.tolist() == [0.25, 0.5, 1.0]
    hashes = [text_hash(mentor) for mentor in (BAKER, FULL, AWAY)]
    assert catalogue.text_hashes(np.arange(3)) == hashes
    assert [catalogue.text_hash(row) for row in range(3)] == hashes


@pytest.mark.parametrize(
    ("ids", "rows"),
    [
        (["e", "a"], [0, 2]),
        (["c", "c"], [1]),
        (["c", "b"], [1]),
        (["b", "c"], [1]),
        (["b", "d", "z", ""], []),
        (["e", "z", "d"], [2]),
        ([], []),
    ],
)
def test_rows_are_found_by_id_and_unknown_ids_left_out(spread, ids, rows):
    found = spread.rows(ids)
    assert found.tolist() == rows
    assert found.dtype == np.int64


@pytest.mark.parametrize(
    ("id", "row"), [("a", 0), ("c", 1), ("e", 2), ("", None), ("b", None), ("d", None), ("z", None)]
)
def test_a_row_is_found_by_its_id(catalogue, spread, id, row):
    assert catalogue.row(id) == spread.row(id) == row


def test_rows_over_segments_are_those_of_one(catalogue, spread):
    assert spread.size == 3
    assert spread.ids(np.asarray([2, 0])) == ["e", "a"]
    assert spread.ids(np.asarray([1, 2, 0])) == ["c", "e", "a"]
    assert spread.ids(np.zeros(0, np.int64)) == []
    assert spread.ids_alive() == ["a", "c", "e"]
    assert spread.mean_norms(np.asarray([0, 2])).tolist() == [0.25, 1.0]
    assert [spread.text_hash(row) for row in range(3)] == [
        text_hash(mentor) for mentor in (BAKER, FULL, AWAY)
    ]
    assert spread.alive().tolist() == [True, True, True]
    assert spread.available().tolist() == [True, False, False]
    for text in ("pt", ""):
        here = catalogue.having("country", [text]).tolist()
        assert spread.having("country", [text]).tolist() == here
        assert spread.where("country", text.__eq__).tolist() == here
    assert spread.having("skills", ["Rye"]).tolist() == [True, False, False]
    assert spread.where_attribute("years", (11).__eq__).tolist() == [True, False, False]


def test_text_hashes_of_many_are_found_by_id(spread):
    assert spread.text_hashes_of(["e", "b", "a", "e"]) == [
        text_hash(AWAY),
        None,
        text_hash(BAKER),
        text_hash(AWAY),
    ]
    assert spread.text_hashes_of([]) == []


def test_who_is_gone_has_no_text_hash(spread):
    gone = spread._index.without(["a", "c"]).catalogue
    assert gone.text_hashes_of(["a", "c", "e"]) == [None, None, text_hash(AWAY)]


def test_of_joined_catalogues_the_rows_wanted_stay_with_their_places_as_they_are_now(catalogue):
    other = ArrowCatalogue.build([replace(BAKER, id="b")], np.asarray([0.75]))
    parts = [
        (catalogue, np.asarray([2, 0]), np.asarray([True, False])),
        (other, np.asarray([0]), np.asarray([True])),
    ]
    joined = ArrowCatalogue.joined(parts)
    assert joined.ids(np.arange(joined.size)) == ["e", "a", "b"]
    assert joined.available().tolist() == [True, False, True]
    assert joined.mean_norms.tolist() == [1.0, 0.25, 0.75]
    assert joined.table["skills"].to_pylist() == [[], ["rye", "spelt"], ["rye", "spelt"]]
    assert joined.having("skills", ["spelt"]).tolist() == [False, True, True]
    assert joined.order().tolist() == [1, 2, 0]


def test_the_same_mentors_stand_in_another_order(catalogue):
    turned = catalogue.in_order(np.asarray([1, 2, 0]))
    assert turned.ids(np.arange(3)) == ["c", "e", "a"]
    assert turned.available().tolist() == [False, False, True]
    assert turned.in_order(turned.order()).table.equals(catalogue.table)


def test_ids_are_ordered_by_code_points():
    made = [Mentor(id, headline="x") for id in ("é", "b", "10", "B", "9")]
    catalogue = ArrowCatalogue.build(made, np.ones(5))
    assert catalogue.order().tolist() == [2, 4, 3, 1, 0]


def texts(catalogue, column):
    """The distinct texts of a column, as filters see them."""
    seen = []
    catalogue.where(column, seen.append)
    return sorted(seen)


def test_texts_are_empty_where_the_record_has_none(catalogue):
    assert texts(catalogue, "country") == ["", "pt"]
    assert texts(catalogue, "timezone") == ["", "Europe/Lisbon"]
    assert texts(catalogue, "seniority") == ["", "senior"]
    assert catalogue.having("country", [""]).tolist() == [False, True, True]


def test_lists_are_empty_where_the_record_has_none(catalogue):
    assert texts(catalogue, "skills") == ["rye", "spelt"]
    assert texts(catalogue, "languages") == ["en", "pt-br"]
    assert texts(catalogue, "industries") == ["food"]
    assert catalogue.where("languages", lambda _: True).tolist() == [True, False, False]


def test_organizations_are_the_present_ones(catalogue):
    assert texts(catalogue, "organizations") == ["", "crumb", "crust & co"]


def test_available_means_with_a_free_place(catalogue):
    assert catalogue.available().tolist() == [True, False, False]


def test_attributes_keep_their_types(catalogue):
    kept = {"cohort": "spring", "years": 11, "days": ["mon", "tue"], "remote": True}
    for name, value in kept.items():
        seen = []
        mask = catalogue.where_attribute(name, lambda one, seen=seen: seen.append(one) or True)
        assert (seen, mask.tolist()) == ([value], [True, False, False])
        assert type(seen[0]) is type(value)
    assert not catalogue.where_attribute("unknown", lambda _: True).any()


def test_a_catalogue_of_nobody_is_empty():
    catalogue = ArrowCatalogue.build([], np.zeros(0))
    assert catalogue.size == 0
    assert catalogue.row("a") is None
    assert live(catalogue).rows(["a"]).tolist() == []
    assert live(catalogue).text_hashes_of(["a"]) == [None]
    for mask in (
        catalogue.having("skills", ["rye"]),
        catalogue.where("country", lambda _: True),
        catalogue.where_attribute("years", lambda _: True),
    ):
        assert (mask.dtype, mask.tolist()) == (np.bool_, [])
    assert catalogue.available().tolist() == []
