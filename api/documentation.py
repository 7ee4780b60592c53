"""The OpenAPI document: what FastAPI derives from the routes, with problems, examples and links.

`docs/openapi.json` is this document; a test compares them, so that no change goes unseen.
"""

import functools
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from pydantic_core import to_json

from api import pages, reference
from api.problems import MEDIA_TYPE
from api.schemas import Problem

DESCRIPTION = """\
Free-text career goals in, ranked mentors out, each with reasons quoted from the mentor's own words.

Send an API key as `Authorization: Bearer KEY`; its scopes say what it may do, and it reaches the \
mentors of its own tenant only. Errors are problem details (RFC 9457) with a stable `type`. \
`X-Request-ID` of a request, or one made here, comes back with its answer."""

GOAL = "I run audits at a mid-size firm and want to move into venture capital"
MENTOR = {
    "id": "m-17",
    "headline": "Ex-auditor writing seed cheques",
    "bio": "Ten years in audit, then a fund. I never got an MBA.",
    "topics": ["breaking into venture capital"],
    "capacity": 3,
    "active_mentees": 1,
}
RECOMMENDATION_ID = "5e1f0c3b7a9d48c2b6e4f1a2d3c4b5a6" + "4281" + "9f8e7d6c5b4a3928"
_VERSION = "careers-MiniLM-L6-v2-73630a7d8d24-r3/s3/1204"
_PART = {
    "part": 0,
    "text": "want to move into venture capital",
    "start": 36,
    "end": 69,
    "about": "wish",
    "help": "transition",
}
_REASON = {
    "goal": 0,
    "part": "passages",
    "field": "/topics/0",
    "quote": "breaking into venture capital",
    "start": 0,
    "end": 29,
    "similarity": 0.74,
    "contribution": 0.061,
    "term": None,
}
_RECOMMENDATION = {
    "mentor": MENTOR,
    "score": 0.061,
    "chance": 0.31,
    "match": "good",
    "summary": "For “want to move into venture capital”: “breaking into venture capital” (topics).",
    "contributions": {"passages": 0.061, "profile": 0.0, "lexical": 0.0},
    "reasons": [_REASON],
    "other_passages": 0.0,
    "other_profile": 0.0,
    "other_terms": 0.0,
    "uncovered_goals": [],
    "adjustments": {},
    "facts": [
        {"code": "places_free", "params": {"free": 2, "of": 3}, "text": "2 of 3 places free"}
    ],
}
_RECOMMENDATIONS = {
    "recommendation_id": RECOMMENDATION_ID,
    "index_version": _VERSION,
    "encoder": "careers-MiniLM-L6-v2-73630a7d8d24-r3",
    "next": None,
    "goals": [_PART],
    "hints": [],
    "abstained": False,
    "recommendations": [_RECOMMENDATION],
}
_CHANGED = {"id": "m-17", "result": "changed", "sequence": 1204, "ignored": []}
_EVENTS = {
    "recommendation_id": RECOMMENDATION_ID,
    "events": [{"mentor": "m-17", "event": "shown"}, {"mentor": "m-17", "event": "accepted"}],
}
_TOLD = {
    "recommendation_id": RECOMMENDATION_ID,
    "results": [
        {"mentor": "m-17", "event": "shown", "result": "recorded"},
        {"mentor": "m-17", "event": "accepted", "result": "recorded"},
    ],
}
_SIMILAR = {
    "index_version": _VERSION,
    "similar": [
        {
            "mentor": MENTOR,
            "likeness": 0.81,
            "reasons": [
                {
                    "field": "/topics/0",
                    "quote": "breaking into venture capital",
                    "start": 0,
                    "end": 29,
                    "contribution": 0.31,
                }
            ],
            "other_passages": 0.5,
        }
    ],
}
_STANDING = {
    "index_version": _VERSION,
    "encoder": "careers-MiniLM-L6-v2-73630a7d8d24-r3",
    "goals": [_PART],
    "hints": [],
    "rank": 14,
    "recommendation": _RECOMMENDATION,
    "why_not": [
        {"code": "not_in_top", "params": {"rank": 14}, "text": "Comes at place 14 by score."}
    ],
    "nearly": {"add": "seed cheques", "rank": 2, "text": "Adding “seed cheques” helps."},
}

