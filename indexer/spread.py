"""Files read and embedded by many processes, on one machine or many, with Ray Data.

Tasks read the files, others check the records and cut them into passages, and a pool of actors
embeds those; what they make of up to a hundred records is a block. The blocks come back, in the
order of the files, to the one process that holds the store. It alone decides who is new and which
ids came twice, and writes each block in one transaction.

Nothing but the mentors themselves says how far an import has come. Begun again, it tells the tasks
who is there with the same words, and those are neither cut nor embedded again.
"""

import hashlib
import logging
import os
import pickle
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.addresses import Source, source_of
from indexer.importing import Progress, ReadReport, Rejected
from indexer.mapping import ColumnMapping
from indexer.reading import RawRecord, read_records
from indexer.records import canonical_json, content_hash, mentor_from, text_hash, unknown_fields
from indexer.store import Change, Conflict, Cut, Known, Store
from indexer.vectors import CHUNK, Vectors
from indexer.writing import AT_ONCE, drafted, texts_of
from models.errors import (
    EncoderUnavailable,
    MentorsError,
    RecordRejected,
    SourceUnreadable,
    StoreUnavailable,
)
from models.mentor import Mentor
from models.ports import Encoder

BYTES = 1 << 20  # of raw records in one block at most; longer ones come alone
REMEMBERED = 20_000  # vectors of texts that an actor keeps: the same skills come again and again
READING_CPUS = 0.5  # of a task that reads; other than an actor's, else Ray makes one step of both
STALLED_S = 1800.0  # after which it is given up: a record may kill whatever reads it, every time
_TRIES = 10
_COLUMN = "block"

EncoderMaker = Callable[[], Encoder]
Marks = NDArray[np.uint64]
"""Sorted marks of the mentors whose words the store has; see `marks_of`."""


@dataclass(frozen=True, slots=True)
class Pool:
    """The actors that embed: how many, and what each of them takes of a machine."""

    actors: int
    cpus: int = 1
    gpus: int = 0


@dataclass(frozen=True, slots=True)
class Checked:
    """A record as a task has found it: a mentor to write, or why it is rejected.

    `cut` is None where the store has the words already.
    """

    line: int
    value: object
    mentor: Mentor | None = None
    record: str = ""
    text_hash: str = ""
    cut: Cut | None = None
    ignored: frozenset[str] = frozenset()
    pointer: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """What has become of some records of one file.

    `last`: the file ends here; `unreadable`: or breaks off, for this reason. `texts` are yet to be
    embedded, by key. `keys` are of those that have been: `rows`, float32 of shape (len(keys),
    dimension), are their vectors, by an encoder that runs on `runtime_id`. `failed`: why nothing
    could be embedded.
    """

    last: bool
    unreadable: str = ""
    records: int = 0
    checked: Sequence[Checked] = ()
    texts: Mapping[bytes, str] = field(default_factory=dict)
    keys: Sequence[bytes] = ()
    rows: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    runtime_id: str = ""
    failed: str = ""


