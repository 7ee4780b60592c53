"""The engine and those that are measured beside it: what indexes, what serves, what is asked."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from crowds import Crowd
from machine import ROOT
from servers import environment, foreign_environment, mentors

from models.weights import plain_model_folder

HERE = ROOT / "benchmarks"
LIMIT = 10  # mentors of an answer

OURS, PLAIN, WHOLE = "this engine", "plain", "one vector a mentor"
EVERY_CORE = f"{OURS}, a process a core"
CHROMA, TXTAI = "chromadb", "txtai"
NAMES = {
    OURS: "this engine, reasons quoted and summed",
    PLAIN: "plain: sentence-transformers, FAISS, FastAPI, best passage quoted",
    CHROMA: "chromadb, the same vectors, best passage quoted",
    TXTAI: "txtai, whole profiles, without explanation",
    WHOLE: "one vector a mentor in a flat index, no reasons",
}


@dataclass(frozen=True, slots=True)
class Contender:
    """Something that answers goals over HTTP.

    `index`: the command that makes `made`, None where nothing is to make; `body`: of a request for
    a goal; `most`: the largest crowd that it is asked to take in.
    """

    name: str
    index: Callable[[Crowd], list[str]]
    made: Callable[[Crowd], Path]
    serve: Callable[[Crowd], list[str]]
    env: Mapping[str, str]
    health: str
    path: str
    body: Callable[[str], str]
    most: int = 10_000_000


def ours(*, explain: bool = True, limit: int = LIMIT, workers: int = 1) -> Contender:
    return Contender(
        OURS if workers == 1 else EVERY_CORE,
        lambda crowd: mentors("index", crowd.file, "--data", crowd.data),
        lambda crowd: crowd.data,
        lambda crowd: mentors("serve", "--data", crowd.data, "--workers", workers),
        environment() | {"MENTORS_PATIENCE_S": "60"},  # like the others, it lets everybody wait
        "/health/ready",
        "/v1/recommendations",
        lambda goal: json.dumps({"goals": goal, "limit": limit, "explain": explain}),
    )


def others() -> dict[str, Contender]:
    """By name, those whose environments are installed; a line says who is left out."""
    found = {PLAIN: _script(PLAIN, "peer_plain.py", sys.executable, whole=False)}
    found[WHOLE] = _script(WHOLE, "peer_plain.py", sys.executable, whole=True)
    for name in (CHROMA, TXTAI):
        program = ROOT / f".venv-{name.removesuffix('db')}" / "bin" / "python"
        if not program.is_file():
            print(f"No {name} at {program}: it is left out.")
        elif name == CHROMA:
            # Its graph of ten times as many takes longer to build than anything else here.
            found[name] = _script(name, "peer_chroma.py", str(program), whole=False, most=10_000)
        else:
            found[name] = _script(name, "peer_txtai.py", str(program), whole=True, most=10_000)
    return found


def _script(
    name: str, script: str, program: str, *, whole: bool, most: int = 10_000_000
) -> Contender:
    def folder(crowd: Crowd) -> Path:
        return crowd.whole if whole else crowd.passages

    def command(what: str, crowd: Crowd) -> list[str]:
        return [program, str(HERE / script), what, str(folder(crowd))]

    file = {PLAIN: "vectors.npy", WHOLE: "vectors.npy", CHROMA: "chroma", TXTAI: "txtai"}[name]
    return Contender(
        name,
        lambda crowd: command("index", crowd),
        lambda crowd: folder(crowd) / file,
        lambda crowd: command("serve", crowd),
        foreign_environment() | {"PEER_MODEL": str(plain_model_folder())},
        "/count" if name == TXTAI else "/health",
        "/batchsearch" if name == TXTAI else "/recommend",
        _asks_txtai if name == TXTAI else _asks,
        most,
    )


def _asks(goal: str) -> str:
    return json.dumps({"goal": goal, "limit": LIMIT})


def _asks_txtai(goal: str) -> str:
    return json.dumps({"queries": [goal], "limit": LIMIT})
