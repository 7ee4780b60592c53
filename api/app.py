"""The HTTP door: one ASGI application, wired when it starts."""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse, StreamingResponse

from api import (
    answering,
    changing,
    documentation,
    logs,
    looking,
    observing,
    pages,
    problems,
    status,
    telling_back,
    tracing,
)
from api.batch import BatchResponse
from api.desk import Asked, Desk, asks
from api.door import Door
from api.draining import draining
from api.edge import Edge
from api.json_response import Json
from api.rates import Rates
from api.same_origin import SameOrigin
from api.schemas import ExplainAnswer, ExplainBody, RecommendationsAnswer, RecommendationsBody
from api.settings import Settings
from api.tenants import Tenants
from api.wiring import EncoderFactory

COMPRESSED_FROM = 1_000  # bytes; an answer with reasons has twenty times as many
LEVEL = 4  # of gzip: the size of level 9 but for a few per cent, in a third of its time

router = APIRouter(tags=["Recommendations"])


def create_app(
    settings: Settings | None = None,
    encoder: EncoderFactory | None = None,
    tenants: Tenants | None = None,
) -> FastAPI:
    """The application; index and model are loaded when it starts, unless `tenants` has them.

    Raises BadInput for settings that cannot be.
    """
    chosen = settings or Settings()
    logs.join()
    rates = Rates(chosen.rate, chosen.rate_storage)

    def open_desk() -> Desk:
        opened = tenants or Tenants(chosen, encoder, create=chosen.create)
        desk = Desk(opened, chosen.patience_s, rates)
        pages.require_publishable(desk.tenants, chosen.page_key)
        pages.files()  # read before the first visitor comes
        desk.warm_up()
        return desk

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        desk = await asyncio.to_thread(open_desk)
        # What is loaded stays; looking through it for garbage would hold up requests.
        gc.collect()
        gc.freeze()
        desk.open()
        app.state.desk = desk
        with draining(desk, chosen.drain_s):
            yield
        app.state.desk = None
        gc.unfreeze()
        await asyncio.to_thread(desk.close)
        observing.ended()
        tracing.end(app)

    app = FastAPI(
        title="Mentor recommender",
        version="1",
        lifespan=lifespan,
        openapi_url=None,  # `api.documentation` has it, and the page that shows it
        generate_unique_id_function=lambda route: route.name,
    )
    problems.install(app)
    app.state.page_key = chosen.page_key
    for routes in (
        router,
        looking.router,
        changing.router,
        telling_back.router,
        operating,
        status.router,
        documentation.router,
        pages.router,
    ):
        app.include_router(routes)
    app.openapi = partial(documentation.described, app)  # type: ignore[method-assign]
    # The last that is added is the first that a request meets.
    app.add_middleware(GZipMiddleware, minimum_size=COMPRESSED_FROM, compresslevel=LEVEL)
    app.add_middleware(Door)
    app.add_middleware(SameOrigin, others=chosen.cors_origins)
    if chosen.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=chosen.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "X-Request-ID"],
            expose_headers=["X-Request-ID", "RateLimit", "RateLimit-Policy", "Retry-After"],
        )
    app.add_middleware(Edge)
    if chosen.tracing:
        tracing.install(app)
    return app


@router.post("/v1/recommendations", response_model=RecommendationsAnswer)
async def recommend(
    body: RecommendationsBody, asked: Annotated[Asked, Depends(asks("recommend"))]
) -> Any:
    """Recommend mentors for free-text goals, best first, each with the reasons for its score."""
    answer = partial(answering.answer, asked.serving, body)
    return Json(await asked.desk.recommend(partial(observing.recommended, answer)))


@router.post("/v1/recommendations/explain", response_model=ExplainAnswer)
async def explain(body: ExplainBody, asked: Annotated[Asked, Depends(asks("recommend"))]) -> Any:
    """Say where one mentor stands for the goals, why, and why not nearer to the top."""
    return Json(await asked.desk.explain(partial(answering.explain, asked.serving, body)))


@router.post(
    "/v1/recommendations:batch",
    response_class=StreamingResponse,
    openapi_extra={
        "requestBody": {
            "required": False,  # of nothing, nothing comes
            "content": {"application/x-ndjson": {"schema": {}}},
        }
    },
    responses={200: {"content": {BatchResponse.media_type: {"schema": {"type": "string"}}}}},
)
async def recommend_many(
    request: Request, asked: Annotated[Asked, Depends(asks("recommend"))]
) -> Any:
    """Recommend for many goals: a request a line in, an answer a line out, in the same order.

    A line is what `/v1/recommendations` takes, and may have an `id`, which its answer repeats. A
    line that cannot be answered has a `problem` instead; the others go on.
    """
    return BatchResponse(request, asked)


operating = APIRouter(tags=["Operating"])


@operating.get("/health/live")
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@operating.get("/health/ready", response_model=dict[str, Any])
async def ready(request: Request) -> Any:
    """Model and index are loaded, and requests are answered."""
    desk: Desk | None = getattr(request.app.state, "desk", None)
    if desk is None:
        return problems.not_ready()
    if desk.draining:
        return problems.not_ready("The server is about to end and takes no new work.")
    if not desk.tenants.first.store.database.answers:
        return problems.not_ready("The database cannot be reached just now.")
    remote = desk.tenants.first.remote
    if remote is not None and remote.passages.milvus.problem:  # all tenants have the same one
        return problems.not_ready("The search cannot be used just now.")
    if not desk.callers.open:  # how far an index is, is its tenant's
        return {"status": "ready"}
    serving = desk.tenants.first
    found = {"status": "ready", "index_version": serving.recommender.index_version}
    return found | ({"stuck": serving.stuck} if serving.stuck else {})


@operating.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(asked: Annotated[Asked, Depends(asks("admin"))]) -> Response:
    """Figures of the whole server, all tenants together, in Prometheus's text form."""
    content, kind = await asked.desk.at_door(observing.page)
    return Response(content, media_type=kind)
