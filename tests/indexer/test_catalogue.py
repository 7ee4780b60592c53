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
    assert [catalogue.id(row) for row in range(3)] == ["a", "c", "e"]
    assert catalogue.mean_norms.tolist() == [0.25, 0.5, 1.0]
    assert [catalogue.text_hash(row) for row in range(3)] == [
        text_hash(mentor) for mentor in (BAKER, FULL, AWAY)
    ]


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
    assert spread.ids_alive() == ["a", "c", "e"]
    assert spread.mean_norms(np.asarray([0, 2])).tolist() == [0.25, 1.0]
    assert [spread.text_hash(row) for row in range(3)] == [
        text_hash(mentor) for mentor in (BAKER, FULL, AWAY)
    ]
    assert spread.alive().tolist() == [True, True, True]
    assert spread.available().tolist() == [True, False, False]
    assert spread.texts("country") == catalogue.texts("country")
    assert spread.lists("skills") == catalogue.lists("skills")
    assert spread.attributes() == catalogue.attributes()


def test_of_joined_catalogues_the_rows_wanted_stay_with_their_places_as_they_are_now(catalogue):
    other = ArrowCatalogue.build([replace(BAKER, id="b")], np.asarray([0.75]))
    parts = [
        (catalogue, np.asarray([2, 0]), np.asarray([True, False])),
        (other, np.asarray([0]), np.asarray([True])),
    ]
    joined = ArrowCatalogue.joined(parts)
    assert [joined.id(row) for row in range(joined.size)] == ["e", "a", "b"]
    assert joined.available().tolist() == [True, False, True]
    assert joined.mean_norms.tolist() == [1.0, 0.25, 0.75]
    assert joined.lists("skills") == [[], ["rye", "spelt"], ["rye", "spelt"]]
    assert joined.order().tolist() == [1, 2, 0]


def test_the_same_mentors_stand_in_another_order(catalogue):
    turned = catalogue.in_order(np.asarray([1, 2, 0]))
    assert [turned.id(row) for row in range(3)] == ["c", "e", "a"]
    assert turned.available().tolist() == [False, False, True]
    assert turned.in_order(turned.order()).table.equals(catalogue.table)


def test_ids_are_ordered_by_code_points():
    made = [Mentor(id, headline="x") for id in ("é", "b", "10", "B", "9")]
    catalogue = ArrowCatalogue.build(made, np.ones(5))
    assert catalogue.order().tolist() == [2, 4, 3, 1, 0]


def test_texts_are_empty_where_the_record_has_none(catalogue):
    assert catalogue.texts("country") == ["PT", "", ""]
    assert catalogue.texts("timezone") == ["Europe/Lisbon", "", ""]
    assert catalogue.texts("seniority") == ["senior", "", ""]
    assert catalogue.texts("organization") == ["Crust & Co", "", ""]


def test_lists_are_empty_where_the_record_has_none(catalogue):
    assert catalogue.lists("skills") == [["rye", "spelt"], [], []]
    assert catalogue.lists("languages") == [["en", "pt-BR"], [], []]
    assert catalogue.lists("industries") == [["Food"], [], []]


def test_organizations_are_the_present_ones(catalogue):
    assert catalogue.lists("organizations")[0] == ["Crust & Co", "Crumb"]


def test_available_means_with_a_free_place(catalogue):
    assert catalogue.available().tolist() == [True, False, False]


def test_attributes_keep_their_types(catalogue):
    assert catalogue.attributes() == [
        {"cohort": "spring", "years": 11, "days": ["mon", "tue"], "remote": True},
        {},
        {},
    ]


def test_a_catalogue_of_nobody_is_empty():
    catalogue = ArrowCatalogue.build([], np.zeros(0))
    assert catalogue.size == 0
    assert catalogue.row("a") is None
    assert live(catalogue).rows(["a"]).tolist() == []
    assert catalogue.available().tolist() == []
