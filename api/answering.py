"""One request answered, the same for every door."""

from typing import Any

from api.rendering import recommendations_json, similar_json, standing_json
from api.schemas import ExplainBody, RecommendationsBody
from api.signing import new_id
from api.wiring import Serving
from recommender.recommend import Request


def answer(serving: Serving, body: RecommendationsBody) -> dict[str, Any]:
    """The body of the answer. Raises BadGoals, BadFilter, BadCursor or CursorExpired."""
    found = serving.recommend(body.request(), body.version())
    id = new_id(serving.secret, [one.mentor.id for one in found.recommendations])
    return recommendations_json(found, body.digest(), id)


def explain(serving: Serving, body: ExplainBody) -> dict[str, Any]:
    """Where one mentor stands. Raises BadGoals, BadFilter, MentorNotFound or IndexBehind."""
    return standing_json(serving.explain(body.request(), body.mentor))


def similar(serving: Serving, id: str, limit: int) -> dict[str, Any]:
    """Mentors like one of them. Raises MentorNotFound or IndexBehind."""
    found = serving.similar(id, Request("", limit=limit))
    return similar_json(serving.recommender.index_version, found)
