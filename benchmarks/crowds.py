"""Mentors in any number, in folders that are kept: for the engine and for those beside it.

    FOLDER/<number>/mentors.jsonl     records (benchmarks/profiles.py)
    FOLDER/<number>/data              the engine's data folder
    FOLDER/<number>/passages          the same passages for others, a line each, with vectors.npy
    FOLDER/<number>/whole             one text a mentor, with vectors.npy

Few mentors are really embedded, by `mentors index`. For many, vectors are drawn from those of the
largest real crowd, with noise; all else goes its usual way. Above `CUT` mentors records are copies
of the first ones with other numbers in them, whose cutting into passages is known already.
"""

import argparse
import contextlib
import dataclasses
import functools
import hashlib
import itertools
import json
import random
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from machine import ROOT
from numpy.typing import NDArray
from profiles import Profiles
from servers import environment, free_gib, mentors, timed

import indexer.passages
from api.settings import Settings
from api.wiring import Indexing
from evaluation.baselines import whole_profile
from indexer.generations import Generations
from indexer.records import mentor_from
from models.encoder import packaged_space
from models.mentor import Mentor
from models.passage import Passage
from models.terms import Term

CUT = 100_000  # so many records are cut into passages; more are copies of them
AT_ONCE = 2_000  # mentors written together
SPREAD = 900  # numbers that profiles invent are at most that
NOISE = 0.02  # a dimension; two draws of one vector have a cosine of about 0.87
CHECKED = 997  # one copy in so many is really cut, and compared
RESERVE_GIB = 1.0  # of memory, for everybody else
_NUMBERED = ("headline", "bio", "experience", "skills")
_NUMBER = re.compile(r"\b\d+\b")
_DIMENSION = 384


@dataclasses.dataclass(frozen=True, slots=True)
class Crowd:
    """`size` mentors below `folder`, made from O*NET's `occupations` (a file)."""

    size: int
    folder: Path
    occupations: Path

    @property
    def here(self) -> Path:
        return self.folder / str(self.size)

    @property
    def data(self) -> Path:
        return self.here / "data"

    @property
    def passages(self) -> Path:
        return self.here / "passages"

    @property
    def whole(self) -> Path:
        return self.here / "whole"

    @property
    def file(self) -> Path:
        """The records, written when they are missing."""
        path = self.here / "mentors.jsonl"
        if not path.is_file():
            self.here.mkdir(parents=True, exist_ok=True)
            aside = path.with_suffix(".part")
            with aside.open("w", encoding="utf-8") as lines:
                lines.writelines(json.dumps(one) + "\n" for one in Cutting(self).records())
            aside.rename(path)
        return path


