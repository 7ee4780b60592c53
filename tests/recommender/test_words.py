from collections import Counter

import numpy as np
import pytest

from indexer.lexical import SparseLexicalIndex
from recommender.words import alike, matched_by, matches, reach

TABLE = {"lawyer": {"attorney": 0.8, "court": 0.4}, "judg": {"court": 0.6, "lawyer": 0.3}}


@pytest.fixture(autouse=True)
def table(monkeypatch):
    """Every word is alone but for those of TABLE."""
    monkeypatch.setattr("recommender.words.related", lambda stem: TABLE.get(stem, {}))


def saturation(count, words):
    """BM25 with its usual constants: `count` of `words` in a profile, the typical one having 65."""
    return count / (count + 1.2 * (0.25 + 0.75 * words / 65))


def index(*profiles):
    return SparseLexicalIndex.build(Counter(profile) for profile in profiles)


def matched(stems, *profiles):
    return matches(stems, np.arange(len(profiles)), index(*profiles))


def by(stem, profile):
    (found,) = matched_by([stem], np.asarray([0]), index(profile))
    return found[stem][0] if found else None


def test_a_word_finds_itself_whole_and_related_ones_for_less():
    assert list(alike("lawyer").items()) == [("lawyer", 1.0), ("attorney", 0.8), ("court", 0.4)]


def test_a_word_without_related_ones_finds_itself():
    assert alike("kiln") == {"kiln": 1.0}


def test_related_words_reach_as_far_as_the_word_asked_for_weighs():
    assert reach({"lawyer": 2.0, "kiln": 5.0}) == pytest.approx(
        {"lawyer": 2.0, "attorney": 1.6, "court": 0.8, "kiln": 5.0}
    )


def test_a_word_related_to_two_of_the_goal_reaches_as_far_as_the_better():
    assert reach({"lawyer": 2.0, "judg": 3.0})["court"] == pytest.approx(1.8)
    assert reach({"judg": 3.0, "lawyer": 5.0})["court"] == pytest.approx(2.0)


def test_a_word_of_the_goal_that_is_related_to_another_keeps_its_own_weight():
    assert reach({"judg": 3.0, "lawyer": 2.0})["lawyer"] == 2.0
    assert reach({"lawyer": 2.0, "judg": 3.0})["lawyer"] == 2.0


def test_no_word_reaches_nothing():
    assert reach({}) == {}


def test_a_related_word_matches_for_what_it_is_worth():
    found = matched(["lawyer"], {"lawyer": 1}, {"attorney": 1}, {"court": 2}, {"kiln": 1})
    expected = [saturation(1, 1), 0.8 * saturation(1, 1), 0.4 * saturation(2, 2), 0.0]
    np.testing.assert_allclose(found[:, 0], expected, atol=1e-7)


def test_many_related_words_are_no_better_than_the_best_of_them():
    found = matched(["lawyer"], {"attorney": 1, "court": 1}, {"attorney": 1, "kiln": 1})
    np.testing.assert_allclose(found[:, 0], [0.8 * saturation(1, 2)] * 2, atol=1e-7)


def test_what_is_related_one_way_does_not_match_the_other_way():
    assert matched(["attorney"], {"lawyer": 1}).tolist() == [[0.0]]


def test_one_word_of_the_profile_may_match_several_of_the_goal():
    found = matched(["judg", "lawyer", "kiln"], {"court": 1})
    np.testing.assert_allclose(found, [[0.6 * saturation(1, 1), 0.4 * saturation(1, 1), 0]], 1e-6)


def test_a_mentor_matches_the_same_alone_and_among_others():
    profiles = [{"attorney": 1}, {"lawyer": 3, "court": 1}, {"court": 2, "kiln": 7}]
    every = matched(["lawyer", "judg", "kiln"], *profiles)
    some = matches(["lawyer", "judg", "kiln"], np.asarray([1]), index(*profiles))
    assert some.tolist() == every[1:2].tolist()
    assert matched(["lawyer", "judg", "kiln"], profiles[1]).tolist() == some.tolist()


def test_without_a_word_nobody_matches_anything():
    assert matched([], {"kiln": 1}, {"court": 1}).shape == (2, 0)


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ({"lawyer": 1, "attorney": 1}, "lawyer"),
        ({"attorney": 1, "court": 1}, "attorney"),
        ({"attorney": 1, "court": 90}, "court"),
        ({"lawyer": 1, "attorney": 20}, "attorney"),
        ({"court": 1, "kiln": 9}, "court"),
        ({"kiln": 1}, None),
        ({}, None),
    ],
)
def test_the_word_behind_a_match_is_the_one_that_counts_most(profile, expected):
    assert by("lawyer", profile) == expected


def test_each_mentor_has_the_words_behind_their_own_matches():
    whole = index({"kiln": 1}, {"lawyer": 1}, {"attorney": 1, "kiln": 2}, {"ship": 1})
    found = matched_by(["lawyer", "kiln"], np.asarray([0, 2, 3]), whole)
    assert [{stem: by for stem, (by, _) in one.items()} for one in found] == [
        {"kiln": "kiln"},
        {"lawyer": "attorney", "kiln": "kiln"},
        {},
    ]


def test_of_words_that_match_equally_well_the_first_looked_for_is_behind_it(monkeypatch):
    table = {"lawyer": {"court": 0.8, "attorney": 0.8}}
    monkeypatch.setattr("recommender.words.related", lambda stem: table.get(stem, {}))
    assert by("lawyer", {"attorney": 1, "court": 1}) == "court"


def test_the_words_behind_the_matches_are_worth_what_the_matches_are():
    profile = {"attorney": 2, "court": 3, "judg": 1}
    whole = index(profile)
    asked = ["lawyer", "judg", "kiln"]
    (found,) = matched_by(asked, np.asarray([0]), whole)
    expected = matches(asked, np.asarray([0]), whole)[0].tolist()
    assert [found.get(stem, ("", 0.0))[1] for stem in asked] == expected
