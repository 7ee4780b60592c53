import pytest

from recommender.spelling import meant


@pytest.mark.parametrize(
    ("typed", "word"),
    [("lern", "learn"), ("becom", "become"), ("leran", "learn"), ("interveiw", "interview")],
)
def test_one_slip_in_an_everyday_word_is_mended(typed, word):
    assert meant(typed) == word


@pytest.mark.parametrize("word", ["acca", "kubernetes", "scrum", "nurse", "sql", "möchte", "c++"])
def test_a_term_of_art_a_known_a_short_and_a_foreign_word_stay(word):
    assert meant(word) == word
