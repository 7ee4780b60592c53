from math import isnan

import pytest

from evaluation.abstention import (
    Asked,
    Best,
    auroc,
    best_chances,
    naming,
    share_below,
    subsample,
)

CHANCES = {"a": 0.9, "b": 0.5, "c": 0.2}


def test_a_goal_is_answerable_while_somebody_useful_is_there():
    goal = Asked(CHANCES, useful=frozenset("b"))
    assert best_chances([goal], "abc") == Best(answerable=[0.9])
    assert best_chances([goal], "ac") == Best()


def test_only_those_who_are_there_answer():
    assert best_chances([Asked(CHANCES, useful=frozenset("b"))], "bc") == Best(answerable=[0.5])


def test_a_goal_whose_field_is_removed_counts_beside_the_goal_itself():
    goal = Asked(CHANCES, frozenset("a"), field=frozenset("ab"))
    found = best_chances([goal], "abc")
    assert (found.answerable, found.removed, found.hopeless) == ([0.9], [0.2], [])


def test_a_field_that_nobody_is_in_removes_nobody():
    assert best_chances([Asked(CHANCES, field=frozenset())], "abc") == Best(removed=[0.9])


def test_a_goal_that_nobody_is_left_to_answer_does_not_count():
    assert best_chances([Asked(CHANCES, field=frozenset("abc"))], "abc") == Best()


def test_unanswerable_are_the_removed_and_the_hopeless():
    found = best_chances(
        [Asked(CHANCES, hopeless=True), Asked(CHANCES, field=frozenset("a"))], "abc"
    )
    assert found.unanswerable == [0.5, 0.9]


@pytest.mark.parametrize(
    ("higher", "lower", "expected"),
    [
        ([0.8, 0.9], [0.1, 0.2, 0.3], 1.0),
        ([0.1], [0.8, 0.9], 0.0),
        ([0.5, 0.7], [0.6, 0.4], 0.75),
        ([0.5], [0.5], 0.5),
        ([0.5, 0.9], [0.5, 0.1], 0.875),
    ],
)
def test_auroc_is_the_share_of_pairs_in_the_right_order_with_ties_half(higher, lower, expected):
    assert auroc(higher, lower) == expected


@pytest.mark.parametrize(("higher", "lower"), [([], [0.1]), ([0.1], []), ([], [])])
def test_auroc_of_nothing_is_no_number(higher, lower):
    assert isnan(auroc(higher, lower))


def test_a_share_below_leaves_out_the_bound_itself():
    assert share_below([0.1, 0.2, 0.3, 0.05], 0.2) == 0.5


def test_a_share_of_nothing_is_no_number():
    assert isnan(share_below([], 0.2))


def test_a_pattern_finds_words_by_their_beginning_in_any_case():
    texts = {"a": "Teaching maths", "b": "steaching", "c": "A former teacher", "d": "bus driver"}
    assert naming("teach|school", texts) == {"a", "c"}


def test_a_pattern_may_end_a_word():
    assert naming(r"art\b", {"a": "art school", "b": "artisan"}) == {"a"}


@pytest.mark.parametrize(("share", "size"), [(1.0, 10), (0.5, 5), (0.1, 1), (0.01, 1)])
def test_a_subsample_has_the_share_asked_for_and_at_least_one(share, size):
    found = subsample("abcdefghij", share, 1)
    assert len(set(found)) == size
    assert set(found) <= set("abcdefghij")


def test_a_subsample_depends_on_the_seed_and_not_on_the_order_of_ids():
    ids = [f"m{n}" for n in range(50)]
    assert subsample(ids, 0.5, 2) == subsample(ids[::-1], 0.5, 2)
    assert subsample(ids, 0.5, 2) != subsample(ids, 0.5, 3)
