"""A disk that remembers every step, and what a power cut after each of them may leave.

What is written is only sure to be there after its file was synced, and a name only after its folder
was. Everything else may have reached the disk or not, in part or whole.
"""

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


class RecordingOs:
    """Passes every call on to `os` and keeps a list of those that change the disk."""

    def __init__(self) -> None:
        self.steps: list[tuple] = []
        self._open: dict[int, str] = {}

    def __getattr__(self, name: str) -> object:
        return getattr(os, name)

    def open(self, path, flags, mode=0o777):
        handle = os.open(path, flags, mode)
        self._open[handle] = str(path)
        if flags & os.O_CREAT:
            self.steps.append(("create", str(path)))
        return handle

    def write(self, handle, content):
        written = os.write(handle, content)
        self.steps.append(("write", self._open[handle], bytes(content[:written])))
        return written

    def fsync(self, handle):
        os.fsync(handle)
        self.steps.append(("sync", self._open[handle]))

    def close(self, handle):
        os.close(handle)
        del self._open[handle]

    def replace(self, source, target):
        os.replace(source, target)
        self.steps.append(("rename", str(source), str(target)))

    def mkdir(self, path, *mode):
        os.mkdir(path, *mode)
        self.steps.append(("mkdir", str(path)))

    def unlink(self, path):
        os.unlink(path)
        self.steps.append(("remove", str(path)))

    def rmdir(self, path):
        os.rmdir(path)
        self.steps.append(("remove", str(path)))


@dataclass
class _File:
    now: bytes = b""
    sure: bytes = b""


@dataclass
class _Folder:
    now: dict[str, object] = field(default_factory=dict)
    sure: dict[str, object] = field(default_factory=dict)


class Disk:
    """Files and folders below one root, each as it is and as it is sure to be."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._top = self._taken(root)

    def _taken(self, path: Path) -> object:
        if path.is_file():
            content = path.read_bytes()
            return _File(content, content)
        inside = {entry.name: self._taken(entry) for entry in path.iterdir()}
        return _Folder(dict(inside), dict(inside))

    def apply(self, step: tuple) -> None:
        kind, path, *more = step
        folder, name = self._parent(path)
        if kind == "create":
            folder.now[name] = _File()
        elif kind == "mkdir":
            folder.now[name] = _Folder()
        elif kind == "write":
            folder.now[name].now += more[0]
        elif kind == "remove":
            del folder.now[name]
        elif kind == "rename":
            target, new = self._parent(more[0])
            target.now[new] = folder.now.pop(name)
        else:
            node = folder.now[name] if name else self._top
            node.sure = dict(node.now) if isinstance(node, _Folder) else node.now

    def _parent(self, path: str) -> tuple[_Folder, str]:
        relative = Path(path).relative_to(self._root)
        folder = self._top
        for part in relative.parts[:-1]:
            folder = folder.now[part]
        return folder, relative.name

    def left_in(self, target: Path, chance: random.Random | None) -> None:
        """Make `target` what a power cut leaves: only what is sure, or by chance some more."""
        self._leave(self._top, target, chance)

    def _leave(self, node: object, target: Path, chance: random.Random | None) -> None:
        if isinstance(node, _File):
            content = node.sure
            if chance and chance.random() < 0.5:
                content = node.now[: chance.randint(0, len(node.now))]
                content = content if node.sure != node.now else node.now
            target.write_bytes(content)
            return
        target.mkdir()
        entries = dict(node.sure)
        if chance:  # any of the names made or removed since may have reached the disk
            for name in sorted(node.now.keys() ^ node.sure.keys() | _changed(node)):
                if chance.random() < 0.5:
                    entries.pop(name, None)
                    if name in node.now:
                        entries[name] = node.now[name]
        for name, inside in entries.items():
            self._leave(inside, target / name, chance)


def _changed(folder: _Folder) -> set[str]:
    return {
        name
        for name in folder.now.keys() & folder.sure
        if folder.now[name] is not folder.sure[name]
    }


def power_cuts(
    before: Disk, steps: list[tuple], folder: Path, seed: int
) -> Iterator[tuple[int, Path]]:
    """For each number of steps done, folders as a power cut right then may leave them."""
    chance = random.Random(seed)
    for done in range(len(steps) + 1):
        for variant in range(3):
            target = folder / f"{done}-{variant}"
            before.left_in(target, chance if variant else None)
            yield done, target
        if done < len(steps):
            before.apply(steps[done])
