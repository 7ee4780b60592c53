"""The compiled encoder: the same model on OpenVINO, without torch or transformers.

`models.compiling` makes the files that this reads, once for a model, precision and kind of CPU.
Each query is encoded alone, so whatever else is asked cannot change its numbers. Passages go in
batches of like length; each batch takes one thread, and as many run side by side as there are
threads.
"""

import functools
import json
import logging
import os
import queue
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models.errors import EncoderUnavailable
from models.ports import Encoder
from models.stretches import ReadAlone, ReadInContext, placed
from models.weights import sha256_of

if TYPE_CHECKING:
    from openvino import CompiledModel, InferRequest
    from tokenizers import Encoding, Tokenizer

MODEL, WEIGHTS, TOKENIZER, REFERENCE = "model.xml", "model.bin", "tokenizer.json", "reference.npy"
MANIFEST = "manifest.json"
TOKENS = 1_024  # of one batch, padding included: fits the caches of a core
LEAST_COSINE = MappingProxyType({"f32": 0.99999, "bf16": 0.999, "int8": 0.95})
"""Cosine with the reference vectors below which a compiled encoder is refused, by precision."""

# Short and long, empty, upper case, other scripts, outer white space.
PROBES = (
    "I want to move from audit to venture capital. Who has done that?",
    "nurse",
    "  Helps engineers who lead a team for the first time \n to give feedback & to delegate.  ",
    "PRODUCT MANAGER | Fintech | ex-consultant",
    "Python, SQL, statistics, public speaking, négociation, Einkauf, 产品经理, управление 🚀",
    "",
    "After nine years in a hospital pharmacy she trained as a data analyst, and now runs the "
    "analytics of a chain of clinics; asks hard questions, and reads every draft of a CV.",
)
STRETCHES = ((0, 12), (12, 30))

Vectors = tuple[NDArray[np.float32], NDArray[np.float32]]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Compiled:
    """What the files of a compiled encoder say of themselves.

    `fingerprint`: of weights, modules, prompts and maximum, as `models.encoder` computes it.
    `query`, `document`: what is put before a text of either kind. `reads_stretches`: whether the
    mean of the vectors of some tokens is in the space. `files`: sha256 by name.
    """

    fingerprint: str
    dimension: int
    max_tokens: int
    query: str
    document: str
    reads_stretches: bool
    precision: str
    files: dict[str, str]


