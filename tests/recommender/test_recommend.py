import math

import numpy as np
import pytest

from models.errors import BadFilter, BadGoals, SpaceMismatch
from recommender.calibration import BIAS, PER_LOG_WORDS, PER_SCORE
from recommender.eligibility import Exclusions, Filters
from recommender.goals import joined, understand
from recommender.recommend import CONTEXT, Recommender, Request, encode_goals
from recommender.scoring import PASSAGES, PROFILE
from tests.fakes import RECORDS, TableEncoder, kept, put, version

GOAL = "I work in audit and want to move into venture capital"
EVERYBODY = Filters(available=None)


def person(id, bio, **fields):
    return {"id": id, "bio": bio} | fields


def crowd(count, **fields):
    """Mentors of falling fit: each knows one word less of the goal."""
    words = "audit venture capital fund startup investor ledger books"
    return [
        person(f"m{i:03}", f"I know {words[: 5 + i % 40]} and {i} ships.", **fields)
        for i in range(count)
    ]


def ids(recommender, goal=GOAL, **request):
    found = recommender.recommend(Request(goal, **request)).recommendations
    return [one.mentor.id for one in found]


def scores(recommender, goal=GOAL, **request):
    found = recommender.recommend(Request(goal, **request)).recommendations
    return {one.mentor.id: one.score for one in found}


def changed(recommender, *records):
    """Write newer versions of records into the store, behind the index's back."""
    put(recommender._store, *records)


def test_the_mentor_who_fits_comes_first(pool):
    assert ids(pool()) == ["auditor", "nurse", "teacher"]


def test_scores_fall_from_first_to_last(pool):
    found = list(scores(pool(*crowd(50)), limit=50).values())
    assert found == sorted(found, reverse=True)


def test_an_answer_names_its_index_version_and_encoder(pool):
    answer = pool().recommend(Request(GOAL))
    assert (answer.index_version, answer.encoder) == (version(5), "table-1")


def test_the_limit_is_how_many_come(pool):
    one = pool(*crowd(20))
    assert [len(ids(one, limit=limit)) for limit in (1, 7, 20, 300)] == [1, 7, 20, 20]


def test_a_score_is_the_same_with_limit_1_and_limit_300(pool):
    one = pool(*crowd(40))
    every = scores(one, limit=300)
    first = scores(one, limit=1)
    assert first == dict([next(iter(every.items()))])


def test_a_score_is_the_same_on_any_page(pool):
    one = pool(*crowd(30))
    every = scores(one, limit=300)
    assert scores(one, limit=10, offset=20) == dict(list(every.items())[20:])


def test_a_score_is_the_same_with_and_without_filters(pool):
    one = pool()
    every = scores(one, filters=EVERYBODY)
    english = scores(one, filters=Filters(available=None, language=("en",), country=("SG",)))
    assert english == {"teacher": every["teacher"]}
    without = scores(one, filters=EVERYBODY, exclude=Exclusions(ids=("auditor",)))
    assert without == {id: score for id, score in every.items() if id != "auditor"}


def test_a_score_is_the_same_alone(pool):
    every = scores(pool(), filters=EVERYBODY)
    for record in RECORDS:
        assert scores(pool(record), filters=EVERYBODY) == {record["id"]: every[record["id"]]}


def test_a_score_is_the_same_when_others_join(pool):
    few = scores(pool())
    many = scores(pool(*RECORDS, *crowd(60)), limit=300)
    assert {id: many[id] for id in few} == few


def test_a_score_is_the_same_when_others_are_removed(pool, remove):
    one = pool()
    before = scores(one)
    remove("auditor")
    assert scores(one) == {id: score for id, score in before.items() if id != "auditor"}


def test_ties_stand_in_the_order_of_ids(pool):
    same = [person(id, "I audit funds.") for id in ("b", "a10", "C", "a2", "é")]
    assert ids(pool(*same)) == ["C", "a10", "a2", "b", "é"]


def test_a_removed_mentor_never_comes_and_the_next_takes_the_place(pool, remove):
    one = pool(*crowd(10))
    before = ids(one, limit=10)
    remove(before[0], before[3])
    assert ids(one, limit=5) == [before[i] for i in (1, 2, 4, 5, 6)]


def test_when_all_the_nearest_are_removed_the_others_still_come(pool, remove):
    near = [person(f"near{i}", "Audit fund.") for i in range(600)]
    far = [person(f"far{i}", "Nurse patients.") for i in range(3)]
    one = pool(*near, *far)
    remove(*(record["id"] for record in near))
    assert ids(one, limit=2) == ["far0", "far1"]
    assert ids(one, limit=2, offset=602) == ["far2"]


