"""`mentors feedback export`: events as lines, and as judgments that `mentors eval` takes.

What a mentee did says how useful the mentor was: the grade is that of the strongest event. Those
who were merely shown have grade 0 and are judged all the same: they were looked at and passed over.
"""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from api.places import folder_of, store_of
from api.settings import Settings
from api.telling_back import as_line
from indexer.feedback import Event, Feedback
from models.errors import BadInput

GRADES = {"shown": 0, "declined": 0, "opened": 1, "requested": 2, "accepted": 3}
_RATED = (0, 0, 1, 2, 3)  # by one to five stars


def export(settings: Settings, file: Path, goals: Path | None, qrels: Path | None) -> str:
    """Write the files; what they hold, in one sentence. Raises BadInput where one cannot be."""
    folder_of(settings).ensure_present()
    store = store_of(settings)
    asked: dict[str, str] = {}
    grades: dict[tuple[str, str], int] = {}
    count = 0
    try:
        with _opened(file) as lines:
            for event, said in Feedback(store.database).events(settings.tenant):
                lines.write(as_line(event, said).decode())
                count += 1
                if said is not None:
                    asked[event.recommendation] = said
                    at = event.recommendation, event.mentor
                    grades[at] = max(grades.get(at, 0), grade(event))
    finally:
        store.close()
    if goals is None or qrels is None:
        return f"{file} holds {count:,} events."
    with _opened(goals) as lines:
        for id, text in sorted(asked.items()):
            lines.write(json.dumps({"id": id, "text": text}, ensure_ascii=False) + "\n")
    with _opened(qrels) as lines:
        for (id, mentor), value in sorted(grades.items()):
            lines.write(f"{id}\t{mentor}\t{value}\n")
    return (
        f"{file} holds {count:,} events; {goals} and {qrels} {len(grades):,} judgments of "
        f"{len(asked):,} goals: those of recommendations whose goals were sent along."
    )


def grade(event: Event) -> int:
    """How useful the mentor was found, 0..3."""
    return GRADES.get(event.event, 0) if event.rating is None else _RATED[event.rating - 1]


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    try:
        file = path.open("w", encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}.") from error
    with file:
        yield file
