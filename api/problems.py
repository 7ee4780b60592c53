"""Errors over HTTP: RFC 9457 problem details, from one table."""

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.schemas import what_is_wrong
from models.errors import (
    BadCursor,
    BadFilter,
    BadGoals,
    BadInput,
    Busy,
    CursorExpired,
    DataFolderError,
    EncoderUnavailable,
    Forbidden,
    IndexBehind,
    InFlight,
    MentorNotFound,
    MentorsError,
    Overloaded,
    PreconditionFailed,
    RateLimited,
    RecommendationNotFound,
    RecordRejected,
    SearchUnavailable,
    SpaceMismatch,
    StoreUnavailable,
    Unauthorized,
)

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 1  # a full queue is worked off long before

# Error to (status, title); the type is a URN of the error's name, so it is stable and leads
# nowhere. The first entry that fits wins.
_TABLE: tuple[tuple[type[MentorsError], int, str], ...] = (
    (BadGoals, 422, "The goals cannot be used"),
    (BadFilter, 422, "A filter cannot be used"),
    (BadCursor, 422, "The cursor cannot be used"),
    (BadInput, 422, "The request cannot be used"),
    (CursorExpired, 410, "The cursor has expired"),
    (MentorNotFound, 404, "No such mentor"),
    (RecommendationNotFound, 404, "No such recommendation"),
    (PreconditionFailed, 412, "The mentor has changed"),
    (InFlight, 409, "The same request is under way"),
    (Unauthorized, 401, "An API key is needed"),
    (Forbidden, 403, "Not with this API key"),
    (RateLimited, 429, "Too many requests"),
    (MentorsError, 503, "The service cannot answer now"),
)

# What whoever asks is told of errors whose own sentence is for whoever runs the server: it names
# folders, files and settings, and goes to the log. The first entry that fits wins.
_LOGGED: tuple[tuple[type[MentorsError], str], ...] = (
    (StoreUnavailable, "The database cannot be used just now: try again in a moment."),
    (Busy, "Another process is at the same work: try again in a moment."),
    (SpaceMismatch, "The index has moved to an encoder that is not loaded here: try again later."),
    (DataFolderError, "What is stored cannot be used just now: the server's log says why."),
    (SearchUnavailable, "The search cannot be used just now: try again in a moment."),
    (EncoderUnavailable, "The encoder cannot be used just now: the server's log says why."),
)


def problem(
    status: int, title: str, detail: str, *, type: str = "about:blank", pointer: str | None = None
) -> JSONResponse:
    """A problem response; `pointer` is a JSON Pointer into the request body."""
    body: dict[str, object] = {"type": type, "title": title, "status": status}
    body["detail"] = _encodable(detail)
    if pointer is not None:
        body["pointer"] = _encodable(pointer)
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE)


def _encodable(text: str) -> str:
    """`text` with half surrogate pairs, which a request may hold and UTF-8 cannot, as escapes."""
    return text.encode(errors="backslashreplace").decode()


def install(app: FastAPI) -> None:
    """Answer every error that `app` expects with a problem; the edge does so for all others."""
    app.add_exception_handler(MentorsError, _domain_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)


def content(error: MentorsError) -> dict[str, object]:
    """The problem that an error is, as JSON values."""
    status, title = next((s, t) for kind, s, t in _TABLE if isinstance(error, kind))
    name = "".join(f"-{c.lower()}" if c.isupper() else c for c in type(error).__name__)
    detail = sentence(error)
    pointer = getattr(error, "pointer", "")
    if isinstance(error, RecordRejected) and not pointer and detail[:1].islower():
        detail = f"The record {detail}"
    said = {"type": f"urn:mentors:{name[1:]}", "title": title, "status": status}
    said["detail"] = _encodable(detail)
    return said | ({"pointer": _encodable(pointer)} if pointer else {})


def sentence(error: MentorsError) -> str:
    """What whoever asks is told of an error; what they must not read is logged here instead."""
    instead = next((said for kind, said in _LOGGED if isinstance(error, kind)), None)
    if instead is not None:
        log.warning("%s: %s", type(error).__name__, error)
        return instead
    return str(error).rstrip(".") + "."  # those of records are parts of a sentence elsewhere


def of(error: MentorsError) -> JSONResponse:
    """The response that an error is answered with."""
    said = content(error)
    answer = JSONResponse(said, status_code=int(str(said["status"])), media_type=MEDIA_TYPE)
    if isinstance(error, RateLimited):
        answer.headers["Retry-After"] = str(error.retry_after)
    elif isinstance(
        error, Overloaded | InFlight | IndexBehind | StoreUnavailable | Busy | SearchUnavailable
    ):
        answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    elif isinstance(error, Unauthorized):
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def not_ready(detail: str = "The index is still being loaded.") -> JSONResponse:
    """The problem of a server that has not begun to answer, or has ended it."""
    answer = problem(503, "Not ready", detail, type="urn:mentors:not-ready")
    answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    return answer


def unexpected() -> JSONResponse:
    """The problem of an error that nobody thought of; whoever sends it has logged that."""
    detail = "Something went wrong here; it has been logged."
    return problem(500, "Internal error", detail, type="urn:mentors:internal-error")


async def _domain_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, MentorsError)
    return of(error)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    title = "The request cannot be used"
    place, *name = error.errors()[0]["loc"]
    if place != "body":
        wrong = error.errors()[0]
        detail = f"The {place} parameter {'.'.join(map(str, name))!r}: {wrong['msg'].lower()}."
        return problem(422, title, detail, type="urn:mentors:bad-request")
    found = [one | {"loc": one["loc"][1:]} for one in error.errors()]  # without "body"
    if found[0]["type"] == "json_invalid":
        reason = found[0].get("ctx", {}).get("error", "it cannot be parsed")
        detail, pointer = f"The body is not JSON: {reason}.", ""
    elif isinstance(error.body, bytes | str):
        detail, pointer = "The body is not JSON: send it with content-type application/json.", ""
    else:
        pointer, wrong = what_is_wrong(found, error.body)
        detail = f"{pointer or 'The body'}: {wrong['msg'].lower()}."
    return problem(422, title, detail, type="urn:mentors:bad-request", pointer=pointer)


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = str(error.detail) if isinstance(error, HTTPException) else ""
    name = "-".join(detail.lower().split())
    answer = problem(status, detail, f"{detail}.", type=f"urn:mentors:{name}")
    answer.headers.update(getattr(error, "headers", None) or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        # The router names those of one route only; of pages, which have one, the document has none.
        methods = _methods(request) or answer.headers.get("Allow", "GET").split(", ")
        answer.headers["Allow"] = ", ".join(methods + ["HEAD"] * ("GET" in methods))
    return answer


def _methods(request: Request) -> list[str]:
    """The methods of all operations at a path, by the OpenAPI document."""
    paths: Mapping[str, Mapping[str, object]] = request.app.openapi()["paths"]
    exact = paths.get(request.url.path)
    found = [exact] if exact else [of for path, of in paths.items() if _fits(path, request)]
    return sorted({method.upper() for of in found for method in of})


def _fits(template: str, request: Request) -> bool:
    pattern = re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(template))
    return re.fullmatch(pattern, request.url.path) is not None