class Cutting:
    """The records of a crowd, and how they are cut; a copy's cutting is that of the first one."""

    def __init__(self, crowd: Crowd) -> None:
        self._profiles = Profiles(crowd.occupations)
        self._size = crowd.size
        self._copies = -(-crowd.size // CUT)
        # So many digits that those of all copies have as many: places in the text stay the same.
        self._shift = 9
        while self._shift + 1 + SPREAD * self._copies > 10 * (self._shift + 1):
            self._shift = 10 * self._shift + 9
        self._cut = functools.lru_cache(2 * AT_ONCE)(self._cut_anew)
        self._calls = itertools.count()

    def records(self) -> Iterator[dict[str, object]]:
        """Copies of one record stand together."""
        return (self._record(*divmod(n, self._copies)) for n in range(self._size))

    def _record(self, number: int, copy: int) -> dict[str, object]:
        record = self._profiles.record(number)
        if self._copies == 1:
            return record
        shift = self._shift + SPREAD * copy
        texts = {key: _renumbered(record[key], shift) for key in _NUMBERED}
        return record | texts | ({"id": f"{record['id']}v{copy}"} if copy else {})

    def passages(self, mentor: Mentor) -> tuple[Passage, ...]:
        """In place of `indexer.passages.passages`."""
        number, copy = _number_of(mentor.id)
        found = self._cut(number)[0]
        if not copy:
            return found
        copied = tuple(
            dataclasses.replace(
                one,
                text=_renumbered(one.text, SPREAD * copy),
                items=tuple(_renumbered(item, SPREAD * copy) for item in one.items),
            )
            for one in found
        )
        if next(self._calls) % CHECKED == 0:
            real = indexer.passages.passages(mentor)
            assert copied == real
        return copied

    def words(self, mentor: Mentor) -> Iterator[tuple[str, Term]]:
        """In place of `indexer.passages.words`."""
        number, copy = _number_of(mentor.id)
        for pointer, term in self._cut(number)[1]:
            changed = copy and term.stem.isdigit()
            yield (
                pointer,
                term._replace(stem=_renumbered(term.stem, SPREAD * copy)) if changed else term,
            )

    def _cut_anew(self, number: int) -> tuple[tuple[Passage, ...], list[tuple[str, Term]]]:
        mentor = mentor_from(self._record(number, 0))
        return _PASSAGES(mentor), list(_WORDS(mentor))


_PASSAGES, _WORDS = indexer.passages.passages, indexer.passages.words


@contextlib.contextmanager
def _known(cutting: Cutting) -> Iterator[None]:
    """Whoever cuts mentors within the block asks `cutting`."""
    modules = [module for name, module in sys.modules.items() if name.startswith("indexer.")]
    with contextlib.ExitStack() as changes:
        for module in modules:
            for name, real in (("passages", _PASSAGES), ("words", _WORDS)):
                if module is not indexer.passages and getattr(module, name, None) is real:
                    changes.enter_context(mock.patch.object(module, name, getattr(cutting, name)))
        yield


class Drawn:
    """An encoder that draws each vector from real ones, with noise; of the space they are of."""

    dimension = _DIMENSION

    def __init__(self, bank: NDArray[np.float32], space_id: str, runtime_id: str) -> None:
        self.space_id, self.runtime_id = space_id, runtime_id
        self._bank = bank
        self._chance = np.random.default_rng(5)

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = self._bank[self._chance.integers(0, len(self._bank), len(texts))]
        noise = self._chance.standard_normal(rows.shape, np.float32)
        rows = rows + np.float32(NOISE) * noise
        found: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return found

    encode_queries = encode_passages


def made(crowd: Crowd, real: Crowd) -> dict[str, Any]:
    """Make what is missing of the crowd; what `mentors status` says of it.

    `real`: the largest crowd that is really embedded. Raises MemoryError when the index needs more
    than there is.
    """
    marker = crowd.here / "made.json"
    code = _code()
    there = json.loads(marker.read_text()) if marker.is_file() else {}
    if there.get("code") != code or not crowd.data.is_dir():
        if crowd.size <= real.size:
            if there.get("space") != packaged_space():
                index(crowd, crowd.data)
            else:
                _in_child("index", crowd, real)
        else:
            made(real, real)
            _in_child("draw", crowd, real)
        marker.write_text(json.dumps({"code": code, "space": packaged_space()}))
    found = json.loads(_status(crowd))
    assert found["mentors"] == crowd.size
    assert found["changes_since_snapshot"] == 0
    return dict(found)


def exported(crowd: Crowd, real: Crowd) -> None:
    """Make what is missing of the crowd, and of what others take in."""
    made(crowd, real)
    if not (crowd.passages / "passages.jsonl").is_file():
        _in_child("export", crowd, real)


def index(crowd: Crowd, data: Path) -> float:
    """Seconds that `mentors index` takes, from a file of records to a new folder that is ready."""
    shutil.rmtree(data, ignore_errors=True)
    return timed(mentors("index", crowd.file, "--data", data), environment())[0]


def _status(crowd: Crowd) -> str:
    return timed(mentors("status", "--json", "--data", crowd.data), environment())[1]


def _in_child(what: str, crowd: Crowd, real: Crowd) -> None:
    """In a process of its own, so that its memory comes back, and cannot take everybody's."""
    command = [sys.executable, str(Path(__file__)), what, str(crowd.size), str(real.size)]
    command += [str(crowd.folder), str(crowd.occupations)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["killed"])[-1]
        if "MemoryError" in last or "bad_alloc" in last or done.returncode < 0:
            raise MemoryError(f"{what} {crowd.size:,}: {last}")
        sys.exit(f"{crowd.size:,} mentors could not be made ({what}): {done.stderr.strip()[-900:]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("draw", "index", "export"))
    parser.add_argument("size", type=int)
    parser.add_argument("real", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("occupations", type=Path)
    given = parser.parse_args()
    crowd, real = (Crowd(n, given.folder, given.occupations) for n in (given.size, given.real))
    most = int((free_gib() - RESERVE_GIB) * 1024**3)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    with _known(Cutting(crowd)):
        if given.what == "draw":
            draw(crowd, real)
        elif given.what == "index":
            publish_anew(Indexing(Settings(data=crowd.data)))
        else:
            export(crowd, drawn=crowd.size > real.size)


def draw(crowd: Crowd, real: Crowd) -> None:
    """The crowd's data folder, with drawn vectors; what is in the store already stays."""
    before = json.loads(_status(real))
    source = Indexing(Settings(data=real.data))
    ids = sorted(source.store.text_hashes(source.tenant))
    keys = {h for cut in source.store.cuts(source.tenant, ids).values() for h in cut.passages}
    bank = np.stack(list(source.store.vectors(before["encoder"], sorted(keys)).values()))
    source.close()
    encoder = Drawn(bank, before["encoder"], before["runtime"])
    indexing = Indexing(Settings(data=crowd.data), lambda _: encoder)
    if indexing.store.count(indexing.tenant) < crowd.size:
        records = map(mentor_from, Cutting(crowd).records())
        while some := list(itertools.islice(records, AT_ONCE)):
            indexing.writer.put(some)  # who is there already costs a comparison
    publish_anew(indexing)


def publish_anew(indexing: Indexing) -> None:
    """A snapshot made from the store as this program makes it."""
    Generations(indexing.folder.tenant(indexing.tenant)).drop_all()
    indexing.publish()
    indexing.close()


def export(crowd: Crowd, *, drawn: bool) -> None:
    """The passages and whole profiles for others; with the vectors where those are drawn."""
    indexing = Indexing(
        Settings(data=crowd.data), lambda _: Drawn(np.zeros((0, 1)), "", ""), adopt=False
    )
    store, tenant = indexing.store, indexing.tenant
    space = store.head(tenant).space_id
    for folder in (crowd.passages, crowd.whole):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    cutting = Cutting(crowd)
    found = (
        _opened(crowd.passages, store.count_passages(tenant)) if drawn else None,
        _opened(crowd.whole, crowd.size) if drawn else None,
    )
    aside = crowd.passages / "passages.part"
    first = number = 0
    with (
        aside.open("w", encoding="utf-8") as passages,
        (crowd.whole / "passages.jsonl").open("w", encoding="utf-8") as whole,
    ):
        ids = sorted(store.text_hashes(tenant))
        for begin in range(0, len(ids), AT_ONCE):
            some = ids[begin : begin + AT_ONCE]
            stored = store.read(tenant, some)
            cuts = store.cuts(tenant, some)
            keys = [key for id in some for key in cuts[id].passages]
            vectors = store.vectors(space, keys) if drawn else {}
            for id in some:
                mentor = stored[id].mentor
                for one in cutting.passages(mentor):
                    passages.write(json.dumps({"mentor": id, "text": one.text}) + "\n")
                whole.write(json.dumps({"mentor": id, "text": whole_profile(mentor)}) + "\n")
                if found[0] is not None and found[1] is not None:
                    rows = np.stack([vectors[key] for key in cuts[id].passages])
                    found[0][first : first + len(rows)] = rows
                    found[1][number] = rows.mean(axis=0) / np.linalg.norm(rows.mean(axis=0))
                    first, number = first + len(rows), number + 1
    indexing.close()
    aside.rename(crowd.passages / "passages.jsonl")


def _opened(folder: Path, rows: int) -> NDArray[np.float32]:
    shape = (rows, _DIMENSION)
    return np.lib.format.open_memmap(folder / "vectors.npy", "w+", np.float32, shape)


def _number_of(id: str) -> tuple[int, int]:
    number, _, copy = id[1:].partition("v")
    return int(number), int(copy or 0)


def _renumbered(value: Any, shift: int) -> Any:
    """The value with every number in its strings raised by `shift`; a year of start stays."""
    if isinstance(value, str):
        return _NUMBER.sub(lambda found: str(int(found[0]) + shift), value)
    if isinstance(value, list):
        return [_renumbered(one, shift) for one in value]
    return {k: v if k == "start" else _renumbered(v, shift) for k, v in value.items()}


def _code() -> str:
    """The code that makes an index of a store."""
    digest = hashlib.sha256()
    for path in sorted([*ROOT.glob("indexer/**/*.py"), *ROOT.glob("models/*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


class Goals:
    """Endless goals, no two alike: the sample ones, then wishes to go from one job to another."""

    _FORMS = (
        "I have worked as one of the {} for {} years and would like to become one of the {}.",
        "How does somebody who comes from {} after {} years find a way into {}?",
        "Looking for a person who has led {} for {} years or more and moved on to {}.",
        "I'm new among {}. In {} years I would like to be good at what {} do.",
    )

    def __init__(self, occupations: Path, seed: int = 1) -> None:
        samples = (ROOT / "examples" / "goals.jsonl").read_text(encoding="utf-8").splitlines()
        lines = occupations.read_text(encoding="utf-8").splitlines()
        self._titles = [json.loads(line)["title"] for line in lines]
        self._samples = iter([json.loads(line)["text"] for line in samples])
        self._chance, self._said = random.Random(seed), set[str]()

    def take(self, count: int) -> list[str]:
        """The next `count` goals."""
        found = list(itertools.islice(self._samples, count))
        while len(found) < count:
            one, other = self._chance.sample(self._titles, 2)
            text = self._chance.choice(self._FORMS).format(one, self._chance.randint(2, 30), other)
            if text not in self._said:
                self._said.add(text)
                found.append(text)
        return found


if __name__ == "__main__":
    main()
