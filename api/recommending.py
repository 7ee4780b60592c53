"""`mentors recommend`, one goal or a file of them, and `mentors explain`."""

import contextlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from api import screen
from api.answering import answer as answered
from api.answering import explain as explained
from api.schemas import ExplainBody, RecommendationsBody, what_is_wrong
from api.settings import Settings
from api.wiring import Serving
from models.errors import BadInput, MentorsError, SourceUnreadable
from recommender.goals import understand

_Form = TypeVar("_Form", bound=BaseModel)


def answer_one(goal: str, wanted: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """The answer to one goal, exactly as the HTTP endpoint gives it."""
    return answer_many([goal], wanted, settings)[0]


def answer_many(
    goals: Sequence[str], wanted: dict[str, Any], settings: Settings
) -> list[dict[str, Any]]:
    """The answers to several goals, with everything loaded once."""
    bodies = [_body({"goals": goal} | wanted, RecommendationsBody) for goal in goals]
    for body in bodies:
        understand(body.request().goals)  # a wrong goal is said before the model is loaded
    serving = Serving(settings)
    try:
        return [answered(serving, body) for body in bodies]
    finally:
        serving.close()


def explain_one(
    goal: str, mentor: str, wanted: dict[str, Any], settings: Settings
) -> dict[str, Any]:
    """Where one mentor stands for a goal, exactly as the HTTP endpoint gives it."""
    body = _body({"goals": goal, "mentor": mentor} | wanted, ExplainBody)
    understand(body.request().goals)  # a wrong goal is said before the model is loaded
    serving = Serving(settings)
    try:
        return explained(serving, body)
    finally:
        serving.close()


def answer_file(source: Path, target: Path, wanted: dict[str, Any], settings: Settings) -> None:
    """Answer every goal of a file of {"id", "text"} lines; a line of output a goal.

    Raises SourceUnreadable naming the first bad line, or BadInput naming the first bad goal;
    nothing is written then.
    """
    goals = [
        (id, _body({"goals": text} | wanted, RecommendationsBody))
        for id, text in read_goals(source)
    ]
    for id, body in goals:  # all before the first is answered, so that no half of a run is left
        with _naming(source, id):
            understand(body.request().goals)
    serving = Serving(settings)
    try:
        with screen.progress("recommending") as progress, _opened(target) as file:
            for done, (id, body) in enumerate(goals, start=1):
                with _naming(source, id):
                    answer = answered(serving, body)
                file.write(json.dumps({"id": id} | answer, ensure_ascii=False) + "\n")
                progress(done, len(goals))
    finally:
        serving.close()
    screen.say(f"{len(goals):,} answers are in {target}.")


@contextlib.contextmanager
def _naming(source: Path, id: str) -> Iterator[None]:
    """Say which goal of the file an error is about."""
    try:
        yield
    except MentorsError as error:
        raise BadInput(f"{source}, goal {id!r}: {error}") from error


def read_goals(source: Path) -> Iterator[tuple[str, str]]:
    """The id and text of each line. Raises SourceUnreadable."""
    try:
        # Not splitlines(): JSON strings may hold U+2028 and its like.
        lines = source.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceUnreadable(f"{source} cannot be read as UTF-8 text: {error}.") from error
    found = False
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        found = True
        try:
            goal = json.loads(line)
            if not isinstance(goal["text"], str):
                raise TypeError
            yield str(goal["id"]), goal["text"]
        except (ValueError, TypeError, KeyError) as error:
            raise SourceUnreadable(
                f'{source}, line {number}: expected {{"id": ..., "text": ...}}, got {line[:60]!r}.'
            ) from error
    if not found:
        raise SourceUnreadable(f'{source} is empty: expected lines of {{"id", "text"}}.')


def _opened(target: Path) -> Any:
    try:
        return target.open("w", encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{target} cannot be written: {error.strerror}.") from error


def _body(sent: dict[str, Any], form: type[_Form]) -> _Form:
    try:
        return form.model_validate(sent)
    except ValidationError as error:
        pointer, wrong = what_is_wrong(error.errors(include_url=False), sent)
        where = pointer.lstrip("/").replace("/", ".")
        raise BadInput(f"{where}: {wrong['msg'].lower()}, got {wrong['input']!r}.") from error
