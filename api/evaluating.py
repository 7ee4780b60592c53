"""`mentors eval`: the live index, or a run file, measured beside the baseline."""

import json
from pathlib import Path
from typing import Any

from api import screen
from api.settings import Settings
from api.wiring import Serving
from evaluation import baselines
from evaluation.judgments import JudgedSet, read_judged_set
from evaluation.measures import MEASURES, means, per_goal
from models.errors import SourceUnreadable
from recommender.eligibility import Filters
from recommender.recommend import MOST, Request

OURS = "this engine"


def evaluate(goals: Path, qrels: Path, run: Path | None, settings: Settings) -> dict[str, Any]:
    """Means of every measure, a row a system."""
    judged = read_judged_set(goals, qrels)
    runs = runs_of(judged, settings) if run is None else {run.name: read_run(run)}
    systems = [{"name": name} | means(per_goal(judged, found)) for name, found in runs.items()]
    return {
        "goals": len(judged.judged),
        "judgments": sum(len(judged.grades[goal]) for goal in judged.judged),
        "measures": list(MEASURES),
        "systems": systems,
    }


def runs_of(judged: JudgedSet, settings: Settings) -> dict[str, dict[str, list[str]]]:
    """The rankings of this engine and of the baseline, by the same encoder, for judged goals.

    Full mentors are ranked too: judgments are about fit, not about free places.
    """
    serving = Serving(settings)
    try:
        texts = {goal: judged.texts[goal] for goal in judged.judged}
        ours = {}
        with screen.progress("recommending") as progress:
            for done, (goal, text) in enumerate(texts.items(), start=1):
                request = Request(text, MOST, filters=Filters(available=None), explain=False)
                found = serving.recommend(request).recommendations
                ours[goal] = [one.mentor.id for one in found]
                progress(done, len(texts))
        _, mentors = serving.store.all(settings.tenant)
        whole = baselines.whole_profile_run(mentors, texts, serving.encoder, MOST)
    finally:
        serving.close()
    return {baselines.NAME: whole, OURS: ours}


def read_run(path: Path) -> dict[str, list[str]]:
    """Mentor ids by goal id from a file that `mentors recommend --goals` wrote."""
    try:
        # Not splitlines(): JSON strings may hold U+2028 and its like.
        lines = path.read_text(encoding="utf-8-sig").removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceUnreadable(f"{path} cannot be read as UTF-8 text: {error}.") from error
    found = {}
    for number, line in enumerate(lines, start=1):
        try:
            answer = json.loads(line)
            found[str(answer["id"])] = [
                str(one["mentor"]["id"]) for one in answer["recommendations"]
            ]
        except (ValueError, TypeError, KeyError) as error:
            raise SourceUnreadable(
                f"{path}, line {number}: expected a line that 'mentors recommend --goals' wrote, "
                f"got {line[:60]!r}."
            ) from error
    return found
