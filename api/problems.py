"""Errors over HTTP: RFC 9457 problem details, from one table."""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.schemas import Problem, what_is_wrong
from models.errors import (
    BadCursor,
    BadFilter,
    BadGoals,
    BadInput,
    CursorExpired,
    MentorNotFound,
    MentorsError,
    Overloaded,
    RecordRejected,
)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2  # a full queue is worked off in about that time
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "content": {MEDIA_TYPE: {}}} for status in (404, 410, 422, 503)
}
log = logging.getLogger(__name__)

# Error to (status, title); the type is a URN of the error's name, so it is stable and leads
# nowhere. The first entry that fits wins.
_TABLE: tuple[tuple[type[MentorsError], int, str], ...] = (
    (BadGoals, 422, "The goals cannot be used"),
    (BadFilter, 422, "A filter cannot be used"),
    (BadCursor, 422, "The cursor cannot be used"),
    (BadInput, 422, "The request cannot be used"),
    (CursorExpired, 410, "The cursor has expired"),
    (MentorNotFound, 404, "No such mentor"),
    (MentorsError, 503, "The service cannot answer now"),
)


def problem(
    status: int, title: str, detail: str, *, type: str = "about:blank", pointer: str | None = None
) -> JSONResponse:
    """A problem response; `pointer` is a JSON Pointer into the request body."""
    body = {"type": type, "title": title, "status": status, "detail": _encodable(detail)}
    if pointer is not None:
        body["pointer"] = _encodable(pointer)
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE)


def _encodable(text: str) -> str:
    """`text` with half surrogate pairs, which a request may hold and UTF-8 cannot, as escapes."""
    return text.encode(errors="backslashreplace").decode()


def install(app: FastAPI) -> None:
    """Answer every error of `app` with a problem."""
    app.add_exception_handler(MentorsError, _domain_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)


async def _domain_error(_request: Request, error: Exception) -> JSONResponse:
    status, title = next((s, t) for kind, s, t in _TABLE if isinstance(error, kind))
    name = "".join(f"-{c.lower()}" if c.isupper() else c for c in type(error).__name__)
    pointer = getattr(error, "pointer", "") or None
    detail = str(error).rstrip(".") + "."  # those of records are parts of a sentence elsewhere
    if isinstance(error, RecordRejected) and not error.pointer and detail[:1].islower():
        detail = f"The record {detail}"
    answer = problem(status, title, detail, type=f"urn:mentors:{name[1:]}", pointer=pointer)
    if isinstance(error, Overloaded):
        answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    return answer


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = [one | {"loc": one["loc"][1:]} for one in error.errors()]  # without "body"
    if found[0]["type"] == "json_invalid":
        reason = found[0].get("ctx", {}).get("error", "it cannot be parsed")
        detail, pointer = f"The body is not JSON: {reason}.", ""
    elif isinstance(error.body, bytes | str):
        detail, pointer = "The body is not JSON: send it with content-type application/json.", ""
    else:
        pointer, wrong = what_is_wrong(found, error.body)
        detail = f"{pointer or 'The body'}: {wrong['msg'].lower()}."
    title = "The request cannot be used"
    return problem(422, title, detail, type="urn:mentors:bad-request", pointer=pointer)


async def _http_error(_request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = str(error.detail) if isinstance(error, HTTPException) else ""
    answer = problem(status, detail, detail)
    answer.headers.update(getattr(error, "headers", None) or {})
    return answer


async def _unexpected(_request: Request, error: Exception) -> JSONResponse:
    log.error("unexpected error", exc_info=error)
    return problem(500, "Internal error", "Something went wrong here; it has been logged.")
