"""Where the time of one request goes, and how far the encoder and the scans are from the machine.

    python limits.py --judged FOLDER [--pools FOLDER] [--sizes N ...]

Takes the crowds that `make bench` has left. A request runs in this process, alone, with ten mentors
and their reasons; goals are those of the examples, then O*NET's titles, each asked once.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from crowds import Crowd, Goals
from machine import ROOT, stamp
from occupations import OCCUPATIONS

import recommender.recommend
from api import answering, json_response
from api.schemas import RecommendationsBody
from api.settings import Settings
from api.wiring import Serving
from indexer.dense import FaissPassageIndex
from models.compiled import MODEL, CompiledEncoder, core, openvino
from models.compiling import Compiler
from models.weights import DEFAULT_MODEL
from recommender.paging import Pages

OUT = ROOT / "benchmarks" / "limits.md"
GOALS = 200
WARM = 50
TEXTS = 32  # of one batch of passages: about as many tokens as the engine puts together
SIDE = 2_048  # of the square matrices whose product is the peak
READ = 512 * 1024 * 1024  # bytes read once through to time the memory
REPEATS = 30

# What is timed: where it is looked up, its name there, and what it is called in the report.
STAGES: tuple[tuple[Any, str, str], ...] = (
    (recommender.recommend, "begun", "neutral text, tokens, the encoder set going"),
    (recommender.recommend, "understand", "the goal understood, the encoder running beside"),
    (recommender.recommend, "named", "mentors who use its words, the encoder running beside"),
    (recommender.recommend, "candidates", "mentors near in meaning"),
    (recommender.recommend, "score", "candidates scored"),
    (Pages, "page", "ten mentors read from the store"),
    (recommender.recommend, "explain", "their reasons"),
    (recommender.recommend, "tell", "the reasons told in sentences"),
    (answering, "recommendations_json", "the answer put together"),
)
WAITING, BYTES = "the rest of the encoder waited for, and all else", "the answer as bytes"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judged", type=Path, required=True, help="folder with O*NET")
    parser.add_argument("--pools", type=Path, default=ROOT / "build" / "crowds")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 100_000, 1_000_000])
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    crowds = [Crowd(size, given.pools, given.judged / OCCUPATIONS) for size in given.sizes]
    crowds = [crowd for crowd in crowds if crowd.data.is_dir()]
    stages = {crowd.size: stages_of(crowd) for crowd in crowds}
    lines = [
        "# Where the time goes\n",
        f"{stamp()}\n",
        f"Made by `make bench-limits` after `make bench`. {_about()}\n",
        *_stages(stages),
        *_encoder(),
        *_scans(crowds),
    ]
    given.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(given.out.read_text(encoding="utf-8"))


def _about() -> str:
    """What this module says of itself, without how to call it."""
    first, _, *others = (__doc__ or "").strip().split("\n\n")
    return " ".join(" ".join([first, *others]).split())


# --- a request ---


def stages_of(crowd: Crowd) -> dict[str, float]:
    """Milliseconds of each stage, the median over goals; and of the whole."""
    serving = Serving(Settings(data=crowd.data))
    took: list[dict[str, float]] = []
    now: dict[str, float] = {}
    kept = [(owner, name, getattr(owner, name)) for owner, name, _ in STAGES]
    for owner, name, title in STAGES:
        setattr(owner, name, _timed(getattr(owner, name), title, now))
    try:
        serving.warm_up()
        for goal in Goals(crowd.occupations).take(WARM + GOALS):
            body = RecommendationsBody.model_validate({"goals": goal})
            now.clear()
            began = time.perf_counter()
            answer = answering.answer(serving, body)
            answered = time.perf_counter()
            json_response.Json(answer)
            ended = time.perf_counter()
            rest = answered - began - sum(now.values())
            took.append(now | {WAITING: rest, BYTES: ended - answered, "all": ended - began})
    finally:
        for owner, name, function in kept:
            setattr(owner, name, function)
        serving.close()
    counted = took[WARM:]
    return {name: 1000 * statistics.median(one[name] for one in counted) for name in counted[0]}


def _timed(function: Callable[..., Any], title: str, now: dict[str, float]) -> Callable[..., Any]:
    def timed(*arguments: Any, **named: Any) -> Any:
        began = time.perf_counter()
        try:
            return function(*arguments, **named)
        finally:
            now[title] = now.get(title, 0.0) + time.perf_counter() - began

    return timed


def _stages(stages: dict[int, dict[str, float]]) -> Iterator[str]:
    sizes = list(stages)
    yield "## One request\n"
    yield "| milliseconds, median, at so many mentors |" + "".join(f" {s:,} |" for s in sizes)
    yield "|---|" + "---|" * len(sizes)
    order = [title for _, _, title in STAGES]
    order[3:3] = [WAITING]
    for title in [*order, BYTES, "all"]:
        yield f"| {title} |" + "".join(f" {stages[s].get(title, 0.0):.2f} |" for s in sizes)
    yield "\nOver HTTP `benchmarks/speed.md` adds the server, the client and idle caches.\n"


# --- the encoder ---


def _encoder() -> Iterator[str]:
    compiler = Compiler(Settings().cache)
    folder = compiler.folder(DEFAULT_MODEL)
    encoder = compiler.make(DEFAULT_MODEL)
    assert folder is not None
    assert isinstance(encoder, CompiledEncoder)
    weights = _weights(folder)
    peak = _peak(compiler.precision)
    yield "## The encoder\n"
    yield (
        f"{weights:,} weights in products of matrices, so twice as many operations a token; those "
        f"of attention come on top and are left out. The peak is that of a product of two "
        f"{SIDE:,}-square matrices in {compiler.precision} by the same runtime, on all cores: "
        f"{peak / 1e9:,.0f} billion operations a second.\n"
    )
    yield f"| {encoder.runtime_id} | milliseconds | billion operations a second | of the peak |"
    yield "|---|---|---|---|"
    word = "mentor "
    for title, count, length in (
        ("a query of 20 tokens", 1, 20),
        ("a query of 40 tokens", 1, 40),
        ("a query of 80 tokens", 1, 80),
        (f"a batch of {TEXTS} passages of 30 tokens a core", TEXTS, 30),
    ):
        texts = [word * (length - 2)] * count
        if count == 1:
            seconds = _median(lambda texts=texts: encoder.encode_queries(texts))
            tokens = length
        else:
            many = texts * 8
            seconds = _median(lambda many=many: encoder.encode_passages(many)) / 8
            tokens = count * length
        rate = 2 * weights * tokens / seconds
        yield (
            f"| {title} | {1000 * seconds:.2f} | {rate / 1e9:,.0f} | {100 * rate / peak:.0f} % |"
        )
    yield ""


def _weights(folder: Path) -> int:
    """The numbers that are multiplied with every token."""
    found = 0
    for operation in core().read_model(folder / MODEL).get_ops():
        if operation.get_type_name() == "MatMul":
            node = operation.input_value(1).get_node()
            while node.get_type_name() == "Convert":
                node = node.input_value(0).get_node()
            if node.get_type_name() == "Constant":
                found += int(np.prod(operation.input_value(1).get_partial_shape().to_shape()))
    return found


def _peak(precision: str) -> float:
    """Operations a second of a large product of matrices."""
    runtime = openvino()
    import openvino.opset13 as ops

    given = ops.parameter([SIDE, SIDE], np.float32)
    other = ops.constant(np.random.default_rng(1).normal(size=(SIDE, SIDE)).astype(np.float32))
    model = runtime.Model([ops.matmul(given, other, False, False)], [given])
    hint = "f32" if precision == "int8" else precision
    compiled = core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": hint})
    request, matrix = compiled.create_infer_request(), np.ones((SIDE, SIDE), np.float32)
    request.set_input_tensor(runtime.Tensor(matrix, shared_memory=True))
    return 2 * SIDE**3 / _median(request.infer)


# --- the scans ---


def _scans(crowds: list[Crowd]) -> Iterator[str]:
    numbers = np.ones(READ // 8, dtype=np.int64)
    bandwidth = READ / _median(numbers.max, 10)
    del numbers
    yield "## Reading passages\n"
    yield (
        f"One core reads {bandwidth / 1e9:.1f} GB a second from memory. A search of all passages "
        f"cannot take less than reading them; through lists it reads some of them, in 8 bits.\n"
    )
    yield "| mentors | passages | bytes of all | reading all | nearest 500 |"
    yield "|---|---|---|---|---|"
    for crowd in crowds:
        serving = Serving(Settings(data=crowd.data))
        try:
            segments = serving.follower.index.segments
            dense: FaissPassageIndex = max((s.dense for s in segments), key=lambda one: one.size)
            goals = serving.encoder.encode_queries(Goals(crowd.occupations).take(REPEATS))
            spent = []
            for goal in goals:
                began = time.perf_counter()
                dense.top(goal[None], 501)
                spent.append(time.perf_counter() - began)
            size = dense.vectors.nbytes
            how = "through lists" if dense.lists else "all read"
            yield (
                f"| {crowd.size:,} | {dense.size:,} | {size / 1e6:,.0f} MB | "
                f"{1000 * size / bandwidth:.1f} ms | {1000 * statistics.median(spent):.2f} ms, "
                f"{how} |"
            )
        finally:
            serving.close()
    yield ""


def _median(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Seconds."""
    spent = []
    for _ in range(repeats + 3):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return statistics.median(spent[3:])


if __name__ == "__main__":
    main()
