import pytest

from recommender.wordclass import ending, word_class


@pytest.mark.parametrize(
    ("word", "sort"),
    [
        ("i'm", "I"),
        ("want", "WISH"),
        ("how", "WH"),
        ("and", "CONJ"),
        ("if", "SUB"),
        ("und", "CONJ"),
        ("learn", "V"),
        ("negotiate", "V"),
        ("planning", "WISH"),
        ("coaching", "VING"),
        ("passed", "VED"),
        ("went", "VED"),
        ("harbour", "N"),
        ("juniors", "Ns"),
        ("nine", "NUM"),
        ("7th", "NUM"),
    ],
)
def test_a_word_has_its_sort(word, sort):
    assert word_class(word) == sort


@pytest.mark.parametrize(("word", "end"), [("welding", "ing"), ("artist", "ist"), ("sing", "")])
def test_a_word_has_its_ending(word, end):
    assert ending(word) == end
