"""`mentors recommend`: one goal, or a file of them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from api import screen
from api.rendering import recommendations_json
from api.schemas import RecommendationsBody
from api.settings import Settings
from api.wiring import Serving
from models.errors import BadInput, MentorsError, SourceUnreadable


def answer_one(goal: str, wanted: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """The answer to one goal, exactly as the HTTP endpoint gives it."""
    body = _body(goal, wanted)
    body.request("")  # a wrong goal or filter is said before the model is loaded
    serving = Serving(settings)
    try:
        return _answer(serving, body)
    finally:
        serving.close()


def answer_file(source: Path, target: Path, wanted: dict[str, Any], settings: Settings) -> None:
    """Answer every goal of a file of {"id", "text"} lines; a line of output a goal.

    Raises SourceUnreadable naming the first bad line; nothing is written then.
    """
    goals = [(id, _body(text, wanted)) for id, text in read_goals(source)]
    serving = Serving(settings)
    try:
        with screen.progress("recommending") as progress, _opened(target) as file:
            for done, (id, body) in enumerate(goals, start=1):
                try:
                    answer = _answer(serving, body)
                except MentorsError as error:
                    raise BadInput(f"{source}, goal {id!r}: {error}") from error
                file.write(json.dumps({"id": id} | answer, ensure_ascii=False) + "\n")
                progress(done, len(goals))
    finally:
        serving.close()
    screen.say(f"{len(goals):,} answers are in {target}.")


def read_goals(source: Path) -> Iterator[tuple[str, str]]:
    """The id and text of each line. Raises SourceUnreadable."""
    try:
        lines = source.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceUnreadable(f"{source} cannot be read as UTF-8 text: {error}.") from error
    found = False
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        found = True
        try:
            goal = json.loads(line)
            yield str(goal["id"]), str(goal["text"])
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


def _answer(serving: Serving, body: RecommendationsBody) -> dict[str, Any]:
    recommender = serving.recommender
    answer = recommender.recommend(body.request(recommender.index_version))
    return recommendations_json(answer, body.digest())


def _body(goal: str, wanted: dict[str, Any]) -> RecommendationsBody:
    try:
        return RecommendationsBody.model_validate({"goals": goal} | wanted)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"{where}: {first['msg'].lower()}, got {first['input']!r}.") from error
