"""The server: uvicorn with this program's protocol and logs, in one process or in several."""

import logging
import os
import resource
import sys
import tempfile

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from api import logs
from api.app import create_app
from api.protocol import Protocol
from api.settings import Settings
from api.tenants import Tenants

FINISH_S = 30  # that requests under way have to end
BACKLOG = 128  # connections that wait for being taken
SWITCH_S = 0.001  # after which a thread at work lets the event loop have its turn
FILES_EACH = 2  # of a connection: its socket, and one for results that wait to be taken
OTHER_FILES = 200  # databases, snapshots, pipes
WORKER = "api.server:worker_app"  # what each of several processes imports and serves
log = logging.getLogger(__name__)


def serve(settings: Settings, tenants: Tenants, host: str, port: int) -> None:
    """Serve in this process until told to end."""
    configure(settings)
    app = create_app(settings, tenants=tenants)
    uvicorn.Server(_config(app, host, port)).run()


def serve_in_processes(settings: Settings, host: str, port: int, workers: int) -> None:
    """Serve in several processes, each with its own index, behind one socket."""
    configure(settings)
    with tempfile.TemporaryDirectory(prefix="mentors-metrics-") as figures:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = figures
        os.environ["MENTORS_DATA"] = str(settings.data.resolve())
        os.environ["MENTORS_STORE"] = settings.store
        os.environ["MENTORS_TENANT"] = settings.tenant
        os.environ["MENTORS_CREATE"] = str(settings.create)
        config = _config(WORKER, host, port, factory=True, workers=workers)
        Multiprocess(config, [config.bind_socket()]).run()


def worker_app() -> FastAPI:
    """The application of one of several processes, which take their settings from outside."""
    settings = Settings()
    configure(settings)
    return create_app(settings)


def configure(settings: Settings) -> None:
    """What holds for the whole process."""
    logs.configure(pretty=settings.log == "text" or (not settings.log and sys.stderr.isatty()))
    sys.setswitchinterval(SWITCH_S)
    Protocol.most = _room_for(settings.connections)


def _room_for(connections: int) -> int:
    """So many connections, or fewer where this process cannot open the files that they need."""
    wanted = connections * FILES_EACH + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft < most:  # what every process begins with is often low, and its own to raise
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    room = max(1, (max(soft, most) - OTHER_FILES) // FILES_EACH)
    if room < connections:
        log.warning(
            "MENTORS_CONNECTIONS is %d, and there is room for %d: this process may open %d files.",
            connections,
            room,
            most,
        )
    return min(room, connections)


def _config(
    app: FastAPI | str, host: str, port: int, *, factory: bool = False, workers: int = 1
) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        factory=factory,
        workers=workers,
        http="api.protocol:Protocol",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=FINISH_S,
    )