@pytest.mark.parametrize(
    "change", [{"capacity": 1, "active_mentees": 1}, {"capacity": 0}, {"available": False}]
)
def test_who_became_full_or_unavailable_does_not_come(pool, change):
    one = pool(*crowd(5))
    first, *others = ids(one)
    bio = next(record["bio"] for record in crowd(5) if record["id"] == first)
    changed(one, person(first, bio) | change)
    assert ids(one, limit=4) == others


def test_who_was_full_when_indexed_does_not_come(pool):
    full = person("full", "I audit venture capital funds.", capacity=2, active_mentees=2)
    assert "full" not in ids(pool(full, *RECORDS))


def test_only_the_unavailable_come_when_asked_for(pool):
    assert sorted(ids(pool(), filters=Filters(available=False))) == ["solicitor", "welder"]


def test_everybody_comes_when_availability_is_no_matter(pool):
    assert len(ids(pool(), filters=EVERYBODY)) == 5


def test_the_places_shown_are_those_of_the_store(pool):
    one = pool()
    changed(one, RECORDS[0] | {"active_mentees": 2})
    best = one.recommend(Request(GOAL, limit=1)).recommendations[0]
    assert [fact.text for fact in best.facts] == ["1 of 3 places free"]


@pytest.mark.parametrize("change", [{"bio": "Newer words."}, {"name": "W."}, {"headline": ""}])
def test_a_mentor_whose_text_is_newer_than_the_index_is_not_shown(pool, change):
    one = pool()
    assert one.recommend(Request(GOAL)).behind is False
    changed(one, RECORDS[0] | change)
    assert ids(one) == ["nurse", "teacher"]
    assert one.recommend(Request(GOAL)).behind is True


def test_a_newer_time_stamp_is_no_newer_text(pool):
    one = pool()
    changed(one, RECORDS[0] | {"updated_at": "2026-05-01T09:30:00Z"})
    assert ids(one)[0] == "auditor"


def test_a_mentor_of_another_tenant_is_not_read(pool):
    one = pool()
    other = Recommender("other", one._index, TableEncoder(), one._store, one._recipe)
    assert ids(other) == []


def pages(recommender, goal=GOAL, **request):
    found, offset = [], 0
    while offset is not None:
        answer = recommender.recommend(Request(goal, offset=offset, explain=False, **request))
        found.append([one.mentor.id for one in answer.recommendations])
        offset = answer.next_offset
    return found


@pytest.mark.parametrize("limit", [1, 7, 30, 31])
def test_pages_give_every_mentor_once_in_the_order_of_one_long_page(pool, limit):
    one = pool(*crowd(30))
    found = [id for page in pages(one, limit=limit) for id in page]
    assert found == ids(one, limit=300)
    assert len(found) == 30


def test_pages_give_every_mentor_once_when_some_are_removed(pool, remove):
    one = pool(*crowd(30))
    every = ids(one, limit=300)
    remove(*every[5:15])
    assert [id for page in pages(one, limit=4) for id in page] == every[:5] + every[15:]


def test_pages_give_every_mentor_once_beyond_the_candidates_of_the_first(pool):
    near = [person(f"a{i:03}", "Accounting ledger books.") for i in range(600)]
    named = [person(f"b{i:03}", "Zymurgy kiln. Court law judge.") for i in range(300)]
    one = pool(*near, *named, person("x", "Accounting ledger audit with a loom, zymurgy kiln."))
    goal = "Audit zymurgy kiln"
    found = [id for page in pages(one, goal, limit=10) for id in page]
    assert len(found) == len(set(found)) == 901


def test_of_those_beyond_the_candidates_only_some_are_scored_at_a_time(pool, monkeypatch):
    monkeypatch.setattr("recommender.standing.AT_ONCE", 50)
    near = [person(f"a{i:03}", "Accounting ledger books.") for i in range(600)]
    far = [person(f"b{i:03}", "Court law judge.") for i in range(120)]
    one, scored = pool(*near, *far), []
    score = one._rank
    monkeypatch.setattr(one, "_rank", lambda *given: scored.append(len(given[2])) or score(*given))
    assert len(ids(one, "Audit ledger", limit=10, offset=700)) == 10
    assert scored == [600, 50, 50, 20]


def test_the_last_page_says_that_it_is_the_last(pool):
    assert pool().recommend(Request(GOAL, limit=3)).next_offset is None


def test_an_offset_beyond_the_end_gives_an_empty_last_page(pool):
    answer = pool().recommend(Request(GOAL, offset=10**12))
    assert (answer.recommendations, answer.next_offset) == ((), None)


