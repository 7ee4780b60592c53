import pytest

from models.naming import mentions, name_parts, own_name


def said(name, text):
    return [text[start:end] for start, end in mentions(name, text)]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("Grant Banks", "Grant Banks runs a lab.", ["Grant Banks"]),
        ("Grant Banks", "Since 2019 Grant has led it; Grant's team grew.", ["Grant", "Grant's"]),
        ("Grant Banks", "When Grant joined, Mr. Banks left.", ["Grant", "Mr. Banks"]),
        ("Grant Banks", "Ask Grant, or G. Banks.", ["Grant", "G. Banks"]),
        ("Grant Banks", "Li Grant is here. Grant Da is not.", ["Grant", "Grant"]),
        ("Grant Banks", "Grant Joseph Banks", ["Grant Joseph Banks"]),
        ("Will May", "Will is kind. I hope Will stays.", ["Will", "Will"]),
        ("Xanthe Orr", "The Xanthe Bakery, at Xanthe", ["Xanthe", "Xanthe"]),
        ("Pat O'Brien", "O'Brien left", ["O'Brien"]),
    ],
)
def test_a_name_is_found_where_it_means_its_bearer(name, text, expected):
    assert said(name, text) == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Grant Penn", "Grant writing is my thing. I love grant writing."),
        ("Grant Penn", "Grant for the arts"),
        ("Tom Morgan", "Analyst, J.P. Morgan"),
        ("Tom Morgan", "Worked at Morgan Stanley"),
        ("Fay Wells", "a manager of Wells Fargo, then at Wells"),
        ("Amy Baker", "Counsel, Baker & Sons"),
        ("Jude Law", "Law"),
        ("Jude Law", "Partner, Harvard Law School; Bachelor of Law; the Law"),
        ("Will May", "Will you join me? In May 2019. May 2020."),
        ("Ai Lin", "AI since 2010"),
        ("An Lin", "An engineer by trade"),
        ("Christian Fox", "a Christian school"),
        ("Mark Cook", "Mark my words"),
        ("Hope Lin", "Hope to see you"),
        ("", "Grant Penn"),
        ("A B", "A team and B players"),
    ],
)
def test_an_ordinary_word_that_is_also_a_name_stays(name, text):
    assert said(name, text) == []


def test_the_bio_gives_the_name_where_the_record_has_none():
    assert own_name("", "Amara Okoye is an auditor.") == "Amara Okoye"


def test_the_bio_adds_to_the_name_only_when_it_names_the_same_person():
    assert name_parts(own_name("Amara Okoye", "Amara Chidi is here.")) == (
        "Amara",
        "Okoye",
        "Chidi",
    )
    assert own_name("Amara Okoye", "Grace Banks is my boss.") == "Amara Okoye"
