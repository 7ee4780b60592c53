import numpy as np

from models.related import _table
from models.terms import stem
from training.related_words import COMMONEST, NEAREST, commonest_words, nearest

NEUTRAL = [0] * 6


def near(cosines, own=0, sides=NEUTRAL):
    return nearest(np.float32(cosines), own, sides).tolist()


def test_what_is_nearer_than_a_half_is_related_nearest_first():
    assert near([1.0, 0.51, 0.5, -0.9, 0.8, 0.2]) == [4, 1]


def test_a_word_is_not_related_to_itself():
    assert near([0.9, 0.2, 0.6, 1.0, 0.0, 0.0], own=3) == [0, 2]


def test_of_equally_near_words_the_first_comes_first():
    assert near([1.0, 0.7, 0.7, 0.6, 0.7, 0.0]) == [1, 2, 4, 3]


def test_words_of_opposite_sides_are_never_related():
    sides = [1, -1, 1, 0, -1, 0]
    cosines = [0.9] * 6
    assert near(cosines, 0, sides) == [2, 3, 5]
    assert near(cosines, 1, sides) == [3, 4, 5]
    assert near(cosines, 3, sides) == [0, 1, 2, 4, 5]


def test_a_word_with_very_many_neighbours_keeps_the_nearest():
    cosines = np.linspace(0.6, 0.99, NEAREST + 9)
    found = near([1.0, *cosines], sides=[0] * (NEAREST + 10))
    assert found == list(range(NEAREST + 9, 9, -1))


def test_nothing_near_is_nothing_related():
    assert near([1.0, 0.1]) == []


def test_each_stem_of_the_table_stands_for_a_word_that_has_it():
    words = commonest_words()
    assert len(words) == COMMONEST
    assert {one: stem(word) for one, word in words.items()} == {one: one for one in words}
    assert sorted(words) == _table()[0]
