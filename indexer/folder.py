"""The data folder: what lies where, and whether a folder is one of ours."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from indexer import disk
from indexer.addresses import Source
from indexer.rejects import Reject
from models.errors import BadInput, DataFolderForeign, NoIndex

DATABASE = "mentors.db"
ELSEWHERE = "STORE"  # the file in a folder whose mentors are in a database by URL
_SAID = (
    "The mentors of this folder are in a database by URL (MENTORS_STORE). The rest is made of it.\n"
)
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class DataFolder:
    """Paths below one data folder."""

    def __init__(self, root: Path, *, by_url: bool = False) -> None:
        """`by_url`: whether the mentors are in a database elsewhere, and only snapshots here."""
        self.root = root
        self._by_url = by_url

    def tenant(self, tenant: str) -> Path:
        """The folder of one tenant's snapshots. Raises BadInput for a name that is no name."""
        if not _TENANT.fullmatch(tenant):
            raise BadInput(
                f"The tenant {tenant!r} is no name: expected letters, digits, '.', '_' or '-', "
                f"beginning with a letter or digit."
            )
        return self.root / "tenants" / tenant

    def ensure_writable(self) -> None:
        """Make the folder when it is missing. Raises DataFolderForeign when it is not ours."""
        self._refuse_other_store()
        if self.root.is_dir() and any(self.root.iterdir()) and not self._is_ours():
            raise DataFolderForeign(
                f"{self.root} is not empty and has no {self._mark}: it belongs to something else; "
                f"name another folder with --data."
            )
        try:
            disk.make_folder(self.root)
            if self._by_url and not self._is_ours():
                disk.replace(self.root / ELSEWHERE, _SAID.encode())
        except OSError as error:
            raise DataFolderForeign(
                f"{self.root} cannot be made a data folder: {error.strerror}."
            ) from error

    def ensure_present(self, *, create: bool = False) -> None:
        """Raises NoIndex when there is no data folder here, DataFolderForeign when not ours.

        With `create` an empty folder will do. One whose mentors are elsewhere is made.
        """
        self._refuse_other_store()
        if self._by_url:
            self.ensure_writable()
            return
        if create and self.root.is_dir() and not any(self.root.iterdir()):
            return
        if not self.root.is_dir():
            raise NoIndex(
                f"There is no data folder at {self.root}: run 'mentors index FILE' first, or name "
                f"the right folder with --data or MENTORS_DATA."
            )
        if not self._is_ours():
            raise DataFolderForeign(
                f"{self.root} has no {DATABASE}: it is not a data folder of this program; name "
                f"the right one with --data or MENTORS_DATA."
            )

    def rejects_path(self, tenant: str, source: Source) -> Path:
        """The file that keeps the rejected records of a source."""
        # Files of one name in two folders keep a list each.
        place = hashlib.sha256(str(source.resolve()).encode()).hexdigest()[:8]
        return self._rejects(tenant) / f"{source.name[-150:]}.{place}.jsonl"

    def write_rejects(self, tenant: str, kept: Mapping[str, Sequence[Reject]]) -> None:
        """Make the rejects files those of `kept`: records by file name; any other file goes."""
        folder = self._rejects(tenant)
        wanted = {
            name: "".join(f"{one.line}\n" for one in found).encode() for name, found in kept.items()
        }
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.name not in wanted:
                disk.remove(path)
        for name, content in wanted.items():
            path = folder / name
            if not (path.is_file() and path.read_bytes() == content):
                disk.make_folder(folder)
                disk.replace(path, content)

    def rejects_are_tidy(self, tenant: str) -> bool:
        """Whether no half-written rejects file is left from a crash."""
        folder = self._rejects(tenant)
        return not folder.is_dir() or not any(
            path.name.endswith(disk.ASIDE) for path in folder.iterdir()
        )

    def _rejects(self, tenant: str) -> Path:
        return self.tenant(tenant) / "rejects"

    def has_store(self) -> bool:
        """Whether there is a database to be opened."""
        return self._by_url or self._is_ours()

    @property
    def _mark(self) -> str:
        return ELSEWHERE if self._by_url else DATABASE

    def _is_ours(self) -> bool:
        return (self.root / self._mark).is_file()

    def _refuse_other_store(self) -> None:
        """Snapshots of one database are no use to another, and nobody must index into the wrong."""
        if self._by_url and (self.root / DATABASE).is_file():
            raise DataFolderForeign(
                f"{self.root} has mentors of its own in {DATABASE}, and MENTORS_STORE names a "
                f"database elsewhere: name another folder with --data, or leave MENTORS_STORE out."
            )
        if not self._by_url and (self.root / ELSEWHERE).is_file():
            raise DataFolderForeign(
                f"The mentors of {self.root} are in a database by URL: set MENTORS_STORE to it, or "
                f"name another folder with --data."
            )
