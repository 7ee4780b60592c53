import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.goals import GoalPart
from models.mentor import Mentor, as_record, string_at
from models.neutral import neutralise
from recommender.explaining import ASKING, facts, wished
from recommender.naming import MOST_TERMS
from recommender.recommend import Request
from tests.fakes import TableEncoder, kept

GOAL = "I work in audit and want to move into venture capital"


def explained(recommender, goal=GOAL, **request):
    return {
        one.mentor.id: one
        for one in recommender.recommend(Request(goal, **request)).recommendations
    }


def added(one, part):
    return sum(reason.contribution for reason in one.reasons if reason.part == part)


def quoted(one, part="passages"):
    return [(r.field, r.quote) for r in one.reasons if r.part == part]


def test_contributions_sum_to_the_score(pool):
    for one in explained(pool()).values():
        assert one.score == pytest.approx(sum(one.contributions.values()), abs=1e-6)
        assert sorted(one.contributions) == ["lexical", "passages", "profile"]


def test_passage_reasons_and_other_passages_sum_to_their_part(pool):
    for one in explained(pool()).values():
        total = added(one, "passages") + one.other_passages
        assert total == pytest.approx(one.contributions["passages"], abs=1e-9)


def test_profile_reasons_and_other_profile_sum_to_their_part(pool):
    for one in explained(pool(), "audit or nurse patients; teach pupils").values():
        total = added(one, "profile") + one.other_profile
        assert total == pytest.approx(one.contributions["profile"], abs=1e-9)


def test_lexical_reasons_and_other_terms_sum_to_their_part(pool):
    for one in explained(pool()).values():
        total = added(one, "lexical") + one.other_terms
        assert total == pytest.approx(one.contributions["lexical"], abs=1e-9)


def test_every_quote_stands_at_its_offsets_in_the_mentor_returned(pool):
    for one in explained(pool()).values():
        assert one.reasons
        for reason in one.reasons:
            leaf = string_at(as_record(one.mentor), reason.field)
            assert leaf[reason.start : reason.end] == reason.quote != ""


def test_the_best_passages_are_quoted_best_first(pool):
    assert quoted(explained(pool())["auditor"]) == [
        ("/headline", "From audit to venture capital"),
        ("/skills/2", "venture capital"),
        ("/bio", "Then I joined a fund and invest in startups."),
    ]


def test_shared_words_are_quoted_where_they_stand(pool):
    assert quoted(explained(pool())["auditor"], "lexical") == [
        ("/headline", "audit"),
        ("/headline", "venture"),
        ("/headline", "capital"),
    ]


def test_a_shared_word_has_no_similarity_and_a_passage_has_one(pool):
    for reason in explained(pool())["auditor"].reasons:
        assert (reason.similarity is None) == (reason.part == "lexical")


def test_of_a_list_the_item_nearest_to_the_goal_is_quoted(pool):
    one = explained(pool({"id": "m", "skills": ["court", "nursing", "ACCA", "welding"]}))["m"]
    assert quoted(one) == [("/skills/2", "ACCA")]


def test_of_a_post_the_nearer_of_title_and_sentence_is_quoted(pool):
    post = {
        "title": "Auditor",
        "description": "Ran the venture capital desk. Then I wrote papers for a court.",
    }
    one = explained(pool({"id": "m", "experience": [post]}))["m"]
    assert quoted(one)[0] == ("/experience/0/description", "Ran the venture capital desk.")


def test_passages_far_from_the_goal_are_counted_but_not_quoted(pool):
    one = explained(pool({"id": "m", "headline": "Audit", "bio": "I cook at the hospital."}))["m"]
    assert quoted(one) == [("/headline", "Audit")]
    assert one.other_passages == pytest.approx(
        one.contributions["passages"] - added(one, "passages"), abs=1e-9
    )


def test_the_best_passage_is_quoted_however_far_it_is(pool):
    one = explained(pool({"id": "m", "bio": "Nurse on a hospital ward."}))["m"]
    assert quoted(one) == [("/bio", "Nurse on a hospital ward.")]


def test_at_most_five_words_are_reasons_and_the_rest_is_in_other_terms(pool):
    words = "audit venture capital nurse court welder python ship"
    one = explained(pool({"id": "m", "bio": f"I know {words}."}), f"I like {words}")["m"]
    assert len(quoted(one, "lexical")) == MOST_TERMS == 5
    assert one.other_terms > 0.05


def test_a_reason_names_the_part_of_the_goal_it_answers(pool):
    goal = "I want to audit banks. I want to nurse patients."
    one = explained(pool({"id": "m", "bio": "I nurse patients on a ward."}), goal)["m"]
    assert {(r.part, r.goal) for r in one.reasons} == {("passages", 1), ("lexical", 1)}


def test_a_part_of_the_goal_that_nothing_answers_is_uncovered(pool):
    goal = "I want to audit banks. I want to nurse patients. How do I get there?"
    one = explained(pool({"id": "m", "bio": "I nurse patients on a ward."}), goal)["m"]
    assert one.uncovered_goals == (0,)