_STATUS = {
    "tenant": "default",
    "mentors": 980,
    "passages": 12043,
    "free": 902,
    "rejected_records": 3,
    "index_version": _VERSION,
    "encoder": {
        "name": "careers-MiniLM-L6-v2",
        "space": "careers-MiniLM-L6-v2-73630a7d8d24-r3",
        "runtime": "openvino-bf16",
        "moving_to": None,
        "stuck": None,
    },
    "freshness": {
        "sequence": 1204,
        "not_followed": 0,
        "erasure_pending": False,
        "snapshot_at": "2026-03-02T20:10:00+00:00",
        "changes_since_snapshot": 4,
    },
    "search": {"engine": "faiss", "not_brought": 0, "problem": None},
    "feedback": {
        "totals": {"shown": 410, "opened": 96, "rated": 12},
        "mean_rating": 4.25,
        "days": [{"day": "2026-03-02", "events": {"shown": 40, "opened": 9}}],
    },
    "requests": {"200": 1730, "422": 4},
    "refused": {"overloaded": 2},
    "latency": {
        "count": 1200,
        "p50_ms": 17.0,
        "p95_ms": 41.0,
        "p99_ms": 70.0,
        "buckets": [{"up_to_ms": 20.0, "count": 800}, {"up_to_ms": None, "count": 400}],
    },
    "stages": [{"stage": "encode", "count": 1200, "mean_ms": 6.1}],
    "recommended": {"answers": 1200, "abstained": 31},
}

REQUESTS: Mapping[str, Any] = {
    "understand": {"goals": GOAL},
    "recommend": {"goals": GOAL, "limit": 5, "filters": {"country": "SG"}},
    "explain": {"goals": GOAL, "mentor": "m-17"},
    "recommend_many": f'{{"id": "g1", "goals": "{GOAL}", "limit": 3}}\n',
    "put": {name: value for name, value in MENTOR.items() if name != "id"},
    "patch": {"active_mentees": 2},
    "bulk": '{"id": "m-18", "bio": "Ship officer."}\n{"op": "delete", "id": "m-17"}\n',
    "tell": _EVENTS,
}
ANSWERS: Mapping[str, Any] = {
    "recommend": _RECOMMENDATIONS,
    "explain": _STANDING,
    "recommend_many": '{"line": 1, "id": "g1", "recommendation_id": "...", ...}\n',
    "understand": {"goals": [_PART], "hints": []},
    "chart": {
        "index_version": _VERSION,
        "map": "0f3a9c5d7e21",
        "total": 902,
        "points": [{"mentor": "m-17", "headline": MENTOR["headline"], "x": 0.31, "y": -0.12}],
    },
    "read": MENTOR,
    "similar": _SIMILAR,
    "put": _CHANGED,
    "patch": _CHANGED,
    "delete": {"id": "m-17", "result": "removed", "sequence": 1205},
    "bulk": '{"line": 1, "id": "m-18", "result": "added", "sequence": 1206}\n'
    '{"line": 2, "id": "m-17", "result": "removed", "sequence": 1207}\n',
    "tell": _TOLD,
    "export": '{"recommendation_id": "...", "mentor": "m-17", "event": "shown", "at": "..."}\n',
    "erase": {"recommendation_id": RECOMMENDATION_ID, "erased": 2},
    "status": _STATUS,
    "live": {"status": "live"},
    "ready": {"status": "ready", "index_version": _VERSION},
    "metrics": 'mentors_requests_total{method="POST",...} 41.0\n',
}
# Problems that an operation can be answered with, beside those of every one that takes a key.
_OF_KEYS = (400, 401, 403, 408, 413, 429, 500, 503)
_OF_PUBLIC = (400, 500)
PROBLEMS: Mapping[str, tuple[int, ...]] = {
    "recommend": (410, 422),
    "explain": (404, 422),
    "understand": (422,),
    "chart": (422,),
    "read": (404, 422),
    "similar": (404, 422),
    "put": (409, 412, 422),
    "patch": (404, 409, 412, 422),
    "delete": (404, 409, 412, 422),
    "tell": (404, 409, 422),
    "export": (422,),
    "erase": (404, 409, 422),
    "ready": (503,),
}
_SAID: Mapping[int, tuple[str, str]] = {
    400: ("bad-request", "The request is no HTTP that can be read."),
    401: ("unauthorized", "Send an API key: 'Authorization: Bearer KEY'."),
    403: ("forbidden", "This API key may recommend; this needs 'write'."),
    404: ("mentor-not-found", "There is no mentor with the id 'm-17'."),
    408: ("body-too-slow", "The body did not come within 30 s."),
    409: ("in-flight", "The request with the Idempotency-Key 'k1' is being done just now."),
    410: ("cursor-expired", "The index has changed since this cursor was issued."),
    412: ("precondition-failed", "The mentor 'm-17' is no longer as the If-Match header has it."),
    413: ("body-too-long", "The body is longer than 4,194,304 bytes."),
    422: ("bad-request", "/limit: input should be less than or equal to 300."),
    429: ("rate-limited", "This API key has sent its 1,200 requests of 60 s: try again in 9 s."),
    500: ("internal-error", "Something went wrong here; it has been logged."),
    503: ("overloaded", "Too many requests wait already: try again in a moment."),
}
_WITH_RETRY_AFTER = (409, 429, 503)
_BY_ID = {"id": "$request.path.id"}
LINKS: Mapping[str, Mapping[str, Any]] = {
    "put": {
        "read": {"operationId": "read", "parameters": _BY_ID},
        "patch": {"operationId": "patch", "parameters": _BY_ID},
        "delete": {"operationId": "delete", "parameters": _BY_ID},
        "similar": {"operationId": "similar", "parameters": _BY_ID},
    },
    "recommend": {
        "read": {
            "operationId": "read",
            "parameters": {"id": "$response.body#/recommendations/0/mentor/id"},
        },
        "erase": {
            "operationId": "erase",
            "parameters": {"recommendation_id": "$response.body#/recommendation_id"},
        },
        "tell": {
            "operationId": "tell",
            "requestBody": {
                "recommendation_id": "$response.body#/recommendation_id",
                "events": [
                    {"mentor": "$response.body#/recommendations/0/mentor/id", "event": "opened"}
                ],
            },
        },
    },
}

