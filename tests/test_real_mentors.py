"""The whole engine with the real model on real profiles, where a judged set is at hand."""

import numpy as np
import pytest

from api.evaluating import OURS, runs_of
from api.indexing import IndexCommand
from api.rendering import recommendations_json
from api.settings import Settings
from api.wiring import Serving
from evaluation.baselines import NAME as WHOLE
from evaluation.judgments import read_judged_set
from evaluation.measures import means, per_goal
from indexer.mapping import ColumnMapping
from models.mentor import string_at
from recommender.eligibility import Filters
from recommender.recommend import Request

GOAL = "I run audits at a Big Four firm and want to move into venture capital"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def settings(judged, tmp_path_factory):
    chosen = Settings(data=tmp_path_factory.mktemp("real"))
    assert IndexCommand([judged / "mentors.jsonl"], "auto", ColumnMapping(), chosen).run()
    return chosen


@pytest.fixture(scope="module")
def serving(settings):
    parts = Serving(settings)
    yield parts
    parts.close()


def test_every_quote_stands_in_the_record_and_every_score_is_its_sum(serving):
    answer = recommendations_json(serving.recommend(Request(GOAL, 50)), "", "")
    reasons = 0
    for one in answer["recommendations"]:
        assert sum(one["contributions"].values()) == pytest.approx(one["score"], abs=1e-6)
        for reason in one["reasons"]:
            leaf = string_at(one["mentor"], reason["field"])
            assert leaf[reason["start"] : reason["end"]] == reason["quote"] != ""
            reasons += 1
    assert reasons >= 150


def test_a_filter_changes_no_score(serving):
    everybody = serving.recommend(Request(GOAL, 300)).recommendations
    scores = {one.mentor.id: one.score for one in everybody}
    filtered = serving.recommend(Request(GOAL, 40, filters=Filters(country=("SG",))))
    shared = [one for one in filtered.recommendations if one.mentor.id in scores]
    assert len(shared) >= 20
    assert all(one.score == scores[one.mentor.id] for one in shared)


def test_the_best_for_an_auditor_who_wants_into_venture_capital_say_so(serving):
    found = serving.recommend(Request(GOAL, 5)).recommendations
    words = [f"{one.mentor.headline} {one.mentor.bio}".lower() for one in found]
    assert sum("venture" in text or "audit" in text for text in words) >= 4


def test_it_recommends_clearly_better_than_whole_profiles(settings, judged):
    goals = read_judged_set(judged / "dev_goals.jsonl", judged / "dev_qrels.tsv")
    runs = runs_of(goals, settings)
    ours, whole = (means(per_goal(goals, runs[name])) for name in (OURS, WHOLE))
    print(f"condensed nDCG@10: {ours['condensed nDCG@10']:.3f}, baseline: {whole}")
    assert ours["condensed nDCG@10"] >= whole["condensed nDCG@10"] + 0.05
    assert ours["raw nDCG@10"] >= whole["raw nDCG@10"]


def test_replaying_a_request_gives_the_same_answer(serving):
    first, second = (serving.recommend(Request(GOAL, 20)) for _ in range(2))
    one, two = (recommendations_json(answer, "", "") for answer in (first, second))
    one.pop("recommendation_id")
    two.pop("recommendation_id")
    assert one == two
    assert np.isfinite([r["score"] for r in one["recommendations"]]).all()
