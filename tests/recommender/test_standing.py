import numpy as np
import pytest

from models.errors import BadFilter, BadGoals, IndexBehind, MentorNotFound
from recommender.eligibility import Exclusions, Filters
from recommender.recommend import Recommender, Request
from recommender.scoring import Scored
from recommender.standing import LOOKED_UP, ranking
from tests.fakes import RECORDS, TableEncoder, put, version

GOAL = "I work in audit and want to move into venture capital"
EVERYBODY = Filters(available=None)


def crowd(count):
    """Mentors of falling fit: each knows one word less of the goal."""
    words = "audit venture capital fund startup investor ledger books"
    return [
        {"id": f"m{i:03}", "bio": f"I know {words[: 5 + i % 40]} and {i} ships."}
        for i in range(count)
    ]


def listed(one, **request):
    return one.recommend(Request(GOAL, **request)).recommendations


def why_not(one, id, **request):
    found = one.explain(Request(GOAL, **request), id)
    assert (found.rank is None) == any(o.code != "not_in_top" for o in found.why_not)
    return [(o.code, *(str(value) for _, value in o.params)) for o in found.why_not]


def test_each_mentor_is_explained_as_in_the_list(pool):
    one = pool(*crowd(30))
    for rank, expected in enumerate(listed(one, limit=30), start=1):
        found = one.explain(Request(GOAL), expected.mentor.id)
        assert found.recommendation == expected
        assert found.rank == rank


def test_a_mentor_is_explained_as_on_a_page_and_under_a_filter(pool):
    one = pool(*crowd(30), *RECORDS)
    page = listed(one, limit=3, offset=6)
    assert one.explain(Request(GOAL), page[0].mentor.id).recommendation == page[0]
    asked = Request(GOAL, filters=Filters(country=("SG",)))
    (alone,) = one.recommend(asked).recommendations
    found = one.explain(asked, "teacher")
    assert (found.recommendation, found.rank) == (alone, 1)


def test_a_mentor_who_cannot_be_recommended_is_explained_all_the_same(pool):
    one = pool()
    expected = {r.mentor.id: r for r in listed(one, filters=EVERYBODY)}["welder"]
    assert one.explain(Request(GOAL), "welder").recommendation == expected


def test_an_explanation_names_its_index_version_goals_and_hints(pool):
    found = pool().explain(Request("help me"), "nurse")
    assert (found.index_version, found.encoder) == (version(5), "table-1")
    assert [part.text for part in found.goals.parts] == ["help me"]
    assert [hint.code for hint in found.hints] == ["vague"]


def test_nothing_is_in_the_way_of_the_first_ten(pool):
    one = pool(*crowd(12))
    found = [one.explain(Request(GOAL), r.mentor.id) for r in listed(one, limit=12)]
    assert [len(standing.why_not) for standing in found] == [0] * 10 + [1] * 2


def test_who_comes_further_down_is_told_the_place_and_the_tenth_score(pool):
    one = pool(*crowd(12))
    tenth, _, last = listed(one, limit=12)[9:]
    (obstacle,) = one.explain(Request(GOAL), last.mentor.id).why_not
    assert obstacle.code == "not_in_top"
    assert dict(obstacle.params) == {
        "rank": 12,
        "score": last.score,
        "score_at_10": tenth.score,
    }
    assert obstacle.text == (
        f"Comes at place 12 with a score of {last.score:.3f}; place 10 has {tenth.score:.3f}."
    )


def test_whoever_was_removed_takes_no_place(pool, remove):
    one = pool(*crowd(14))
    before = [r.mentor.id for r in listed(one, limit=14)]
    remove(before[0], before[9])
    after = listed(one, limit=14)
    found = one.explain(Request(GOAL), before[13])
    assert found.rank == 12
    assert dict(found.why_not[0].params)["score_at_10"] == after[9].score
    assert one.explain(Request(GOAL), before[8]).rank == 8


def test_whoever_became_full_takes_no_place(pool):
    one = pool(*crowd(5))
    first, second, *_ = (r.mentor.id for r in listed(one))
    bio = next(record["bio"] for record in crowd(5) if record["id"] == first)
    put(one._store, {"id": first, "bio": bio, "capacity": 0})
    assert one.explain(Request(GOAL), second).rank == 1
    assert why_not(one, first) == [("full",)]


