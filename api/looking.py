"""Routes of whoever is still looking: goals as they are understood, and the map of the mentors."""

import hashlib
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Response

from api.desk import Asked, asks
from api.json_response import Json
from api.rendering import map_json, understood_json
from api.schemas import GoalsBody, MapAnswer, UnderstoodAnswer
from recommender import goals

router = APIRouter(tags=["Recommendations"])


@router.post("/v1/goals", response_model=UnderstoodAnswer)
async def understand(body: GoalsBody, asked: Annotated[Asked, Depends(asks("recommend"))]) -> Any:
    """Understand goals without recommending: their parts, the help they ask for, and hints."""
    text = goals.joined(body.goals)
    understood = await asked.desk.read(partial(goals.understand, text))
    return Json(understood_json(understood))


@router.get(
    "/v1/map",
    response_model=MapAnswer,
    responses={304: {"description": "It is as If-None-Match has it."}},
)
async def chart(
    asked: Annotated[Asked, Depends(asks("recommend"))],
    if_none_match: Annotated[str | None, Header(description="An ETag.")] = None,
) -> Response:
    """The mentors with a free place as points of a plane: who is near is often alike, not always.

    Points may move when mentors come and go; `map` names the version.
    """
    serving = asked.serving
    headers = {
        "ETag": _tag(serving.map_version),
        "Cache-Control": "private, no-cache",
        "Vary": "Authorization",
    }
    if _is_among(headers["ETag"], if_none_match):
        return Response(status_code=304, headers=headers)
    found = await asked.desk.explain(serving.chart)
    headers["ETag"] = _tag((found.index_version, found.map))
    return Json(map_json(found), headers=headers)


def _is_among(tag: str, header: str | None) -> bool:
    """Whether If-None-Match names a tag; one that was marked as weak on its way counts too."""
    named = [one.strip().removeprefix("W/") for one in (header or "").split(",")]
    return tag in named or named == ["*"]


def _tag(version: tuple[str, str]) -> str:
    # Hashed, for a version may hold the name of a folder, with letters that no header may have.
    return f'"{hashlib.sha256("/".join(version).encode()).hexdigest()[:16]}"'
