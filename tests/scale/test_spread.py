"""An import spread over a Ray cluster of several nodes comes to what it comes to in one process."""

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api import wiring
from api.indexing import IndexCommand
from api.settings import Settings
from api.spreading import Spreading
from indexer.addresses import Source, source_of
from indexer.mapping import ColumnMapping
from indexer.store import Store
from models.errors import BadInput, EncoderUnavailable, SourceUnreadable
from tests.conftest import ROOT
from tests.fakes import TableEncoder, words_named
from tests.needs import require
from tests.scale.spreading import FATAL, HELD, POISON, people, troubled

pytestmark = [
    pytest.mark.scale,
    pytest.mark.usefixtures("with_ray"),
    # Ray leaves files and sockets to the end of the process, and warns of its own future.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

SECONDS = 300  # how long anything is waited for before the test fails
OBJECTS = 100 << 20  # bytes of shared memory of a node


def patiently(start: Callable[[], Any]) -> Any:
    """What `start` starts; Ray waits half a minute for it, which on a busy machine is too short."""
    for _ in range(4):
        with contextlib.suppress(Exception):
            return start()
    return start()


class Nodes:
    """A cluster of one machine: a head that only coordinates, and nodes that work."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster

        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        head = {"num_cpus": 0, "object_store_memory": OBJECTS, "include_dashboard": False}
        self.cluster = patiently(lambda: Cluster(initialize_head=True, head_node_args=head))
        self.workers: list[Any] = []
        for _ in range(2):
            self.add()

    @property
    def address(self) -> str:
        return str(self.cluster.address)

    def add(self) -> None:
        room = {"num_cpus": 2, "object_store_memory": OBJECTS}
        self.workers.append(patiently(lambda: self.cluster.add_node(**room)))

    def remove(self, node_id: str) -> None:
        """Kill every process of a node, as when its machine fails."""
        node = next(one for one in self.workers if one.node_id == node_id)
        self.workers.remove(node)
        self.cluster.remove_node(node, allow_graceful=False)


@pytest.fixture(scope="module")
def with_ray() -> None:
    require("ray", ("ray", "pandas"))


@pytest.fixture(scope="module")
def nodes(with_ray: None) -> Iterator[Nodes]:
    nodes = Nodes()
    yield nodes
    nodes.cluster.shutdown()


@pytest.fixture
def ray_there(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> Nodes:
    """The cluster, which commands connect to."""
    monkeypatch.setenv("RAY_ADDRESS", nodes.address)
    return nodes


class Ran(NamedTuple):
    """What an import left behind."""

    all_taken: bool
    out: list[str]
    err: list[str]


@pytest.fixture
def index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ran]:
    """Indexes files into a data folder of the name given, spread or not."""

    def run(data: str, *files: object, spread: bool, **more: Any) -> Ran:
        monkeypatch.setattr(wiring, "default_encoder", words_named)
        sources: Sequence[Source] = [source_of(str(file)) for file in files]
        settings = Settings(data=tmp_path / data, cache=tmp_path / "cache")
        spreading = Spreading(actors=2) if spread else None
        command = IndexCommand(
            sources, "auto", ColumnMapping(), settings, spreading=spreading, **more
        )
        taken = command.run()
        said = capsys.readouterr()
        err = [line for line in said.err.splitlines() if not line.startswith("indexing: ")]
        return Ran(taken, said.out.splitlines(), err)

    return run


def write(path: Path, records: Sequence[object]) -> Path:
    lines = (one if isinstance(one, str) else json.dumps(one) for one in records)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def contents(data: Path) -> dict[str, list[str]]:
    """Every row of every table of a data folder, and every line of its rejects files."""
    with contextlib.closing(sqlite3.connect(data / "mentors.db")) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        rows = {
            name: sorted(map(repr, connection.execute(f"SELECT * FROM {name}")))
            for (name,) in names
        }
    kept = sorted((data / "tenants").glob("*/rejects/*"))
    return rows | {path.name: path.read_text(encoding="utf-8").splitlines() for path in kept}


def without_times(lines: Sequence[str]) -> list[str]:
    """The summary without the seconds and the memory, which differ from run to run."""
    return [
        line.partition(" in ")[0] + line.partition(" s: ")[2].partition(",")[0] for line in lines
    ]


def test_a_spread_import_comes_to_the_same_store_rejects_and_words(ray_there, index, tmp_path):
    some = people(730)
    broken = ['{"id": "half', {"id": "wordless"}, {"id": "odd", "bio": "Law.", "shoe": 7}]
    one = write(tmp_path / "one.jsonl", [*some[:340], *broken, *some[335:350]])
    rest = [record | {"capacity": 2} for record in some[348:]]
    pq.write_table(pa.Table.from_pylist(rest), tmp_path / "two.parquet")
    files = (one, tmp_path / "two.parquet")
    here, there = index("here", *files, spread=False), index("there", *files, spread=True)
    assert here.all_taken is there.all_taken is False
    assert without_times(there.out) == without_times(here.out)
    assert [line.rpartition(", ")[2] for line in there.out[:2]] == ["7 rejected", "2 rejected"]
    assert [line.replace("/there/", "/here/") for line in there.err] == here.err
    assert contents(tmp_path / "there") == contents(tmp_path / "here")
    assert len(contents(tmp_path / "there")["mentors"]) == 731


def test_what_changed_and_who_left_is_told_alike(ray_there, index, tmp_path):
    some = people(330)
    source = write(tmp_path / "mentors.jsonl", some)
    for data, spread in (("here", False), ("there", True)):
        index(data, source, spread=spread)
    some[7]["bio"] = "Now a nurse on a ward."
    some[8]["capacity"] = 4  # the words stay
    write(source, [*some[:300], {"id": "new", "bio": "I sail."}])
    here = index("here", source, spread=False, sync=True)
    there = index("there", source, spread=True, sync=True)
    assert without_times(there.out) == without_times(here.out)
    assert there.out[0].endswith("301 records, 1 added, 2 changed, 298 unchanged, 0 rejected")
    assert contents(tmp_path / "there") == contents(tmp_path / "here")


def test_files_are_read_by_address(ray_there, index, tmp_path):
    for name, part in (("a", people(120)[:60]), ("b", people(120)[60:])):
        write(tmp_path / f"{name}.jsonl", part)
    shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path, "b.jsonl")
    urls = (f"file://{tmp_path}/a.jsonl", f"zip://b.jsonl::file://{tmp_path}/packed.zip")
    assert index("there", *urls, spread=True).all_taken
    index("here", tmp_path / "a.jsonl", tmp_path / "b.jsonl", spread=False)
    assert contents(tmp_path / "there")["mentors"] == contents(tmp_path / "here")["mentors"]


def test_a_file_that_breaks_off_ends_the_import_and_what_was_before_it_stays(
    ray_there, index, tmp_path
):
    whole = write(tmp_path / "whole.jsonl", people(150))
    pq.write_table(pa.Table.from_pylist(people(300)), tmp_path / "torn.parquet")
    torn = (tmp_path / "torn.parquet").read_bytes()
    (tmp_path / "torn.parquet").write_bytes(torn[:400] + b"\xff" * 400 + torn[800:])
    after = write(tmp_path / "after.jsonl", [{"id": "after", "bio": "Law."}])
    with pytest.raises(SourceUnreadable, match=r"torn\.parquet is not a readable Parquet file"):
        index("there", whole, tmp_path / "torn.parquet", after, spread=True)
    store = Store.in_folder(tmp_path / "there")
    assert 150 <= store.count("default") < 450
    assert not store.read("default", ["after"])
    store.close()


def test_too_many_actors_are_refused_before_anything_is_written(
    ray_there, index, tmp_path, monkeypatch
):
    source = write(tmp_path / "mentors.jsonl", people(3))
    settings = Settings(data=tmp_path / "data", cache=tmp_path / "cache")
    for spreading, said in (
        (Spreading(actors=9), "Ray has 4 CPUs, which is room for 3 actors of 1 CPUs"),
        (Spreading(gpus=True), "Ray has 0 GPUs and 4 CPUs, which is room for 0 actors"),
    ):
        command = IndexCommand([source], "auto", ColumnMapping(), settings, spreading=spreading)
        with pytest.raises(BadInput, match=said):
            command.run()
    store = Store.in_folder(tmp_path / "data")
    assert store.head("default").sequence == 0
    store.close()


def test_a_worker_with_another_model_ends_the_import_with_one_sentence(
    ray_there, tmp_path, monkeypatch
):
    source = write(tmp_path / "mentors.jsonl", people(3))
    settings = Settings(data=tmp_path / "data", cache=tmp_path / "cache")
    monkeypatch.setattr(wiring, "default_encoder", partial(_here_and_there, os.getpid()))
    command = IndexCommand([source], "auto", ColumnMapping(), settings, spreading=Spreading(1))
    with pytest.raises(EncoderUnavailable, match=r"is of the space table-2, expected table-1"):
        command.run()


def test_a_record_that_kills_every_worker_is_given_up_in_the_end(ray_there, tmp_path, monkeypatch):
    source = write(tmp_path / "mentors.jsonl", people(300, at=(240, POISON)))
    settings = Settings(data=tmp_path / "data", cache=tmp_path / "cache")
    monkeypatch.setattr(wiring, "default_encoder", troubled)
    monkeypatch.setattr("indexer.spread.STALLED_S", 20)
    command = IndexCommand([source], "auto", ColumnMapping(), settings, spreading=Spreading(1))
    with pytest.raises(EncoderUnavailable, match=r"ended early \(ExecutionTimeoutError\)"):
        command.run()
    assert written(tmp_path / "data") == 200


def _here_and_there(here: int, _settings: Settings) -> TableEncoder:
    return TableEncoder("table-1" if os.getpid() == here else "table-2")


class Importer:
    """`mentors index --engine ray` in a process of its own, over the cluster."""

    def __init__(self, nodes: Nodes, folder: Path, source: Path) -> None:
        self.said = folder / "said.txt"
        names = ("index", source, "--data", folder / "data", "--engine", "ray", "--actors", "2")
        environment = {
            **os.environ,
            "RAY_ADDRESS": nodes.address,
            "MENTORS_CACHE": str(folder),
        }
        with self.said.open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.scale.spreading", *map(str, names)],
                cwd=ROOT,
                env=environment,
                stdout=said,
                stderr=said,
            )

    def ends(self) -> list[str]:
        """Wait until it has ended well; what it said."""
        status = self.process.wait(SECONDS)
        lines = self.said.read_text(encoding="utf-8").splitlines()
        assert status == 0, lines
        return lines


@pytest.fixture
def importing(nodes: Nodes, tmp_path: Path) -> Iterator[Callable[[Path], Importer]]:
    """Starts an import; one that is still running at the end of the test is killed."""
    with contextlib.ExitStack() as stack:

        def start(source: Path) -> Importer:
            one = Importer(nodes, tmp_path, source)
            stack.callback(one.process.wait)
            stack.callback(one.process.kill)
            return one

        yield start


def wait_until(holds: Callable[[], object]) -> None:
    deadline, pause = time.monotonic() + SECONDS, threading.Event()
    while not holds():
        assert time.monotonic() < deadline, "nothing happened before the deadline"
        pause.wait(0.05)


def written(data: Path) -> int:
    """How many mentors are there."""
    if not (data / "mentors.db").is_file():
        return 0
    store = Store.in_folder(data)
    try:
        return store.count("default")
    finally:
        store.close()


def test_a_killed_worker_loses_nothing(importing, index, tmp_path):
    source = write(tmp_path / "mentors.jsonl", people(1_000, at=(440, FATAL)))
    said = importing(source).ends()
    assert (tmp_path / "killed").exists()
    assert f"{source}: 1,000 records, 1,000 added, 0 changed, 0 unchanged, 0 rejected" in said
    index("here", source, spread=False)
    assert contents(tmp_path / "data") == contents(tmp_path / "here")


def test_a_killed_command_keeps_what_it_has_written_and_goes_on(importing, index, tmp_path):
    source = write(tmp_path / "mentors.jsonl", people(1_000, at=(640, HELD)))
    first = importing(source)
    wait_until(lambda: (tmp_path / "waiting").exists() and written(tmp_path / "data") == 600)
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    assert written(tmp_path / "data") == 600
    (tmp_path / "open").touch()
    said = importing(source).ends()
    assert f"{source}: 1,000 records, 400 added, 0 changed, 600 unchanged, 0 rejected" in said
    index("here", source, spread=False)
    assert contents(tmp_path / "data") == contents(tmp_path / "here")


def test_a_node_that_fails_in_the_middle_loses_nothing(importing, index, nodes, tmp_path):
    source = write(tmp_path / "mentors.jsonl", people(1_000, at=(640, HELD)))
    running = importing(source)
    wait_until(lambda: (tmp_path / "waiting").exists() and written(tmp_path / "data") == 600)
    nodes.remove((tmp_path / "waiting").read_text())
    (tmp_path / "open").touch()
    said = running.ends()
    nodes.add()
    assert f"{source}: 1,000 records, 1,000 added, 0 changed, 0 unchanged, 0 rejected" in said
    index("here", source, spread=False)
    assert contents(tmp_path / "data") == contents(tmp_path / "here")


def test_ray_says_nothing_and_sends_nothing(importing, tmp_path):
    said = importing(write(tmp_path / "mentors.jsonl", people(250))).ends()
    ours = ("indexing: ", f"{tmp_path / 'mentors.jsonl'}: ", "Indexed 250 mentors in ")
    assert [line for line in said if not line.startswith(ours)] == []


def mentors(*arguments: object) -> str:
    """What the command says; it must end well."""
    command = [str(Path(sys.executable).parent / "mentors"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What is recommended of the sample mentors after the usual import."""
    return recommended(tmp_path_factory.mktemp("usual"))


def recommended(folder: Path, *options: object) -> list[dict[str, Any]]:
    """Import the sample mentors with the real model, and recommend some for the sample goals."""
    mentors("index", ROOT / "examples" / "mentors.jsonl", "--data", folder / "data", *options)
    goals, run = ROOT / "examples" / "goals.jsonl", folder / "run.jsonl"
    mentors("recommend", "--goals", goals, "--output", run, "--data", folder / "data")
    answers = [json.loads(line) for line in run.read_text(encoding="utf-8").splitlines()]
    for answer in answers:
        del answer["recommendation_id"]
    return answers


@pytest.mark.slow
def test_one_actor_with_the_real_model_gives_the_same_bytes(usual, tmp_path):
    assert recommended(tmp_path, "--engine", "ray", "--actors", 1) == usual


@pytest.mark.slow
def test_several_actors_with_the_real_model_give_the_same_order(usual, tmp_path):
    """Their batches are composed otherwise, which moves last bits of bf16: see ADR 22."""
    spread = recommended(tmp_path, "--engine", "ray", "--actors", 2)
    order = [
        [[one["mentor"]["id"] for one in answer["recommendations"]] for answer in answers]
        for answers in (spread, usual)
    ]
    assert order[0] == order[1]
    scores = [
        [one["score"] for answer in answers for one in answer["recommendations"]]
        for answers in (spread, usual)
    ]
    assert scores[0] == pytest.approx(scores[1], abs=1e-4)