def openvino() -> ModuleType:
    """The runtime, without its reports of use, which it would send home when imported."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino as runtime

    module: ModuleType = runtime
    return module


@functools.cache
def core() -> Any:
    """The one `openvino.Core` of this process, which nothing may let go of before it ends.

    Its plugin for the CPU gives the thread that loads it a stack for signals, and frees that stack
    when the core is freed, on whatever thread that is: the next signal would then end the process
    with a segmentation fault.
    """
    return openvino().Core()


def capabilities() -> tuple[str, ...]:
    """What this CPU computes with, in the runtime's own words, such as BF16, FP32, INT8."""
    return tuple(sorted(core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")))


def engine(precision: str) -> str:
    """The runtime, the precision and what the CPU can do: one cache entry, one `runtime_id`."""
    version = openvino().__version__.split("-")[0]
    kinds = "-".join(kind.lower() for kind in capabilities() if kind in _KINDS)
    return f"openvino-{version}-{precision}-on-{kinds}"


_KINDS = frozenset({"BF16", "FP16", "FP32", "INT8"})


class CompiledEncoder:
    """The encoder whose files are in a folder; texts are read up to the model's maximum."""

    def __init__(self, folder: Path, space: str, *, threads: int | None = None) -> None:
        """Load it and compare its queries with the reference vectors; the rest was when made.

        `space`: what the space is called before the fingerprint and after it, with {} between.
        `threads`: None = as many as this process may use.

        Raises EncoderUnavailable when a file is missing or changed, or the vectors differ from
        the reference by more than the precision explains.
        """
        self._made = read_manifest(folder)
        self._folder = folder
        self._tokenizer = _tokenizer(folder, self._made.max_tokens)
        self._threads = threads or len(os.sched_getaffinity(0))
        # Passes side by side, each on one thread, do more than one pass on several; but a query
        # that nobody else waits beside is answered sooner on all of them, and gives the same bits.
        self._alone = Passes(
            compiled(folder / MODEL, self._made.precision, self._threads, passes=1)
        )
        self._several: Passes | None = None
        self._compiling = threading.Lock()
        self._querying: weakref.WeakSet[Begun] = weakref.WeakSet()
        self._counting = threading.Lock()
        self._bulk = ThreadPoolExecutor(self._threads, thread_name_prefix="encode")
        self.space_id = space.format(self._made.fingerprint)
        self.runtime_id = engine(self._made.precision)
        self.dimension = self._made.dimension
        self._compare(np.load(folder / REFERENCE, allow_pickle=False))

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Float32, shape (len(texts), dimension), unit rows; each text is encoded alone."""
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for i, read in enumerate(self._read(self._made.query, texts)):
            rows[i] = self._begun(read).outcome()[0]
        return rows

    def read_query(self, text: str) -> ReadAlone | ReadInContext:
        """As `models.ports.Encoder.read_query`; the model begins at once.

        Stretches are read in the context of the text by a model that pools by the mean.
        """
        if not self._made.reads_stretches:
            return ReadAlone(text, self.encode_queries)
        read = self._read(self._made.query, [text])[0]
        offsets = placed(read.offsets, text, self._made.query)
        return ReadInContext(text, self._begun(read).outcome, offsets, self.encode_queries)

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Float32, shape (len(texts), dimension), unit rows."""
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        tokens = [read.ids for read in self._read(self._made.document, texts)]
        batches = list(batches_of([len(one) for one in tokens], TOKENS))
        passes = self._beside()

        def encode(batch: NDArray[np.int64]) -> None:
            rows[batch] = passes.run([tokens[i] for i in batch])[0]

        if len(batches) == 1:
            encode(batches[0])
        else:
            list(self._bulk.map(encode, batches))
        return rows

    def _begun(self, read: "Encoding") -> "Begun":
        """One text on its way through the model."""
        begun = Begun(self._querying.discard)
        with self._counting:
            alone = not self._querying
            self._querying.add(begun)
        # Outside the lock: beginning takes milliseconds, and others must not wait for it.
        begun.wait = (self._alone if alone else self._beside()).begin([read.ids])
        return begun

    def _beside(self) -> "Passes":
        """Passes side by side; compiled when first wanted, as a single command never wants them."""
        with self._compiling:
            if self._several is None:
                path, threads = self._folder / MODEL, self._threads
                model = compiled(path, self._made.precision, threads, passes=threads)
                self._several = Passes(model)
            return self._several

    def _read(self, prompt: str, texts: Sequence[str]) -> list["Encoding"]:
        """The tokens of each text; says how many texts are longer than is read."""
        # White space around a text is no part of it, as sentence-transformers has it.
        found = self._tokenizer.encode_batch([prompt + text.strip() for text in texts])
        long = sum(bool(one.overflowing) for one in found)
        if long:
            log.warning(
                "%d of %d texts are longer than %d tokens and were read up to there.",
                long,
                len(texts),
                self._made.max_tokens,
            )
        return found

    def _compare(self, reference: NDArray[np.float32]) -> None:
        here = self.encode_queries(PROBES)
        there = reference[: len(PROBES)]
        least = float((here * there).sum(axis=1).min()) if here.shape == there.shape else 0
        if not least >= LEAST_COSINE[self._made.precision]:
            raise EncoderUnavailable(
                f"The compiled encoder differs from the reference on this machine (cosine "
                f"{least:.4f}, expected at least {LEAST_COSINE[self._made.precision]})."
            )


class Begun:
    """A query on its way; one that nobody waits for any more stops counting by itself."""

    wait: Callable[[], Vectors]

    def __init__(self, done: "Callable[[Begun], None]") -> None:
        self._done = done
        self._found: Vectors | None = None

    def outcome(self) -> Vectors:
        """Wait for the vector of the text, and those of its tokens."""
        if self._found is None:
            row, tokens = self.wait()
            self._found = row[0], tokens[0]
            self._done(self)
        return self._found


class Passes:
    """A model that any number of threads run."""

    def __init__(self, model: "CompiledModel") -> None:
        self._model = model
        self._idle: queue.SimpleQueue[InferRequest] = queue.SimpleQueue()

    def run(self, batch: Sequence[Sequence[int]]) -> Vectors:
        """Unit vectors of the texts, shape (n, dimension), and of tokens, (n, width, dimension)."""
        return self.begin(batch)()

    def begin(self, batch: Sequence[Sequence[int]]) -> Callable[[], Vectors]:
        """As `run`, begun; what is returned waits for it. Padding is masked: it changes nothing."""
        width = max(len(tokens) for tokens in batch)
        ids = np.zeros((len(batch), width), dtype=np.int64)
        mask = np.zeros((len(batch), width), dtype=np.int64)
        for i, tokens in enumerate(batch):
            ids[i, : len(tokens)] = tokens
            mask[i, : len(tokens)] = 1
        try:
            request = self._idle.get_nowait()
        except queue.Empty:
            request = self._model.create_infer_request()
        request.start_async({"input_ids": ids, "attention_mask": mask})

        def wait() -> Vectors:
            request.wait()
            found = (
                request.get_output_tensor(0).data.copy(),
                request.get_output_tensor(1).data.copy(),
            )
            self._idle.put(request)
            return found

        return wait


def probed(encoder: Encoder) -> NDArray[np.float32]:
    """What an encoder makes of the probes as queries, passages and stretches: unit rows."""
    stretches = [encoder.read_query(probe).rows(STRETCHES) for probe in PROBES]
    return np.concatenate(
        [encoder.encode_queries(PROBES), encoder.encode_passages(PROBES), *stretches]
    )


def batches_of(lengths: Sequence[int], most: int) -> Iterator[NDArray[np.int64]]:
    """Positions of texts, in batches of like length that have at most `most` tokens when padded.

    The longest come first, so that no long batch is left to the end while other threads idle.
    """
    order = np.argsort(-np.asarray(lengths, dtype=np.int64), kind="stable")
    first = 0
    while first < len(order):
        width = max(lengths[order[first]], 1)
        count = max(1, most // width)
        yield order[first : first + count]
        first += count


def read_manifest(folder: Path) -> Compiled:
    """What the files in `folder` are. Raises EncoderUnavailable where one is missing or changed."""
    try:
        made = Compiled(**json.loads((folder / MANIFEST).read_bytes()))
        changed = [name for name, sum_ in made.files.items() if sha256_of(folder / name) != sum_]
    except (OSError, ValueError, TypeError) as error:
        raise EncoderUnavailable(f"There is no compiled encoder in {folder}.") from error
    if changed:
        raise EncoderUnavailable(f"{folder / changed[0]} is damaged.")
    return made


def _tokenizer(folder: Path, max_tokens: int) -> "Tokenizer":
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def compiled(model: Any, precision: str, threads: int, *, passes: int) -> "CompiledModel":
    """An OpenVINO model, or the path of one, made ready for so many passes side by side."""
    options = {
        "INFERENCE_PRECISION_HINT": "f32" if precision == "int8" else precision,
        "NUM_STREAMS": passes,
        "INFERENCE_NUM_THREADS": threads,
        "ENABLE_CPU_PINNING": False,  # the cores are shared with searches and other processes
    }
    return core().compile_model(model, "CPU", options)
