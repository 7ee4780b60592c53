import numpy as np
import pytest

from recommender.help import KINDS, LABELS, chances, label
from recommender.linear import packaged


def labelled(text):
    return label(text, packaged().help)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("I want to move from teaching into instructional design", "transition"),
        ("I am scared of speaking up in meetings", "confidence"),
        ("introduce me to people who hire harbour pilots", "network"),
        ("please look over my CV and tell me what is wrong with it", "feedback"),
        ("should I take the offer or finish my degree first?", "direction"),
        ("what is a normal day of a patent examiner like?", "insight"),
        ("learn to price my first jobs", "skills"),
        ("how do I lead a team of six people who are older than me", "giving_back"),
    ],
)
def test_a_wish_asks_for_a_kind_of_help(text, kind):
    assert (labelled(text).about, labelled(text).help) == ("wish", kind)


def test_a_bare_topic_is_a_wish_for_no_kind_of_help_in_particular():
    assert (labelled("nf-core pipelines").about, labelled("nf-core pipelines").help) == (
        "wish",
        None,
    )


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("I have been a nurse on a surgical ward for nine years.", "self"),
        ("Thank you very much in advance!", "filler"),
    ],
)
def test_what_asks_for_nothing_has_no_kind(text, about):
    assert (labelled(text).about, labelled(text).help) == (about, None)


def test_capitals_make_no_difference():
    assert labelled("LEARN TO WELD") == labelled("learn to weld")


def test_chances_of_all_labels_sum_to_one():
    found = chances("learn to weld", packaged().help)

    assert found.shape == (len(LABELS),)
    assert found.sum() == pytest.approx(1.0)
    assert np.all(found > 0)


def test_there_are_eight_kinds():
    assert set(KINDS) == {
        "insight",
        "skills",
        "network",
        "feedback",
        "transition",
        "direction",
        "confidence",
        "giving_back",
    }
