"""`mentors index --engine ray`: the Ray that an import runs on, and the encoders there."""

import contextlib
import importlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from filelock import FileLock

from api import wiring
from api.settings import Settings
from api.wiring import Indexing
from indexer.addresses import Source, is_address, sources_of
from indexer.mapping import ColumnMapping
from indexer.spread import READING_CPUS, Pool, Spread, blocks_of, marks_of
from models.encoder import SentenceTransformerEncoder
from models.errors import BadInput, EncoderUnavailable
from models.ports import Encoder
from models.weights import DEFAULT_MODEL

ENGINES = ("local", "ray")
ADDRESS = "RAY_ADDRESS"
_OBJECTS = 512 << 20  # bytes of shared memory for blocks under way, where Ray runs on this machine
_ENDING_S = 15.0
_PARKED = "Prefetcher"  # a thread of Ray Data that may stay, waiting for what never comes
_EXTRA = "--engine ray needs Ray: run pip install 'mentor-recommender[ray]'."
_WARM_UP = "I help nurses, welders and auditors to change careers."


@dataclass(frozen=True, slots=True)
class Spreading:
    """How an import is spread: `actors` that embed, None for as many as there is room for."""

    actors: int | None = None
    gpus: bool = False

    def ensure_possible(self) -> None:
        """Raises BadInput where Ray is not installed, or for no actor at all."""
        if self.actors is not None and self.actors < 1:
            raise BadInput(f"--actors {self.actors}: expected 1 or more.")
        _ray()

    @contextlib.contextmanager
    def over(
        self,
        sources: Sequence[Source],
        format: str,
        mapping: ColumnMapping,
        indexing: Indexing,
        settings: Settings,
    ) -> Iterator[Spread]:
        """What reads the files, on the Ray at $RAY_ADDRESS, else on one of this machine alone.

        Raises BadInput when Ray cannot be reached or has too little room for the actors.
        """
        threads = settings.threads or 1
        ray = _ray()
        with _connected(ray, self._wanted_here(threads)):
            pool = self._pool(ray.cluster_resources(), threads)
            name = settings.encoder or indexing.vectors.name or DEFAULT_MODEL
            chosen = settings.model_copy(
                update={"encoder": name, "threads": threads, "compile": True}
            )
            make = MakeEncoder(_on_gpu if self.gpus else wiring.default_encoder, chosen)
            marks = marks_of(indexing.store, indexing.tenant)
            space_id = indexing.vectors.space_id
            blocks = blocks_of(sources, format, mapping, marks, make, space_id, pool)
            with contextlib.closing(blocks):
                yield Spread(blocks, indexing.store, indexing.tenant, indexing.vectors)

    def _wanted_here(self, threads: int) -> int:
        """How many CPUs a Ray of this machine says it has: its shares, whatever the machine has."""
        cores = len(os.sched_getaffinity(0))
        return (self.actors or max(1, cores // threads)) * threads + 1

    def _pool(self, there: dict[str, float], threads: int) -> Pool:
        cpus, gpus = there.get("CPU", 0.0) - READING_CPUS, int(there.get("GPU", 0.0))
        room = max(0, int(cpus // threads))
        room = min(gpus, room) if self.gpus else room
        actors = self.actors or max(1, room)
        if actors > room:
            what = f"{gpus:,} GPUs and " if self.gpus else ""
            raise BadInput(
                f"Ray has {what}{cpus + READING_CPUS:g} CPUs, which is room for {room:,} actors of "
                f"{threads} CPUs beside what reads, not for {actors:,}: say --actors, or add "
                f"machines."
            )
        return Pool(actors, threads, int(self.gpus))


def spreading_by(engine: str, actors: int | None, *, gpus: bool) -> Spreading | None:
    """What the options of the command say; None for an import in one process."""
    if engine not in ENGINES:
        raise BadInput(f"--engine {engine!r}: expected one of {', '.join(ENGINES)}.")
    if engine == "ray":
        return Spreading(actors, gpus)
    if gpus or actors is not None:
        raise BadInput("--actors and --gpus go with --engine ray.")
    return None


def to_be_read(files: Sequence[str], spreading: Spreading | None) -> list[Source]:
    """The files by their names or, with Ray, addresses, in which `*` stands for anything."""
    for one in files:
        if spreading is None and is_address(one):
            raise BadInput(f"{one} is an address and no file: say --engine ray to read it.")
    return [source for one in files for source in sources_of(one)]


@dataclass(frozen=True, slots=True)
class MakeEncoder:
    """Makes the encoder in each actor; one at a time on a machine, as the first may compile it."""

    factory: Callable[[Settings], Encoder]
    settings: Settings

    def __call__(self) -> Encoder:
        self.settings.cache.mkdir(parents=True, exist_ok=True)
        with FileLock(self.settings.cache / "loading.lock"):
            encoder = self.factory(self.settings)
            encoder.encode_passages([_WARM_UP])
        return encoder


def _on_gpu(settings: Settings) -> Encoder:
    import torch

    if not torch.cuda.is_available():
        raise EncoderUnavailable(
            f"On the machine {os.uname().nodename} torch finds no GPU: install a torch with CUDA "
            f"there, or leave out --gpus."
        )
    return SentenceTransformerEncoder(settings.encoder, threads=settings.threads, device="cuda")


def _ray() -> ModuleType:
    """Ray, told to keep to itself: it sends no reports of use, and its log stays in its files."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        ray = importlib.import_module("ray")
        importlib.import_module("ray.data")
    except ImportError as error:
        raise BadInput(_EXTRA) from error
    data = logging.getLogger("ray.data")
    for handler in [one for one in data.handlers if isinstance(one, logging.StreamHandler)]:
        data.removeHandler(handler)
    return ray


@contextlib.contextmanager
def _connected(ray: ModuleType, cpus: int) -> Iterator[None]:
    if ray.is_initialized():  # by whoever runs this as a part of something larger
        yield
        return
    address = os.environ.get(ADDRESS)
    here = {} if address else {"num_cpus": cpus, "object_store_memory": _OBJECTS}
    try:
        with _without_stderr():
            ray.init(
                address=address or "local",  # not one that somebody else has begun here
                include_dashboard=None if address else False,
                log_to_driver=False,
                logging_level=logging.ERROR,
                **here,
            )
    except Exception as error:  # Ray raises a dozen types for what cannot be reached or begun
        where = f"at {address} (${ADDRESS})" if address else "on this machine"
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        raise BadInput(f"Ray {where} cannot be used: {reason}.") from error
    others = set(threading.enumerate())
    try:
        yield
    finally:
        # After an import that ended early a thread of Ray Data is at work for a moment, and if it
        # asks Ray for something when Ray is let go of, that ends this process.
        _wait_for(set(threading.enumerate()) - others)
        ray.shutdown()


def _wait_for(threads: set[threading.Thread]) -> None:
    end = time.monotonic() + _ENDING_S
    for thread in threads:
        if thread.name != _PARKED:
            thread.join(max(0.0, end - time.monotonic()))


@contextlib.contextmanager
def _without_stderr() -> Iterator[None]:
    """Ray's C++ part says on file descriptor 2 that it has been told to be quiet."""
    kept = os.dup(2)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
