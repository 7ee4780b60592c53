import numpy as np
import pytest

from indexer.catalogue import ArrowCatalogue
from indexer.records import text_hash
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


def test_a_row_is_a_mentor_in_the_order_given(catalogue):
    assert catalogue.size == 3
    assert catalogue.ids(np.asarray([2, 0])) == ["e", "a"]
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
def test_rows_are_found_by_id_and_unknown_ids_left_out(catalogue, ids, rows):
    found = catalogue.rows(ids)
    assert found.tolist() == rows
    assert found.dtype == np.int64


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
    assert catalogue.rows(["a"]).tolist() == []
    assert catalogue.available().tolist() == []
