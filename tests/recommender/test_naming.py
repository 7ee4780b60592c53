import numpy as np
import pytest

from indexer.outlines import outline_of
from models.terms import weight
from recommender.goals import understand
from recommender.naming import KIN, MOST_TERMS, READABLE, SharedWords
from recommender.recommend import Request
from recommender.scoring import LEXICAL
from recommender.words import matched_by

TABLE = {"lawyer": {"attorney": 0.8, "court": 0.4}}


@pytest.fixture(autouse=True)
def table(monkeypatch):
    """Every word is alone but for those of TABLE, which a test may replace."""

    def use(found):
        monkeypatch.setattr("recommender.words.related", lambda stem: found.get(stem, {}))

    use(TABLE)
    return use


def explained(pool, goal, bio, **record):
    (one,) = pool({"id": "m", "bio": bio} | record).recommend(Request(goal)).recommendations
    return one


def named(one):
    return [(r.quote, r.term) for r in one.reasons if r.part == "lexical"]


def saturation(count, words):
    return count / (count + 1.2 * (0.25 + 0.75 * words / 65))


def micro(value):
    return round(value * 1_000_000)


def test_a_related_word_is_quoted_with_the_word_of_the_goal(pool):
    (reason,) = (
        r
        for r in explained(pool, "I need Lawyers.", "An Attorney speaks.").reasons
        if r.part == "lexical"
    )
    assert (reason.quote, reason.term) == ("Attorney", "Lawyers")
    assert (reason.field, reason.start, reason.end, reason.goal) == ("/bio", 3, 11, 0)


def test_a_related_word_adds_what_it_is_worth(pool):
    one = explained(pool, "lawyer or audit", "Attorney, audited, banker.")
    whole = weight("lawyer") + weight("audit")
    shares = {
        "audit": LEXICAL * weight("audit") / whole * saturation(1, 3),
        "lawyer": LEXICAL * weight("lawyer") / whole * 0.8 * saturation(1, 3),
    }
    found = {r.term: r.contribution for r in one.reasons if r.part == "lexical"}
    assert found == pytest.approx(shares, abs=1e-6)
    assert micro(one.contributions["lexical"]) == micro(sum(shares.values()))
    assert sum(map(micro, found.values())) + micro(one.other_terms) == micro(sum(shares.values()))


def test_the_words_that_add_most_come_first(pool):
    one = explained(pool, "lawyer, kiln and zymurgy", "Zymurgy, kiln and an attorney.")
    assert named(one) == [("Zymurgy", "zymurgy"), ("kiln", "kiln"), ("attorney", "lawyer")]


def test_the_word_itself_is_quoted_where_the_profile_has_both(pool):
    assert named(explained(pool, "lawyer", "Attorney, then lawyer.")) == [("lawyer", "lawyer")]


def test_a_related_word_that_counts_more_is_quoted_before_the_word_itself(pool):
    bio = "Lawyer, attorney, attorney, attorney, attorney, attorney, attorney."
    assert named(explained(pool, "lawyer", bio)) == [("attorney", "lawyer")]


def test_a_word_is_quoted_where_it_first_stands(pool):
    one = explained(pool, "lawyer", "Court.", headline="Yes", skills=["court", "attorneys"])
    (reason,) = (r for r in one.reasons if r.part == "lexical")
    assert (reason.field, reason.quote) == ("/skills/1", "attorneys")


@pytest.mark.parametrize(("credit", "reasons"), [(KIN, [("attorney", "lawyer")]), (KIN - 0.01, [])])
def test_a_distant_relation_counts_but_is_no_reason_to_read(pool, table, credit, reasons):
    table({"lawyer": {"attorney": credit}})
    one = explained(pool, "lawyer", "An attorney speaks.")
    assert named(one) == reasons
    assert micro(one.contributions["lexical"]) == micro(LEXICAL * credit * saturation(1, 2))
    assert (one.other_terms == 0) == bool(reasons)


def test_a_common_word_counts_but_is_no_reason_to_read(pool):
    assert 0 < weight("people") < READABLE < weight("audit")
    one = explained(pool, "audit people", "People audit.")
    assert named(one) == [("audit", "audit")]
    share = weight("people") / (weight("people") + weight("audit"))
    assert one.other_terms == pytest.approx(LEXICAL * share * saturation(1, 2), abs=1e-6)


def test_no_more_words_are_reasons_than_can_be_read(pool):
    words = "audit kiln zymurgy loom fjord gasket quarry"
    one = explained(pool, words, words)
    assert len(named(one)) == MOST_TERMS
    adds = [weight(word) for word in words.split()]
    left = sum(sorted(adds)[:-MOST_TERMS]) / sum(adds)
    assert one.other_terms == pytest.approx(LEXICAL * left * saturation(1, 7), abs=2e-6)


def test_a_word_asked_for_twice_belongs_to_the_part_that_asks_first(pool):
    goal = "I want to nurse patients. I need lawyers. I need a lawyer."
    (reason,) = (r for r in explained(pool, goal, "Attorney.").reasons if r.part == "lexical")
    assert (reason.goal, reason.term) == (1, "lawyers")


def shared(pool, goal, bio):
    one = pool({"id": "m", "bio": bio})
    (found,) = one.recommend(Request(goal)).recommendations
    goals = understand(goal)
    (matched,) = matched_by(list(goals.terms), np.asarray([0]), one._index.lexical)
    words = SharedWords(goals, found.mentor, outline_of(found.mentor), matched)
    return [words.share(part) for part in goals.parts]


def test_the_share_of_a_part_is_the_weight_of_what_is_named_related_words_for_less(pool):
    whole = weight("lawyer") + weight("audit") + weight("kiln")
    expected = (0.8 * weight("lawyer") + weight("audit")) / whole
    assert shared(pool, "lawyer, audit, kiln", "An attorney audits.") == [pytest.approx(expected)]


def test_naming_all_or_nothing_of_a_part(pool):
    goal = "I want to audit banks. I want to nurse patients."
    assert shared(pool, goal, "Audit banks, audit, audit.") == [1.0, 0.0]


def test_how_often_a_word_stands_is_no_matter_for_the_share_of_a_part(pool):
    few, many = (shared(pool, "audit kiln", "Audit. " * n) for n in (1, 50))
    assert few == many


def test_a_part_of_which_a_related_word_names_enough_is_covered(pool):
    one = explained(pool, "lawyer", "Attorney who sings and cooks.")
    assert one.uncovered_goals == ()
    assert explained(pool, "lawyer", "Sings and cooks.").uncovered_goals == (0,)


def test_scores_and_reasons_weigh_the_same_words(pool):
    one = explained(pool, "lawyer audit kiln", "Attorney at the court: I audit kilns.")
    assert np.sum([micro(r.contribution) for r in one.reasons if r.part == "lexical"]) == micro(
        one.contributions["lexical"]
    )
