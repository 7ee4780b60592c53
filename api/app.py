"""The HTTP door: one ASGI application, wired when it starts."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Annotated, Any, TypeVar

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse

from api import problems
from api.rendering import recommendations_json
from api.schemas import Problem, RecommendationsAnswer, RecommendationsBody
from api.settings import Settings
from api.wiring import EncoderFactory, Serving, default_encoder
from models.errors import MentorNotFound
from models.mentor import as_record

FOLLOW_EVERY_S = 0.5  # how soon a new snapshot is noticed
WORKERS = 2  # threads that encode and search; more would only fight over two cores

_T = TypeVar("_T")
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "content": {problems.MEDIA_TYPE: {}}}
    for status in (404, 410, 422, 503)
}
log = logging.getLogger(__name__)


class Desk:
    """What the routes use: the serving parts, and the threads their work runs on."""

    def __init__(self, serving: Serving) -> None:
        self.serving = serving
        self._threads = ThreadPoolExecutor(WORKERS, thread_name_prefix="recommend")

    async def run(self, work: Callable[[], _T]) -> _T:
        """Run blocking work off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def follow(self) -> None:
        """Keep up with new snapshots until cancelled; a broken one leaves the old in use."""
        while True:
            await asyncio.sleep(FOLLOW_EVERY_S)
            try:
                await self.run(self.serving.follow)
            except Exception as error:  # noqa: BLE001 (whatever it is, the old one still serves)
                log.warning("the new snapshot cannot be used, the old one stays: %s", error)

    def close(self) -> None:
        self._threads.shutdown()
        self.serving.close()


def create_app(
    settings: Settings | None = None,
    encoder: EncoderFactory = default_encoder,
    serving: Serving | None = None,
) -> FastAPI:
    """The application; index and model are loaded when it starts, unless `serving` has them."""

    def open_serving() -> Serving:
        return serving or Serving(settings or Settings(), encoder)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        opened = await asyncio.to_thread(open_serving)
        desk = Desk(opened)
        await desk.run(desk.serving.warm_up)
        app.state.desk = desk
        following = asyncio.create_task(desk.follow())
        yield
        app.state.desk = None
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following
        desk.close()

    app = FastAPI(
        title="Mentor recommender",
        version="1",
        description="Free-text career goals in, ranked mentors with quoted reasons out.",
        lifespan=lifespan,
    )
    problems.install(app)
    _add_routes(app)
    return app


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def _add_routes(app: FastAPI) -> None:
    app.post("/v1/recommendations", response_model=RecommendationsAnswer, responses=_PROBLEMS)(
        recommend
    )
    app.get("/v1/mentors/{id}", responses=_PROBLEMS)(mentor)
    app.get("/health/live")(live)
    app.get("/health/ready", responses={503: {"model": Problem}})(ready)


async def recommend(body: RecommendationsBody, desk: Annotated[Desk, Depends(_desk)]) -> Any:
    """Recommend mentors for free-text goals, best first, each with the reasons for its score."""
    answer = await desk.run(partial(_answer, desk.serving, body))
    return JSONResponse(answer)


def _answer(serving: Serving, body: RecommendationsBody) -> dict[str, Any]:
    recommender = serving.recommender
    request = body.request(recommender.index_version)
    return recommendations_json(recommender.recommend(request), body.digest())


async def mentor(id: str, desk: Annotated[Desk, Depends(_desk)]) -> Any:
    """One mentor's public record."""
    stored = await desk.run(partial(desk.serving.mentor, id))
    if stored is None:
        raise MentorNotFound(f"There is no mentor with the id {id!r}.")
    return JSONResponse(as_record(stored.mentor))


async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


async def ready(request: Request) -> Any:
    """Model and index are loaded and requests are answered."""
    if getattr(request.app.state, "desk", None) is None:
        return problems.problem(503, "Not ready", "The index is still being loaded.")
    return {"status": "ready", "index_version": _desk(request).serving.recommender.index_version}
