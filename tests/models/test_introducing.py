import pytest

from models.introducing import introduced


@pytest.mark.parametrize(
    ("bio", "name"),
    [
        ("Amara Okoye is an auditor.", "Amara Okoye"),
        ("Amara Okoye currently leads audits. She likes it.", "Amara Okoye"),
        ("Dr. Amara N. Okoye has taught since 2010.", "Amara N. Okoye"),
        ("Amara Okoye—head of audit—is from Lagos.", "Amara Okoye"),
        ("Amara Okoye's work is known. She audits.", "Amara Okoye"),
        ("Nur Aisyah binte Rahman works in Johor.", "Nur Aisyah binte Rahman"),
        ("Emily is a nurse.", "Emily"),
        ("Penny coordinates wards. Her team is small, and Penny likes it.", "Penny"),
        ("Will Banks is a cook.", "Will Banks"),
        ("Based in Lagos, Nigeria, Amara Okoye is an auditor. She travels.", "Amara Okoye"),
        ("Hi, my name is Amara Okoye. I audit.", "Amara Okoye"),
        ("Hi there! I'm Amara, an auditor.", "Amara"),
        ("I am Amara, an auditor.", "Amara"),
    ],
)
def test_a_bio_introduces_its_subject(bio, name):
    assert introduced(bio) == name


@pytest.mark.parametrize(
    "bio",
    [
        "",
        "Data Science is my passion.",
        "Product Manager with 10 years of shipping. She leads.",
        "Currently works at a bank. She audits.",
        "Eighteen years of courts, and she still argues.",
        "The Company is small. He founded it.",
        "Marketing is an art. He paints.",
        "I am Chief Auditor at a bank.",
        "I'm French, and I cook.",
        "Auditor. Worked for Amara Okoye, who is known.",
        "CEO is my job. He cooks.",
    ],
)
def test_nobody_is_introduced_where_it_is_not_sure(bio):
    assert introduced(bio) == ""


@pytest.mark.parametrize("bio", ["A a " * 5_000, "Aa-" * 5_000, "A, " * 5_000, "Is " * 5_000])
def test_any_text_is_read_in_no_time(bio):
    assert introduced(bio) == ""
