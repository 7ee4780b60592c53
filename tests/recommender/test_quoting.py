import numpy as np
import pytest

from recommender.quoting import COVERED
from recommender.recommend import Request
from recommender.scoring import PROFILE
from tests.fakes import TableEncoder, kept

FUND = "I want to find a startup investor for my venture capital fund."
TEACH = "I want to teach pupils."
NURSE = "I want to nurse patients."
LAW = "I want to study law in court."
INVESTS = (
    "I am an investor in startups of all kinds.",
    "My fund is a venture capital fund.",
    "Startup founders come to my fund first.",
)
TEACHES = "On Sundays I teach pupils in a classroom."
NURSES = "At night I nurse patients on a ward."
SINGS = "I cook and I sing and I sail along."


def explained(pool, goal, **record):
    (one,) = pool({"id": "m"} | record).recommend(Request(goal)).recommendations
    return one


def reasons(one, part):
    return [reason for reason in one.reasons if reason.part == part]


def said(one, part="profile"):
    return [(reason.goal, reason.field, reason.quote) for reason in reasons(one, part)]


def profile_share(goal, passages, quoted):
    """What one passage adds to the cosine of the goal with the mean of all, times its weight."""
    encoder = TableEncoder()
    rows = kept(encoder.encode_passages(passages))
    toward = encoder.encode_queries([goal])[0].astype(np.float64)
    mean = rows.mean(axis=0)
    each = rows @ toward / len(rows) / np.linalg.norm(mean)
    assert each.sum() == pytest.approx(mean @ toward / np.linalg.norm(mean), abs=1e-12)
    return PROFILE * each[list(passages).index(quoted)]


def answers(passage, wish):
    one, other = TableEncoder().encode_queries([passage, wish])
    return float(one @ other) >= COVERED


def micro(value):
    return round(value * 1_000_000)


def test_a_wish_that_the_nearest_passages_leave_open_gets_its_own_quote(pool):
    one = explained(pool, f"{FUND} {TEACH}", bio=" ".join([*INVESTS, TEACHES, SINGS]))
    assert {(goal, quote) for goal, _, quote in said(one, "passages")} == {(0, q) for q in INVESTS}
    assert said(one) == [(1, "/bio", TEACHES)]
    assert one.uncovered_goals == ()


def test_such_a_quote_adds_its_exact_share_of_the_profile_part(pool):
    passages = (*INVESTS, TEACHES, SINGS)
    one = explained(pool, f"{FUND} {TEACH}", bio=" ".join(passages))
    (reason,) = reasons(one, "profile")
    share = profile_share(f"{FUND} {TEACH}", passages, TEACHES)
    assert micro(reason.contribution) == micro(share) > 0
    rest = micro(one.contributions["profile"]) - micro(share)
    assert micro(one.other_profile) == rest > 0


def test_such_a_quote_has_the_similarity_of_the_whole_goal(pool):
    one = explained(pool, f"{FUND} {TEACH}", bio=" ".join([*INVESTS, TEACHES, SINGS]))
    encoder = TableEncoder()
    goal, passage = encoder.encode_queries([f"{FUND} {TEACH}", TEACHES])
    passage = kept(passage)
    assert reasons(one, "profile")[0].similarity == pytest.approx(float(goal @ passage), abs=1e-6)


def test_several_open_wishes_get_a_quote_each_and_their_shares_add_up(pool):
    passages = (*INVESTS, TEACHES, NURSES, SINGS)
    goal = f"{FUND} {TEACH} {NURSE}"
    one = explained(pool, goal, bio=" ".join(passages))
    assert said(one) == [(1, "/bio", TEACHES), (2, "/bio", NURSES)]
    shares = [profile_share(goal, passages, quote) for quote in (TEACHES, NURSES)]
    added = [micro(reason.contribution) for reason in reasons(one, "profile")]
    assert added == [micro(shares[0]), micro(sum(shares)) - micro(shares[0])]
    assert sum(added) + micro(one.other_profile) == micro(one.contributions["profile"])


def test_one_passage_is_quoted_for_one_wish_only(pool):
    goal = f"{FUND} {TEACH} I want a school classroom."
    one = explained(pool, goal, bio=" ".join([*INVESTS, TEACHES, SINGS]))
    assert said(one) == [(1, "/bio", TEACHES)]
    assert one.uncovered_goals == ()


def test_a_wish_that_a_nearest_passage_answers_gets_no_further_quote(pool):
    one = explained(pool, FUND, bio=" ".join([*INVESTS, TEACHES, SINGS]))
    assert said(one) == []
    assert one.other_profile == one.contributions["profile"]


def test_a_quote_under_one_wish_may_answer_another_too(pool):
    both = "I teach pupils how startups fund a venture."
    assert answers(both, TEACH)
    one = explained(pool, f"{FUND} {TEACH}", bio=" ".join([both, *INVESTS[:2], TEACHES, SINGS]))
    assert {(goal, quote) for goal, _, quote in said(one, "passages")} == {
        (0, q) for q in (both, *INVESTS[:2])
    }
    assert said(one) == []
    assert one.uncovered_goals == ()


def test_a_quote_that_is_only_a_bit_near_a_wish_leaves_it_open(pool):
    bit = "Pupils hear about my venture capital fund often."
    assert not answers(bit, TEACH)
    one = explained(pool, f"{FUND} {TEACH}", bio=" ".join([bit, *INVESTS[:2], TEACHES, SINGS]))
    assert bit in {quote for *_, quote in said(one, "passages")}
    assert said(one) == [(1, "/bio", TEACHES)]


def test_a_wish_that_no_passage_answers_gets_no_quote_and_stays_open(pool):
    one = explained(pool, f"{FUND} {LAW}", bio=" ".join([*INVESTS, TEACHES, SINGS]))
    assert said(one) == []
    assert one.uncovered_goals == (1,)


# One word is the wish's, and each other lies on an axis of its own.
@pytest.mark.parametrize(
    ("words", "answered"),
    [("teach, weld, nurse or code", True), ("teach, weld, nurse, audit, ship or code", False)],
)
def test_a_passage_answers_a_wish_from_the_cosine_told(pool, words, answered):
    passage = f"Of old I could {words} a bit."
    encoder = TableEncoder()
    wish, row = encoder.encode_queries([TEACH, passage])
    assert (float(wish @ row) >= COVERED) == answered
    one = explained(pool, f"{FUND} {TEACH}", bio=" ".join([*INVESTS, passage, SINGS]))
    assert said(one) == ([(1, "/bio", passage)] if answered else [])


def test_of_a_list_the_item_nearest_to_the_wish_is_quoted(pool):
    skills = ["court", "pupils in a classroom", "venture"]
    one = explained(pool, f"{FUND} {TEACH}", bio=" ".join(INVESTS), skills=skills)
    assert said(one) == [(1, "/skills/1", "pupils in a classroom")]


def test_a_title_that_is_quoted_already_makes_way_for_the_sentence_under_it(pool):
    post = {
        "title": "Venture capital investor",
        "description": "I sat on the boards of many firms.",
    }
    one = explained(pool, "venture capital investor", experience=[post])
    assert [(field, quote) for _, field, quote in said(one, "passages")] == [
        ("/experience/0/title", "Venture capital investor"),
        ("/experience/0/description", "I sat on the boards of many firms."),
    ]


def test_what_asks_nothing_gets_no_quote(pool):
    one = explained(pool, f"{FUND} How are you all?", bio=" ".join([*INVESTS, SINGS]))
    assert {goal for goal, *_ in [*said(one), *said(one, "passages")]} == {0}
