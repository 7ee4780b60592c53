"""The snapshots of one tenant: which is live, which came before, and what may go.

    <tenant folder>/CURRENT             the name of the live snapshot
    <tenant folder>/snapshots/<name>/   the name begins with the sequence

A snapshot is written aside, synced, renamed to its name and made live by replacing CURRENT, so
whatever happens the old or the new one is live, whole. Only one process at a time may write here
(`indexer.keeping`).
"""

import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from indexer import disk
from indexer.snapshot import Content, Snapshot, write

_NAME = re.compile(r"[0-9]{12,}-[0-9a-f]{8}")


class Generations:
    """The snapshots below one tenant's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._snapshots = folder / "snapshots"

    def path(self, name: str) -> Path:
        """The folder of a snapshot."""
        return self._snapshots / name

    def live(self) -> str | None:
        """The name of the live snapshot; None when there is none or it cannot be told."""
        name = self._current()
        return name if name and self.path(name).is_dir() else None

    def names(self) -> list[str]:
        """The snapshots to try, best first: the live one, then the others from newest to oldest.

        The live one is named even when its folder is missing, so that this can be said.
        """
        current = self._current()
        others = sorted(self._found(), key=sequence_of, reverse=True)
        return ([current] if current else []) + [name for name in others if name != current]

    def publish(
        self, snapshot: Snapshot, sections: Mapping[str, Mapping[str, Content]] | None = None
    ) -> str:
        """Write the snapshot and make it live. Raises OSError; the old one stays live then."""
        name = f"{snapshot.sequence:012d}-{secrets.token_hex(4)}"
        aside = self.path(name + disk.ASIDE)
        try:
            write(snapshot, aside, sections)
            disk.rename(aside, self.path(name))
        except OSError:
            disk.remove_folder(aside)
            raise
        disk.replace(self.folder / "CURRENT", name.encode())
        return name

    def tidy(self, removed_at: int, sequence: int | None = None) -> None:
        """Keep the live snapshot and the one before; drop what is older, half-written or aside.

        The one before goes too when somebody was removed after it, at `removed_at`: it still has
        their text. One that is ahead of the store's `sequence` is of another history.
        """
        kept = self._wanted(removed_at, sequence)
        for path in self._entries(self._snapshots):
            if path.name not in kept:
                disk.remove_folder(path)
        for path in self._entries(self.folder):
            if path.name.endswith(disk.ASIDE):
                disk.remove(path)
        for folder in (self._snapshots, self.folder):
            if folder.is_dir():
                disk.sync_folder(folder)

    def drop_all(self) -> None:
        """Drop every snapshot; the index is rebuilt from the store then."""
        disk.remove(self.folder / "CURRENT")
        for path in self._entries(self._snapshots):
            disk.remove_folder(path)

    def is_tidy(self, removed_at: int, sequence: int | None = None) -> bool:
        """Whether `tidy` has nothing to do and nobody who was removed is in any snapshot."""
        here = {path.name for path in self._entries(self._snapshots)}
        aside = any(path.name.endswith(disk.ASIDE) for path in self._entries(self.folder))
        return not aside and here == self._wanted(removed_at, sequence)

    def oldest(self) -> int:
        """The sequence of the oldest snapshot kept; 0 when there is none."""
        return min(map(sequence_of, self._found()), default=0)

    def _wanted(self, removed_at: int, sequence: int | None) -> set[str]:
        newest = [name for name in self.names() if self.path(name).is_dir()][:2]
        fresh = {name for name in newest if sequence_of(name) >= removed_at}
        return {name for name in fresh if sequence is None or sequence_of(name) <= sequence}

    def _current(self) -> str | None:
        try:
            name = (self.folder / "CURRENT").read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            return None
        return name if _NAME.fullmatch(name) else None

    def _found(self) -> list[str]:
        return [p.name for p in self._entries(self._snapshots) if _NAME.fullmatch(p.name)]

    @staticmethod
    def _entries(folder: Path) -> list[Path]:
        return list(folder.iterdir()) if folder.is_dir() else []


def sequence_of(name: str) -> int:
    """The sequence at which the snapshot of this name stands."""
    return int(name.partition("-")[0])