def test_filters_that_nobody_passes_give_an_empty_answer(pool):
    assert ids(pool(), filters=Filters(country=("AQ",))) == []


def test_excluded_mentors_do_not_come(pool):
    one = pool()
    assert ids(one, exclude=Exclusions(ids=("auditor",))) == ["nurse", "teacher"]
    assert ids(one, exclude=Exclusions(organization=("ledge fund",))) == ["nurse", "teacher"]


@pytest.fixture
def fits_from(monkeypatch):
    """Sets the score from which somebody is a good match; the calibration's own may change."""

    def use(score):
        monkeypatch.setattr(
            "recommender.recommend.chance", lambda found, _words: 0.3 if found >= score else 0.1
        )

    return use


def abstained(recommender, goal=GOAL, **request):
    return recommender.recommend(Request(goal, **request)).abstained


def hints(recommender, goal=GOAL, **request):
    found = recommender.recommend(Request(goal, **request)).hints
    return [hint.text for hint in found if hint.code == "nobody_fits"]


NEAREST = "No mentor here fits this goal well. These are merely the nearest."


def test_an_answer_abstains_when_not_even_the_best_is_a_good_match(pool, fits_from):
    one = pool()
    best = scores(one)["auditor"]
    fits_from(best)
    assert (abstained(one), hints(one)) == (False, [])
    fits_from(best + 1e-6)
    assert (abstained(one), hints(one)) == (True, [NEAREST])


def test_an_answer_that_abstains_still_lists_the_nearest_as_partial(pool, fits_from):
    one = pool()
    before = scores(one)
    fits_from(1.1)
    found = one.recommend(Request(GOAL)).recommendations
    assert {r.mentor.id: r.score for r in found} == before
    assert {(r.chance, r.match) for r in found} == {(0.1, "partial")}


@pytest.mark.parametrize("more", [{}, {"diversity": 0.7}, {"explain": False}])
def test_later_pages_abstain_as_the_first_does(pool, fits_from, more):
    one = pool(*crowd(30))
    best = max(scores(one, limit=30).values())
    for threshold, expected in ((best, False), (best + 1e-6, True)):
        fits_from(threshold)
        pages = [abstained(one, limit=7, offset=offset, **more) for offset in (0, 7, 28, 10**6)]
        assert pages == [expected] * 4


def test_whether_an_answer_abstains_does_not_depend_on_how_many_are_asked_for(pool, fits_from):
    one = pool(*crowd(30))
    found = list(scores(one, limit=30).values())
    for threshold, expected in ((found[0], False), (found[0] + 1e-6, True)):
        fits_from(threshold)
        assert {abstained(one, limit=limit) for limit in (1, 7, 300)} == {expected}


def test_whoever_is_no_longer_there_does_not_keep_any_page_from_abstaining(pool, fits_from, remove):
    one = pool()
    fits_from(scores(one)["auditor"])
    remove("auditor")
    assert [abstained(one, limit=1, offset=offset) for offset in (0, 1, 9)] == [True] * 3


def test_under_a_filter_those_who_pass_it_decide(pool, fits_from):
    one = pool()
    fits_from(scores(one)["auditor"])
    assert abstained(one, filters=Filters(country=("KE",))) is False
    assert abstained(one, filters=Filters(country=("SG",))) is True


@pytest.mark.parametrize("offset", [0, 10])
def test_where_nobody_is_eligible_the_answer_abstains_and_names_no_nearest(pool, offset):
    nobody = {"filters": Filters(country=("AQ",)), "offset": offset}
    one = pool()
    assert abstained(one, **nobody) is True
    assert hints(one, **nobody) == ["No mentor here fits this goal well."]


def test_a_list_in_which_one_is_a_good_match_does_not_abstain(pool):
    answer = pool().recommend(Request(GOAL))
    assert [one.match for one in answer.recommendations] == ["strong", "partial", "partial"]
    assert (answer.abstained, answer.hints) == (False, ())


def test_the_chance_is_that_of_the_score_and_the_words_of_the_goal(pool):
    for one in pool().recommend(Request(GOAL)).recommendations:
        # audit, capital, move, venture, work
        odds = math.exp(BIAS + PER_SCORE * one.score) * 5**PER_LOG_WORDS
        assert one.chance == pytest.approx(odds / (1 + odds), abs=1e-6)


def test_the_match_is_that_of_the_chance_told(pool, monkeypatch):
    monkeypatch.setattr("recommender.recommend.chance", lambda *_: 0.4999996)
    one = pool().recommend(Request(GOAL, limit=1)).recommendations[0]
    assert (one.chance, one.match) == (0.5, "strong")


