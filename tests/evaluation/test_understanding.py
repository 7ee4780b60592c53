import pytest

from evaluation.understanding import (
    Counts,
    accuracy,
    borders_found,
    compared,
    label_counts,
    macro_f1,
    parts_found,
    words_of,
)

TEXT = "Weld ships, and lead. Now!"


def test_a_part_counts_when_its_first_and_last_word_are_right_whatever_the_marks():
    assert parts_found(TEXT, [(0, 11), (12, 21), (22, 26)], [(0, 10), (12, 25)]) == Counts(1, 1, 2)


def test_the_start_of_the_text_is_no_border():
    assert borders_found(TEXT, [(0, 11), (12, 26)], [(0, 11), (12, 21), (22, 26)]) == Counts(
        1, 1, 0
    )


def test_spans_are_counted_in_words():
    assert words_of(TEXT, [(0, 11), (20, 21)]) == {(0, 1)}


def test_counts_give_precision_recall_and_f1():
    counts = Counts(2, 1, 2) + Counts(1, 0, 0)
    assert (counts.precision, counts.recall, counts.f1) == (0.75, 0.6, pytest.approx(2 / 3))


def test_nothing_found_of_nothing_there_is_zero():
    assert (Counts().precision, Counts().recall, Counts().f1) == (0.0, 0.0, 0.0)


def test_sets_are_compared():
    assert compared({1, 2}, {2, 3, 4}) == Counts(1, 2, 1)


def test_a_label_is_counted_against_all_others():
    assert label_counts("aabc", "abba", "a") == Counts(1, 1, 1)


def test_macro_f1_is_the_mean_over_the_labels():
    assert macro_f1("aabb", "aaba", ("a", "b")) == pytest.approx((0.8 + 2 / 3) / 2)


def test_a_label_that_never_occurs_counts_as_zero():
    assert macro_f1("a", "a", ("a", "b")) == 0.5


def test_accuracy_is_the_share_of_equal_labels():
    assert (accuracy("abcd", "abca"), accuracy("", "")) == (0.75, 0.0)
