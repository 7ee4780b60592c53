import random

import pytest

from evaluation.stuffing import (
    REPEATED,
    Move,
    keywords,
    listed,
    place,
    sample,
    summary,
    with_bio,
    with_skills,
)
from models.mentor import Mentor

OTHERS = {"a": 90, "b": 70, "c": 70, "d": 10}


@pytest.mark.parametrize(
    ("id", "score", "expected"),
    [("d", 10, 4), ("d", 80, 2), ("d", 95, 1), ("a", 5, 4), ("b", 70, 2), ("c", 70, 3)],
)
def test_a_place_is_one_more_than_those_who_score_higher(id, score, expected):
    assert place(id, score, OTHERS) == expected


@pytest.mark.parametrize(("id", "expected"), [("aa", 2), ("bb", 3), ("cc", 4)])
def test_ties_stand_in_the_order_of_ids(id, expected):
    assert place(id, 70, OTHERS) == expected


def test_a_sample_is_half_of_mentors_of_grade_0():
    ranking, grades = list("abcdefgh"), {"a": 3, "b": 0, "c": 0, "d": 0, "e": 1, "f": 0}
    for seed in range(20):
        found = sample(ranking, grades, 4, random.Random(seed))
        assert len(set(found)) == 4
        assert sum(grades.get(id) == 0 for id in found) >= 2


def test_where_few_have_grade_0_others_fill_the_sample():
    found = sample(list("abcd"), {"a": 0}, 3, random.Random(1))
    assert len(found) == 3
    assert "a" in found


def test_a_sample_of_few_is_all_of_them():
    assert sample(["b", "a"], {}, 5, random.Random(1)) == ["a", "b"]


def test_the_same_seed_draws_the_same_sample():
    ranking = [str(i) for i in range(50)]
    one, other = (sample(ranking, {"3": 0}, 6, random.Random(4)) for _ in range(2))
    assert one == other


@pytest.mark.parametrize(
    ("before", "after", "enters"), [(11, 10, True), (10, 9, False), (12, 11, False), (9, 11, False)]
)
def test_entering_is_coming_into_the_first_ten_from_behind(before, after, enters):
    assert Move(before, after, None).enters is enters


def test_a_summary_counts_places_won_and_who_came_in():
    moves = [Move(20, 20, 0), Move(15, 10, 0), Move(12, 9, None), Move(4, 6, 3), Move(30, 29, 1)]
    found = summary(moves)
    assert (found.profiles, found.median, found.most) == (5, 1.0, 5)
    assert found.percentile_95 == pytest.approx(4.6)  # between 3 and 5, at 0.95 * 4 = 3.8
    assert (found.rising, found.entering, found.entering_of_grade_0) == (0.6, 2, 1)


def test_a_bio_is_added_to_and_nothing_else_changes():
    mentor = Mentor("m", bio="I bake.", skills=("rye",))
    assert with_bio(mentor, "Pick me.") == Mentor("m", bio="I bake. Pick me.", skills=("rye",))


def test_an_empty_bio_or_addition_leaves_no_blank():
    assert with_bio(Mentor("m"), "Pick me.").bio == "Pick me."
    assert with_bio(Mentor("m", bio="I bake."), "").bio == "I bake."


def test_skills_are_added_after_those_of_the_mentor():
    assert with_skills(Mentor("m", skills=("rye",)), ["welding", "law"]) == Mentor(
        "m", skills=("rye", "welding", "law")
    )


def test_listed_skills_are_one_sentence():
    assert listed(["welding", "law"]) == "My skills: welding, law."


def test_keywords_are_the_content_words_of_a_goal_again_and_again():
    assert keywords("I want to become a nurse in Porto.").split() == ["nurse", "Porto"] * REPEATED
