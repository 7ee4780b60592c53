"""What holds for every goal and every mentor: figures that add up, and one score everywhere."""

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from recommender.eligibility import Exclusions, Filters
from recommender.recommend import Recommender, Request
from tests.fakes import AXES, recommender

WORDS = [*" ".join(AXES).split(), "attorney", "instructor", "hospitals", "sing", "people", "kiln"]
PHRASES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)
GOALS = st.lists(PHRASES.map("I want to {}.".format), min_size=1, max_size=4).map(" ".join)
BIOS = st.lists(PHRASES.map("Years ago I was with {}.".format), min_size=1, max_size=6).map(
    " ".join
)
RECORDS = st.fixed_dictionaries(
    {"bio": BIOS, "languages": st.sampled_from([["en"], ["de"]])},
    optional={
        "headline": PHRASES,
        "skills": st.lists(PHRASES, max_size=4),
        "experience": st.lists(
            st.fixed_dictionaries({"title": PHRASES, "description": BIOS}), max_size=2
        ),
    },
)
POOLS = st.lists(RECORDS, min_size=1, max_size=6).map(
    lambda records: [record | {"id": f"m{i}"} for i, record in enumerate(records)]
)
EVERYBODY = 300


@contextmanager
def pool_of(records: list[dict[str, object]]) -> Iterator[Recommender]:
    with tempfile.TemporaryDirectory() as folder:
        one = recommender(Path(folder), *records)
        try:
            yield one
        finally:
            one._store.close()


def micro(value):
    """Whole millionths; `value` must be some to within what a float can hold."""
    assert abs(value * 1_000_000 - round(value * 1_000_000)) < 1e-6
    return round(value * 1_000_000)


def ranked(one, goal, **request):
    return one.recommend(Request(goal, **{"limit": EVERYBODY} | request)).recommendations


@given(POOLS, GOALS)
def test_contributions_reasons_and_remainders_sum_to_the_millionth(records, goal):
    with pool_of(records) as one:
        found = ranked(one, goal)
    assert len(found) == len(records)
    for mentor in found:
        parts = {name: micro(value) for name, value in mentor.contributions.items()}
        assert micro(mentor.score) == sum(parts.values())
        others = (mentor.other_passages, mentor.other_profile, mentor.other_terms)
        for part, other in zip(("passages", "profile", "lexical"), others, strict=True):
            said = [micro(r.contribution) for r in mentor.reasons if r.part == part]
            assert sum(said) + micro(other) == parts[part]


@given(POOLS, GOALS)
def test_a_part_gets_a_further_quote_once_and_is_then_covered(records, goal):
    # That the nearest quotes leave it open is a matter of cosines: tests/recommender/test_quoting.
    with pool_of(records) as one:
        for mentor in ranked(one, goal):
            about = [r for r in mentor.reasons if r.part == "profile"]
            assert len({r.goal for r in about}) == len(about)
            assert not {r.goal for r in about} & set(mentor.uncovered_goals)


@given(POOLS, GOALS)
def test_a_mentor_is_the_same_filtered_excluded_paged_varied_and_alone(records, goal):
    german, first = Filters(language=("de",)), Exclusions(ids=("m0",))
    with pool_of(records) as one:
        whole = ranked(one, goal)
        of = {found.mentor.id: found for found in whole}
        filtered = ranked(one, goal, filters=german)
        assert filtered == tuple(r for r in whole if r.mentor.languages == ("de",))
        assert ranked(one, goal, exclude=first) == tuple(r for r in whole if r.mentor.id != "m0")
        paged = [r for at in range(len(whole)) for r in ranked(one, goal, limit=1, offset=at)]
        assert tuple(paged) == whole
        for found in ranked(one, goal, diversity=0.5, explain=False):
            assert found.score == of[found.mentor.id].score
            assert found.contributions == of[found.mentor.id].contributions
        for found in whole:
            assert one.explain(Request(goal), found.mentor.id).recommendation == found
    for record in records:
        with pool_of([record]) as one:
            assert ranked(one, goal) == (of[str(record["id"])],)


@given(POOLS, st.lists(GOALS, min_size=2, max_size=4))
def test_many_threads_give_the_answers_of_one(records, goals):
    with pool_of(records) as one, ThreadPoolExecutor(8) as threads:
        alone = [one.recommend(Request(goal)) for goal in goals]
        asked = [Request(goal) for goal in goals] * 8
        assert list(threads.map(one.recommend, asked)) == alone * 8