class Spread:
    """Some files read one after the other; an id may come once in all of them.

    As `indexer.importing.Import`, whose results it has.
    """

    def __init__(
        self, blocks: Iterator[Block], store: Store, tenant: str, vectors: Vectors
    ) -> None:
        """`blocks`: of all files that will be read, in their order; see `blocks_of`."""
        self._blocks = blocks
        self._store = store
        self._tenant = tenant
        self._vectors = vectors
        self._seen: dict[str, tuple[str, int]] = {}

    def read(self, source: Source, progress: Progress) -> ReadReport:
        """Write the records of the next file; bad ones are reported and the others go on.

        Raises SourceUnreadable when the file cannot be read to its end, EncoderUnavailable when
        nothing can be embedded. What was written until then stays.
        """
        report, done = ReadReport(), 0
        for block in self._blocks:
            if block.failed:
                raise EncoderUnavailable(block.failed)
            report.records += block.records
            taken = [one for one in block.checked if self._is_taken(one, source, report)]
            for result in self._put(taken, block):
                setattr(report, result, getattr(report, result) + 1)
            done += block.records
            progress(done)
            if block.unreadable:
                raise SourceUnreadable(block.unreadable)
            if block.last:
                break
        if not report.records:
            raise SourceUnreadable(f"{source} holds no record: expected mentor records.")
        return report

    def _is_taken(self, one: Checked, source: Source, report: ReadReport) -> bool:
        pointer, problem = one.pointer, one.problem
        if one.mentor and one.mentor.id in self._seen:
            name, line = self._seen[one.mentor.id]
            pointer = "/id"
            problem = f"/id {one.mentor.id!r} was already in {name}, line {line}"
        if one.mentor is None or problem:
            report.rejects.append(Rejected(str(source), one.line, pointer, problem, one.value))
            return False
        report.ignored |= one.ignored
        self._seen[one.mentor.id] = (str(source), one.line)
        return True

    def _put(self, taken: Sequence[Checked], block: Block) -> Iterator[str]:
        """Write a block in one transaction; what that came to for each of its mentors."""
        mentors = {one.mentor.id: one for one in taken if one.mentor}
        given = dict(zip(block.keys, block.rows, strict=True))
        for _ in range(_TRIES):
            known = self._store.known(self._tenant, list(mentors))
            found = {id: _change(one, known.get(id)) for id, one in mentors.items()}
            changes = [change for change in found.values() if change is not None]
            try:
                if changes:
                    self._write(changes, given, block.runtime_id)
            except Conflict:
                continue
            return (_result(change, id in known) for id, change in found.items())
        raise StoreUnavailable("Other processes keep changing the same mentors: try again.")

    def _write(
        self,
        changes: Sequence[Change],
        given: dict[bytes, NDArray[np.float32]],
        runtime_id: str,
    ) -> None:
        encoder = self._vectors.encoder
        cuts = [change.cut for change in changes if change.cut is not None]
        keys = {key for cut in cuts for key in (*cut.passages, *cut.items)}
        cached = self._store.vectors(encoder.space_id, sorted(keys))
        fresh = {h: v for h, v in cached.items() if len(v) == encoder.dimension}
        new = {key: given[key] for key in keys - fresh.keys() if key in given}
        self._vectors.encoded += len(new)
        fresh |= new
        if lacking := keys - fresh.keys():
            # Somebody had these words when the tasks were told, and has others by now.
            texts = texts_of(drafted(change.mentor) for change in changes if change.cut)
            fresh |= self._vectors.by_key({key: texts[key] for key in lacking})
            given |= {key: fresh[key] for key in lacking}
        self._store.write(
            self._tenant,
            changes,
            encoder.space_id,
            runtime_id or encoder.runtime_id,
            fresh,
            self._vectors.name,
        )


def _change(one: Checked, known: Known | None) -> Change | None:
    """What to write, as `indexer.writing` has it, with the passages that a task has cut."""
    assert one.mentor
    if known and known.content_hash == content_hash(one.record):
        return None
    if known and known.text_hash == one.text_hash:
        return Change(one.mentor, one.record, None, known.revision)
    return Change(one.mentor, one.record, one.cut or drafted(one.mentor).cut)


def _result(change: Change | None, here: bool) -> str:
    if change is None:
        return "unchanged"
    return "changed" if here else "added"


def marks_of(store: Store, tenant: str) -> Marks:
    """A mark of each mentor of the tenant with the present words, to be sent to all tasks.

    Eight bytes each. Two that come to one mark cost an embedding in the wrong place, no more.
    """
    found = store.text_hashes(tenant)
    marks = np.fromiter((_mark(id, text) for id, (_, text) in found.items()), np.uint64, len(found))
    return np.sort(marks)


