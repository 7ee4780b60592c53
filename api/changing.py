"""Routes that change mentors; each answers when the change is on disk."""

from functools import partial
from typing import Annotated, Any

from fastapi import Body, Depends, FastAPI, Path, Request

from api import problems
from api.bulk import BulkResponse, said
from api.desk import Desk, desk_of
from api.json_response import Json
from api.schemas import ChangeAnswer
from indexer.records import mentor_from, unknown_fields
from models.errors import BadInput, MentorNotFound

Id = Annotated[str, Path(description="The mentor's id.", examples=["m-17"])]
Record = Annotated[
    dict[str, Any],
    Body(
        description="A mentor record; `id` may be left out.",
        examples=[{"headline": "Ex-auditor writing seed cheques", "bio": "...", "capacity": 3}],
    ),
]
Patch = Annotated[
    dict[str, Any],
    Body(
        description="A JSON merge patch (RFC 7396): null removes a field.",
        examples=[{"active_mentees": 2}],
        media_type="application/merge-patch+json",
    ),
]
_NDJSON = {
    "requestBody": {
        "required": True,
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
    }
}


def add_routes(app: FastAPI) -> None:
    """Add the routes under /v1/mentors."""
    known: dict[str, Any] = {"response_model": ChangeAnswer, "responses": problems.DOCUMENTED}
    app.put(
        "/v1/mentors/{id}",
        response_model=ChangeAnswer,
        responses=problems.DOCUMENTED | {201: {"model": ChangeAnswer}},
    )(put)
    app.patch("/v1/mentors/{id}", **known)(patch)
    app.delete("/v1/mentors/{id}", **known)(delete)
    app.post(
        "/v1/mentors:bulk",
        openapi_extra=_NDJSON,
        responses={200: {"content": {BulkResponse.media_type: {}}}},
    )(bulk)


async def put(id: Id, record: Record, desk: Annotated[Desk, Depends(desk_of)]) -> Any:
    """Add a mentor or replace the whole record; 201 when the mentor is new."""
    if record.get("id") not in (None, id):
        raise BadInput(f"/id {record['id']!r} is not the {id!r} of the address.", pointer="/id")
    mentor = mentor_from(record | {"id": id})
    (outcome,) = await desk.write(partial(desk.serving.put, [mentor]))
    answer = said(outcome, sorted(unknown_fields(record)))
    return Json(answer, status_code=201 if outcome.result == "added" else 200)


async def patch(id: Id, patch: Patch, desk: Annotated[Desk, Depends(desk_of)]) -> Any:
    """Change some fields; `available`, `capacity` and `active_mentees` embed nothing."""
    outcome = await desk.write(partial(desk.serving.patch, id, patch))
    return Json(said(outcome, sorted(unknown_fields(patch))))


async def delete(id: Id, desk: Annotated[Desk, Depends(desk_of)]) -> Any:
    """Erase a mentor: gone from every answer at once, from every file within a minute."""
    sequence = await desk.write(partial(desk.serving.remove, id))
    if sequence is None:
        raise MentorNotFound(f"There is no mentor with the id {id!r}.")
    return Json({"id": id, "result": "removed", "sequence": sequence})


async def bulk(request: Request, desk: Annotated[Desk, Depends(desk_of)]) -> Any:
    """Change many mentors: a JSON object a line in, one result a line out, in the same order.

    A line is a record to put, `{"op": "patch", "id": ..., ...fields}` or
    `{"op": "delete", "id": ...}`. Its result is "added", "changed", "unchanged" or "removed" once
    that is on disk; "rejected", with the reason, when the line must be mended; "failed" when the
    same line may be sent again later. The other lines go on.
    """
    return BulkResponse(request, desk)
