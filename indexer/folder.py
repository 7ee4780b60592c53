"""The data folder: what lies where, and whether a folder is one of ours."""

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path

from models.errors import BadInput, DataFolderForeign, NoIndex

DATABASE = "mentors.db"
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class DataFolder:
    """Paths below one data folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

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
        if self.root.is_dir() and any(self.root.iterdir()) and not self._is_ours():
            raise DataFolderForeign(
                f"{self.root} is not empty and has no {DATABASE}: it belongs to something else; "
                f"name another folder with --data."
            )
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataFolderForeign(
                f"{self.root} cannot be made a data folder: {error.strerror}."
            ) from error

    def ensure_present(self) -> None:
        """Raises NoIndex when there is no data folder here, DataFolderForeign when not ours."""
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

    def keep_rejects(self, tenant: str, source: Path, rejects: Iterable[dict[str, object]]) -> Path:
        """Write the rejected records of one source; an earlier list for it is replaced.

        Returns the file, which is absent when there is no reject.
        """
        # Files of one name in two folders keep a list each.
        place = hashlib.sha256(str(source.resolve()).encode()).hexdigest()[:8]
        path = self.tenant(tenant) / "rejects" / f"{source.name}.{place}.jsonl"
        lines = [_line(reject) for reject in rejects]
        if lines:
            path.parent.mkdir(parents=True, exist_ok=True)
            text = "\n".join(lines) + "\n"
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
        else:
            path.unlink(missing_ok=True)
        return path

    def _is_ours(self) -> bool:
        return (self.root / DATABASE).is_file()


def _line(reject: dict[str, object]) -> str:
    try:
        return json.dumps(reject, ensure_ascii=False, default=str)
    except RecursionError:  # nested too deeply to be written as it came
        return json.dumps(reject | {"record": None}, ensure_ascii=False, default=str)
