import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.neutral import neutral_terms, neutralise
from models.terms import stem


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("Amara Okoye leads audits.", "Amara Okoye", "They leads audits."),
        ("In 2019 Amara's team grew.", "Amara Okoye", "In 2019 their team grew."),
        ("Ask Ms. Okoye about visas.", "Amara Okoye", "Ask they about visas."),
        (
            "He asked her about her work himself.",
            "",
            "They asked their about their work themselves.",
        ),
        ("She told her.", "", "They told their."),
        ("Women in tech and grant writing", "Grant Penn", "Women in tech and grant writing"),
        ("The theme of this lecture", "", "The theme of this lecture"),
        ("Vitamin A is fine", "A Bee", "Vitamin A is fine"),
        ("Jean-Luc Bă spoke", "Jean-Luc Bă", "They spoke"),
        ("Ask Anne, not me", "Anne-Marie Oke", "Ask they, not me"),
        ("XANTHE writes", "Xanthe Orr", "They writes"),
        ("Bo and Mr Li agree", 'Weiming "Bo" Li', "They and they agree"),
        ("Ask Jose\u0301", "Jos\u00e9 Ruz", "Ask they"),
        ("Write to grant@penn.example today", "Grant Penn", "Write to they today"),
        ("See https://penn.example/grant or +44 20 7946 0000.", "", "See they or they."),
        ("Ms. Okoye, chairwoman", "Amara Okoye", "They, chairperson"),
        ("Grant writing is my thing.", "Grant Penn", "Grant writing is my thing."),
    ],
)
def test_names_and_pronouns_become_function_words(text, name, expected):
    assert neutralise(text, name).text == expected


def test_the_replaced_stretches_are_offsets_into_the_original():
    text = "🎓 Amara says his name is Amara."
    spans = neutralise(text, "Amara Okoye").replaced
    assert [text[start:end] for start, end in spans] == ["Amara", "his", "Amara"]


def test_a_post_in_two_forms_is_one_word_at_its_place():
    text = "Xanthe was chairwoman."
    one = next(neutral_terms(text, "Xanthe Orr"))
    assert (one.stem, text[one.start : one.end]) == (stem("chairperson"), "chairwoman")


def test_a_name_and_a_pronoun_leave_no_word():
    found = [term.stem for term in neutral_terms("Xanthe says her Mr Tan audits.", "Xanthe Orr")]
    assert found == [stem("tan"), stem("audits")]


SAID = "🎓 Amara says his name is Amara, and he audits."


@pytest.mark.parametrize(
    ("stretch", "expected"),
    [
        ("🎓", "🎓"),
        ("says", "says"),
        ("his name", "their name"),
        ("Amara, and he", "they, and they"),
        ("and he audits.", "and they audits."),
        (SAID, "🎓 they says their name is they, and they audits."),
    ],
)
def test_a_stretch_of_the_original_is_found_in_what_the_encoder_reads(stretch, expected):
    read = neutralise(SAID, "Amara Okoye")
    start = SAID.index(stretch)
    at, end = read.span(start, start + len(stretch))
    assert read.text[at:end] == expected


def test_a_stretch_that_cuts_through_a_replacement_holds_all_of_it():
    read = neutralise(SAID, "Amara Okoye")
    at, end = read.span(SAID.index("ara says"), SAID.index("s name"))
    assert read.text[at:end] == "they says their"


@given(st.text("ab he Amara.\n", max_size=40), st.data())
def test_stretches_side_by_side_stay_side_by_side(text, data):
    read = neutralise(text, "Amara Okoye")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=3)))
    cuts = [cut for cut in cuts if not any(a < cut < b for a, b in read.replaced)]
    spans = [read.span(a, b) for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True) if a < b]
    assert "".join(read.text[a:b] for a, b in spans) == read.text
