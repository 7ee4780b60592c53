"""Routes of mentors; each change is on disk when it is answered."""

import re
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, Path, Query, Request, Response
from starlette.responses import StreamingResponse

from api import answering, observing
from api.bulk import BulkResponse, said
from api.desk import Asked, asks
from api.json_response import Json
from api.once import Key, once
from api.schemas import ChangeAnswer, SimilarAnswer
from indexer.records import mentor_from, unknown_fields
from indexer.writing import Outcome, Revisions
from models.errors import BadInput, MentorNotFound
from models.mentor import as_record

router = APIRouter(tags=["Mentors"])

Id = Annotated[str, Path(description="The mentor's id.")]
Record = Annotated[dict[str, Any], Body(description="A mentor record; `id` may be left out.")]
Patch = Annotated[
    dict[str, Any],
    Body(
        description="A JSON merge patch (RFC 7396): null removes a field.",
        media_type="application/merge-patch+json",
    ),
]
IfMatch = Annotated[
    str | None,
    Header(
        description="The ETag that the mentor must still have; '*': whoever it is must be there."
    ),
]
IfNoneMatch = Annotated[
    str | None,
    Header(description="'*': nobody may be there; an ETag: answer 304 if it is the same."),
]
_ANYBODY = range(1, 2**63)
_NUMBER = re.compile(r"[0-9]{1,18}")
_TAG = re.compile(r'(W/)?"([^"]*)"')


@router.get("/v1/mentors/{id}/similar", response_model=SimilarAnswer)
async def similar(
    id: Id,
    asked: Annotated[Asked, Depends(asks("recommend"))],
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
) -> Any:
    """Mentors with a free place who are most like this one, and which of their words make it so."""
    return Json(await asked.desk.read(partial(answering.similar, asked.serving, id, limit)))


@router.get(
    "/v1/mentors/{id}",
    response_model=dict[str, Any],
    responses={304: {"description": "It is as If-None-Match has it."}},
)
async def read(
    id: Id, asked: Annotated[Asked, Depends(asks("read"))], if_none_match: IfNoneMatch = None
) -> Response:
    """One mentor's record."""
    stored = await asked.desk.read(partial(asked.serving.mentor, id))
    if stored is None:
        raise not_found(id)
    headers = {"ETag": _tag(stored.revision)}
    if if_none_match is not None and stored.revision in _revisions(if_none_match, weak=True):
        return Response(status_code=304, headers=headers)
    return Json(as_record(stored.mentor), headers=headers)


@router.put(
    "/v1/mentors/{id}", response_model=ChangeAnswer, responses={201: {"model": ChangeAnswer}}
)
async def put(
    id: Id,
    record: Record,
    request: Request,
    asked: Annotated[Asked, Depends(asks("write"))],
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
    key: Key = None,
) -> Any:
    """Add a mentor or replace the whole record; 201 when the mentor is new."""
    if record.get("id") not in (None, id):
        raise BadInput(f"/id {record['id']!r} is not the {id!r} of the address.", pointer="/id")
    expected = _expected(if_match, if_none_match)

    async def work() -> Response:
        (outcome,) = await asked.desk.write(
            lambda: asked.serving.put([mentor_from(record | {"id": id})], expected)
        )
        return _changed(asked, "put", outcome, sorted(unknown_fields(record)))

    return await once(asked, request, key, record, work)


@router.patch("/v1/mentors/{id}", response_model=ChangeAnswer)
async def patch(
    id: Id,
    patch: Patch,
    request: Request,
    asked: Annotated[Asked, Depends(asks("write"))],
    if_match: IfMatch = None,
    key: Key = None,
) -> Any:
    """Change some fields; `available`, `capacity` and `active_mentees` embed nothing."""
    expected = _expected(if_match, None)

    async def work() -> Response:
        outcome = await asked.desk.write(partial(asked.serving.patch, id, patch, expected))
        return _changed(asked, "patch", outcome, sorted(unknown_fields(patch)))

    return await once(asked, request, key, patch, work)


@router.delete("/v1/mentors/{id}", response_model=ChangeAnswer)
async def delete(
    id: Id,
    request: Request,
    asked: Annotated[Asked, Depends(asks("write"))],
    if_match: IfMatch = None,
    key: Key = None,
) -> Any:
    """Erase a mentor: gone from every answer at once, from every file within a minute."""
    expected = _expected(if_match, None)

    async def work() -> Response:
        sequence = await asked.desk.write(partial(asked.serving.remove, id, expected))
        if sequence is None:
            raise not_found(id)
        observing.changed(asked.caller, "delete", id, "removed")
        return Json({"id": id, "result": "removed", "sequence": sequence})

    return await once(asked, request, key, None, work)


@router.post(
    "/v1/mentors:bulk",
    openapi_extra={
        "requestBody": {
            "required": False,  # of nothing, nothing comes
            "content": {"application/x-ndjson": {"schema": {}}},
        }
    },
    responses={200: {"content": {BulkResponse.media_type: {"schema": {"type": "string"}}}}},
    response_class=StreamingResponse,
)
async def bulk(request: Request, asked: Annotated[Asked, Depends(asks("write"))]) -> Any:
    """Change many mentors: a JSON object a line in, one result a line out, in the same order.

    A line is a record to put, `{"op": "patch", "id": ..., ...fields}` or
    `{"op": "delete", "id": ...}`. Its result is "added", "changed", "unchanged" or "removed" once
    that is on disk; "rejected", with the reason, when the line must be mended; "failed" when the
    same line may be sent again later. The other lines go on. A line that is sent twice comes to
    the same, so an Idempotency-Key is not looked at here.
    """
    return BulkResponse(request, asked)


def not_found(id: str) -> MentorNotFound:
    """The error of an id that nobody has here: the same whoever has it elsewhere."""
    return MentorNotFound(f"There is no mentor with the id {id!r}.")


def _changed(asked: Asked, action: str, outcome: Outcome, ignored: list[str]) -> Response:
    observing.changed(asked.caller, action, outcome.id, outcome.result)
    headers = {"ETag": _tag(outcome.revision)}
    status = 201 if outcome.result == "added" else 200
    return Json(said(outcome, ignored), status_code=status, headers=headers)


def _tag(revision: int) -> str:
    return f'"{revision}"'


def _expected(if_match: str | None, if_none_match: str | None) -> Revisions | None:
    """The revisions at which a change may be made. Raises BadInput."""
    if if_none_match is not None:
        if if_none_match.strip() != "*" or if_match is not None:
            raise BadInput("If-None-Match of a change can be '*' alone, and not beside If-Match.")
        return (0,)
    return None if if_match is None else _revisions(if_match)


def _revisions(header: str, *, weak: bool = False) -> Revisions:
    """The revisions that a list of ETags names (RFC 9110). Raises BadInput.

    `weak`: those count too that something in between has marked so, as for reading they do.
    """
    if header.strip() == "*":
        return _ANYBODY
    tags = _TAG.findall(header)
    if not tags:
        raise BadInput(f'Expected an ETag such as "17" in quotation marks, or *, got {header!r}.')
    return {int(tag) for mark, tag in tags if _NUMBER.fullmatch(tag) and (weak or not mark)} - {0}