def test_a_rare_shared_word_covers_a_part_by_itself(pool):
    one = explained(pool({"id": "m", "bio": "Nurse who runs Nextflow."}), "Audit with Nextflow")[
        "m"
    ]
    assert one.uncovered_goals == ()


def parts(*said):
    """Goal parts of (informativeness, what it is about)."""
    return [GoalPart(i, "x", 0, 1, weight, None, about) for i, (weight, about) in enumerate(said)]


def test_a_part_that_says_little_beside_the_others_asks_nothing():
    most, little = 8.0, 8.0 * ASKING
    assert wished(parts((most, "wish"), (little, "wish"), (little - 0.01, "wish"))) == [0, 1]


def test_what_is_no_wish_asks_nothing_however_much_it_says():
    assert wished(parts((9.0, "background"), (1.0, "wish"), (0.1, "wish"))) == [1]


def test_where_nothing_reads_like_a_wish_all_of_it_asks():
    assert wished(parts((4.0, "background"), (2.0, "background"))) == [0, 1]


def test_parts_without_any_weight_all_ask():
    assert wished(parts((0.0, "wish"), (0.0, "wish"))) == [0, 1]


def test_a_name_is_no_reason(pool):
    record = {"id": "m", "name": "Audit Capital", "bio": "Audit Capital leads a fund."}
    one = explained(pool(record))["m"]
    assert quoted(one, "lexical") == []
    assert quoted(one) == [("/bio", "Audit Capital leads a fund.")]


def test_without_explanation_everything_is_in_the_rest(pool):
    one = explained(pool(), explain=False)["auditor"]
    assert (one.reasons, one.uncovered_goals) == ((), ())
    assert one.other_passages == one.contributions["passages"]
    assert one.other_profile == one.contributions["profile"]
    assert one.other_terms == one.contributions["lexical"]


def test_asking_for_no_explanation_changes_no_score(pool):
    one = pool()
    assert {id: found.score for id, found in explained(one).items()} == {
        id: found.score for id, found in explained(one, explain=False).items()
    }


@pytest.mark.parametrize(
    ("mentor", "expected"),
    [
        (Mentor("m"), []),
        (Mentor("m", capacity=3, active_mentees=1), ["2 of 3 places free"]),
        (Mentor("m", capacity=1, active_mentees=5), ["0 of 1 places free"]),
    ],
)
def test_free_places_are_a_fact_where_a_capacity_is_stated(mentor, expected):
    assert [fact.text for fact in facts(mentor)] == expected


def test_a_fact_carries_its_numbers():
    assert facts(Mentor("m", capacity=3, active_mentees=1))[0].params == (("free", 2), ("of", 3))


@pytest.mark.parametrize(
    ("bio", "quote"),
    [
        ("🎓🎓 Hi. 👩🏽‍⚕️ I audit venture capital funds.", "👩🏽‍⚕️ I audit venture capital funds."),
        (
            "Cafe\u0301 first of all, then more. I audit fu\u0308r funds.",
            "I audit fu\u0308r funds.",
        ),
        ("أنا محامي في البحرين منذ سنوات. I audit funds. شكرا", "I audit funds. شكرا"),
        ("\u202bשלום לכם, אני כאן\u202c. I audit funds.", "I audit funds."),  # noqa: RUF001
    ],
)
def test_offsets_hold_with_emoji_combining_marks_and_right_to_left_text(pool, bio, quote):
    best = explained(pool({"id": "m", "bio": bio}))["m"].reasons[0]
    assert bio[best.start : best.end] == best.quote
    assert quote in best.quote


WORDS = [
    "audit",
    "venture capital",
    "I nurse.",
    "n\u0303o",
    "محامي",
    "שלום.",
    "看護師",
    "ﬁ",
    "İ",
    "ß",
]
MARKS = [
    "👩🏽‍⚕️",
    "🎓",
    "\u0301",
    "\u202b",
    "\u200d",
    "\n",
    "\r\n",
    "\u2028",
    "。",
    "! ",
    ". ",
    " ",
    "\t",
]
FRAGMENTS = st.sampled_from(WORDS + MARKS)
BIOS = st.lists(st.one_of(FRAGMENTS, st.characters(codec="utf-8")), min_size=1, max_size=60)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(BIOS.map("".join))
def test_each_quote_of_any_bio_is_the_stretch_whose_similarity_is_told(pool, bio):
    text = f"Audit. {bio}"[:2000]
    one = explained(pool({"id": "m", "bio": text}), "audit venture capital")["m"]
    goal = TableEncoder().encode_queries(["audit venture capital"])[0]
    for reason in one.reasons:
        assert text[reason.start : reason.end] == reason.quote == reason.quote.strip() != ""
        if reason.part == "passages":
            read = kept(TableEncoder().encode_passages([neutralise(reason.quote).text])[0])
            assert min(1.0, float(np.dot(read, goal))) == pytest.approx(reason.similarity, abs=1e-5)
    assert added(one, "passages") + one.other_passages == pytest.approx(
        one.contributions["passages"], abs=1e-9
    )
    assert added(one, "lexical") + one.other_terms == pytest.approx(
        one.contributions["lexical"], abs=1e-9
    )