def test_who_has_just_got_a_free_place_has_a_rank_before_the_index_knows(pool):
    one = pool()
    assert why_not(one, "welder") == [("full",)]
    put(one._store, RECORDS[3] | {"active_mentees": 0})
    assert why_not(one, "welder") == []
    assert one.explain(Request(GOAL), "welder").rank == 4


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), []),
        (Filters(country=("ke",), language=("sw",), seniority=()), []),
        (Filters(country=("SG",)), [("filtered", "country")]),
        (Filters(language=("pl",)), [("filtered", "language")]),
        (Filters(industry=("mining",)), [("filtered", "industry")]),
        (Filters(seniority=("lead",)), [("filtered", "seniority")]),
        (Filters(skills_any=("R", "ACCA")), []),
        (Filters(skills_all=("R", "ACCA")), [("filtered", "skills_all")]),
        (
            Filters(max_hours_apart=0.0, timezone="Asia/Singapore"),
            [("filtered", "max_hours_apart")],
        ),
        (Filters(max_hours_apart=0.0, timezone="Africa/Nairobi"), []),
        (Filters(available=False), [("filtered", "available")]),
        (
            Filters(attributes={"years": {"gte": 20}, "cohort": "spring", "remote": True}),
            [("filtered", "attributes.years"), ("filtered", "attributes.remote")],
        ),
        (
            Filters(available=None, country=("SG",), skills_any=("R",)),
            [("filtered", "country"), ("filtered", "skills_any")],
        ),
    ],
)
def test_every_filter_that_keeps_a_mentor_out_is_named(pool, filters, expected):
    assert why_not(pool(), "auditor", filters=filters) == expected


@pytest.mark.parametrize(
    ("exclude", "expected"),
    [
        (Exclusions(ids=("nurse",)), []),
        (Exclusions(ids=("auditor",)), [("excluded", "ids")]),
        (Exclusions(organization=("ledge fund",)), [("excluded", "organization")]),
        (
            Exclusions(("auditor",), ("Ledge Fund",)),
            [("excluded", "ids"), ("excluded", "organization")],
        ),
    ],
)
def test_every_exclusion_is_named(pool, exclude, expected):
    assert why_not(pool(), "auditor", exclude=exclude) == expected


def test_who_is_unavailable_and_full_is_told_both(pool):
    one = pool(RECORDS[0] | {"available": False, "capacity": 1})
    assert why_not(one, "auditor") == [("unavailable",), ("full",)]
    assert why_not(one, "auditor", filters=EVERYBODY) == []
    assert why_not(one, "auditor", filters=Filters(available=False)) == []


def test_a_filter_and_a_full_mentor_are_both_told(pool):
    assert why_not(pool(), "welder", filters=Filters(country=("SG",))) == [
        ("full",),
        ("filtered", "country"),
    ]


def test_nobody_unknown_removed_or_of_another_tenant_is_explained(pool, remove):
    one = pool()
    remove("nurse")
    other = Recommender("other", one._index, TableEncoder(), one._store, one._recipe)
    for recommender, id in ((one, "nobody"), (one, "nurse"), (other, "auditor")):
        with pytest.raises(MentorNotFound) as refused:
            recommender.explain(Request(GOAL), id)
        assert str(refused.value) == f"There is no mentor with the id '{id}'."


@pytest.mark.parametrize("record", [RECORDS[0] | {"bio": "New."}, {"id": "new", "bio": "I audit."}])
def test_a_mentor_whose_words_the_index_does_not_have_is_not_explained(pool, record):
    one = pool()
    put(one._store, record)
    with pytest.raises(IndexBehind, match=f"the newest words of the mentor '{record['id']}' yet"):
        one.explain(Request(GOAL), record["id"])


def test_a_wrong_goal_or_filter_is_said_before_a_wrong_mentor(pool):
    one = pool()
    with pytest.raises(BadGoals):
        one.explain(Request(""), "nobody")
    with pytest.raises(BadFilter):
        one.explain(Request(GOAL, filters=Filters(max_hours_apart=1.0)), "nobody")


def test_limit_offset_and_diversity_do_not_matter(pool):
    one = pool(*crowd(20))
    id = listed(one, limit=20)[14].mentor.id
    asked = Request(GOAL, limit=2, offset=7, explain=False, diversity=0.9)
    assert one.explain(asked, id) == one.explain(Request(GOAL), id)


def test_a_ranking_in_pieces_is_the_ranking_of_all(monkeypatch, pool):
    one = pool(*crowd(20))
    expected = [one.explain(Request(GOAL), r.mentor.id) for r in listed(one, limit=20)]
    monkeypatch.setattr("recommender.standing.AT_ONCE", 3)
    assert [one.explain(Request(GOAL), s.recommendation.mentor.id) for s in expected] == expected


def test_ties_of_different_pieces_stand_in_the_order_of_ids(monkeypatch, pool):
    monkeypatch.setattr("recommender.standing.AT_ONCE", 1)
    catalogue = pool(*({"id": id, "bio": "I audit."} for id in ("b", "a", "c")))._index.catalogue
    same = ranking(
        lambda rows: Scored(rows, np.asarray([[5, 0, 0]])), np.asarray([0, 1, 2]), catalogue
    )
    assert catalogue.ids(same.rows) == ["a", "b", "c"]


def test_beyond_what_is_looked_up_those_above_count_as_the_index_has_them(pool, remove):
    same = [{"id": f"s{i:03}", "bio": "I audit."} for i in range(LOOKED_UP + 20)]
    one = pool(*same)
    remove("s000", "s300", "s310")
    assert one.explain(Request(GOAL), f"s{LOOKED_UP + 19:03}").rank == LOOKED_UP + 19
