import numpy as np
import pytest

from recommender.help import KINDS, LABELS, chances, features, label
from recommender.linear import Linear, packaged


def told(text):
    found = label(text, packaged().help)
    return found.about, found.help


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
        ("LEARN TO WELD", "skills"),
        ("equity research", None),
    ],
)
def test_a_wish_is_labelled_with_the_help_it_asks_for(text, kind):
    assert told(text) == ("wish", kind)


@pytest.mark.parametrize(
    ("text", "about"),
    [("I am a nurse.", "self"), ("Electrician, 12 years in Oslo.", "self"), ("Hello!", "filler")],
)
def test_what_is_no_wish_has_no_kind(text, about):
    assert told(text) == (about, None)


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


def test_chances_of_all_labels_sum_to_one():
    assert chances("Learn Python", packaged().help).sum() == pytest.approx(1.0)


def test_a_text_of_unknown_words_has_the_chances_of_the_bias():
    even = Linear({}, np.ones(0, "f4"), np.ones((0, 11), "f4"), np.zeros(11, "f4"))
    assert chances("weld", even).tolist() == pytest.approx([1 / 11] * 11)


def test_a_feature_adds_its_weight_to_one_label():
    weights = np.zeros((1, 11), "f4")
    weights[0, LABELS.index("skills")] = 2.0
    model = Linear({"w:weld": 0}, np.ones(1, "f4"), weights, np.zeros(11, "f4"))
    odds = 1 / (1 + np.exp(-2.0))
    found = chances("weld", model)
    assert found[LABELS.index("skills")] == pytest.approx(odds / (odds + 5.0))
    assert label("weld", model).help == "skills"


def test_features_are_grams_of_words_sorts_ends_and_letters():
    found = features("I weld")
    assert {"w:i weld", "s:^ i", "o:i", "e:weld", "c: wel", "c:eld "} <= set(found)


def test_digits_are_all_alike():
    assert features("7 years") == features("12 years")