router = APIRouter(include_in_schema=False)


@router.get("/openapi.json")
async def openapi(request: Request) -> Response:
    """The document itself."""
    return pages.answer(request, _rendered(request.app)[0], pages.ANEW)


@router.get("/docs")
async def shown(request: Request) -> Response:
    """The document, for people."""
    return pages.answer(request, _rendered(request.app)[1], pages.ANEW, reference.POLICY)


@functools.lru_cache(maxsize=4)
def _rendered(app: FastAPI) -> tuple[pages.File, pages.File]:
    """The document and its page, made when the first is asked for."""
    document = described(app)
    page = reference.page(document).encode()
    return (
        pages.as_file(to_json(document), "application/json"),
        pages.as_file(page, "text/html; charset=utf-8"),
    )


def described(app: FastAPI) -> dict[str, Any]:
    """The document of `app`, made once."""
    if app.openapi_schema is None:
        found = get_openapi(
            title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes
        )
        for methods in found["paths"].values():
            for operation in methods.values():
                _describe(operation)
        schemas = found["components"]["schemas"]
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        schemas["Problem"] = Problem.model_json_schema()
        app.openapi_schema = found
    return app.openapi_schema


def _describe(operation: dict[str, Any]) -> None:
    name = operation["operationId"]
    if name in REQUESTS:
        for content in operation["requestBody"]["content"].values():
            content["example"] = REQUESTS[name]
    responses = operation["responses"]
    for status in ("200", "201"):
        for content in responses.get(status, {}).get("content", {}).values():
            content["example"] = ANSWERS[name]
        if status in responses and name in LINKS:
            responses[status]["links"] = dict(LINKS[name])
    of_all = _OF_KEYS if "security" in operation else _OF_PUBLIC
    for code in sorted({*of_all, *PROBLEMS.get(name, ())}):
        responses[str(code)] = _problem(code)


def _problem(status: int) -> dict[str, Any]:
    name, detail = _SAID[status]
    example = {"type": f"urn:mentors:{name}", "title": "...", "status": status, "detail": detail}
    found: dict[str, Any] = {
        "description": detail,
        "content": {
            MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
        },
    }
    if status in _WITH_RETRY_AFTER:
        found["headers"] = {
            "Retry-After": {
                "description": "Seconds.",
                "schema": {"type": "string", "pattern": "^[0-9]+$"},
            }
        }
    return found


if __name__ == "__main__":
    import json

    from api.app import create_app

    print(json.dumps(described(create_app()), indent=1, ensure_ascii=False))
