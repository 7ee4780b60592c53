import pytest

from models.gendered import POSTS, gendered


def stand_ins(text):
    return [(text[start:end], stand_in) for start, end, stand_in in gendered(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He told her so himself", [("He", "they"), ("her", "their"), ("himself", "themselves")]),
        ("His own, hers too", [("His", "their"), ("hers", "their")]),
        ("Ask Mr. Tan or Mrs Lim", [("Mr.", "they"), ("Mrs", "they")]),
        ("Respected Sir/Madam,", [("Sir/Madam", "they")]),
        ("an actress, two salesmen", [("actress", "actor"), ("salesmen", "salespersons")]),
        ("I use she/her/hers pronouns", [("she/her/hers", "they")]),
        ("he / they", [("he / they", "they")]),
    ],
)
def test_signs_of_gender_have_a_stand_in(text, expected):
    assert stand_ins(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "women in tech",
        "the first female engineer, a mother of two",
        "MS Excel and the miss rate",
        "the theme of this lecture, ahead of them",
        "an actor",
        "Ms",
    ],
)
def test_words_that_mean_something_else_stay(text):
    assert stand_ins(text) == []


@pytest.mark.parametrize(("one", "other", "_both"), POSTS)
def test_both_forms_of_a_post_read_the_same(one, other, _both):
    def read(post):
        return next((stand_in for _, _, stand_in in gendered(post)), post)

    assert read(one) == read(other)