def _mark(id: str, text: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{id}\n{text}".encode(), digest_size=8).digest())


def _is_marked(marks: Marks, mark: int) -> bool:
    at = int(np.searchsorted(marks, np.uint64(mark)))
    return at < len(marks) and int(marks[at]) == mark


def blocks_of(
    sources: Sequence[Source],
    format: str,
    mapping: ColumnMapping,
    marks: Marks,
    make: EncoderMaker,
    space_id: str,
    pool: Pool,
) -> Generator[Block]:
    """Read, check, cut and embed the files on the Ray that this process is connected to.

    `make` makes an encoder of the space `space_id` in each actor. Raises EncoderUnavailable when
    Ray gives up.
    """
    import ray

    context = ray.data.DataContext.get_current()
    context.target_max_block_size = 1  # a block of ours is one of Ray's
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.execution_no_progress_timeout_s = STALLED_S
    context.execution_options.preserve_order = True
    rows = [{"source": str(source)} for source in sources]
    dataset = (
        ray.data.from_items(rows, override_num_blocks=len(rows))
        .flat_map(
            read_some, fn_kwargs={"format": format, "mapping": mapping}, num_cpus=READING_CPUS
        )
        .map(_check, fn_args=(ray.put(marks),), num_cpus=pool.cpus)
        .map(
            Embedding,
            fn_constructor_args=(make, space_id),
            compute=ray.data.ActorPoolStrategy(size=pool.actors),
            num_cpus=pool.cpus,
            num_gpus=pool.gpus,
        )
    )
    try:
        for table in dataset.iter_batches(
            batch_size=None, batch_format="pyarrow", prefetch_batches=0
        ):
            for packed in table[_COLUMN]:
                yield pickle.loads(packed.as_py())  # noqa: S301 (our own actors packed it)
    except (ray.exceptions.RayError, ray.data.exceptions.ExecutionTimeoutError) as error:
        logging.getLogger(__name__).debug("Ray gave up", exc_info=True)
        raise EncoderUnavailable(
            f"Embedding on Ray ended early ({type(error).__name__}): what was written stays, and "
            f"the same command goes on from there."
        ) from error


def _packed(block: Any) -> dict[str, bytes]:
    return {_COLUMN: pickle.dumps(block, pickle.HIGHEST_PROTOCOL)}


def read_some(
    row: dict[str, str], format: str, mapping: ColumnMapping
) -> Iterator[dict[str, bytes]]:
    """The records of a file as they stand there, some at a time."""
    some: list[bytes] = []
    unreadable = ""
    try:
        for raw in read_records(source_of(row["source"]), format, mapping):
            one = pickle.dumps(raw, pickle.HIGHEST_PROTOCOL)
            if some and (len(some) == AT_ONCE or sum(map(len, some)) + len(one) > BYTES):
                yield _packed((False, "", some))
                some = []
            some.append(one)
    except SourceUnreadable as error:
        unreadable = str(error)
    except Exception as error:  # noqa: BLE001 (a store of files raises anything when it fails)
        unreadable = f"{row['source']} breaks off ({type(error).__name__}: {error})."
    yield _packed((True, unreadable, some))


def _check(row: Mapping[str, bytes], marks: Any) -> dict[str, bytes]:
    """Mentors of the records, with the passages of those whose words are new."""
    import ray

    known: Marks = ray.get(marks)
    last, unreadable, packed = pickle.loads(row[_COLUMN])  # noqa: S301 (packed above)
    texts: dict[bytes, str] = {}
    raws = map(pickle.loads, packed)
    checked = [checked_of(raw, known, texts) for raw in raws]
    return _packed(Block(last, unreadable, len(checked), checked, texts))


def checked_of(raw: RawRecord, known: Marks, texts: dict[bytes, str]) -> Checked:
    """What a record is; `texts` takes what is to be embedded of it, by key."""
    if raw.problem:
        return Checked(raw.line, raw.value, pointer=raw.pointer, problem=raw.problem)
    try:
        mentor = mentor_from(raw.value)
    except RecordRejected as error:
        return Checked(raw.line, raw.value, pointer=error.pointer, problem=str(error))
    words = text_hash(mentor)
    cut = None
    if not _is_marked(known, _mark(mentor.id, words)):
        draft = drafted(mentor)
        cut = draft.cut
        texts |= draft.texts
    ignored = unknown_fields(raw.value)
    return Checked(raw.line, raw.value, mentor, canonical_json(mentor), words, cut, ignored)


class Embedding:
    """An actor: an encoder, loaded once, and the texts it has lately embedded."""

    def __init__(self, make: EncoderMaker, space_id: str) -> None:
        self._recent: dict[bytes, NDArray[np.float32]] = {}
        self._encoder: Encoder | None = None
        self._failed = ""
        try:
            encoder = make()
            if encoder.space_id != space_id:
                raise EncoderUnavailable(
                    f"On the machine {os.uname().nodename} the encoder is of the space "
                    f"{encoder.space_id}, expected {space_id}: install the same version there."
                )
            self._encoder = encoder
        except MentorsError as error:
            self._failed = str(error)
        except Exception as error:  # noqa: BLE001 (a runtime that cannot be loaded raises anything)
            self._failed = (
                f"On the machine {os.uname().nodename} no encoder can be loaded "
                f"({type(error).__name__}: {error})."
            )

    def __call__(self, row: Mapping[str, bytes]) -> dict[str, bytes]:
        """The block with the vectors of its texts."""
        block: Block = pickle.loads(row[_COLUMN])  # noqa: S301 (packed by a task of ours)
        if not block.texts:
            return _packed(block)
        try:
            return _packed(self._embedded(block))
        except MentorsError as error:
            return _packed(replace(block, failed=str(error)))

    def _embedded(self, block: Block) -> Block:
        if self._encoder is None:
            raise EncoderUnavailable(self._failed)
        texts = block.texts
        # Texts of like length together, as where one process does it all.
        missing = sorted((h for h in texts if h not in self._recent), key=lambda h: len(texts[h]))
        known = {h: self._recent[h] for h in texts if h in self._recent}
        for first in range(0, len(missing), CHUNK):
            some = missing[first : first + CHUNK]
            rows = self._encoder.encode_passages([texts[h] for h in some])
            known |= zip(some, rows, strict=True)
        self._recent |= known
        for key in list(self._recent)[: max(0, len(self._recent) - REMEMBERED)]:
            del self._recent[key]
        return replace(
            block,
            texts={},
            keys=list(known),
            rows=np.stack(list(known.values())),
            runtime_id=self._encoder.runtime_id,
        )
