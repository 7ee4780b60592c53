"""Goal texts with what a careful reader understands of them; `examples/goal_parts.md` says how."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ReadPart:
    """A stretch of the text; offsets count code points, end exclusive.

    `about` is wish, self or filler; `help` a kind of help, or None where the text tells none.
    """

    start: int
    end: int
    about: str
    help: str | None


@dataclass(frozen=True, slots=True)
class ReadGoal:
    """A text, its parts in order, and the codes of the hints its writer should get."""

    id: str
    text: str
    parts: tuple[ReadPart, ...]
    hints: frozenset[str]


def read_goal_texts(file: Path) -> list[ReadGoal]:
    """The texts of a JSON Lines file.

    Raises ValueError, naming file and line, when a part does not stand in its text.
    """
    lines = file.read_text(encoding="utf-8").splitlines()
    return [_goal(json.loads(line), f"{file.name}, line {i}") for i, line in enumerate(lines, 1)]


def _goal(record: dict[str, object], where: str) -> ReadGoal:
    text, at, parts = str(record["text"]), 0, []
    for part in record["parts"]:  # type: ignore[attr-defined]
        start = text.find(part["text"], at)
        if start < 0:
            raise ValueError(f"{where}: the part {part['text']!r} does not follow in its text.")
        at = start + len(part["text"])
        parts.append(ReadPart(start, at, part["about"], part["help"]))
    hints = frozenset(record["hints"])  # type: ignore[call-overload]
    return ReadGoal(str(record["id"]), text, tuple(parts), hints)
