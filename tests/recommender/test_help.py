import pytest

from recommender.help import KINDS, help_wanted


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("I want to move into venture capital", "transition"),
        ("I am afraid of speaking to the ward", "confidence"),
        ("Introduce me to investors", "network"),
        ("I would like to lead a team of nurses", "giving_back"),
        ("Please review my portfolio", "feedback"),
        ("Should I take law or medicine", "direction"),
        ("How does the shipping industry work", "insight"),
        ("Learn Python properly", "skills"),
    ],
)
def test_a_part_is_labelled_with_the_help_it_asks_for(text, kind):
    assert help_wanted(text) == kind


def test_there_are_the_eight_kinds_of_the_design():
    assert sorted(KINDS) == [
        "confidence",
        "direction",
        "feedback",
        "giving_back",
        "insight",
        "network",
        "skills",
        "transition",
    ]


def test_a_change_of_career_comes_before_the_skills_it_needs():
    assert help_wanted("I want to switch careers and learn to code") == "transition"


def test_case_does_not_matter():
    assert help_wanted("LEARN TO WELD") == "skills"


@pytest.mark.parametrize("text", ["I am a nurse.", "offering", "Torn shoulder", ""])
def test_a_part_without_a_cue_has_no_label(text):
    assert help_wanted(text) is None
