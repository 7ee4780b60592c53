"""Recommendations on real profiles, with Milvus and without, where a judged set is at hand."""

import statistics
import time

import pytest

from api.indexing import IndexCommand
from api.settings import Settings
from api.wiring import Indexing, Serving
from evaluation.fairness import DEPTH, rbo
from evaluation.judgments import read_judged_set
from indexer.mapping import ColumnMapping
from recommender.recommend import Request

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def settings(judged, tmp_path_factory):
    chosen = Settings(data=tmp_path_factory.mktemp("real"))
    assert IndexCommand([judged / "mentors.jsonl"], "auto", ColumnMapping(), chosen).run()
    return chosen


@pytest.fixture(scope="module")
def pair(settings, shared_milvus):
    """The same folder served without Milvus, and with it."""
    elsewhere = settings.model_copy(update={"passages": f"{shared_milvus.url}/real"})
    indexing = Indexing(elsewhere)
    indexing.publish()
    indexing.close()
    both = [Serving(settings), Serving(elsewhere)]
    while not both[1].remote.has(both[1].follower.index.sequence):
        time.sleep(0.1)
        both[1].remote.look()
    yield both
    for serving in both:
        serving.close()


def test_the_first_ten_of_every_goal_are_those_without_milvus(pair, judged, capsys):
    goals = read_judged_set(judged / "dev_goals.jsonl", judged / "dev_qrels.tsv").texts
    orders, took = [], []
    for serving in pair:
        began = time.perf_counter()
        found = {
            goal: serving.recommend(Request(text, DEPTH)).recommendations
            for goal, text in goals.items()
        }
        took.append((time.perf_counter() - began) / len(goals))
        orders.append({goal: [one.mentor.id for one in ten] for goal, ten in found.items()})
    here, there = orders
    overlaps = [rbo(here[goal], there[goal]) for goal in goals]
    with capsys.disabled():
        print(
            f"\nmeasured: {len(goals)} goals, first {DEPTH}: rank-biased overlap (p = 0.9) mean "
            f"{statistics.mean(overlaps):.4f}, least {min(overlaps):.4f}; "
            f"{sum(here[goal] == there[goal] for goal in goals)} orders equal; "
            f"{1000 * took[0]:.0f} ms an answer with FAISS, {1000 * took[1]:.0f} with Milvus"
        )
    assert statistics.mean(overlaps) >= 0.99
    assert min(overlaps) >= 0.9
