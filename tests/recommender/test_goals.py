import re

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


def test_a_clause_with_few_words_stays_with_its_neighbour():
    assert spans("I want to weld ships, and soon.") == [("I want to weld ships, and soon.", 0, 31)]


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


def told(text):
    return [(part.text, part.about, part.help) for part in understand(text).parts]


def test_what_is_said_of_oneself_is_told_from_what_is_wanted():
    assert told("Nurse for 7 yrs, wanna go into health tech") == [
        ("Nurse for 7 yrs", "self", None),
        ("wanna go into health tech", "wish", "transition"),
    ]


def test_each_wish_of_a_series_is_a_part():
    assert told("learn to price jobs and find my first customers") == [
        ("learn to price jobs", "wish", "skills"),
        ("and find my first customers", "wish", "network"),
    ]


def test_things_that_one_wish_lists_stay_together():
    text = "I want to move our jobs to Airflow, dbt or Snowflake"
    assert spans(text) == [(text, 0, len(text))]


def test_a_wish_that_names_where_it_starts_is_one_part():
    assert spans("from audit to venture capital") == [("from audit to venture capital", 0, 29)]


def test_a_greeting_and_thanks_are_filler():
    abouts = [part.about for part in understand("Hi! I am a nurse. Teach me Excel. Thanks!").parts]
    assert abouts == ["filler", "self", "wish", "filler"]


@pytest.mark.parametrize("text", ["nf-core pipelines", "ACCA", "Docker", "Adobe Illustrator"])
def test_a_terse_goal_is_one_wish_without_hints(text):
    found = understand(text)
    assert [(part.text, part.about) for part in found.parts] == [(text, "wish")]
    assert found.hints == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("wanna lern welding", "skills"),
        ("plese reveiw my CV for nursing", "feedback"),
        ("i want becom a nurse in germny", "transition"),
        ("How I can find a customers for my bakery", "network"),
    ],
)
def test_misspelt_and_non_native_english_is_understood(text, kind):
    assert told(text) == [(text, "wish", kind)]


def test_no_part_begins_without_a_mark_inside_a_word_written_with_combining_accents():
    assert [text for text, _, _ in spans("re\u0301sume\u0301 review")] == [
        "re\u0301sume\u0301 review"
    ]


def test_a_writer_without_marks_is_understood():
    assert told("im a paramedic in calgary i want to become a teacher") == [
        ("im a paramedic in calgary", "self", None),
        ("i want to become a teacher", "wish", "transition"),
    ]


def test_letters_in_brackets_mark_items_in_running_text():
    assert [text for text, _, _ in spans("a) meet brokers b) learn excel")] == [
        "meet brokers",
        "learn excel",
    ]


def test_quotes_and_brackets_stay_with_the_part_they_open():
    found = spans('(I am a nurse.) "Help me lead a team."')
    assert [text for text, _, _ in found] == ["(I am a nurse.)", '"Help me lead a team."']


def test_the_same_text_is_always_understood_alike():
    text = "Nurse, 7 yrs. Teach me Excel and then SQL, introduce me to recruiters"
    assert understand(text) == understand(text)


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


TEXTS = st.text(
    st.one_of(st.characters(codec="utf-8"), st.sampled_from("\n;. ,-1a)é🎓→I")), max_size=120
)


@given(TEXTS)
def test_parts_are_ordered_disjoint_stretches_of_any_text_that_holds_a_word(text):
    assume(has_word(text))
    parts = understand(text).parts
    edges = [edge for part in parts for edge in (part.start, part.end)]
    assert parts
    assert edges == sorted(edges)
    assert all(part.text == text[part.start : part.end] != "" for part in parts)


@given(st.lists(st.sampled_from([*"abIé7", "and", "weld", "want to", "I am", "nurse"]), min_size=1))
def test_every_word_lies_in_exactly_one_part(words):
    text = "Cook " + ", ".join(words) + " 🎓 " + " ".join(words)
    parts = understand(text).parts
    for word in re.finditer(r"\w+", text):
        around = [p for p in parts if p.start <= word.start() and word.end() <= p.end]
        assert len(around) == 1


def test_the_longest_goal_of_one_sentence_is_cut_in_bounded_time_and_whole():
    text = ("i weld and " * 500)[:MAX_CHARACTERS].strip()
    parts = understand(text).parts
    assert (parts[0].start, parts[-1].end) == (0, len(text))


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


def test_what_a_vague_goal_lacks_depends_on_what_it_asks_for():
    said = {text: understand(text).hints[0].text for text in ("need feedback", "a better job")}
    assert said == {
        "need feedback": "Say what you would like looked at, and which field or role it is for.",
        "a better job": "Name the role or field you want to move to.",
    }


def test_who_only_tells_of_themselves_is_asked_what_they_want():
    hint = understand("I have worked as a nurse in Oslo since 2012. Two kids.").hints[0]
    assert (hint.code, hint.text) == ("no_wish", "Say what you want to reach or learn.")


@pytest.mark.parametrize("text", ["quantum error correction", "hydrology data pipelines"])
def test_terms_of_art_are_no_foreign_language(text):
    assert understand(text).hints == ()


@pytest.mark.parametrize("title", ["Ms.", "Mrs.", "Mr.", "Mx.", "Dr."])
def test_a_title_stays_with_the_name_it_stands_before(title):
    text = f"I know {title} Tan from work. She wants to weld."
    assert spans(text)[0][0] == f"I know {title} Tan from work."
