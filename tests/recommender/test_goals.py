import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from models.errors import BadGoals
from models.terms import has_word
from recommender.goals import MAX_CHARACTERS, joined, understand


def spans(text):
    return [(part.text, part.start, part.end) for part in understand(text).parts]


def test_each_sentence_is_a_part_with_its_offsets():
    assert spans("I run audits. I want to join a fund.") == [
        ("I run audits.", 0, 13),
        ("I want to join a fund.", 14, 36),
    ]


def test_offsets_count_code_points_not_bytes_or_utf16_units():
    assert spans("🎓 é I audit banks. Law!") == [("🎓 é I audit banks.", 0, 18), ("Law!", 19, 23)]


def test_list_items_are_parts_without_their_markers():
    text = "My goals:\n1. pass the ACCA exam\n- meet venture investors\n* lead a team"
    assert [part for part, _, _ in spans(text)] == [
        "My goals:",
        "pass the ACCA exam",
        "meet venture investors",
        "lead a team",
    ]


def test_numbered_items_in_running_text_are_parts():
    found = spans("1. pass the exam. 2. meet investors. 3. lead a team")
    assert [text for text, _, _ in found] == ["pass the exam.", "meet investors.", "lead a team"]


def test_a_number_that_ends_a_sentence_stays_in_it():
    found = spans("I passed CFA level 2. Now I want to audit banks.")
    assert [text for text, _, _ in found] == ["I passed CFA level 2.", "Now I want to audit banks."]


def test_a_clause_that_begins_a_wish_of_its_own_is_a_part():
    found = spans("I teach maths to pupils, but I want to write software for hospital wards.")
    assert [text for text, _, _ in found] == [
        "I teach maths to pupils",
        "but I want to write software for hospital wards.",
    ]


def test_a_list_of_goals_becomes_one_text_with_a_part_an_item():
    text = joined(["become a nurse", "move to Oslo"])
    assert text == "become a nurse\nmove to Oslo"
    assert spans(text) == [("become a nurse", 0, 14), ("move to Oslo", 15, 27)]


def test_a_single_text_is_taken_as_it_is():
    assert joined("become a nurse") == "become a nurse"


def test_parts_are_numbered_and_carry_the_help_they_ask_for():
    parts = understand("I want to switch to nursing. Please review my CV for hospital jobs.").parts
    assert [(part.part, part.help) for part in parts] == [(0, "transition"), (1, "feedback")]


def test_a_part_about_nothing_says_less_than_one_about_a_job():
    asked, courtesy = understand("I want to become a midwife. How do I get there?").parts
    assert asked.informativeness > 2.0
    assert courtesy.informativeness == 0.0


def test_terms_are_the_stems_of_the_content_words():
    assert sorted(understand("I want to weld ships and weld boats").terms) == [
        "boat",
        "ship",
        "weld",
    ]


@pytest.mark.parametrize("text", ["", "  ", "\n\t\u2003"])
def test_an_empty_goal_is_refused(text):
    with pytest.raises(BadGoals, match="The goal is empty") as refused:
        understand(text)
    assert refused.value.pointer == "/goals"


def test_a_hundred_thousand_characters_are_refused_with_both_numbers():
    with pytest.raises(BadGoals, match="has 100,000 characters, at most"):
        understand("a" * 100_000)


def test_the_longest_goal_is_taken():
    assert understand(("nurse " * 1000)[:MAX_CHARACTERS]).parts[0].start == 0


@pytest.mark.parametrize("text", ["?!... --- ,", "🙂🙃🎓", "\u0301\u0308", "_ _"])
def test_punctuation_and_emoji_alone_are_no_goal(text):
    with pytest.raises(BadGoals, match="holds no word"):
        understand(text)


@pytest.mark.parametrize("text", ["become a nurse \ud83d", "\ude00 nurse"])
def test_half_of_a_surrogate_pair_is_refused(text):
    with pytest.raises(BadGoals, match="half of a surrogate pair"):
        understand(text)


@pytest.mark.parametrize("text", ["1. !", "a) ", "!, and !"])
def test_a_goal_that_is_only_a_list_marker_is_one_part(text):
    assert spans(text) == [(text.strip(), 0, len(text.strip()))]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ich möchte als Krankenschwester in einem großen Krankenhaus arbeiten.", "de"),
        ("Quiero dejar la contabilidad y trabajar en una escuela con niños.", "es"),
        ("看護師になりたいです。病院で働きたい。", "ja"),
    ],
)
def test_a_goal_in_another_language_gets_a_hint_that_names_it(text, language):
    hint = understand(text).hints[0]
    assert (hint.code, hint.params) == ("not_english", (("language", language),))


def test_a_vague_goal_gets_a_hint():
    assert [hint.code for hint in understand("I want a good career").hints] == ["vague"]


def test_a_clear_goal_gets_no_hint():
    assert understand("I run audits and want to move into venture capital").hints == ()


@given(st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from("\n;. ,-1a)é🎓"))))
def test_parts_are_ordered_disjoint_stretches_of_any_text_that_holds_a_word(text):
    assume(has_word(text))
    parts = understand(text).parts
    edges = [edge for part in parts for edge in (part.start, part.end)]
    assert parts
    assert edges == sorted(edges)
    assert all(part.text == text[part.start : part.end] != "" for part in parts)


@pytest.mark.parametrize(
    "text",
    [
        "I want to become a nurse",
        "I want to become a teacher",
        "become a lawyer",
        "How can I move into marketing?",
        "publish my novel",
        "ACCA",
    ],
)
def test_a_goal_that_names_a_field_is_not_vague(text):
    assert understand(text).hints == ()


@pytest.mark.parametrize("text", ["I want a good career", "I need help to find a better job", "24"])
def test_a_goal_that_names_no_field_is_vague(text):
    assert [hint.code for hint in understand(text).hints] == ["vague"]


def test_a_goal_weighs_the_same_whichever_gender_it_speaks_of():
    hers, his = (
        "Ms. Tan, my chairwoman, left. She audits.",
        "Mr. Tan, my chairman, left. He audits.",
    )
    one, other = understand(hers), understand(his)
    assert one.terms == other.terms
    assert [p.informativeness for p in one.parts] == [p.informativeness for p in other.parts]
