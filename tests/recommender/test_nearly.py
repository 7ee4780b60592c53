import pytest

from models.mentor import Experience, Mentor
from recommender.eligibility import Exclusions
from recommender.goals import understand
from recommender.nearly import LONGEST, MOST_TRIES, TOP, nearly, phrases
from recommender.recommend import Request
from tests.fakes import RECORDS

GOALS = understand("I want to move into venture capital")


def mentor(*topics, **fields):
    return Mentor("m", topics=topics, **fields)


def test_what_says_most_that_is_new_is_tried_first():
    assert phrases(GOALS, mentor("people", "Nextflow", "welding")) == [
        "Nextflow",
        "welding",
        "people",
    ]


def test_words_that_the_goal_has_already_say_nothing_new():
    assert phrases(GOALS, mentor("Venture capital", "venture debt", "moving")) == ["venture debt"]


def test_of_equals_topics_come_before_skills_industries_and_posts():
    post = Experience("law 1")
    one = mentor("law 4", skills=("law 3",), industries=("law 2",), experience=(post,))
    assert phrases(GOALS, one) == ["law 4", "law 3", "law 2", "law 1"]


def test_a_phrase_that_stands_twice_is_tried_once():
    assert phrases(GOALS, mentor("welding", skills=("welding ", " welding"))) == ["welding"]


def test_what_is_no_short_phrase_is_not_tried():
    long = "w" * (LONGEST + 1)
    assert phrases(GOALS, mentor(long, "two\nlines", "?!", "of the", "welding")) == ["welding"]


@pytest.mark.parametrize("text", ["Wanjiru's method", "ODUYA Partners", "her method", "a@b.org"])
def test_what_names_somebody_is_never_suggested(text):
    assert phrases(GOALS, mentor(text, "welding", name="Wanjiru Oduya")) == ["welding"]


def test_the_first_phrase_that_is_proven_to_help_is_suggested():
    tried = []

    def place(goals):
        tried.append(goals)
        return 3 if goals.endswith("welding") else None

    found = nearly(GOALS, mentor("people", "Nextflow", "welding"), place)
    assert (found.add, found.rank) == ("welding", 3)
    assert found.text == "Adding “welding” to the goal would bring this mentor to place 3."
    assert tried == [f"{GOALS.text}\nNextflow", f"{GOALS.text}\nwelding"]


def test_where_nothing_helps_nothing_is_suggested_after_a_few_tries():
    tried = []
    assert nearly(GOALS, mentor(*(f"welding {i}" for i in range(20))), tried.append) is None
    assert len(tried) == MOST_TRIES


CROWD = [{"id": f"c{i}", "bio": "I cook for a startup and sing."} for i in range(TOP)]
WELDER = {"id": "w", "headline": "Yard", "topics": ["welding turbine casings", "welding"]}
GOAL = "I want to join a startup"


def places(one, goal):
    return [r.mentor.id for r in one.recommend(Request(goal, TOP)).recommendations]


def test_the_goal_with_the_words_added_gives_the_place_that_was_told(pool):
    one = pool(*CROWD, WELDER)
    found = one.explain(Request(GOAL), "w")
    assert found.rank == 6
    assert places(one, f"{GOAL}\n{found.nearly.add}").index("w") + 1 == found.nearly.rank


def test_who_is_among_the_first_five_needs_no_suggestion(pool):
    one = pool(*CROWD[1:], WELDER)
    found = one.explain(Request(GOAL), "w")
    assert (found.rank, found.nearly) == (5, None)


def test_who_is_not_eligible_gets_no_suggestion(pool):
    one = pool(*CROWD, WELDER | {"available": False})
    assert one.explain(Request(GOAL), "w").nearly is None


def test_a_suggestion_holds_under_the_filters_of_the_question(pool):
    rivals = [{"id": f"r{i}", "bio": "Welding turbine casings, startup."} for i in range(9)]
    one = pool(*CROWD, *rivals, WELDER)
    assert one.explain(Request(GOAL), "w").nearly is None
    without = Request(GOAL, exclude=Exclusions(tuple(r["id"] for r in rivals)))
    assert one.explain(without, "w").nearly.rank <= TOP


def test_a_goal_too_long_to_add_to_gets_no_suggestion(pool):
    goal = "join a startup " * 333
    assert len(goal) <= 5_000 < len(goal) + len("\nwelding")
    assert pool(*CROWD, WELDER).explain(Request(goal), "w").nearly is None


def test_the_same_question_has_the_same_suggestion(pool):
    one = pool(*CROWD, *RECORDS, WELDER)
    assert one.explain(Request(GOAL), "w") == one.explain(Request(GOAL), "w")
