"""What is written for training must not be what measures: no texts of judged sets, no profiles.

Two texts overlap when they share as many words one after another as nobody writes by chance.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from models.errors import BadInput, SourceUnreadable

TOGETHER = 7  # words; idioms are shorter


def require_apart(texts: Iterable[str], measuring: Sequence[Path]) -> None:
    """Raises BadInput when one of `texts` repeats something in the files that measure.

    `measuring`: JSON Lines of goals or mentors; every string in them counts.
    """
    seen: dict[str, str] = {}
    for path in measuring:
        for number, text in _strings_of(path):
            for run in _runs(text):
                seen.setdefault(run, f"{path}, line {number}")
    for text in texts:
        for run in _runs(text):
            if run in seen:
                raise BadInput(
                    f"{text!r} repeats {run!r} of {seen[run]}, which measures the encoder: never "
                    f"train on it."
                )


def _runs(text: str) -> Iterator[str]:
    words = re.findall(r"\w+", text.lower())
    return (" ".join(words[at : at + TOGETHER]) for at in range(len(words) - TOGETHER + 1))


def _strings_of(path: Path) -> Iterator[tuple[int, str]]:
    try:
        for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), 1):
            if line.strip():
                yield from ((number, text) for text in _strings(json.loads(line)))
    except (OSError, ValueError) as error:
        raise SourceUnreadable(f"{path} cannot be read as JSON Lines: {error}.") from error


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)
