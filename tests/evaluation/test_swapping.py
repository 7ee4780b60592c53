import pytest

from evaluation.swapping import swapped
from models.neutral import neutralise

BOTH = [
    ("He asked her about it.", "She asked him about it."),
    ("Her team is hers; she built it herself.", "His team is his; he built it himself."),
    ("I know his work and like him.", "I know her work and like her."),
    ("Mr. Tan, chairman", "Ms. Tan, chairwoman"),
    ("Businesswomen and actors", "Businessmen and actresses"),
    ("Dear Sir/Madam", "Dear Madam/Sir"),
    (
        "women in tech, a mother, MS Excel, we miss it",
        "women in tech, a mother, MS Excel, we miss it",
    ),
]


@pytest.mark.parametrize(("one", "other"), BOTH)
def test_a_text_is_about_the_other_gender_and_back(one, other):
    assert swapped(one) == other
    assert swapped(other) == one


@pytest.mark.parametrize(("text", "other"), [("Mrs Tan", "Mr Tan"), ("Dame Ann", "Sir Ann")])
def test_forms_of_address_of_women_become_that_of_men(text, other):
    assert swapped(text) == other


@pytest.mark.parametrize("texts", BOTH)
def test_both_read_the_same_once_neutralised(texts):
    assert neutralise(texts[0]).text == neutralise(texts[1]).text
