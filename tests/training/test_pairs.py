import random
import re
from collections import Counter
from dataclasses import replace

import pytest

from training.config import Shares
from training.mentees import _misspelt
from training.occupations import read_sources
from training.pairs import Pair, Topic, asides, batches, draw, read_topics

NONE = Shares(moves=0, skills=0, topics=0, both=0)
TOPIC = Topic("t:knots", ("my knots come loose",), ("Sailor who teaches splicing",))


@pytest.fixture
def sources(files):
    return read_sources(files)


def drawn(sources, shares, count=200, seed=1, topics=(TOPIC,)):
    return draw(sources, topics, ("Hello there.",), count, shares, seed)


def test_the_same_seed_draws_the_same_pairs(sources):
    shares = Shares(moves=25, skills=25, topics=10, both=10)
    assert drawn(sources, shares) == drawn(sources, shares)
    assert drawn(sources, shares) != drawn(sources, shares, seed=2)


def test_no_template_is_left_unfilled_and_no_text_is_empty(sources):
    for pair in drawn(sources, Shares(moves=40, skills=20, topics=10, both=10), 1000):
        for text in (pair.goal, pair.passage):
            assert text.strip()
            assert not re.search(r"\{[A-Za-z ]+\}", text)


def test_titles_and_tasks_lose_their_signs_of_gender(sources):
    keeper = replace(
        sources.occupations[0],
        titles=("Repairman", "Chairwoman"),
        does=("see to it that every policeman keeps his lamp lit.",),
    )
    found = drawn(replace(sources, occupations=(keeper,)), NONE, 300)
    text = " ".join(f"{pair.goal} {pair.passage}" for pair in found).lower()
    assert not re.search(r"\b(his|chairwoman|policeman)\b", text)
    assert "chairperson" in text


def test_every_occupation_is_wanted_equally_often(sources):
    found = Counter(next(iter(pair.about)) for pair in drawn(sources, NONE, 40))
    assert found == {"1": 10, "2": 10, "e:1": 10, "e:2": 10}


def test_a_skill_never_asks_for_itself(sources):
    for pair in drawn(sources, replace_shares(skills=100)):
        assert pair.about == {"s:1"}
        for word in ("birds", "scissors", "sheets"):
            assert not (word in pair.goal and word in pair.passage)


def test_a_topic_is_answered_by_its_offers(sources):
    for pair in drawn(sources, replace_shares(topics=100)):
        assert pair.passage == "Sailor who teaches splicing"
        assert pair.about == {"t:knots"}


def test_a_goal_of_two_wishes_keeps_both_apart_from_others_in_its_batch(sources):
    for pair in drawn(sources, replace_shares(both=100), 50):
        assert "t:knots" in pair.about
        assert len(pair.about) == 2


def replace_shares(**given):
    return NONE.model_copy(update=given)


def pair(about, near=()):
    return Pair("goal", "passage", frozenset(about), frozenset(about) | frozenset(near))


def test_no_batch_has_two_pairs_about_the_same_or_near():
    pairs = [pair("a"), pair("a"), pair("b", "c"), pair("c"), pair("d"), pair("e")]
    found = batches(pairs, 3, seed=1)
    assert found
    for batch in found:
        keys = [key for place in batch for key in pairs[place].about]
        assert len(keys) == len(set(keys))
        assert not {"b", "c"} <= set(keys)


def test_a_pair_is_in_one_batch_at_most():
    places = [
        place for batch in batches([pair({str(i)}) for i in range(64)], 8, 3) for place in batch
    ]
    assert sorted(places) == list(range(64))


def test_pairs_that_fit_nowhere_are_left_out():
    assert batches([pair("a")] * 8, 2, seed=1) == []


def test_the_packaged_topics_are_whole():
    topics = read_topics()
    assert len({topic.topic for topic in topics}) == len(topics) == 220
    assert all(3 <= len(one) <= 5 for topic in topics for one in (topic.wishes, topic.offers))


def test_small_talk_is_no_wish():
    found = asides()
    assert len(found) == 50
    assert not any("I want to" in text for text in found)


def test_a_misspelt_text_has_two_other_words_at_most():
    chance = random.Random(5)
    text = "moving towards hospital pharmacy"
    for _ in range(50):
        wrong = _misspelt(text, chance).split()
        assert len(wrong) == 4
        assert sum(a != b for a, b in zip(wrong, text.split(), strict=True)) <= 2
