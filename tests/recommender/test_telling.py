from dataclasses import replace

import pytest

from models.goals import GoalPart, Goals
from models.mentor import Mentor
from models.recommendation import Fact, Reason, Recommendation
from recommender.recommend import Request
from recommender.telling import LONGEST_QUOTE, LONGEST_WISH, tell

FUND = "move into venture capital"
NO_MBA = "How do people get there?"
PLACES = Fact("places_free", "1 of 4 places free")


def quote(text, goal=0, field="/bio"):
    return Reason(goal, "passages", field, text, 0, len(text), 0.5, 0.05)


def word(text, goal=0, term=None):
    return Reason(goal, "lexical", "/bio", text, 0, len(text), None, 0.05, term or text)


def told(*reasons, goals=(FUND,), uncovered=(), facts=()):
    parts = tuple(GoalPart(i, text, 0, len(text), 1.0, None) for i, text in enumerate(goals))
    one = Recommendation(
        Mentor("m"), 0.5, 0.9, "strong", {}, reasons, 0.0, 0.0, 0.0, uncovered, facts
    )
    return tell(Goals("\n".join(goals), parts, {}, ()), one)


def test_one_quote_stands_under_the_goal_it_answers():
    said = told(quote("breaking into venture capital", field="/topics/1"))
    assert said == "For “move into venture capital”: “breaking into venture capital” (topics)."


def test_two_quotes_are_joined_by_and():
    said = told(quote("I invest.", field="/looking_for"), quote("Funds", field="/skills/0"))
    assert (
        said == "For “move into venture capital”: “I invest.” (looking for) and “Funds” (skills)."
    )


def test_three_quotes_are_a_list():
    said = told(quote("One."), quote("Two."), quote("Analyst", field="/experience/0/title"))
    assert said == (
        "For “move into venture capital”: “One.” (bio), “Two.” (bio) and “Analyst” (experience)."
    )


def test_quotes_for_several_goals_stand_under_each_strongest_first():
    said = told(quote("I never got one.", 1), quote("I invest."), goals=(FUND, NO_MBA))
    assert said == (
        "For “How do people get there?”: “I never got one.” (bio); for “move into venture "
        "capital”: “I invest.” (bio)."
    )


def test_everything_there_is_to_tell_takes_three_sentences():
    reasons = quote("I invest."), word("MBA")
    assert told(*reasons, goals=(FUND, NO_MBA), uncovered=(1,), facts=(PLACES,)) == (
        "For “move into venture capital”: “I invest.” (bio); the profile also names “MBA”. "
        "Nothing found about “How do people get there?”. "
        "1 of 4 places free."
    )


def test_a_single_word_is_told_as_a_word():
    assert told(word("audit")) == "The profile names “audit”."


def test_several_words_are_told_together():
    assert told(word("audit"), word("MBA"), word("firm")) == (
        "The profile names “audit”, “MBA” and “firm”."
    )


def test_a_related_word_is_told_with_the_one_of_the_goal():
    assert told(word("attorney", term="lawyers"), word("MBA")) == (
        "The profile names “attorney” (your “lawyers”) and “MBA”."
    )


def test_another_form_of_the_same_word_needs_no_explaining():
    assert told(word("audited", term="Audits")) == "The profile names “audited”."


def test_a_quote_behind_the_profile_part_stands_under_the_goal_it_answers():
    about = replace(quote("I teach.", 1), part="profile")
    assert told(quote("I invest."), about, goals=(FUND, NO_MBA)) == (
        "For “move into venture capital”: “I invest.” (bio); for “How do people get there?”: "
        "“I teach.” (bio)."
    )


def test_a_word_that_a_quote_holds_anyway_is_not_told_again():
    said = told(quote("I audited funds."), word("audit"), word("MBA"))
    assert said == (
        "For “move into venture capital”: “I audited funds.” (bio); the profile also names “MBA”."
    )


def test_a_quote_too_far_from_its_goal_is_told_as_the_nearest():
    said = told(quote("I bake."), uncovered=(0,))
    assert (
        said == "Nothing found about “move into venture capital”; the nearest is “I bake.” (bio)."
    )


def test_several_quotes_too_far_from_their_goals_are_told_as_the_nearest():
    said = told(quote("I bake."), quote("I sew.", 1), goals=(FUND, NO_MBA), uncovered=(0, 1))
    assert said == (
        "Nothing found about “move into venture capital” and “How do people get there?”; the "
        "nearest are “I bake.” (bio) and “I sew.” (bio)."
    )


def test_of_many_uncovered_goals_two_are_named_and_the_rest_counted():
    said = told(quote("I bake.", 4), goals=("a1", "b2", "c3", "d4", "bake"), uncovered=(0, 1, 2, 3))
    assert said == "For “bake”: “I bake.” (bio). Nothing found about “a1”, “b2” and 2 more."


def test_without_any_reason_that_is_said():
    assert told() == "No words of this profile stand out."
    assert told(facts=(PLACES,)) == "1 of 4 places free."


def test_a_goal_is_named_without_the_full_stop_that_would_end_the_sentence():
    assert told(quote("I invest."), goals=("I want\n to invest.",)) == (
        "For “I want to invest”: “I invest.” (bio)."
    )


def test_a_long_goal_is_cut_between_words():
    goal = "word " * 20
    assert told(quote("I invest."), goals=(goal,)) == (
        f"For “{('word ' * 16).strip()}” …: “I invest.” (bio)."
    )
    assert len(("word " * 16).strip()) == LONGEST_WISH - 1


def test_a_quote_is_whole_up_to_its_limit():
    text = "x" * LONGEST_QUOTE
    assert told(quote(text)) == f"For “move into venture capital”: “{text}” (bio)."


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("word " * 100, ("word " * 64).strip()),
        ("w" * 318 + " and so on", "w" * 318),
        ("w" * 316 + " and so on", "w" * 316 + " and"),
        ("看" * 400, "看" * LONGEST_QUOTE),
    ],
)
def test_a_longer_quote_is_cut_between_words_with_the_ellipsis_outside(text, kept):
    assert told(quote(text)) == f"For “move into venture capital”: “{kept}” … (bio)."


def test_a_quote_stands_as_it_was_written():
    text = "I said “no”,\nthen “yes” 🎓."
    assert f"“{text}” (bio)" in told(quote(text))


def test_a_recommendation_has_its_summary(pool):
    goal = "I work in audit and want to move into venture capital. And to teach pupils."
    best = pool().recommend(Request(goal, limit=1)).recommendations[0]
    assert best.summary == (
        "For “want to move into venture capital”: “From audit to venture capital” (headline), "
        "“venture capital” (skills) and “Then I joined a fund and invest in startups.” (bio); for "
        "“I work in audit”: “I spent six years in audit.” (bio). Nothing found about “to teach "
        "pupils”. 2 of 3 places free."
    )


def test_every_quote_of_a_summary_is_one_of_its_reasons_or_goals(pool):
    answer = pool().recommend(Request("audit or nurse patients; teach pupils", limit=3))
    for one in answer.recommendations:
        said = {text.split("”")[0] for text in one.summary.split("“")[1:]}
        assert said
        assert said <= {r.quote for r in one.reasons} | {p.text for p in answer.goals.parts}


def test_without_explanation_there_is_no_summary(pool):
    answer = pool().recommend(Request(FUND, explain=False))
    assert {one.summary for one in answer.recommendations} == {None}
