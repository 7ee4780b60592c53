import pytest

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
