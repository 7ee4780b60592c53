"""The HTTP door: one ASGI application, wired when it starts."""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request

from api import answering, changing, problems
from api.desk import Desk, desk_of
from api.json_response import Json
from api.schemas import (
    ExplainAnswer,
    ExplainBody,
    Problem,
    RecommendationsAnswer,
    RecommendationsBody,
)
from api.settings import Settings
from api.wiring import EncoderFactory, Serving
from models.errors import MentorNotFound
from models.mentor import as_record


def create_app(
    settings: Settings | None = None,
    encoder: EncoderFactory | None = None,
    serving: Serving | None = None,
) -> FastAPI:
    """The application; index and model are loaded when it starts, unless `serving` has them."""

    def open_serving() -> Serving:
        chosen = settings or Settings()
        return serving or Serving(chosen, encoder, create=chosen.create)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        opened = await asyncio.to_thread(open_serving)
        desk = Desk(opened)
        await desk.read(desk.serving.warm_up)
        # What is loaded stays; looking through it for garbage would hold up requests.
        gc.collect()
        gc.freeze()
        desk.open()
        app.state.desk = desk
        yield
        app.state.desk = None
        gc.unfreeze()
        await asyncio.to_thread(desk.close)

    app = FastAPI(
        title="Mentor recommender",
        version="1",
        description="Free-text career goals in, ranked mentors with quoted reasons out.",
        lifespan=lifespan,
    )
    problems.install(app)
    _add_routes(app)
    return app


def _add_routes(app: FastAPI) -> None:
    app.post(
        "/v1/recommendations",
        response_model=RecommendationsAnswer,
        responses=problems.DOCUMENTED,
    )(recommend)
    app.post(
        "/v1/recommendations/explain",
        response_model=ExplainAnswer,
        responses=problems.DOCUMENTED,
    )(explain)
    app.get("/v1/mentors/{id}", responses=problems.DOCUMENTED)(mentor)
    changing.add_routes(app)
    app.get("/health/live")(live)
    app.get("/health/ready", responses={503: {"model": Problem}})(ready)


async def recommend(body: RecommendationsBody, desk: Annotated[Desk, Depends(desk_of)]) -> Any:
    """Recommend mentors for free-text goals, best first, each with the reasons for its score."""
    return Json(await desk.read(partial(answering.answer, desk.serving, body)))


async def explain(body: ExplainBody, desk: Annotated[Desk, Depends(desk_of)]) -> Any:
    """Say where one mentor stands for the goals, why, and why not nearer to the top."""
    return Json(await desk.explain(partial(answering.explain, desk.serving, body)))


async def mentor(id: str, desk: Annotated[Desk, Depends(desk_of)]) -> Any:
    """One mentor's public record."""
    stored = await desk.read(partial(desk.serving.mentor, id))
    if stored is None:
        raise MentorNotFound(f"There is no mentor with the id {id!r}.")
    return Json(as_record(stored.mentor))


async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


async def ready(request: Request) -> Any:
    """Model and index are loaded and requests are answered."""
    if getattr(request.app.state, "desk", None) is None:
        return problems.problem(503, "Not ready", "The index is still being loaded.")
    serving = desk_of(request).serving
    found = {"status": "ready", "index_version": serving.recommender.index_version}
    return found | ({"stuck": serving.stuck} if serving.stuck else {})
