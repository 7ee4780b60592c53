"""The client against a real server, and against one that fails on purpose."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from mentors_client import AsyncMentors, Event, Mentors, NotReached, Problem

from indexer.keys import SCOPES
from tests.api.conftest import add_mentors, new_key, serving_at
from tests.conftest import ROOT
from tests.fakes import RECORDS, table_encoder

GOAL = "I work in audit and want to move into venture capital"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    from api.settings import Settings

    settings = Settings(data=tmp_path_factory.mktemp("client"))
    add_mentors(settings, *RECORDS)
    key = new_key(settings, *SCOPES)
    with serving_at(settings, table_encoder) as client:
        yield str(client.base_url), key


@pytest.fixture
def mentors(server):
    with Mentors(*server) as client:
        yield client


def test_goals_are_answered(mentors):
    answer = mentors.recommend(GOAL, limit=2)
    assert next(one["mentor"]["id"] for one in answer["recommendations"]) == "auditor"
    assert answer["recommendations"][0]["reasons"][0]["quote"]


def test_goals_are_understood_and_mentors_lie_on_a_map(mentors):
    assert mentors.understand(GOAL)["goals"] == mentors.recommend(GOAL)["goals"]
    places = mentors.recommend(GOAL, limit=1, map=True)["map"]
    chart = mentors.chart()
    assert chart["map"] == places["map"]
    point = next(one for one in chart["points"] if one["mentor"] == "auditor")
    assert [point["x"], point["y"]] == places["mentors"][0]
    assert mentors.status()["mentors"] == len(RECORDS)


def test_pages_lead_through_everybody_once(mentors):
    pages = list(mentors.pages(GOAL, limit=1))
    found = [one["mentor"]["id"] for page in pages for one in page["recommendations"]]
    assert sorted(found) == ["auditor", "nurse", "teacher"]


def test_many_goals_are_answered_in_their_order(mentors):
    answers = list(mentors.recommend_many({"id": n, "goals": GOAL, "limit": 1} for n in range(5)))
    assert [answer["id"] for answer in answers] == list(range(5))
    (wrong,) = mentors.recommend_many([{"goals": ""}])
    assert wrong["problem"]["status"] == 422


def test_a_mentor_is_explained_and_has_others_alike(mentors):
    assert mentors.explain(GOAL, "auditor")["rank"] == 1
    assert len(mentors.similar("auditor", limit=2)["similar"]) == 2


@pytest.mark.parametrize("id", ["m-1", "ü-ß?#&x=y%2F;:"])
def test_a_mentor_is_added_changed_and_erased(mentors, id):
    assert mentors.put(id, {"bio": "Ship officer."}, new=True)["result"] == "added"
    record, etag = mentors.mentor(id)
    assert record["id"] == id
    assert mentors.patch(id, etag=etag, capacity=2)["result"] == "changed"
    with pytest.raises(Problem) as caught:
        mentors.patch(id, etag=etag, capacity=3)
    assert caught.value.status == 412
    assert caught.value.type == "urn:mentors:precondition-failed"
    assert caught.value.request_id
    assert mentors.delete(id)["result"] == "removed"
    with pytest.raises(Problem, match="There is no mentor"):
        mentors.mentor(id)


def test_many_changes_have_a_result_each(mentors):
    lines = [{"id": f"b{n}", "bio": "Nurse."} for n in range(20)]
    assert [one["result"] for one in mentors.bulk(lines)] == ["added"] * 20
    gone = mentors.bulk({"op": "delete", "id": f"b{n}"} for n in range(20))
    assert [one["result"] for one in gone] == ["removed"] * 20


def test_feedback_is_told(mentors):
    id = mentors.recommend(GOAL)["recommendation_id"]
    events = [Event("auditor", "shown"), Event("auditor", "rated", 5)]
    told = mentors.tell(id, events, goals=GOAL)
    assert [one["result"] for one in told["results"]] == ["recorded", "recorded"]


def test_a_wrong_goal_is_a_problem_with_a_pointer(mentors):
    with pytest.raises(Problem) as caught:
        mentors.recommend("")
    assert (caught.value.status, caught.value.pointer) == (422, "/goals")


def test_a_key_that_is_none_is_a_problem(server):
    with Mentors(server[0], "mk_no_key") as client, pytest.raises(Problem) as caught:
        client.recommend(GOAL)
    assert caught.value.status == 401


def test_the_async_client_has_the_same_calls(server):
    async def all_of_them():
        async with AsyncMentors(*server) as client:
            answer = await client.recommend(GOAL, limit=1)
            pages = [page async for page in client.pages(GOAL, limit=1)]
            many = [one async for one in client.recommend_many([{"goals": GOAL}] * 3)]
            rank = (await client.explain(GOAL, "auditor"))["rank"]
            alike = await client.similar("auditor", limit=1)
            await client.put("a", {"bio": "Nurse."}, new=True)
            _, etag = await client.mentor("a")
            await client.patch("a", etag=etag, capacity=1)
            bulk = [one async for one in client.bulk([{"id": "a", "bio": "Nurse now."}])]
            told = await client.tell(answer["recommendation_id"], [Event("auditor", "shown")])
            read = [one["mentor"] async for one in client.told()]
            erased = await client.erase_told(answer["recommendation_id"])
            assert (read[-1], erased) == ("auditor", 1)
            gone = await client.delete("a")
            with pytest.raises(Problem):
                await client.mentor("a")
            return len(pages), len(many), rank, len(alike["similar"]), bulk, told, gone

    pages, many, rank, alike, bulk, told, gone = asyncio.run(all_of_them())
    assert (pages, many, rank, alike) == (3, 3, 1, 1)
    assert bulk[0]["result"] == "changed"
    assert told["results"][0]["result"] == "recorded"
    assert gone["result"] == "removed"


def test_what_was_told_is_read_and_erased(mentors):
    id = mentors.recommend(GOAL)["recommendation_id"]
    mentors.tell(id, [Event("auditor", "rated", 4)], goals=GOAL)
    told = [one for one in mentors.told() if one["recommendation_id"] == id]
    assert [(one["mentor"], one["rating"], one["goals"]) for one in told] == [("auditor", 4, GOAL)]
    later = list(mentors.told(since=datetime.now(UTC).isoformat()))
    assert later == []
    assert mentors.erase_told(id) == 1
    assert id not in {one["recommendation_id"] for one in mentors.told()}


def test_both_clients_have_the_same_calls():
    def calls(kind):
        return {name for name in vars(kind) if not name.startswith("_")}

    assert calls(Mentors) == calls(AsyncMentors)


# --- a server that fails ---


class Failing:
    """Answers with each of `statuses` in turn, None being no answer; then 200."""

    def __init__(self, *statuses):
        self.statuses, self.keys = list(statuses), []

    def __call__(self, request):
        self.keys.append(request.headers.get("idempotency-key"))
        status = self.statuses.pop(0) if self.statuses else 200
        if status is None:
            raise httpx.ConnectError("refused")
        headers = {"retry-after": "0"} if status in (429, 503) else {}
        return httpx.Response(status, json={"detail": "No.", "id": "m"}, headers=headers)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr("mentors_client.clients._backoff", lambda _: 0.0)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("statuses", [(503,), (429, 503), (None,), (None, 503, 429)])
def test_what_passes_is_tried_again_under_the_same_idempotency_key(statuses):
    failing = Failing(*statuses)
    with Mentors("http://x", transport=httpx.MockTransport(failing)) as client:
        assert client.put("m", {"bio": "x"})["id"] == "m"
    assert len(failing.keys) == len(statuses) + 1
    assert len(set(failing.keys)) == 1
    assert failing.keys[0]

    failing = Failing(*statuses)

    async def change():
        transport = httpx.MockTransport(failing)
        async with AsyncMentors("http://x", transport=transport) as client:
            return await client.put("m", {"bio": "x"})

    assert asyncio.run(change())["id"] == "m"
    assert len(set(failing.keys)) == 1


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("status", "times"), [(503, 4), (500, 1), (422, 1), (404, 1)])
def test_what_does_not_pass_is_raised(status, times):
    failing = Failing(*[status] * 10)
    with (
        Mentors("http://x", transport=httpx.MockTransport(failing)) as client,
        pytest.raises(Problem, match=r"No\.") as caught,
    ):
        client.recommend(GOAL)
    assert caught.value.status == status
    assert len(failing.keys) == times


@pytest.mark.usefixtures("quick")
def test_no_answer_at_all_is_said_in_one_sentence():
    failing = Failing(*[None] * 10)
    with (
        Mentors("http://x", transport=httpx.MockTransport(failing)) as client,
        pytest.raises(NotReached, match=r"^No answer from http://x: refused$"),
    ):
        client.recommend(GOAL)


def test_a_proxy_s_page_is_a_problem_too():
    def page(_request):
        return httpx.Response(502, html="<h1>Bad gateway</h1>")

    with (
        Mentors("http://x", transport=httpx.MockTransport(page)) as client,
        pytest.raises(Problem, match="HTTP 502"),
    ):
        client.recommend(GOAL)


# --- alone ---


def test_the_client_imports_nothing_of_the_server():
    code = (
        "import sys, mentors_client; "
        "ours = {'api', 'indexer', 'recommender', 'models', 'evaluation', 'numpy', 'fastapi'}; "
        "sys.exit(str(ours & {m.split('.')[0] for m in sys.modules}) if "
        "ours & {m.split('.')[0] for m in sys.modules} else 0)"
    )
    environment = {"PYTHONPATH": str(ROOT / "client"), "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=Path("/"))


@pytest.mark.parametrize("readme", ["README.md", "client/README.md"])
def test_the_example_of_each_readme_runs(server, capsys, monkeypatch, readme):
    text = (ROOT / readme).read_text(encoding="utf-8")
    (code,) = [block.split("```")[0] for block in text.split("```python\n")[1:]]
    url, key = server
    assert code.count("http://127.0.0.1:8000") == 1
    monkeypatch.setenv("KEY", key)
    code = code.replace("http://127.0.0.1:8000", url).replace("mk_...", key)
    exec(compile(code, readme, "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert any("“" in line for line in lines)  # a summary quotes the mentor
