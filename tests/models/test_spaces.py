import pytest

from models.spaces import mismatch, same_model

PLAIN = "all-MiniLM-L6-v2-57af7d3e3f8a-r2"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (PLAIN, PLAIN, True),
        (PLAIN, "all-MiniLM-L6-v2-57af7d3e3f8a-r13", True),
        (PLAIN, "all-MiniLM-L6-v2-0123456789ab-r2", False),
        ("all-r-0123456789ab-r1", "all-r-0123456789ab-r2", True),
        ("table-1", "table-1", True),
        ("table-1", "table-2", False),
    ],
)
def test_two_spaces_are_of_one_model_where_at_most_the_recipe_differs(one, other, same):
    assert same_model(one, other) is same


def test_an_index_of_another_model_can_be_used_with_its_own_or_moved():
    assert str(mismatch("table-1", "table-2", "two")) == (
        "The index was made in the space table-1, the encoder's is table-2: set MENTORS_ENCODER "
        "to the model the index was made with, or leave it unset, or run 'mentors reembed' to move "
        "the index to another model."
    )


def test_an_index_whose_texts_were_read_in_an_older_way_can_only_be_moved():
    assert str(mismatch("table-r1", "table-r2", "table")) == (
        "The index was made in the space table-r1, the encoder's is table-r2, of the same model "
        "with a newer way of reading texts: run 'mentors reembed --encoder table' to move the "
        "index there."
    )


def test_an_index_of_another_release_of_the_model_can_only_be_moved():
    retrained = "all-MiniLM-L6-v2-0123456789ab-r2"
    assert str(mismatch(PLAIN, retrained, "all-MiniLM-L6-v2")) == (
        f"The index was made in the space {PLAIN}, the encoder's is {retrained}, of another "
        "release of the model: run 'mentors reembed --encoder all-MiniLM-L6-v2' to move the index "
        "there."
    )


def test_two_models_of_other_names_are_no_releases_of_one():
    said = str(mismatch(PLAIN, "careers-MiniLM-L6-v2-0123456789ab-r2"))
    assert "set MENTORS_ENCODER" in said
