"""One request answered, the same for every door."""

from typing import Any

from api.rendering import recommendations_json, standing_json
from api.schemas import ExplainBody, RecommendationsBody
from api.wiring import Serving


def answer(serving: Serving, body: RecommendationsBody) -> dict[str, Any]:
    """The body of the answer. Raises BadGoals, BadFilter, BadCursor or CursorExpired."""
    found = serving.recommend(body.request(), body.version())
    return recommendations_json(found, body.digest())


def explain(serving: Serving, body: ExplainBody) -> dict[str, Any]:
    """Where one mentor stands. Raises BadGoals, BadFilter, MentorNotFound or IndexBehind."""
    return standing_json(serving.explain(body.request(), body.mentor))
