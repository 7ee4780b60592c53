import pytest

from evaluation.understanding import (
    Counts,
    accuracy,
    borders_found,
    macro_f1,
    parts_found,
    words_of,
)

TEXT = "Nurse, seven years; wants out. Thanks!"
ALL = [(0, 18), (20, 30), (31, 38)]


def test_spans_are_compared_by_their_words_not_their_punctuation():
    assert words_of(TEXT, ALL) == {(0, 2), (3, 4), (5, 5)}
    assert words_of(TEXT, [(0, 19), (19, 31)]) == {(0, 2), (3, 4)}
    assert words_of(TEXT, [(18, 20)]) == set()


def test_parts_count_when_both_ends_are_right():
    assert parts_found(TEXT, ALL, [(0, 18), (20, 38)]) == Counts(1, 1, 2)


def test_the_beginning_of_the_text_is_no_border():
    assert borders_found(TEXT, ALL, [(0, 18), (20, 38)]) == Counts(1, 0, 1)


def test_counts_give_precision_recall_and_f1():
    counts = Counts(6, 2, 4)

    assert (counts.precision, counts.recall, counts.f1) == (0.75, 0.6, pytest.approx(2 / 3))
    assert (Counts().precision, Counts().recall, Counts().f1) == (0, 0, 0)


def test_macro_f1_is_the_mean_over_labels():
    assert macro_f1(["a", "a", "b", "b"], ["a", "b", "b", "b"], ["a", "b"]) == pytest.approx(
        (2 / 3 + 4 / 5) / 2
    )


def test_accuracy_is_the_share_of_equal_labels():
    assert accuracy(["a", "b", "b"], ["a", "b", "a"]) == pytest.approx(2 / 3)
