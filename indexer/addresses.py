"""Where files of records lie: on this machine, or in a store that fsspec reads by address."""

import functools
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from models.errors import SourceUnreadable

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(://|::)")


@dataclass(frozen=True, slots=True)
class Address:
    """A file by its address, such as s3://bucket/mentors.parquet."""

    url: str

    def __str__(self) -> str:
        return self.url

    @property
    def name(self) -> str:
        return self.url.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        return Path(self.url.split("::", maxsplit=1)[0]).suffix

    def open(
        self,
        mode: str = "r",
        *,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
    ) -> IO[Any]:
        """As `Path.open`. Raises SourceUnreadable when whatever reads the scheme cannot."""
        try:
            filesystem, path = _located(self.url)
            opened: IO[Any] = filesystem.open(path, "rb")
        except FileNotFoundError:
            raise
        except Exception as error:  # every store has its own, and each its own packages
            raise SourceUnreadable(f"{self.url} cannot be read: {_said(error)}.") from error
        if "b" in mode:
            return opened
        return io.TextIOWrapper(opened, encoding=encoding, errors=errors, newline=newline)

    def size(self) -> int | None:
        """How many bytes it has; None where its store does not say."""
        try:
            filesystem, path = _located(self.url)
            size = filesystem.size(path)
        except Exception:  # noqa: BLE001 (only progress needs it; opening says what is wrong)
            return None
        return None if size is None else int(size)

    def resolve(self) -> "Address":
        """The same: an address is whole."""
        return self


Source = Path | Address
"""A file that is read from its beginning."""


def is_address(text: str) -> bool:
    """Whether this is an address and no path."""
    return _SCHEME.match(text) is not None


def source_of(text: str) -> Source:
    """The file that is called so."""
    return Address(text) if is_address(text) else Path(text)


def sources_of(text: str) -> list[Source]:
    """The files that are called so: an address may have `*` in it, which no shell replaces.

    Raises SourceUnreadable when no file fits, or the scheme cannot be read.
    """
    if not is_address(text) or "*" not in text:
        return [source_of(text)]
    try:
        filesystem, path = _located(text)
        found = [Address(filesystem.unstrip_protocol(one)) for one in sorted(filesystem.glob(path))]
    except Exception as error:  # as when one is opened
        raise SourceUnreadable(f"{text} cannot be read: {_said(error)}.") from error
    if not found:
        raise SourceUnreadable(f"{text} fits no file.")
    return list(found)


@functools.lru_cache(maxsize=8)
def _located(url: str) -> tuple[Any, str]:
    """The file system that has it, and its path there.

    Some file systems close their files when nobody holds them any more, so they are held here.
    """
    import fsspec

    filesystem, path = fsspec.core.url_to_fs(url)
    return filesystem, path


def _said(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")
