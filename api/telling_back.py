"""Routes of feedback: what came of recommendations, for evaluation and for fair exposure."""

import json
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.responses import StreamingResponse

from api import observing
from api.desk import Asked, asks
from api.json_response import Json
from api.once import Key, once
from api.schemas import ErasedAnswer, FeedbackAnswer, FeedbackBody, Moment
from api.signing import PATTERN, is_of, is_ours
from indexer.feedback import Event, Feedback
from models.errors import BadInput, RecommendationNotFound

router = APIRouter(tags=["Feedback"])
AT_ONCE = 500  # events of one piece of an export

RecommendationId = Annotated[str, Path(pattern=PATTERN)]


@router.post("/v1/feedback", response_model=FeedbackAnswer)
async def tell(
    body: FeedbackBody,
    request: Request,
    asked: Annotated[Asked, Depends(asks("recommend"))],
    key: Key = None,
) -> Any:
    """Say what came of a recommendation, of mentors who were in it.

    Said twice it counts once, and a rating is replaced.
    """
    id = await _ours(asked, body.recommendation_id, [one.mentor for one in body.events])
    now = time.time()
    events = [
        Event(id, one.mentor, one.event, one.rating, one.at.timestamp() if one.at else now)
        for one in body.events
    ]

    async def work() -> Response:
        feedback = Feedback(asked.serving.store.database)
        tenant = asked.caller.tenant
        results = await asked.desk.write(partial(feedback.record, tenant, events, body.goals))
        for event, result in zip(events, results, strict=True):
            observing.changed(asked.caller, f"feedback {event.event}", event.mentor, result)
        told = [
            {"mentor": event.mentor, "event": event.event, "result": result}
            for event, result in zip(events, results, strict=True)
        ]
        return Json({"recommendation_id": id, "results": told})

    return await once(asked, request, key, body.model_dump(mode="json"), work)


@router.get(
    "/v1/feedback",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}}},
)
async def export(
    asked: Annotated[Asked, Depends(asks("read"))],
    since: Annotated[Moment | None, Query(description="RFC 3339; from then on.")] = None,
) -> Any:
    """Every event, a JSON object a line, oldest first; `mentors feedback` makes judgments of it."""
    feedback = Feedback(asked.serving.store.database)
    events = feedback.events(asked.caller.tenant, since.timestamp() if since else 0.0)

    def some() -> bytes:
        lines = [as_line(*event) for _, event in zip(range(AT_ONCE), events, strict=False)]
        return b"".join(lines)

    first = await asked.desk.batch(some)  # what is wrong by now can still be said with a status

    async def pieces() -> AsyncIterator[bytes]:
        piece = first
        while piece:
            yield piece
            piece = await asked.desk.batch(some)

    return StreamingResponse(pieces(), media_type="application/x-ndjson")


@router.delete("/v1/feedback/{recommendation_id}", response_model=ErasedAnswer)
async def erase(
    recommendation_id: RecommendationId,
    request: Request,
    asked: Annotated[Asked, Depends(asks("write"))],
    key: Key = None,
) -> Any:
    """Erase everything that was said of one recommendation, the mentee's words included."""
    id = await _ours(asked, recommendation_id)

    async def work() -> Response:
        feedback = Feedback(asked.serving.store.database)
        erased = await asked.desk.write(partial(feedback.erase, asked.caller.tenant, id))
        observing.changed(asked.caller, "erase feedback", "", str(erased))
        return Json({"recommendation_id": id, "erased": erased})

    return await once(asked, request, key, None, work)


def as_line(event: Event, goals: str | None) -> bytes:
    """One event as a line of an export."""
    value = {
        "recommendation_id": event.recommendation,
        "mentor": event.mentor,
        "event": event.event,
        "rating": event.rating,
        "at": datetime.fromtimestamp(event.at, UTC).isoformat(),
        "goals": goals,
    }
    said = {name: one for name, one in value.items() if one is not None}
    return json.dumps(said, ensure_ascii=False).encode() + b"\n"


async def _ours(asked: Asked, id: str, mentors: Sequence[str] = ()) -> str:
    """The id, if it is of a recommendation of this tenant that these mentors were in.

    Raises RecommendationNotFound or BadInput.
    """
    secret = await asked.desk.at_door(lambda: asked.serving.secret)
    if not is_ours(secret, id):
        raise RecommendationNotFound(f"There is no recommendation with the id {id!r}.")
    for place, mentor in enumerate(mentors):
        if not is_of(secret, id, mentor):
            raise BadInput(
                f"The mentor {mentor!r} was not in this recommendation: send the "
                f"recommendation_id of the answer that the mentor was in.",
                pointer=f"/events/{place}/mentor",
            )
    return id
