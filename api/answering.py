"""One request answered, the same for every door."""

from typing import Any

from api.rendering import recommendations_json
from api.schemas import RecommendationsBody
from api.wiring import Serving


def answer(serving: Serving, body: RecommendationsBody) -> dict[str, Any]:
    """The body of the answer. Raises BadGoals, BadFilter, BadCursor or CursorExpired."""
    found = serving.recommend(body.request(), body.version())
    return recommendations_json(found, body.digest())
