"""Commands on a data folder whose passages are searched in a Milvus."""

import json
import sys

import pytest

from api import cli, wiring
from api.settings import Settings
from api.wiring import Indexing, Serving
from indexer import bringing, remote
from indexer.milvus import owner_key
from models.errors import SearchUnavailable
from recommender.recommend import Request
from tests.fakes import RECORDS, mentors, words_named
from tests.remote.brought import Brought

GOAL = Request("audit venture capital", limit=3)


@pytest.fixture
def run(tmp_path, shared_milvus, monkeypatch, capsys):
    """Runs a command on the folder; its exit status and what it printed."""
    monkeypatch.setattr(wiring, "default_encoder", words_named)
    monkeypatch.setattr(bringing, "COMPACT_S", 5.0)
    monkeypatch.setattr(remote, "SHOWN_S", 0.0)  # else a command would search here
    monkeypatch.setenv("MENTORS_PASSAGES", f"{shared_milvus.url}/commands")
    monkeypatch.setenv("MENTORS_TENANT", tmp_path.name.replace("_", "-"))

    def ran(*arguments):
        monkeypatch.setattr(sys, "argv", ["mentors", *arguments, "--data", str(tmp_path / "data")])
        status = 0
        try:
            cli.main()
        except SystemExit as ended:
            status = int(ended.code or 0)
        return status, capsys.readouterr().out

    return ran


@pytest.fixture
def data(run, tmp_path):
    """The five mentors, indexed by the command."""
    file = tmp_path / "mentors.jsonl"
    file.write_text("\n".join(json.dumps(record) for record in RECORDS))
    assert run("index", str(file))[0] == 0
    return tmp_path / "data"


@pytest.fixture
def there(data):
    """What is in Milvus of the folder's tenant."""
    settings = Settings(data=data)
    encoder = words_named(settings)
    return Brought(data, settings.passages, encoder, tenant=settings.tenant)


def test_indexing_ends_when_milvus_has_everything(run, there):
    status = json.loads(run("status", "--json")[1])
    assert (status["not_brought"], status["search"].split(":")[0]) == (0, "Milvus at 127.0.0.1")
    assert there.is_exact()


def test_answers_are_byte_for_byte_those_without_milvus(run, data, monkeypatch):
    asked = ("recommend", "audit venture capital", "--json")
    with_milvus = json.loads(run(*asked)[1])
    monkeypatch.setenv("MENTORS_PASSAGES", "")
    without = json.loads(run(*asked)[1])
    for one in (with_milvus, without):
        assert one.pop("recommendation_id")
    assert with_milvus == without
    assert len(without["recommendations"]) == 3


def test_verify_names_what_milvus_lacks_and_repairs_it(run, there):
    assert run("verify")[0] == 0
    there.passages.delete(there.passages.keys_of([owner_key(there.tenant, "nurse")]))
    status, said = run("verify", "--json")
    assert status == 1
    assert json.loads(said)["problems"] == ["Mentors whose passages Milvus lacks: nurse."]
    status, said = run("verify", "--repair", "--json")
    assert (status, json.loads(said)["left"]) == (0, [])
    assert there.is_exact()


def test_an_erased_mentor_leaves_no_trace_in_milvus_either(run, there):
    status, said = run("erase", "nurse", "--prove")
    assert status == 0, said
    assert "no trace" in said
    assert there.passages.keys_of([owner_key(there.tenant, "nurse")]) == set()


def test_a_trace_in_milvus_is_found(run, there, monkeypatch):
    monkeypatch.setattr(bringing, "forget", lambda *_: True)
    monkeypatch.setattr(bringing.Bringer, "bring_all", lambda *_: None)
    status, said = run("erase", "nurse", "--prove")
    assert status == 1
    assert ": 2 traces." in said


def test_reembedding_fills_the_other_collection_before_the_index_moves(
    run, data, there, monkeypatch
):
    settle, seen = bringing.Bringer._settle, []

    def told(self, ids, **more):
        seen.append((self._vectors.space_id, self._store.head(self._tenant).space_id))
        return settle(self, ids, **more)

    monkeypatch.setattr(bringing.Bringer, "_settle", told)
    assert run("reembed", "--encoder", "words-2")[0] == 0
    assert ("words-2", "words-1") in seen
    moved = Brought(data, Settings().passages, words_named(Settings(encoder="words-2")),
                    tenant=there.tenant)  # fmt: skip
    assert moved.is_exact()
    assert moved.passages.served_from() == moved.passages.collection != there.passages.collection


def test_a_command_without_the_milvus_it_needs_says_so(run, data, monkeypatch):
    monkeypatch.setenv("MENTORS_PASSAGES", "milvus://127.0.0.1:9")
    assert run("recommend", "audit venture capital") == (2, "")
    serving = Serving(Settings(data=data), words_named)
    with pytest.raises(SearchUnavailable, match=r"^Milvus at 127.0.0.1:9: "):
        serving.recommend(GOAL)
    serving.close()


def test_what_was_written_without_milvus_is_brought_by_the_next_command(run, data, there):
    alone = Indexing(Settings(data=data, passages=""), words_named)
    alone.writer.put(mentors({"id": "later", "bio": "I sail ships."}))
    alone.publish()
    alone.close()
    assert json.loads(run("status", "--json")[1])["not_brought"] == 1
    indexing = Indexing(Settings(data=data), words_named)
    indexing.publish()
    indexing.close()
    assert there.is_exact()
