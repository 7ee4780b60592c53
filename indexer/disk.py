"""Files that survive a power cut: written whole, synced, and made visible by a rename.

Only `os` is called here, and snapshots and rejects are written only from here, so a test can record
every step and replay each prefix of it.
"""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

ASIDE = ".aside"
"""How names end that are not meant to last: what a crash leaves under one can go."""

Piece = bytes | memoryview
Told = Callable[[Callable[[Piece], None]], None]
"""Content too large to be held twice: it is called with what takes its pieces in their order."""


def write(path: Path, content: Piece | Told) -> None:
    """Write a new file; when this returns its bytes are on disk (its name: `sync_folder`)."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)

    def put(piece: Piece) -> None:
        left = memoryview(piece)
        while left:  # one call writes at most 2 GiB
            left = left[os.write(handle, left) :]

    try:
        if callable(content):
            content(put)
        else:
            put(content)
        os.fsync(handle)
    finally:
        os.close(handle)


def replace(path: Path, content: bytes) -> None:
    """Make `content` the content of `path` in one step: a reader sees the old or the new."""
    aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}{ASIDE}")
    try:
        write(aside, content)
        os.replace(aside, path)
    except OSError:
        remove(aside)
        raise
    sync_folder(path.parent)


def rename(path: Path, target: Path) -> None:
    """Give a synced file or folder its name, for good."""
    os.replace(path, target)
    sync_folder(target.parent)


def make_folder(path: Path) -> None:
    """Make a folder and what is missing above it, each made known to its parent for good."""
    if os.path.isdir(path):
        return
    make_folder(path.parent)
    try:
        os.mkdir(path)
    except FileExistsError:
        if not os.path.isdir(path):
            raise
        return  # another process was faster
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Names made, renamed or removed in the folder are on disk when this returns."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove(path: Path) -> None:
    """Remove a file; no complaint when it is not there."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return


def remove_folder(path: Path) -> None:
    """Remove a folder, or a file in its place; no complaint when it is not there.

    It loses its name first, so that a crash leaves it whole or as something to be cleared away.
    """
    aside = path if path.name.endswith(ASIDE) else path.with_name(path.name + ASIDE)
    try:
        if aside != path:
            os.replace(path, aside)
        names = os.listdir(aside)
    except FileNotFoundError:
        return
    except NotADirectoryError:
        remove(aside)
        return
    for name in names:
        if os.path.isdir(aside / name):
            remove_folder(aside / name)
        else:
            remove(aside / name)
    os.rmdir(aside)