def test_an_explanation_says_what_the_score_is_worth_as_the_list_does(pool):
    one = pool()
    for found in one.recommend(Request(GOAL)).recommendations:
        alone = one.explain(Request(GOAL), found.mentor.id).recommendation
        assert (alone.chance, alone.match) == (found.chance, found.match)


def test_the_goal_is_read_whole_and_its_parts_bend_no_score(pool):
    goal = "I audit funds. And I want to teach pupils, or nurse patients!"
    one = pool({"id": "m", "bio": "A nurse on a ward."})
    (found,) = one.recommend(Request(goal)).recommendations
    toward, row = TableEncoder().encode_queries([goal, "A nurse on a ward."]).astype(float)
    row = kept(row)
    expected = {
        "passages": PASSAGES * (toward @ row),
        "profile": PROFILE * (toward @ row) / np.linalg.norm(row),
    }
    assert {k: found.contributions[k] for k in expected} == pytest.approx(expected, abs=1e-6)


def test_a_goal_too_long_to_be_read_at_once_is_the_mean_of_its_stretches():
    sentence, last = "I like to walk along the river with my old dog.", "I want to audit a fund."
    text = " ".join([*[sentence] * 20, last])  # 20 * 48 characters: more than one stretch takes
    fits = CONTEXT // 48
    encoder = TableEncoder()
    stretches = [" ".join([sentence] * fits), " ".join([*[sentence] * (20 - fits), last])]
    mean = encoder.encode_queries(stretches).mean(axis=0)
    found = encode_goals(understand(text), encoder)
    np.testing.assert_allclose(found.goal, mean / np.linalg.norm(mean), atol=1e-6)
    assert len(found.parts) == 21


def test_the_same_request_has_the_same_answer(pool):
    one = pool(*crowd(40))
    request = Request(GOAL, limit=40)
    assert one.recommend(request) == one.recommend(request)


def test_the_same_records_in_another_folder_give_the_same_answer(pool):
    assert pool().recommend(Request(GOAL)) == pool(*reversed(RECORDS)).recommend(Request(GOAL))


@pytest.mark.parametrize("goal", ["", " \n", "?!", "🙂", "a" * 100_000, "nurse \udc00"])
def test_an_unusable_goal_is_refused(pool, goal):
    with pytest.raises(BadGoals):
        pool().recommend(Request(goal))


@pytest.mark.parametrize("goal", ["1. !", "x", "7", "How do I get there?"])
def test_a_goal_that_says_next_to_nothing_is_still_answered(pool, goal):
    assert len(ids(pool(), goal)) == 3


def test_a_goal_in_another_language_is_hinted_at_and_still_ranked(pool):
    german = "Ich möchte mit Python software für große Krankenhäuser bauen und davon leben"
    answer = pool().recommend(Request(german))
    assert [hint.code for hint in answer.goals.hints] == ["not_english"]
    assert answer.recommendations[0].mentor.id == "nurse"


def test_a_list_of_goals_is_answered_part_by_part(pool):
    goal = joined(["move into venture capital", "teach pupils in a classroom"])
    answer = pool().recommend(Request(goal))
    assert [part.text for part in answer.goals.parts] == goal.split("\n")
    answered = {one.mentor.id: one.reasons[0].goal for one in answer.recommendations}
    assert (answered["auditor"], answered["teacher"]) == (0, 1)


def test_a_goal_longer_than_the_encoder_takes_at_once_is_answered_by_all_of_it(pool):
    long = "I like to walk along the river with my old dog. " * 60 + "I want to audit a fund."
    assert ids(pool(), long)[0] == "auditor"


def test_a_wrong_filter_is_refused(pool):
    with pytest.raises(BadFilter, match="max_hours_apart needs timezone"):
        ids(pool(), filters=Filters(max_hours_apart=1.0))


def test_an_index_of_another_space_is_refused_with_both_names(pool):
    one = pool()
    with pytest.raises(SpaceMismatch) as refused:
        Recommender("default", one._index, TableEncoder("table-2"), one._store, one._recipe)
    assert str(refused.value) == (
        "The index was made in the space table-1, the encoder's is table-2: set MENTORS_ENCODER "
        "to the model the index was made with, or leave it unset, or run 'mentors reembed' to move "
        "the index to another model."
    )


def test_the_encoder_sees_each_goal_alone(pool):
    one = pool()
    alone = scores(one, "I want to nurse patients")
    scores(one, GOAL)
    assert scores(one, "I want to nurse patients") == alone
